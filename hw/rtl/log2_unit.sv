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

  // The leading one is brought to the top: by 16 and 8 places, then by fewer.
  localparam int unsigned Full = 2 ** PlaceBits;
  localparam int Split = 3;

  logic [PlaceBits-1:0] place, coarse_place_q, fine_place, place_qq, place_qqq;
  logic [Full-1:0] coarse, coarse_q, fine;
  logic [7:0] entry, index_q;
  logic unused_bits;

  assign unused_bits = ^fine;  // its eight bits below the leading one are needed

  always_comb begin
    coarse = Full'(x_i);
    place = '0;
    for (int i = PlaceBits - 1; i >= Split; i--) begin
      place[i] = (coarse >> (Full - 2 ** i)) != '0;
      if (!place[i]) coarse = coarse << 2 ** i;
    end
  end

  always_comb begin
    fine = coarse_q;
    fine_place = coarse_place_q;
    for (int i = Split - 1; i >= 0; i--) begin
      fine_place[i] = (fine >> (Full - 2 ** i)) != '0;
      if (!fine_place[i]) fine = fine << 2 ** i;
    end
  end

  log2_table u_table (
      .clk_i,
      .index_i(index_q),
      .data_o (entry)
  );

  always_ff @(posedge clk_i) begin
    coarse_q       <= coarse;
    coarse_place_q <= place;
    index_q        <= fine[Full-2-:8];
    place_qq       <= fine_place;
    place_qqq      <= place_qq;
    log_o          <= {place_qqq, entry};
  end

endmodule
