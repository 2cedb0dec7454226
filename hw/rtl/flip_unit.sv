// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// (1 + lambda) evolution of binary weights by flipped bits (edge_adapt/updaters/_bit_flips.py).
//
// A child is the parent with the bits flipped that a seed names (flip_mask.sv). Its fitness is
// summed over the samples, each run through the engine:
//   logit of the label - largest logit, + 16 where that is the label's.
// The best of lambda children (the first of equals) takes the parent's place where it is no
// worse: one sweep reads, flips and writes the weights by the port that no frame uses. Other
// children cost no write.

module flip_unit #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned NClasses = 10,
    parameter int unsigned NSamples = 64,
    parameter int unsigned NBeats = 7,
    parameter int unsigned WeightDepth = 2304,
    localparam int unsigned SampleBits = $clog2(NSamples),
    localparam int unsigned BeatBits = NBeats > 1 ? $clog2(NBeats) : 1
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    // A run over the samples; its numbers hold from the start on
    input  logic                   run_i,
    input  logic [           15:0] n_generations_i,
    input  logic [            7:0] n_children_i,
    input  logic [           15:0] n_samples_i,
    input  logic                   register_we_i,
    input  logic [           31:0] register_i,
    output logic [           31:0] register_o,
    output logic                   busy_o,
    output logic [           31:0] fitness_o,
    output logic [           31:0] accepted_o,
    // The samples (flip_samples.sv): which word is offered to the engine
    output logic [ SampleBits-1:0] sample_o,
    output logic [   BeatBits-1:0] beat_o,
    input  logic [            7:0] label_i,
    output logic                   s_valid_o,
    input  logic                   s_ready_i,
    output logic                   s_last_o,
    // Their results
    input  logic                   m_valid_i,
    input  logic [32*NClasses-1:0] m_logits_i,
    input  logic [            7:0] m_label_i,
    // The mask of the candidate
    output logic [           31:0] seed_o,
    output logic                   is_parent_o,
    output logic                   sweep_o,
    output logic                   sweep_start_o,
    output logic                   sweep_next_o,
    input  logic [      Lanes-1:0] mask_i,
    // The sweep, 32 bits at a time
    output logic                   we_o,
    output logic [            7:0] lane_o,
    output logic [           15:0] addr_o,
    output logic [           31:0] wdata_o,
    input  logic [           31:0] rdata_i
);

  typedef enum logic [2:0] {
    StIdle,
    StLoad,
    StSend,
    StAnswer,
    StDecide,
    StSweep,
    StRead,
    StWrite
  } state_e;

  localparam int unsigned NGroups = Lanes / 32;
  localparam logic [2:0] LoadLatency = 3'd1;  // more, until a word of a sample is there
  localparam logic [2:0] ReadLatency = 3'd7;
  localparam logic [2:0] GainLatency = 3'd3;  // until the last answer is in the sum, and compared

  state_e state_q;
  logic [SampleBits-1:0] sample_q;
  logic [BeatBits-1:0] beat_q;
  logic [7:0] child_q, group_q;
  logic [15:0] generation_q, addr_q;
  logic [2:0] wait_q;
  logic [31:0] register_q, best_seed_q, best_seed, accepted_q, wdata_q;
  logic signed [31:0] own_q, largest_q, gain_q, sum_q, parent_q, best_q, best;
  logic [1:0] answered_q;
  logic is_right_q, loaded, decided, exceeds_q, sum_passes_q, best_passes_q;
  logic last_beat, last_sample, last_child, last_generation, is_parent, accept, better;
  logic last_group, last_addr;

  function automatic logic [31:0] following(input logic [31:0] state);
    following = state ^ (state << 13);
    following = following ^ (following >> 17);
    following = following ^ (following << 5);
  endfunction

  // Child 0 is the parent itself, evaluated once a run.
  assign is_parent = child_q == '0;
  assign last_beat = beat_q == BeatBits'(NBeats - 1);
  assign last_sample = 16'(sample_q) == n_samples_i - 16'd1;
  assign last_child = child_q == n_children_i;
  assign last_generation = generation_q == n_generations_i - 16'd1;
  assign last_group = group_q == 8'(NGroups - 1);
  assign last_addr = addr_q == 16'(WeightDepth - 1);
  assign loaded = wait_q == LoadLatency;
  assign decided = state_q == StDecide && wait_q == GainLatency;
  // The best of the generation, this child included
  assign better = child_q == 8'd1 || exceeds_q;
  assign best = better ? sum_q : best_q;
  assign best_seed = better ? register_q : best_seed_q;
  assign accept = !is_parent && last_child && (better ? sum_passes_q : best_passes_q);

  assign busy_o = state_q != StIdle;
  assign register_o = register_q;
  assign fitness_o = parent_q;
  assign accepted_o = accepted_q;
  assign sample_o = sample_q;
  assign beat_o = beat_q;
  assign s_valid_o = state_q == StSend;
  assign s_last_o = last_beat;
  assign is_parent_o = is_parent;
  assign sweep_o = state_q == StSweep || state_q == StRead || state_q == StWrite;
  assign seed_o = sweep_o ? best_seed_q : register_q;
  assign sweep_start_o = state_q == StSweep;
  assign sweep_next_o = state_q == StWrite && last_group;
  assign we_o = state_q == StWrite;
  assign lane_o = group_q;
  assign addr_o = addr_q;
  assign wdata_o = wdata_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q      <= StIdle;
      sample_q     <= '0;
      beat_q       <= '0;
      child_q      <= '0;
      generation_q <= '0;
      group_q      <= '0;
      addr_q       <= '0;
      wait_q       <= '0;
      accepted_q   <= '0;
    end else begin
      wait_q <= state_q == StRead || (state_q == StLoad && !loaded) ||
          (state_q == StDecide && !decided) ? wait_q + 3'd1 : '0;
      unique case (state_q)
        StIdle: begin
          child_q      <= '0;
          generation_q <= '0;
          if (run_i) state_q <= StLoad;
        end
        StLoad: if (loaded) state_q <= StSend;
        StSend: begin
          if (s_ready_i) begin
            beat_q  <= last_beat ? '0 : beat_q + BeatBits'(1);
            state_q <= last_beat ? StAnswer : StLoad;
          end
        end
        StAnswer: begin
          if (m_valid_i) begin
            sample_q <= last_sample ? '0 : sample_q + SampleBits'(1);
            state_q  <= last_sample ? StDecide : StLoad;
          end
        end
        StDecide: begin
          if (decided) begin
            child_q <= last_child ? 8'd1 : child_q + 8'd1;
            state_q <= StLoad;
            if (!is_parent && last_child) begin
              generation_q <= generation_q + 16'd1;
              if (last_generation) state_q <= StIdle;
              if (accept) begin
                accepted_q <= accepted_q + 32'd1;
                state_q    <= StSweep;
              end
            end
          end
        end
        StSweep: state_q <= StRead;
        StRead: if (wait_q == ReadLatency) state_q <= StWrite;
        StWrite: begin
          group_q <= last_group ? '0 : group_q + 8'd1;
          if (last_group) addr_q <= last_addr ? '0 : addr_q + 16'd1;
          state_q <= StRead;
          if (last_group && last_addr) begin
            state_q <= generation_q == n_generations_i ? StIdle : StLoad;
          end
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) register_q <= 32'd1;
    else if (register_we_i) register_q <= register_i;
    else if (decided) register_q <= following(register_q);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) answered_q <= '0;
    else answered_q <= {answered_q[0], state_q == StAnswer && m_valid_i};
  end

  always_ff @(posedge clk_i) begin
    own_q         <= signed'(m_logits_i[32*label_i+:32]);
    largest_q     <= signed'(m_logits_i[32*m_label_i+:32]);
    is_right_q    <= m_label_i == label_i;
    gain_q        <= own_q - largest_q + (is_right_q ? 32'sd16 : 32'sd0);
    exceeds_q     <= sum_q > best_q;
    sum_passes_q  <= sum_q >= parent_q;
    best_passes_q <= best_q >= parent_q;
    if (state_q == StIdle || decided) sum_q <= '0;
    else if (answered_q[1]) sum_q <= sum_q + gain_q;
    if (decided) begin
      best_q      <= best;
      best_seed_q <= best_seed;
      if (is_parent) parent_q <= sum_q;
      else if (accept) parent_q <= best;
    end
    // Lane 0 has the most significant bits.
    if (state_q == StRead) wdata_q <= rdata_i ^ mask_i[32*(NGroups-1-32'(group_q))+:32];
  end

`ifdef FORMAL
  `include "flip_unit_properties.svh"
`endif

endmodule
