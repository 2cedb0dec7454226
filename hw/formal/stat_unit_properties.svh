// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside stat_unit: whatever was asked for ends, once each answer it waits for is given. A rank
// says what is left; it falls in every cycle that does not wait, and stands still in those that
// do. Answers: a packet in ends, a word out is taken, a frame that counts ends, and a threshold is
// done (stat_threshold_properties.svh). The pass' numbers hold while it runs.

typedef struct packed {
  logic [11:0] frames;
  logic is_collecting;
  logic is_settling;
  logic [NeuronBits-1:0] neurons;
  logic [2:0] part;
  logic [2:0] words;
  logic [1:0] waits_left;
} rank_t;

logic past_q, was_waiting_q, was_idle_q, waiting, was_rate_q, was_start_q;
logic [11:0] was_last_frame_q;
logic swept_q, solved_q;  // a pass came to its sweep, and solved a threshold there
rank_t rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb begin
  if (!was_idle_q) begin
    assume (last_frame_i == was_last_frame_q);
    assume (rate_i == was_rate_q);
    assume (start_i == was_start_q);
  end
end

always_comb begin
  rank         = '0;
  rank.neurons = NeuronBits'(NNeurons - 1) - sweep_q;
  unique case (state_q)
    StIdle: rank = '0;
    StLoad: begin
      rank      = '0;
      rank.part = 3'd1;
    end
    StCollect: {rank.frames, rank.is_collecting, rank.neurons} = {last_frame_i - frame_q, 1'b1, NeuronBits'(0)};
    StSettle: {rank.is_settling, rank.waits_left} = {1'b1, 2'd2 - wait_q};
    StRead: {rank.part, rank.waits_left} = {3'd4, 2'd2 - wait_q};
    StDecide: rank.part = 3'd3;
    StSolve: rank.part = 3'd2;
    StWrite: rank.part = 3'd1;
    StStoreRead: {rank.part, rank.waits_left} = {3'd4, 2'd2 - wait_q};
    default: {rank.part, rank.words} = {3'd3, 3'd5 - word_q};
  endcase
end

assign waiting = (state_q == StIdle && !run_i && !load_i && !store_i) ||
    (state_q == StLoad && !(load_take && s_last_i)) ||
    (state_q == StCollect && !(take && last_i)) || (state_q == StSolve && !solved) ||
    (state_q == StStore && !give);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_waiting_q    <= 1'b1;
    was_idle_q       <= 1'b1;
    was_rank_q       <= '0;
    was_last_frame_q <= '0;
    was_rate_q       <= 1'b0;
    was_start_q      <= 1'b0;
    swept_q          <= 1'b0;
    solved_q         <= 1'b0;
  end else begin
    was_waiting_q    <= waiting;
    was_idle_q       <= state_q == StIdle;
    was_rank_q       <= rank;
    was_last_frame_q <= last_frame_i;
    was_rate_q       <= rate_i;
    was_start_q      <= start_i;
    if (state_q == StWrite) swept_q <= 1'b1;
    if (state_q == StSolve && solved) solved_q <= 1'b1;
  end
end

always_comb begin
  if (past_q) begin
    a_state : assert (state_q <= StStore);
    a_sweep : assert (state_q == StIdle || state_q == StLoad || 32'(sweep_q) < NNeurons);
    a_sweep_zero :
    assert ((state_q != StCollect && state_q != StSettle) || sweep_q == '0);
    a_words : assert (word_q <= 3'd5 && (state_q == StStore || state_q == StIdle || word_q == '0));
    a_wait : assert (wait_q == '0 || (is_waiting && wait_q <= 2'd2));
    a_waits : assert (!was_waiting_q || was_idle_q || rank == was_rank_q);
    a_falls : assert (was_waiting_q || was_idle_q || rank < was_rank_q);
    a_begins : assert (!was_idle_q || was_waiting_q || state_q != StIdle);
    c_ends : cover (state_q == StIdle && !was_idle_q && swept_q);
    c_solved : cover (solved_q);
    c_stored : cover (state_q == StIdle && !was_idle_q && was_rank_q.part == 3'd3);
  end
end
