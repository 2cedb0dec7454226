// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// a + b or a - b by one adder: a - b = a + ~b + 1, and the one is carried in from a bit below.
// Synthesis makes two adders and a multiplexer of the two written side by side. Where half_i is
// set b is one larger: b rounded up, whose lowest dropped bit that is.

module add_subtract #(
    parameter int unsigned Width = 16
) (
    input  logic [Width-1:0] a_i,
    input  logic [Width-1:0] b_i,
    input  logic             half_i,
    input  logic             subtract_i,
    output logic [Width-1:0] sum_o
);

  logic [Width:0] sum;
  logic [Width-1:0] flipped;
  logic unused_carry;

  for (genvar i = 0; i < Width; i++) begin : gen_bits
    assign flipped[i] = b_i[i] ^ subtract_i;
  end

  assign sum = {a_i, 1'b1} + {flipped, half_i ^ subtract_i};
  assign sum_o = sum[Width:1];
  assign unused_carry = sum[0];

endmodule
