// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// log2(x) in 1/256 for an integer x >= 0, by its leading one and a table of 256 entries; log2(0)
// is that of 1. Latency 4.

module log2_unit #(
    parameter int unsigned Width = 30,
    localparam int unsigned PlaceBits = $clog2(Width)
) (
    input  logic                   clk_i,
    input  logic [      Width-1:0] x_i,
    output logic [PlaceBits+8-1:0] log_o
);

  logic [PlaceBits-1:0] place, place_q, place_qq, place_qqq;
  logic [Width-1:0] x_q;
  logic [Width+7:0] shifted;
  logic [7:0] entry, index_q;
  logic unused_shifted;

  always_comb begin
    place = '0;
    for (int i = 0; i < Width; i++) if (x_i[i]) place = PlaceBits'(i);
  end

  // The eight bits below the leading one.
  assign shifted = {x_q, 8'd0} >> place_q;
  assign unused_shifted = ^shifted[Width+7:8];

  log2_table u_table (
      .clk_i,
      .index_i(index_q),
      .data_o (entry)
  );

  always_ff @(posedge clk_i) begin
    x_q       <= x_i;
    place_q   <= place;
    place_qq  <= place_q;
    index_q   <= shifted[7:0];
    place_qqq <= place_qq;
    log_o     <= {place_qqq, entry};
  end

endmodule
