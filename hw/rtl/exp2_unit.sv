// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// 2^x in 1 / 2^24 for x <= 0 in 1/1024, by a table of 256 entries and a shift. Latency 2.

module exp2_unit (
    input  logic               clk_i,
    input  logic signed [31:0] x_i,
    output logic        [24:0] power_o
);

  logic [24:0] entry;
  logic [4:0] halvings_q;
  logic negative_q, nothing_q, unused_bits;

  // Exponents are in 1/256; entries are 1 to 2.
  assign unused_bits = ^{x_i[1:0], entry[24], entry[0]};

  exp2_table u_table (
      .clk_i,
      .index_i(x_i[9:2]),
      .data_o (entry)
  );

  // Of x < 0 in octaves, ~x counts one less than the entry is to be halved.
  always_ff @(posedge clk_i) begin
    halvings_q <= ~x_i[14:10];
    negative_q <= x_i[31];
    nothing_q  <= x_i[31:15] != '1;
    power_o    <= {1'b1, 24'd0};
    if (negative_q) power_o <= nothing_q ? '0 : {1'b0, {1'b1, entry[23:1]} >> halvings_q};
  end

endmodule
