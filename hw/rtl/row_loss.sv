// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// One sample's share in the fitness of every row along every direction (row_es; equations in
// edge_adapt/updaters/_integer_loss.py). With logits z and moves d in 1/1024 after a shift:
//
//   D[p][j] += log2(S_j + 2^(z_j + d_p)) - log2(S_j + 2^(z_j - d_p)) - [j = label] (2 d_p >> 2)
//
// where S_j sums 2^z of the other classes, and all exponents are taken relative to
// max z + max |d|. Passes over the classes: the maximum; the terms; up along each direction, then
// down. Logits come one a cycle from a ring (rotate_o turns it), each two cycles after its turn,
// which is one after its class; so do terms, D, and its signs.

module row_loss #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NDirections = 2,
    localparam int unsigned ClassBits = $clog2(NClasses),
    localparam int unsigned DirectionBits = NDirections > 1 ? $clog2(NDirections) : 1
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    input  logic                            clear_i,
    input  logic                            start_i,
    output logic                            done_o,
    // Logits, below 2^24, are shifted left by shift_i, moves by move_shift_i
    input  logic signed [              4:0] shift_i,
    input  logic signed [              4:0] move_shift_i,
    input  logic        [              7:0] label_i,
    input  logic signed [             31:0] logit_i,
    output logic                            rotate_o,
    output logic        [    ClassBits-1:0] class_o,
    input  logic        [32*NDirections-1:0] moves_i,
    // The signs of D of a class along each direction; next_i turns to the next class
    input  logic                            next_i,
    output logic        [  NDirections-1:0] positive_o,
    output logic        [  NDirections-1:0] negative_o
);

  localparam int unsigned SumBits = 24 + $clog2(NClasses + 1);
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
  item_t asked, asked_q, item, item0_q, item1_q, item2_q, item3_q, item4_q, item5_q, item6_q;
  item_t item7_q, item8_q, item9_q, item10_q, item11_q, item12_q;

  assign last_class = class_q == ClassBits'(NClasses - 1);
  assign last_direction = direction_q == DirectionBits'(NDirections - 1);
  assign rotate_o = asked.maximum || asked.term || asked.up || asked.down;

  always_comb begin
    asked           = '0;
    asked.move      = state_q == StMoves;
    asked.maximum   = state_q == StMaximum;
    asked.term      = state_q == StTerms;
    asked.up        = state_q == StUp;
    asked.down      = state_q == StDown;
    asked.own       = asked.up && 8'(class_q) == label_i;
    asked.last      = asked.down && last_class && last_direction;
    asked.direction = direction_q;
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
      if (asked.move || ((asked.up || asked.down) && last_class)) begin
        direction_q <= last_direction ? '0 : direction_q + DirectionBits'(1);
      end
      unique case (state_q)
        StIdle: if (start_i) state_q <= StMoves;
        StMoves: if (last_direction) state_q <= StMaximum;
        StMaximum: if (last_class) state_q <= StHighest;
        StHighest: if (wait_q) state_q <= StTerms;  // two cycles: maximum, then the sum
        StTerms: if (last_class) state_q <= StUp;
        StUp: if (last_class && last_direction) state_q <= StDown;
        StDown: if (last_class && last_direction) state_q <= StDrain;
        StDrain: if (done_o) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {asked_q, item, item0_q, item1_q, item2_q, item3_q, item4_q, item5_q, item6_q} <= '0;
      {item7_q, item8_q, item9_q, item10_q, item11_q, item12_q} <= '0;
      done_o <= 1'b0;
    end else begin
      asked_q  <= asked;
      item     <= asked_q;
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
      item11_q <= item10_q;
      item12_q <= item11_q;
      done_o   <= item12_q.last;
    end
  end

  always_ff @(posedge clk_i) class_o <= class_q;

  // Stages 0 and 1: the value in 1/1024, by a shifter to the right from 15 places to the left; and
  // what is added to it to make the exponent: d or -d less the highest.
  localparam int unsigned WideBits = 25 + 15;
  logic signed [31:0] value_q, minus_q, lowest_q, negated_q, maximum_q, exponent_q;
  logic signed [24:0] source_q;
  logic signed [WideBits-1:0] wide, wide_by_8, wide_by_2;
  logic [31:0] move_of_item, offset, offset_q, negated;
  logic [4:0] distance_q;
  logic [32*NDirections-1:0] moves_q;

  // 15 - shift
  always_ff @(posedge clk_i) begin
    distance_q <= {item.move ? move_shift_i[4] : shift_i[4],
                   ~(item.move ? move_shift_i[3:0] : shift_i[3:0])};
    source_q   <= item.move ? signed'(moves_i[32*item.direction+:25]) : signed'(logit_i[24:0]);
  end

  assign wide = {source_q, 15'd0};
  assign wide_by_8 = wide >>> {distance_q[4:3], 3'd0};
  assign wide_by_2 = wide_by_8 >>> {distance_q[2:1], 1'b0};
  assign move_of_item = item0_q.up || item0_q.down ? moves_q[32*item0_q.direction+:32] : '0;

  add_subtract #(
      .Width(32)
  ) u_offset (
      .a_i       (negated_q),
      .b_i       (move_of_item),
      .half_i    (1'b0),
      .subtract_i(item0_q.down),
      .sum_o     (offset)
  );

  add_subtract #(
      .Width(32)
  ) u_negated (
      .a_i       ('0),
      .b_i       (value_q),
      .half_i    (1'b0),
      .subtract_i(!value_q[31]),
      .sum_o     (negated)
  );

  always_ff @(posedge clk_i) begin
    value_q  <= 32'(distance_q[0] ? wide_by_2 >>> 1 : wide_by_2);
    offset_q <= offset;
    // Stage 2: moves, maxima, exponents; and 3: the lowest of the moves, before any maximum is last
    minus_q  <= signed'(negated);
    if (start_i) lowest_q <= '0;
    else if (item2_q.move && minus_q < lowest_q) lowest_q <= minus_q;
    if (start_i) maximum_q <= 32'sh8000_0000;
    else if (item1_q.maximum && value_q > maximum_q) maximum_q <= value_q;
    negated_q  <= lowest_q - maximum_q;
    exponent_q <= value_q + signed'(offset_q);
  end

  for (genvar p = 0; p < NDirections; p++) begin : gen_moves
    always_ff @(posedge clk_i) begin
      if (item1_q.move && item1_q.direction == DirectionBits'(p)) moves_q[32*p+:32] <= value_q;
    end
  end

  // Stages 3 to 6: powers; the ring of terms, their sum, and the sum of the others
  logic [24:0] power, power_q;
  logic [25*NClasses-1:0] terms_q;
  logic [SumBits-1:0] sum_q, others_q, operand_q;

  exp2_unit u_exp2 (
      .clk_i,
      .x_i    (exponent_q),
      .power_o(power)
  );

  always_ff @(posedge clk_i) begin
    if (start_i) sum_q <= '0;
    else if (item5_q.term) sum_q <= sum_q + SumBits'(power);
    if (item5_q.term || item5_q.up || item5_q.down) begin
      terms_q <= {item5_q.term ? power : terms_q[24:0], terms_q[25*NClasses-1:25]};
    end
    others_q  <= sum_q - SumBits'(terms_q[24:0]);
    power_q   <= power;
    operand_q <= others_q + SumBits'(power_q);
  end

  // Stages 7 to 12: logarithms, gains; the ring of differences, direction by direction
  logic [LogBits-1:0] logarithm;
  logic [31:0] own_share;
  logic signed [31:0] gain_q;
  logic [32*NClasses*NDirections-1:0] differences_q;
  logic [NDirections-1:0] signs_turn;
  logic counts_q, counted_q, fresh_q;
  logic [DirectionBits-1:0] counted_direction_q;
  logic [31:0] newest;

  log2_unit #(
      .Width(SumBits)
  ) u_log2 (
      .clk_i,
      .x_i  (operand_q),
      .log_o(logarithm)
  );

  assign own_share = item11_q.own ? 32'(signed'(moves_q[32*item11_q.direction+1+:31])) : '0;
  assign newest = differences_q[32*(NClasses*NDirections-1)+:32];

  always_ff @(posedge clk_i) begin
    gain_q <= signed'((item11_q.up ? 32'(logarithm) : '0) -
                      (item11_q.up ? own_share : 32'(logarithm)));
    // The first sample's way up begins each sum: no net has to clear them all.
    if (clear_i) fresh_q <= 1'b1;
    else if (item12_q.last) fresh_q <= 1'b0;
    counts_q            <= item11_q.up || item11_q.down;
    counted_q           <= counts_q;
    counted_direction_q <= item12_q.direction;
  end

  // Kept: flip-flops, of which there are more than look-up tables for shift registers.
  (* keep *)
  always_ff @(posedge clk_i) begin
    if (counts_q) begin
      differences_q <= {gain_q + (fresh_q && item12_q.up ? '0 : differences_q[31:0]),
                        differences_q[32*NClasses*NDirections-1:32]};
    end
  end

  for (genvar p = 0; p < NDirections; p++) begin : gen_signs
    logic [NClasses-1:0] positives_q, negatives_q;
    logic entering;

    assign entering = counted_q && counted_direction_q == DirectionBits'(p);
    assign signs_turn[p] = entering || next_i;
    assign positive_o[p] = positives_q[0];
    assign negative_o[p] = negatives_q[0];

    always_ff @(posedge clk_i) begin
      if (signs_turn[p]) begin
        positives_q <= {
          entering ? !newest[31] && newest != '0 : positives_q[0], positives_q[NClasses-1:1]
        };
        negatives_q <= {entering ? newest[31] : negatives_q[0], negatives_q[NClasses-1:1]};
      end
    end
  end

  logic unused_items;
  assign unused_items = ^{
    item0_q, item1_q, item2_q, item3_q, item4_q, item5_q, item6_q, item7_q, item8_q, item9_q,
    item10_q, item11_q, item12_q, logit_i, moves_i
  };

`ifdef FORMAL
  `include "row_loss_properties.svh"
`endif

endmodule
