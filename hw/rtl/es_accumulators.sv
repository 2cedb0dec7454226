// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The learning unit's adders: the logits of all classes and the moves of all directions, one
// feature a cycle. With W = (V + 128) >> 8, and the same of a bias:
//
//   z_j = 16 (W_j . h + bias_j) - W_j . mu        d_p = 16 b_p . (h, 1) - b_p . mu
//
// or, where features are levels (ValueBits = 8), W_j . (h - mu) + 16 bias_j and b_p . (h - mu, 16).
//
// A class has one adder for W, at a place of its own above the fraction. What multiplies W (mu,
// or h - mu) comes bit by bit, a plane of all features after the other from the lowest on; behind
// each plane but the last sums are halved, so that the fraction takes in what a plane weighs
// less than the last. Shares of mu are added once a generation and saved; every sample starts
// from there. The ring of logits turns a class a cycle; what leaves it is given its bias.

module es_accumulators #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NDirections = 2,
    parameter int unsigned ValueBits = 1,
    localparam int unsigned FactorBits = ValueBits == 1 ? 6 : 9
) (
    input  logic                             clk_i,
    // All of one feature: its V, h, and what multiplies it, of which bit plane_i counts
    input  logic        [   16*NClasses-1:0] row_i,
    input  logic signed [    FactorBits-1:0] factor_i,
    input  logic        [               3:0] plane_i,
    input  logic                             last_plane_i,
    input  logic                             feature_i,
    input  logic        [   NDirections-1:0] directions_i,
    input  logic                             valid_i,
    input  logic                             bias_row_i,
    input  logic                             planes_i,
    input  logic                             clear_i,
    input  logic                             rotate_i,
    input  logic                             save_i,
    input  logic                             restore_i,
    // V's bias of the class whose logit is the first; that is given a cycle later
    input  logic signed [              31:0] bias_i,
    output logic signed [              31:0] logit_o,
    output logic        [32*NDirections-1:0] moves_o
);

  // A feature is 16, its mean at most that; or both are below 128.
  localparam int unsigned MaxFactor = ValueBits == 1 ? 32 : 256;
  localparam int unsigned FractionBits = ValueBits == 1 ? 4 : 8;
  localparam int unsigned LogitBits = $clog2(128 * MaxFactor * NFeatures + 1) + 1;
  localparam int unsigned MoveBits = $clog2(MaxFactor * (NFeatures + 1)) + 2;

  logic [LogitBits*NClasses-1:0] logits_q;
  logic signed [31:0] first_q, bias_q;
  logic [15:0] planes;
  logic add, halve, subtract, counts_negative, unused_bits;

  assign unused_bits = ^{row_i, bias_q};  // the bits of V below a half

  // The last plane is the sign; a mean is within +-16, so that its last two bits are one digit,
  // of 16 or -16. The share of a mean is taken off.
  assign planes = 16'(factor_i);
  assign counts_negative = last_plane_i && (ValueBits > 1 || factor_i[FactorBits-1]);

  assign add = valid_i && !bias_row_i && (!planes_i || planes[plane_i]);
  assign subtract = planes_i ? counts_negative != (ValueBits == 1) : !feature_i;
  assign halve = valid_i && bias_row_i && planes_i && !last_plane_i;

  always_ff @(posedge clk_i) begin
    first_q <= 32'(signed'(logits_q[LogitBits-1:0]));
    bias_q  <= bias_i;
  end

  add_subtract #(
      .Width(28)
  ) u_bias (
      .a_i       (first_q[31:4]),
      .b_i       ({{4{bias_q[31]}}, bias_q[31:8]}),
      .half_i    (bias_q[7]),
      .subtract_i(1'b0),
      .sum_o     (logit_o[31:4])
  );

  assign logit_o[3:0] = first_q[3:0];

  for (genvar j = 0; j < NClasses; j++) begin : gen_logits
    localparam int unsigned Next = (j + 1) % NClasses;
    localparam int unsigned WholeBits = LogitBits - FractionBits;
    logic signed [LogitBits-1:0] logit, start;
    logic [1:0] source_q;
    logic change_q, subtract_q, clear_q;
    logic signed [7:0] whole_q;
    logic [WholeBits-1:0] whole;
    logic half_q;
    logic [WholeBits-1:0] sum;
    logic [LogitBits-1:0] following;

    add_subtract #(
        .Width(WholeBits)
    ) u_logit (
        .a_i       (logit[LogitBits-1:FractionBits]),
        .b_i       (whole),
        .half_i    (half_q),
        .subtract_i(subtract_q),
        .sum_o     (sum)
    );

    // What a logit becomes: two bits. Each class keeps its own, and synthesis leaves them apart: one
    // register for all of them would be a net over the whole device.
    (* keep *)
    always_ff @(posedge clk_i) begin
      change_q   <= restore_i || rotate_i || halve || add;
      source_q   <= {restore_i || rotate_i, restore_i || (halve && !rotate_i)};
      subtract_q <= subtract;
      clear_q    <= clear_i;
    end

    assign logit = logits_q[LogitBits*j+:LogitBits];
    assign whole = WholeBits'(whole_q);

    always_comb begin
      unique case (source_q)
        2'd0: following = {sum, logit[FractionBits-1:0]};
        2'd1: following = {logit[LogitBits-1], logit[LogitBits-1:1]};
        2'd2: following = logits_q[LogitBits*Next+:LogitBits];
        default: following = start;
      endcase
    end

    always_ff @(posedge clk_i) begin
      {whole_q, half_q} <= row_i[16*j+7+:9];
      if (clear_q) logits_q[LogitBits*j+:LogitBits] <= '0;
      else if (change_q) logits_q[LogitBits*j+:LogitBits] <= following;
    end

    if (ValueBits == 1) begin : gen_start
      logic [LogitBits-1:0] start_q;
      logic save_q;

      assign start = start_q;
      (* keep *)
      always_ff @(posedge clk_i) save_q <= save_i;
      always_ff @(posedge clk_i) if (save_q) start_q <= logit;
    end else begin : gen_no_start
      assign start = '0;
    end
  end

  for (genvar p = 0; p < NDirections; p++) begin : gen_moves
    logic signed [MoveBits-1:0] share, move_q, start_move_q;
    logic [MoveBits-1:0] sum;
    logic plus, save_q, restore_q;

    add_subtract #(
        .Width(MoveBits)
    ) u_move (
        .a_i       (move_q),
        .b_i       (share),
        .half_i    (1'b0),
        .subtract_i(!plus),
        .sum_o     (sum)
    );

    assign moves_o[32*p+:32] = 32'(move_q);

    // The share of a feature in 16 b . (h, 1) - b . mu, or in b . (h - mu, 16)
    always_comb begin
      share = MoveBits'(16);
      plus  = directions_i[p] == feature_i;
      if (planes_i && bias_row_i) begin
        plus = directions_i[p];
      end else if (planes_i) begin
        share = MoveBits'(factor_i);
        plus  = directions_i[p] == (ValueBits > 1);
      end
    end

    (* keep *)
    always_ff @(posedge clk_i) {save_q, restore_q} <= {save_i, restore_i};

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        move_q <= '0;
      end else if (restore_q) begin
        move_q <= start_move_q;
      end else if (valid_i && plane_i == '0 && (planes_i || !bias_row_i)) begin
        move_q <= sum;
      end
      if (save_q) start_move_q <= move_q;
    end
  end

endmodule
