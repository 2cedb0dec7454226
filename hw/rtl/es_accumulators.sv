// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The learning unit's adders: the logits of all classes and the moves of all directions, one
// feature a cycle. Once a generation the share of the means is added, once for each bit of the
// weights, and saved; every sample starts from there.
//
//   z_j = 16 (W_j . h + bias_j) - W_j . mu, with W = (V + 128) >> 8
//   d_p = 16 b_p . (h, 1) - b_p . mu
//
// Where features are levels (ValueBits = 8) there is no such share, and a sample adds
// W_j . (h - mu) and b_p . (h - mu, 16), once for each bit of the weights. What is added is shifted
// for all classes at once; each has only an adder.
//
// A logit has room for biases below 2^18; the ring of logits turns a class a cycle.

module es_accumulators #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NDirections = 2,
    parameter int unsigned ValueBits = 1,
    localparam int unsigned FactorBits = ValueBits == 1 ? 6 : 9
) (
    input  logic                             clk_i,
    // V with two cycles of latency, the rest with three
    input  logic        [   16*NClasses-1:0] row_i,
    input  logic signed [    FactorBits-1:0] factor_i,
    input  logic        [               2:0] bit_i,
    input  logic                             feature_i,
    input  logic        [   NDirections-1:0] directions_i,
    input  logic                             valid_i,
    input  logic                             bias_row_i,
    input  logic                             last_bit_i,
    input  logic                             serial_i,
    input  logic                             clear_i,
    input  logic                             rotate_i,
    input  logic                             save_i,
    input  logic                             restore_i,
    input  logic signed [              31:0] rounded_bias_i,
    output logic signed [              31:0] logit_o,
    output logic        [32*NDirections-1:0] moves_o
);

  // A feature is below 16, its mean too; or both are below 128. 16 bias is below 2^22.
  localparam int unsigned MaxFactor = ValueBits == 1 ? 32 : 256;
  localparam int unsigned SumBits = $clog2(127 * MaxFactor * NFeatures) + 2;
  localparam int unsigned LogitBits = SumBits > 24 ? SumBits : 24;
  localparam int unsigned MoveBits = $clog2(MaxFactor * (NFeatures + 1)) + 2;

  logic [LogitBits*NClasses-1:0] logits_q, start_q;
  localparam int unsigned ShareBits = FactorBits + 7;
  // The share of a mean is taken off; the top bit of a weight counts negative.
  localparam bit TakesOff = ValueBits == 1;

  logic signed [ShareBits-1:0] share_q;
  logic add_q, subtract_q, unused_bits;

  assign unused_bits = ^row_i;  // the bits of V below a half

  always_ff @(posedge clk_i) begin
    add_q      <= valid_i && !bias_row_i;
    subtract_q <= serial_i ? (bit_i == 3'd7) != TakesOff : !feature_i;
    share_q    <= serial_i ? ShareBits'(factor_i) <<< bit_i : '0;
  end

  assign logit_o = 32'(signed'(logits_q[LogitBits-1:0]));

  for (genvar j = 0; j < NClasses; j++) begin : gen_logits
    logic signed [7:0] weight_q, whole_q;
    logic signed [LogitBits-1:0] term, logit, following;
    logic bit_q;
    logic [LogitBits-1:0] sum;

    add_subtract #(
        .Width(LogitBits)
    ) u_logit (
        .a_i       (logit),
        .b_i       (term),
        .subtract_i(subtract_q),
        .sum_o     (sum)
    );

    // One of the two is zero.
    assign term = (bit_q ? LogitBits'(share_q) : '0) | (LogitBits'(whole_q) <<< 4);
    assign logit = logits_q[LogitBits*j+:LogitBits];

    if (j < NClasses - 1) begin : gen_inner
      assign following = logits_q[LogitBits*(j+1)+:LogitBits];
    end else begin : gen_last
      assign following = rotate_i ? logits_q[LogitBits-1:0] : LogitBits'(rounded_bias_i <<< 4);
    end

    always_ff @(posedge clk_i) begin
      weight_q <= row_i[16*j+8+:8] + {7'd0, row_i[16*j+7]};
      whole_q  <= serial_i ? '0 : weight_q;
      bit_q    <= weight_q[bit_i];
      if (restore_i) begin
        logits_q[LogitBits*j+:LogitBits] <= start_q[LogitBits*j+:LogitBits];
      end else if (clear_i || rotate_i) begin
        logits_q[LogitBits*j+:LogitBits] <= following;
      end else if (add_q) begin
        logits_q[LogitBits*j+:LogitBits] <= sum;
      end
      if (save_i) start_q[LogitBits*j+:LogitBits] <= logit;
    end
  end

  for (genvar p = 0; p < NDirections; p++) begin : gen_moves
    logic signed [MoveBits-1:0] share, move_q, start_move_q;
    logic [MoveBits-1:0] sum;
    logic plus;

    add_subtract #(
        .Width(MoveBits)
    ) u_move (
        .a_i       (move_q),
        .b_i       (share),
        .subtract_i(!plus),
        .sum_o     (sum)
    );

    assign moves_o[32*p+:32] = 32'(move_q);

    // The share of a feature in 16 b . (h, 1) - b . mu, or in b . (h - mu, 16)
    always_comb begin
      share = MoveBits'(16);
      plus  = directions_i[p] == feature_i;
      if (serial_i && bias_row_i) begin
        plus = directions_i[p];
      end else if (serial_i) begin
        share = MoveBits'(factor_i);
        plus  = directions_i[p] != TakesOff;
      end
    end

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        move_q <= '0;
      end else if (restore_i) begin
        move_q <= start_move_q;
      end else if (valid_i && last_bit_i && (serial_i || !bias_row_i)) begin
        move_q <= sum;
      end
      if (save_i) start_move_q <= move_q;
    end
  end

endmodule
