// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// One block RAM: port A reads, port B reads or writes; a port that is not enabled costs no energy
// and keeps its data. Latency 2 (memory, output register).
//
// B must not write the word A reads in the same cycle (the banks see to that).

module ram_segment #(
    parameter int unsigned Width = 32,
    parameter int unsigned Depth = 1024,
    localparam int unsigned AddrBits = $clog2(Depth)
) (
    input  logic                clk_i,
    input  logic                a_en_i,
    input  logic [AddrBits-1:0] a_addr_i,
    output logic [   Width-1:0] a_rdata_o,
    input  logic                b_en_i,
    input  logic                b_we_i,
    input  logic [AddrBits-1:0] b_addr_i,
    input  logic [   Width-1:0] b_wdata_i,
    output logic [   Width-1:0] b_rdata_o
);

  (* no_rw_check *) logic [Width-1:0] memory[Depth];
  logic [Width-1:0] a_data_q, b_data_q;

  always_ff @(posedge clk_i) begin
    if (a_en_i) a_data_q <= memory[a_addr_i];
    a_rdata_o <= a_data_q;
  end

  always_ff @(posedge clk_i) begin
    if (b_en_i && b_we_i) memory[b_addr_i] <= b_wdata_i;
    else if (b_en_i) b_data_q <= memory[b_addr_i];
    b_rdata_o <= b_data_q;
  end

endmodule
