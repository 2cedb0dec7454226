// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside flip_unit: a run that is begun ends, once each answer it waits for is given. A rank says
// what is left; it falls in every cycle that does not wait, and stands still in those that do.
// Answers: a word of a sample is taken, and its result comes. A run's numbers hold while it runs;
// none is zero, and the samples are those that are held (flip_stage.sv, register_file.sv).

typedef struct packed {
  logic [15:0] generations;
  logic is_sweep;
  logic [15:0] major;  // children, or addresses
  logic [15:0] middle;  // samples, or lanes
  logic [15:0] minor;  // words of a sample
  logic [2:0] part;
  logic [2:0] waits;
} rank_t;

logic past_q, was_waiting_q, was_idle_q, waiting, evaluates;
logic [15:0] was_n_generations_q, was_n_samples_q;
logic [7:0] was_n_children_q;
rank_t rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb begin
  assume (n_generations_i != '0 && n_children_i != '0);
  assume (n_samples_i != '0 && 32'(n_samples_i) <= NSamples);
  if (busy_o && !was_idle_q) begin
    assume (n_generations_i == was_n_generations_q && n_children_i == was_n_children_q);
    assume (n_samples_i == was_n_samples_q);
  end
end

assign evaluates = busy_o && !sweep_o;

always_comb begin
  rank             = '0;
  rank.generations = n_generations_i - generation_q;
  rank.is_sweep    = sweep_o;
  rank.major       = 16'(n_children_i) - 16'(child_q);
  rank.middle      = n_samples_i - 16'd1 - 16'(sample_q);
  rank.minor       = 16'(NBeats - 1) - 16'(beat_q);
  if (sweep_o) begin
    rank.major  = 16'(WeightDepth - 1) - addr_q;
    rank.middle = 16'(NGroups - 1) - 16'(group_q);
    rank.minor  = '0;
  end
  unique case (state_q)
    StLoad: {rank.part, rank.waits} = {3'd4, LoadLatency - wait_q};
    StSweep: rank.part = 3'd4;
    StSend: rank.part = 3'd3;
    StRead: {rank.part, rank.waits} = {3'd3, ReadLatency - wait_q};
    StAnswer: {rank.minor, rank.part} = {16'd0, 3'd2};
    StDecide: begin
      {rank.middle, rank.minor, rank.part} = {16'd0, 16'd0, 3'd1};
      rank.waits = GainLatency - wait_q;
    end
    StWrite: rank.part = 3'd1;
    default: rank = '0;
  endcase
end

assign waiting = (state_q == StIdle && !run_i) || (state_q == StSend && !s_ready_i) ||
    (state_q == StAnswer && !m_valid_i);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_waiting_q       <= 1'b1;
    was_idle_q          <= 1'b1;
    was_rank_q          <= '0;
    was_n_generations_q <= '0;
    was_n_children_q    <= '0;
    was_n_samples_q     <= '0;
  end else begin
    was_waiting_q       <= waiting;
    was_idle_q          <= !busy_o;
    was_rank_q          <= rank;
    was_n_generations_q <= n_generations_i;
    was_n_children_q    <= n_children_i;
    was_n_samples_q     <= n_samples_i;
  end
end

always_comb begin
  if (past_q) begin
    a_sample : assert (!busy_o || 16'(sample_q) < n_samples_i);
    a_sample_zero : assert (evaluates || sample_q == '0);
    a_decides : assert (state_q != StDecide || sample_q == '0);
    a_beat : assert (32'(beat_q) < NBeats);
    a_beat_zero : assert (state_q == StLoad || state_q == StSend || beat_q == '0);
    a_child : assert (!busy_o || child_q <= n_children_i);
    a_generation : assert (!evaluates || generation_q < n_generations_i);
    a_swept : assert (!sweep_o || (generation_q != '0 && generation_q <= n_generations_i));
    a_address : assert (32'(addr_q) < WeightDepth && 32'(group_q) < NGroups);
    a_address_zero :
    assert (state_q == StRead || state_q == StWrite || (addr_q == '0 && group_q == '0));
    a_latency : assert (state_q != StRead || wait_q <= ReadLatency);
    a_load : assert (state_q != StLoad || wait_q <= LoadLatency);
    a_gain : assert (state_q != StDecide || wait_q <= GainLatency);
    a_wait : assert (state_q == StLoad || state_q == StRead || state_q == StDecide || wait_q == '0);
    a_written : assert (!we_o || sweep_o);
    a_waits : assert (!was_waiting_q || was_idle_q || rank == was_rank_q);
    a_falls : assert (was_waiting_q || was_idle_q || rank < was_rank_q);
    c_swept : cover (state_q == StWrite && addr_q != '0);
  end
end
