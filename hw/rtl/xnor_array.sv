// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// P lanes of the +-1 dot product n - 2 * popcount(a ^ b), accumulated word by word.
//
// Pixels of 8 bits come as bit planes x_b: with d_b = popcount(w ^ x_b) and d_1 = popcount(w ^ 1),
//   sum w * (x - 128) = 127 n - sum_b 2^b d_b + d_1.
// Weights of 8 bits come as bit planes too: 2 sum w * (x - 128) is that sum for each plane times
// +-2^a, less that for a plane of ones. So every word adds or subtracts d << shift.
// Operands in cycle 0, sum_o in cycle 3.

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

  localparam int unsigned NGroups = Lanes / 8;
  localparam int unsigned CountBits = $clog2(Lanes + 1);

  logic [Lanes-1:0] different;
  logic [4*NGroups-1:0] counts, counts_q;
  logic [CountBits-1:0] count, count_q;
  logic signed [AccBits-1:0] term, base, start_q, start_qq;
  // {valid, first, add, shift}, one cycle and two cycles old
  logic [6:0] control_q, control_qq;

  assign different = weights_i ^ activations_i;

  for (genvar g = 0; g < NGroups; g++) begin : gen_groups
    assign counts[4*g+:4] = 4'($countones(different[8*g+:8]));
  end

  always_comb begin
    count = '0;
    for (int g = 0; g < NGroups; g++) count = count + CountBits'(counts_q[4*g+:4]);
  end

  assign term = AccBits'(count_q) << control_qq[3:0];
  assign base = control_qq[5] ? start_qq : sum_o;

  always_ff @(posedge clk_i) begin
    counts_q   <= counts;
    count_q    <= count;
    control_q  <= {valid_i, first_i, add_i, shift_i};
    control_qq <= control_q;
    start_q    <= start_i;
    start_qq   <= start_q;
    if (control_qq[6]) sum_o <= control_qq[4] ? base + term : base - term;
  end

endmodule
