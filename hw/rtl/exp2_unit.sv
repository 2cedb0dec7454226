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
  logic [21:0] octaves;
  logic [4:0] octaves_q;
  logic unused_x;

  assign unused_x = ^x_i[1:0];  // exponents are in 1/256
  assign octaves  = -x_i[31:10];

  exp2_table u_table (
      .clk_i,
      .index_i(x_i[9:2]),
      .data_o (entry)
  );

  always_ff @(posedge clk_i) begin
    octaves_q <= octaves > 22'd31 ? 5'd31 : octaves[4:0];
    power_o   <= entry >> octaves_q;
  end

endmodule
