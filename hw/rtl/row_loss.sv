// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// One sample's share in the fitness of every row along every direction (row_es; equations in
// edge_adapt/updaters/_integer_loss.py). With logits z and moves d in 1/1024 after a shift:
//
//   D[p][j] += log2(S_j + 2^(z_j + d_p)) - log2(S_j + 2^(z_j - d_p)) - [j = label] (2 d_p >> 2)
//
// where S_j sums 2^z of the other classes, and all exponents are taken relative to
// max z + max |d|. Passes over the classes: the maximum; the terms; up and down for each
// direction. Logits come one a cycle from a ring (rotate_o turns it); so do terms and D.

module row_loss #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NDirections = 2,
    localparam int unsigned ClassBits = $clog2(NClasses),
    localparam int unsigned DirectionBits = NDirections > 1 ? $clog2(NDirections) : 1
) (
    input  logic                                     clk_i,
    input  logic                                     rst_ni,
    input  logic                                     clear_i,
    input  logic                                     start_i,
    output logic                                     done_o,
    // Logits are shifted left by shift_i, moves by shift_i + move_shift_i
    input  logic signed [                       4:0] shift_i,
    input  logic        [                       3:0] move_shift_i,
    input  logic        [                       7:0] label_i,
    input  logic signed [                      31:0] logit_i,
    output logic                                     rotate_o,
    input  logic        [        32*NDirections-1:0] moves_i,
    // The signs of D: 1 where positive, 1 where negative; direction p has bits NClasses p ...
    output logic        [  NClasses*NDirections-1:0] positive_o,
    output logic        [  NClasses*NDirections-1:0] negative_o
);

  localparam int unsigned SumBits = 25 + $clog2(NClasses + 1);
  localparam int unsigned LogBits = $clog2(SumBits) + 8;

  typedef enum logic [2:0] {
    StIdle,
    StMoves,
    StMaximum,
    StHighest,
    StTerms,
    StUp,
    StDown,
    StDrain
  } state_e;

  // What travels with an item through the pipeline.
  typedef struct packed {
    logic move;
    logic maximum;
    logic term;
    logic up;
    logic down;
    logic own;
    logic last;
    logic [DirectionBits-1:0] direction;
  } item_t;

  state_e state_q;
  logic [ClassBits-1:0] class_q;
  logic [DirectionBits-1:0] direction_q;
  logic wait_q;
  logic last_class, last_direction;
  item_t item, item1_q, item2_q, item3_q, item4_q, item5_q, item6_q, item7_q, item8_q;

  assign last_class = class_q == ClassBits'(NClasses - 1);
  assign last_direction = direction_q == DirectionBits'(NDirections - 1);
  assign rotate_o = item.maximum || item.term || item.up || item.down;

  always_comb begin
    item           = '0;
    item.move      = state_q == StMoves;
    item.maximum   = state_q == StMaximum;
    item.term      = state_q == StTerms;
    item.up        = state_q == StUp;
    item.down      = state_q == StDown;
    item.own       = item.up && 8'(class_q) == label_i;
    item.last      = item.down && last_class && last_direction;
    item.direction = direction_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q     <= StIdle;
      class_q     <= '0;
      direction_q <= '0;
      wait_q      <= 1'b0;
    end else begin
      wait_q <= state_q == StHighest;
      if (rotate_o) class_q <= last_class ? '0 : class_q + ClassBits'(1);
      if (item.move || (item.down && last_class)) begin
        direction_q <= last_direction ? '0 : direction_q + DirectionBits'(1);
      end
      unique case (state_q)
        StIdle: if (start_i) state_q <= StMoves;
        StMoves: if (last_direction) state_q <= StMaximum;
        StMaximum: if (last_class) state_q <= StHighest;
        StHighest: if (wait_q) state_q <= StTerms;  // two cycles: maximum, then the sum
        StTerms: if (last_class) state_q <= StUp;
        StUp: if (last_class) state_q <= StDown;
        StDown: if (last_class) state_q <= last_direction ? StDrain : StUp;
        StDrain: if (done_o) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {item1_q, item2_q, item3_q, item4_q, item5_q, item6_q, item7_q, item8_q} <= '0;
      done_o <= 1'b0;
    end else begin
      item1_q <= item;
      item2_q <= item1_q;
      item3_q <= item2_q;
      item4_q <= item3_q;
      item5_q <= item4_q;
      item6_q <= item5_q;
      item7_q <= item6_q;
      item8_q <= item7_q;
      done_o  <= item8_q.last;
    end
  end

  // Stage 1: the value in 1/1024, and what is added to it to make the exponent.
  logic signed [31:0] value, value_q, offset_q, highest_q, maximum_q, exponent_q;
  logic signed [31:0] move_of_item, magnitude, largest_move_q;
  logic signed [5:0] shift;
  logic [32*NDirections-1:0] moves_q;

  assign value = item.move ? moves_i[32*direction_q+:32] : logit_i;
  assign shift = item.move ? 6'(shift_i) + 6'(move_shift_i) : 6'(shift_i);
  assign move_of_item = moves_q[32*direction_q+:32];
  assign magnitude = value_q < 0 ? -value_q : value_q;

  always_ff @(posedge clk_i) begin
    value_q <= shift < 0 ? value >>> 5'(-shift) : value <<< 5'(shift);
    if (item.up) offset_q <= move_of_item - highest_q;
    else if (item.down) offset_q <= -move_of_item - highest_q;
    else offset_q <= -highest_q;
    // Stage 2: moves, maxima, exponents
    if (start_i) begin
      largest_move_q <= '0;
      maximum_q      <= 32'sh8000_0000;
    end
    if (item1_q.move) begin
      moves_q[32*item1_q.direction+:32] <= value_q;
      if (magnitude > largest_move_q) largest_move_q <= magnitude;
    end
    if (item1_q.maximum && value_q > maximum_q) maximum_q <= value_q;
    highest_q  <= maximum_q + largest_move_q;
    exponent_q <= value_q + offset_q;
  end

  // Stages 3 and 4: powers; the ring of terms and their sum
  logic [24:0] power;
  logic [25*NClasses-1:0] terms_q;
  logic [SumBits-1:0] sum_q, operand_q;

  exp2_unit u_exp2 (
      .clk_i,
      .x_i    (exponent_q),
      .power_o(power)
  );

  always_ff @(posedge clk_i) begin
    if (start_i) sum_q <= '0;
    else if (item4_q.term) sum_q <= sum_q + SumBits'(power);
    if (item4_q.term) terms_q <= {power, terms_q[25*NClasses-1:25]};
    else if (item4_q.up || item4_q.down) terms_q <= {terms_q[24:0], terms_q[25*NClasses-1:25]};
    operand_q <= sum_q - SumBits'(terms_q[24:0]) + SumBits'(power);
  end

  // Stages 5 to 8: logarithms; the ring of differences of each direction
  logic [LogBits-1:0] logarithm;
  logic signed [31:0] gain;

  log2_unit #(
      .Width(SumBits)
  ) u_log2 (
      .clk_i,
      .x_i  (operand_q),
      .log_o(logarithm)
  );

  assign gain = (item8_q.up ? signed'(32'(logarithm)) : -signed'(32'(logarithm))) -
      (item8_q.own ? signed'(moves_q[32*item8_q.direction+:32]) >>> 1 : 32'sd0);

  for (genvar p = 0; p < NDirections; p++) begin : gen_directions
    logic [32*NClasses-1:0] differences_q;

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        differences_q <= '0;
      end else if ((item8_q.up || item8_q.down) && item8_q.direction == DirectionBits'(p)) begin
        differences_q <= {differences_q[31:0] + gain, differences_q[32*NClasses-1:32]};
      end
    end

    for (genvar j = 0; j < NClasses; j++) begin : gen_signs
      assign negative_o[NClasses*p+j] = differences_q[32*j+31];
      assign positive_o[NClasses*p+j] = !differences_q[32*j+31] && differences_q[32*j+:32] != '0;
    end
  end

  logic unused_items;
  assign unused_items = ^{item1_q, item2_q, item3_q, item4_q, item5_q, item6_q, item7_q, item8_q};

endmodule
