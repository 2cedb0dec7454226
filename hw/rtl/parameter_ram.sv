// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// A deep memory out of block RAMs of 1024 words, with a register before the depth multiplexer:
// the clock-to-output time of a block RAM and the multiplexer never share a cycle. Latency 3.
//
// Port A reads (the engine), port B reads or writes (the parameter port).

module parameter_ram #(
    parameter int unsigned Width = 32,
    parameter int unsigned Depth = 4608,
    localparam int unsigned AddrBits = Depth > 1 ? $clog2(Depth) : 1
) (
    input  logic                clk_i,
    input  logic [AddrBits-1:0] a_addr_i,
    output logic [   Width-1:0] a_rdata_o,
    input  logic                b_en_i,
    input  logic                b_we_i,
    input  logic [AddrBits-1:0] b_addr_i,
    input  logic [   Width-1:0] b_wdata_i,
    output logic [   Width-1:0] b_rdata_o
);

  localparam int unsigned SegmentBits = AddrBits < 10 ? AddrBits : 10;
  localparam int unsigned SegmentDepth = Depth < 1024 ? Depth : 1024;
  localparam int unsigned NSegments = (Depth + SegmentDepth - 1) / SegmentDepth;
  localparam int unsigned SelectBits = NSegments > 1 ? $clog2(NSegments) : 1;

  logic [Width*NSegments-1:0] a_rdata, b_rdata;
  logic [SelectBits-1:0] a_select, b_select;
  logic [2*SelectBits-1:0] a_select_q, b_select_q;

  if (NSegments > 1) begin : gen_select
    assign a_select = a_addr_i[AddrBits-1:SegmentBits];
    assign b_select = b_addr_i[AddrBits-1:SegmentBits];
  end else begin : gen_single
    assign a_select = '0;
    assign b_select = '0;
  end

  for (genvar i = 0; i < NSegments; i++) begin : gen_segments
    ram_segment #(
        .Width(Width),
        .Depth(SegmentDepth)
    ) u_segment (
        .clk_i,
        .a_en_i   (a_select == SelectBits'(i)),
        .a_addr_i (a_addr_i[SegmentBits-1:0]),
        .a_rdata_o(a_rdata[Width*i+:Width]),
        .b_en_i   (b_en_i && b_select == SelectBits'(i)),
        .b_we_i,
        .b_addr_i (b_addr_i[SegmentBits-1:0]),
        .b_wdata_i,
        .b_rdata_o(b_rdata[Width*i+:Width])
    );
  end

  // Kept: memories side by side share their addresses, and synthesis would share these registers
  // too, a net over the whole device.
  (* keep *)
  always_ff @(posedge clk_i) begin
    a_select_q <= {a_select_q[SelectBits-1:0], a_select};
    b_select_q <= {b_select_q[SelectBits-1:0], b_select};
  end

  always_ff @(posedge clk_i) begin
    a_rdata_o <= a_rdata[Width*a_select_q[2*SelectBits-1:SelectBits]+:Width];
    b_rdata_o <= b_rdata[Width*b_select_q[2*SelectBits-1:SelectBits]+:Width];
  end

endmodule
