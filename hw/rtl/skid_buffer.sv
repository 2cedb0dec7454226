// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// A register stage for a valid/ready stream that cuts both the data and the ready path.
//
// While the sink stalls, one word waits at the output and one in the skid register, so no word is
// lost although ready_o falls one cycle late. Full throughput: one word a cycle.

module skid_buffer #(
    parameter int unsigned Width = 32
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             valid_i,
    output logic             ready_o,
    input  logic [Width-1:0] data_i,
    output logic             valid_o,
    input  logic             ready_i,
    output logic [Width-1:0] data_o
);

  logic valid_q, skid_valid_q;
  logic [Width-1:0] data_q, skid_q;

  assign ready_o = !skid_valid_q;
  assign valid_o = valid_q;
  assign data_o  = data_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q      <= 1'b0;
      skid_valid_q <= 1'b0;
    end else if (ready_i || !valid_q) begin
      valid_q      <= skid_valid_q || valid_i;
      skid_valid_q <= 1'b0;
    end else if (valid_i && !skid_valid_q) begin
      skid_valid_q <= 1'b1;
    end
  end

  // Data registers need no reset: valid bits say whether they mean anything.
  always_ff @(posedge clk_i) begin
    if ((ready_i || !valid_q) && (skid_valid_q || valid_i)) begin
      data_q <= skid_valid_q ? skid_q : data_i;
    end
    if (valid_i && ready_o) skid_q <= data_i;
  end

`ifdef FORMAL
  `include "skid_buffer_properties.svh"
`endif

endmodule
