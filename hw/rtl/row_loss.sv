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
  item_t item, item0_q, item1_q, item2_q, item3_q, item4_q, item5_q, item6_q, item7_q, item8_q;
  item_t item9_q, item10_q;

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
      {item0_q, item1_q, item2_q, item3_q, item4_q, item5_q, item6_q} <= '0;
      {item7_q, item8_q, item9_q, item10_q} <= '0;
      done_o <= 1'b0;
    end else begin
      item0_q  <= item;
      item1_q  <= item0_q;
      item2_q  <= item1_q;
      item3_q  <= item2_q;
      item4_q  <= item3_q;
      item5_q  <= item4_q;
      item6_q  <= item5_q;
      item7_q  <= item6_q;
      item8_q  <= item7_q;
      item9_q  <= item8_q;
      item10_q <= item9_q;
      done_o   <= item10_q.last;
    end
  end

  // Stages 0 and 1: the value in 1/1024, by one shifter to the right that turns around for shifts
  // to the left; and what is added to it to make the exponent.
  logic signed [31:0] value_q, offset_q, highest_q, maximum_q, exponent_q;
  logic signed [31:0] move_of_item, magnitude, largest_move_q;
  logic signed [32:0] turned, shifted;  // with the bit that comes in
  logic [31:0] source_q;
  logic signed [5:0] logit_shift, move_shift;
  logic [5:0] logit_distance_q, move_distance_q, distance;
  logic logit_left_q, move_left_q, left;
  logic [32*NDirections-1:0] moves_q;

  function automatic logic [31:0] reversed(input logic [31:0] word);
    for (int i = 0; i < 32; i++) reversed[i] = word[31-i];
  endfunction

  assign logit_shift = 6'(shift_i);
  assign move_shift = 6'(shift_i) + 6'(move_shift_i);
  assign left = item0_q.move ? move_left_q : logit_left_q;
  assign distance = item0_q.move ? move_distance_q : logit_distance_q;
  assign turned = left ? {1'b0, reversed(source_q)} : {source_q[31], source_q};
  assign shifted = turned >>> distance;
  assign move_of_item = moves_q[32*item0_q.direction+:32];
  assign magnitude = value_q < 0 ? -value_q : value_q;

  always_ff @(posedge clk_i) begin
    logit_left_q     <= logit_shift >= 0;
    move_left_q      <= move_shift >= 0;
    logit_distance_q <= logit_shift < 0 ? -logit_shift : logit_shift;
    move_distance_q  <= move_shift < 0 ? -move_shift : move_shift;
    source_q         <= item.move ? moves_i[32*direction_q+:32] : logit_i;
    value_q          <= left ? reversed(shifted[31:0]) : shifted[31:0];
    if (item0_q.up) offset_q <= move_of_item - highest_q;
    else if (item0_q.down) offset_q <= -move_of_item - highest_q;
    else offset_q <= -highest_q;
    // Stage 2: moves, maxima, exponents
    if (start_i) begin
      largest_move_q <= '0;
      maximum_q      <= 32'sh8000_0000;
    end
    if (item1_q.move) begin
      if (magnitude > largest_move_q) largest_move_q <= magnitude;
    end
    if (item1_q.maximum && value_q > maximum_q) maximum_q <= value_q;
    highest_q  <= maximum_q + largest_move_q;
    exponent_q <= value_q + offset_q;
  end

  for (genvar p = 0; p < NDirections; p++) begin : gen_moves
    always_ff @(posedge clk_i) begin
      if (item1_q.move && item1_q.direction == DirectionBits'(p)) moves_q[32*p+:32] <= value_q;
    end
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

  // Stages 5 to 10: logarithms, gains; the ring of differences of each direction
  logic [LogBits-1:0] logarithm;
  logic signed [31:0] gain_q;

  log2_unit #(
      .Width(SumBits)
  ) u_log2 (
      .clk_i,
      .x_i  (operand_q),
      .log_o(logarithm)
  );

  always_ff @(posedge clk_i) begin
    gain_q <= (item9_q.up ? signed'(32'(logarithm)) : -signed'(32'(logarithm))) -
        (item9_q.own ? signed'(moves_q[32*item9_q.direction+:32]) >>> 1 : 32'sd0);
  end

  for (genvar p = 0; p < NDirections; p++) begin : gen_directions
    logic [32*NClasses-1:0] differences_q;

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        differences_q <= '0;
      end else if ((item10_q.up || item10_q.down) && item10_q.direction == DirectionBits'(p)) begin
        differences_q <= {differences_q[31:0] + gain_q, differences_q[32*NClasses-1:32]};
      end
    end

    for (genvar j = 0; j < NClasses; j++) begin : gen_signs
      assign negative_o[NClasses*p+j] = differences_q[32*j+31];
      assign positive_o[NClasses*p+j] = !differences_q[32*j+31] && differences_q[32*j+:32] != '0;
    end
  end

  logic unused_items;
  assign unused_items = ^{
    shifted[32], item0_q, item1_q, item2_q, item3_q, item4_q, item5_q, item6_q, item7_q, item8_q,
    item9_q, item10_q
  };

`ifdef FORMAL
  `include "row_loss_properties.svh"
`endif

endmodule
