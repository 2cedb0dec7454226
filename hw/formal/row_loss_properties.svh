// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside row_loss: a sample's loss that is begun is done. A rank says what is left of it and falls
// in every cycle; nothing from outside is waited for.

localparam int unsigned Stages = 16;

typedef struct packed {
  logic [2:0] pass;
  logic is_up;
  logic [DirectionBits-1:0] directions;
  logic [ClassBits-1:0] classes;
  logic [Stages-1:0] stages;
} rank_t;

logic past_q, was_idle_q;
logic [Stages-1:0] lasts;
rank_t rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);

// Where the last item is
assign lasts = {
  asked_q.last, item.last, item0_q.last, item1_q.last, item2_q.last, item3_q.last, item4_q.last, item5_q.last,
  item6_q.last, item7_q.last, item8_q.last, item9_q.last, item10_q.last,
  item11_q.last, item12_q.last, done_o
};

always_comb begin
  rank            = '0;
  rank.directions = DirectionBits'(NDirections - 1) - direction_q;
  rank.classes    = ClassBits'(NClasses - 1) - class_q;
  unique case (state_q)
    StIdle: rank = '0;
    StMoves: rank.pass = 3'd6;
    StMaximum: rank.pass = 3'd5;
    StHighest: {rank.pass, rank.stages[0]} = {3'd4, !wait_q};
    StTerms: rank.pass = 3'd3;
    StUp: {rank.pass, rank.is_up} = {3'd2, 1'b1};
    StDown: rank.pass = 3'd2;
    default: rank = rank_t'(lasts);
  endcase
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_idle_q <= 1'b1;
    was_rank_q <= '0;
  end else begin
    was_idle_q <= state_q == StIdle;
    was_rank_q <= rank;
  end
end

always_comb begin
  if (past_q) begin
    a_class : assert (32'(class_q) < NClasses);
    a_direction : assert (32'(direction_q) < NDirections);
    a_class_zero : assert (rotate_o || class_q == '0);
    a_direction_zero :
    assert (state_q == StMoves || state_q == StUp || state_q == StDown || direction_q == '0);
    a_wait : assert (state_q == StHighest || state_q == StTerms || !wait_q);
    a_one : assert ((lasts & (lasts - Stages'(1))) == '0);
    a_drains : assert ((state_q == StDrain) == (lasts != '0));
    a_falls : assert (was_idle_q || rank < was_rank_q);
    a_done : assert (!done_o || state_q == StDrain);
    c_done : cover (done_o);
  end
end
