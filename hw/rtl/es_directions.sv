// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The shift register that draws (edge_adapt/lfsr.py), and its directions: rings of signs that turn
// once a pass over the features and the bias. A ring moves the cycle after it is told.

module es_directions #(
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NDirections = 2,
    localparam int unsigned DirectionBits = NDirections > 1 ? $clog2(NDirections) : 1
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     register_we_i,
    input  logic [             31:0] register_i,
    output logic [             31:0] register_o,
    // Draw the next sign of a direction, or turn all rings
    input  logic                     draw_i,
    input  logic [DirectionBits-1:0] direction_i,
    input  logic                     turn_i,
    output logic [  NDirections-1:0] bits_o
);

  localparam logic [31:0] Taps = 32'hA300_0000;

  logic [31:0] register_q;

  assign register_o = register_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) register_q <= 32'd1;
    else if (register_we_i) register_q <= register_i;
    else if (draw_i) register_q <= (register_q >> 1) ^ (register_q[0] ? Taps : '0);
  end

  for (genvar p = 0; p < NDirections; p++) begin : gen_rings
    logic [NFeatures:0] ring_q;
    logic draws_q, drawn_q, moves_q;

    assign bits_o[p] = ring_q[0];

    // A ring is long: that it moves is a register of its own.
    (* keep *)
    always_ff @(posedge clk_i) begin
      draws_q <= draw_i && direction_i == DirectionBits'(p);
      drawn_q <= register_q[0];
      moves_q <= (draw_i && direction_i == DirectionBits'(p)) || turn_i;
    end

    always_ff @(posedge clk_i) begin
      if (moves_q) ring_q <= {draws_q ? drawn_q : ring_q[0], ring_q[NFeatures:1]};
    end
  end

endmodule
