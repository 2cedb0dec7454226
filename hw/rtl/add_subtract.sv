// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// a + b or a - b by one adder: a - b = a + ~b + 1, and the one is carried in from a bit below.
// Synthesis makes two adders and a multiplexer of the two written side by side.

module add_subtract #(
    parameter int unsigned Width = 16
) (
    input  logic [Width-1:0] a_i,
    input  logic [Width-1:0] b_i,
    input  logic             subtract_i,
    output logic [Width-1:0] sum_o
);

  logic [Width:0] sum;
  logic unused_carry;

  assign sum = {a_i, 1'b1} + {b_i ^ {Width{subtract_i}}, subtract_i};
  assign sum_o = sum[Width:1];
  assign unused_carry = sum[0];

endmodule
