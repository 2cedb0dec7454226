// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// 2^x in 1 / 2^24 for x <= 0 in 1/1024, by a table of 256 entries and a shift. Latency 3.

module exp2_unit (
    input  logic               clk_i,
    input  logic signed [31:0] x_i,
    output logic        [24:0] power_o
);

  logic [24:0] entry, entry_q;
  logic [4:0] halvings_q, halvings_qq;
  logic negative_q, negative_qq, nothing_q, nothing_qq, unused_bits;

  // Exponents are in 1/256; entries are 1 to 2.
  assign unused_bits = ^{x_i[1:0], entry_q[24], entry_q[0]};

  exp2_table u_table (
      .clk_i,
      .index_i(x_i[9:2]),
      .data_o (entry)
  );

  // Of x < 0 in octaves, ~x counts one less than the entry is to be halved. A block RAM answers
  // late in a cycle: its entry is shifted in the next.
  always_ff @(posedge clk_i) begin
    halvings_q                <= ~x_i[14:10];
    negative_q                <= x_i[31];
    nothing_q                 <= x_i[31:15] != '1;
    {entry_q, halvings_qq}    <= {entry, halvings_q};
    {negative_qq, nothing_qq} <= {negative_q, nothing_q};
    power_o                   <= {1'b1, 24'd0};
    if (negative_qq) power_o <= nothing_qq ? '0 : {1'b0, {1'b1, entry_q[23:1]} >> halvings_qq};
  end

endmodule
