// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// P lanes of the +-1 dot product n - 2 * popcount(a ^ b), accumulated word by word.
//
// Pixels of 8 bits come as bit planes x_b: with d_b = popcount(w ^ x_b) and d_1 = popcount(w ^ 1),
//   sum w * (x - 128) = 127 n - sum_b 2^b d_b + d_1.
// Weights of 8 bits come as bit planes too: 2 sum w * (x - 128) is that sum for each plane times
// +-2^a, less that for a plane of ones. So every word adds or subtracts d << shift.
// Operands in cycle 0, sum_o in cycle 5.

module xnor_array #(
    parameter int unsigned Lanes   = 128,
    parameter int unsigned AccBits = 24
) (
    input  logic                      clk_i,
    input  logic        [  Lanes-1:0] weights_i,
    input  logic        [  Lanes-1:0] activations_i,
    // With the operands
    input  logic                      valid_i,
    input  logic                      first_i,
    input  logic                      add_i,
    input  logic        [        3:0] shift_i,
    input  logic signed [AccBits-1:0] start_i,
    output logic signed [AccBits-1:0] sum_o
);

  // Counted by eights, then by four of those, then all
  localparam int unsigned NParts = (Lanes + 31) / 32;
  localparam int unsigned NGroups = 4 * NParts;
  localparam int unsigned CountBits = $clog2(Lanes + 1);

  logic [8*NGroups-1:0] different_q;
  logic [4*NGroups-1:0] groups_q;
  logic [6*NParts-1:0] parts_q;
  logic [CountBits-1:0] count, count_q;
  logic signed [AccBits-1:0] term, base, start1_q, start2_q, start3_q, start4_q;
  // {valid, first, add, shift}, a cycle old and more
  logic [6:0] control1_q, control2_q, control3_q, control4_q;

  for (genvar g = 0; g < NGroups; g++) begin : gen_groups
    always_ff @(posedge clk_i) groups_q[4*g+:4] <= 4'($countones(different_q[8*g+:8]));
  end

  for (genvar p = 0; p < NParts; p++) begin : gen_parts
    always_ff @(posedge clk_i) begin
      parts_q[6*p+:6] <= (6'(groups_q[16*p+:4]) + 6'(groups_q[16*p+4+:4])) +
          (6'(groups_q[16*p+8+:4]) + 6'(groups_q[16*p+12+:4]));
    end
  end

  always_comb begin
    count = '0;
    for (int p = 0; p < NParts; p++) count = count + CountBits'(parts_q[6*p+:6]);
  end

  assign term = AccBits'(count_q) << control4_q[3:0];
  assign base = control4_q[5] ? start4_q : sum_o;

  always_ff @(posedge clk_i) begin
    different_q <= (8 * NGroups)'(weights_i ^ activations_i);
    count_q     <= count;
    {control4_q, control3_q, control2_q, control1_q} <= {
      control3_q, control2_q, control1_q, valid_i, first_i, add_i, shift_i
    };
    {start4_q, start3_q, start2_q, start1_q} <= {start3_q, start2_q, start1_q, start_i};
    if (control4_q[6]) sum_o <= control4_q[4] ? base + term : base - term;
  end

endmodule
