// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Statistics of every neuron's sum over a window of frames, and thresholds from them: what
// edge_adapt/updaters/_integer_statistics.py computes, without a multiplier.
//
// A pass counts last_frame_i + 1 frames, then sweeps over the neurons. It is one of
//   moments   sum, minimum, maximum, and how often the sum reached its threshold; the base becomes
//             the range form's threshold (stat_threshold.sv), for a window of 2^window_i frames
//   start     the same, but the base becomes the minimum, where the rate form's search begins
//   rate      how often the sum reached base + 2^bit_i; the base moves there where that was at
//             least q times: from the highest bit down it becomes the largest threshold that q
//             frames reach. Where q is 0 it is the maximum + 1.
// distance_o is the sum over the first NFirst neurons of |times reached - q|, of the last moments.

module stat_unit #(
    parameter int unsigned NNeurons = 512,
    parameter int unsigned NFirst = 256,
    parameter int unsigned AccBits = 24,
    parameter int unsigned WindowBits = 10,
    localparam int unsigned NeuronBits = $clog2(NNeurons)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    // Sums of the frames, neuron by neuron
    input  logic                      valid_i,
    input  logic                      last_i,
    input  logic                      reached_i,
    input  logic signed [AccBits-1:0] sum_i,
    // Commands; the pass' numbers hold from the start on
    input  logic                      run_i,
    input  logic                      load_i,
    input  logic                      store_i,
    input  logic                      rate_i,
    input  logic                      start_i,
    input  logic        [       11:0] last_frame_i,
    input  logic        [        3:0] window_i,
    input  logic        [        4:0] bit_i,
    output logic                      busy_o,
    output logic        [       31:0] distance_o,
    // In: a word {q, slope} a neuron. Out: sum (high word first), minimum, maximum, count, base.
    input  logic                      s_valid_i,
    output logic                      s_ready_o,
    input  logic        [       31:0] s_data_i,
    input  logic                      s_last_i,
    output logic                      m_valid_o,
    input  logic                      m_ready_i,
    output logic        [       31:0] m_data_o,
    output logic                      m_last_o
);

  localparam int unsigned TotalBits = AccBits + WindowBits;
  localparam int unsigned CountBits = WindowBits + 1;
  // Thresholds lie up to 128 ranges away; as words that leave have 32 bits, so have they at most.
  localparam int unsigned BaseBits = AccBits < 23 ? AccBits + 9 : 32;
  localparam int unsigned MomentBits = TotalBits + 2 * AccBits;

  typedef enum logic [3:0] {
    StIdle,
    StLoad,
    StCollect,
    StSettle,
    StRead,
    StDecide,
    StSolve,
    StWrite,
    StStoreRead,
    StStore
  } state_e;

  state_e state_q;
  logic [NeuronBits-1:0] neuron_q, sweep_q;
  logic [11:0] frame_q;
  logic [2:0] word_q;
  logic [1:0] wait_q;
  logic counted_q, is_waiting, waited, take, last_sweep, give, load_take, solved;

  assign busy_o = state_q != StIdle;
  assign s_ready_o = state_q == StLoad;
  assign m_valid_o = state_q == StStore;
  assign load_take = s_valid_i && s_ready_o;
  assign give = m_valid_o && m_ready_i;
  // A frame counts whose first neuron came after the start.
  assign take = valid_i && state_q == StCollect && (neuron_q == '0 || counted_q);
  // Three cycles, for what is on its way to the memories, or from them
  assign is_waiting = state_q == StSettle || state_q == StRead || state_q == StStoreRead;
  assign waited = wait_q == 2'd2;
  assign last_sweep = sweep_q == NeuronBits'(NNeurons - 1);
  assign m_last_o = last_sweep && word_q == 3'd5;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q   <= StIdle;
      neuron_q  <= '0;
      sweep_q   <= '0;
      frame_q   <= '0;
      word_q    <= '0;
      counted_q <= 1'b0;
      wait_q    <= '0;
    end else begin
      if (valid_i) begin
        neuron_q  <= last_i ? '0 : neuron_q + NeuronBits'(1);
        counted_q <= take && !last_i;
      end
      wait_q <= is_waiting && !waited ? wait_q + 2'd1 : '0;
      unique case (state_q)
        StIdle: begin
          sweep_q <= '0;
          frame_q <= '0;
          word_q  <= '0;
          if (run_i) state_q <= StCollect;
          else if (load_i) state_q <= StLoad;
          else if (store_i) state_q <= StStoreRead;
        end
        StLoad: begin
          if (load_take) sweep_q <= sweep_q + NeuronBits'(1);
          if (load_take && s_last_i) state_q <= StIdle;
        end
        StCollect: begin
          if (take && last_i) begin
            frame_q <= frame_q + 12'd1;
            if (frame_q == last_frame_i) state_q <= StSettle;
          end
        end
        StSettle: if (waited) state_q <= StRead;
        StRead: if (waited) state_q <= StDecide;
        StDecide: state_q <= rate_i || start_i ? StWrite : StSolve;
        StSolve: if (solved) state_q <= StWrite;
        StWrite: begin
          sweep_q <= last_sweep ? '0 : sweep_q + NeuronBits'(1);
          state_q <= last_sweep ? StIdle : StRead;
        end
        StStoreRead: if (waited) state_q <= StStore;
        StStore: begin
          if (give) begin
            word_q <= word_q == 3'd5 ? '0 : word_q + 3'd1;
            if (word_q == 3'd5) begin
              sweep_q <= sweep_q + NeuronBits'(1);
              state_q <= last_sweep ? StIdle : StStoreRead;
            end
          end
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  // ---- memories: read in cycle 1, kept in cycle 2, written in cycle 3 ----

  // A neuron is not read again before it is written, and a sweep waits for what it reads.
  (* no_rw_check *) logic [MomentBits-1:0] moments[2**NeuronBits];
  (* no_rw_check *) logic [BaseBits-1:0] bases[2**NeuronBits];
  (* no_rw_check *) logic [CountBits-1:0] counts[2**NeuronBits];
  (* no_rw_check *) logic [31:0] targets[2**NeuronBits];
  logic [NeuronBits-1:0] read_addr, neuron1_q, neuron2_q, neuron3_q;
  logic [MomentBits-1:0] moments_read;
  logic [BaseBits-1:0] base_read;
  logic [CountBits-1:0] count_read;
  logic [31:0] target_read;
  logic [MomentBits-1:0] moments_q;
  logic signed [TotalBits-1:0] total, new_total;
  logic signed [AccBits-1:0] low, high, new_low, new_high, sum1_q, sum2_q;
  logic signed [BaseBits-1:0] base, candidate, candidate_q, new_base_q;
  logic [CountBits-1:0] count, count3_q, new_count;
  logic [15:0] n_wanted;
  logic signed [15:0] slope;
  logic take1_q, take2_q, take3_q, first1_q, first2_q, first3_q;
  logic reached1_q, reached2_q, hit3_q;

  assign read_addr = state_q == StCollect ? neuron_q : sweep_q;

  always_ff @(posedge clk_i) begin
    moments_read       <= moments[read_addr];
    base_read          <= bases[read_addr];
    count_read         <= counts[read_addr];
    target_read        <= targets[read_addr];
    {total, low, high} <= moments_read;
    base               <= base_read;
    count              <= count_read;
    {n_wanted, slope}  <= target_read;
    if (take3_q && !rate_i) moments[neuron3_q] <= moments_q;
    if (take3_q) counts[neuron3_q] <= new_count;
    if (state_q == StWrite) bases[sweep_q] <= new_base_q;
    if (load_take) targets[sweep_q] <= s_data_i;
  end

  // ---- collecting ----

  assign candidate = base + (BaseBits'(1) <<< bit_i);
  assign new_count = (first3_q ? '0 : count3_q) + CountBits'(hit3_q);
  assign new_total = (first2_q ? '0 : total) + TotalBits'(sum2_q);
  assign new_low = first2_q || sum2_q < low ? sum2_q : low;
  assign new_high = first2_q || sum2_q > high ? sum2_q : high;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {take3_q, take2_q, take1_q} <= '0;
    else {take3_q, take2_q, take1_q} <= {take2_q, take1_q, take};
  end

  always_ff @(posedge clk_i) begin
    {neuron3_q, neuron2_q, neuron1_q} <= {neuron2_q, neuron1_q, neuron_q};
    {sum2_q, sum1_q}                  <= {sum1_q, sum_i};
    {reached2_q, reached1_q}          <= {reached1_q, reached_i};
    {first3_q, first2_q, first1_q}    <= {first2_q, first1_q, frame_q == '0};
    moments_q                         <= {new_total, new_low, new_high};
    candidate_q                       <= candidate;
    count3_q                          <= count;
    hit3_q                            <= rate_i ? BaseBits'(sum2_q) >= candidate : reached2_q;
  end

  // ---- sweeping ----

  logic signed [BaseBits-1:0] solution;
  logic signed [16:0] excess_q;
  logic signed [AccBits:0] beyond;  // the highest sum
  logic [31:0] further;
  logic is_first;

  stat_threshold #(
      .AccBits   (AccBits),
      .WindowBits(WindowBits)
  ) u_threshold (
      .clk_i,
      .rst_ni,
      .start_i    (state_q == StDecide && !rate_i && !start_i),
      .window_i,
      .total_i    (total),
      .range_i    (high - low),
      .slope_i    (slope),
      .done_o     (solved),
      .threshold_o(solution)
  );

  assign beyond = (AccBits + 1)'(high) + (AccBits + 1)'(1);
  assign is_first = 32'(sweep_q) < NFirst;

  // There a cycle before it is decided on
  always_ff @(posedge clk_i) begin
    excess_q <= signed'(17'(count)) - signed'({1'b0, n_wanted});
  end

  // Further by |excess|
  add_subtract #(
      .Width(32)
  ) u_distance (
      .a_i       (distance_o),
      .b_i       ({{15{excess_q[16]}}, excess_q}),
      .half_i    (1'b0),
      .subtract_i(excess_q[16]),
      .sum_o     (further)
  );

  always_ff @(posedge clk_i) begin
    if (state_q == StSolve) new_base_q <= solution;
    else if (!rate_i) new_base_q <= BaseBits'(low);
    else if (n_wanted == '0) new_base_q <= BaseBits'(beyond);
    else new_base_q <= excess_q[16] ? base : candidate_q;
  end

  always_ff @(posedge clk_i) begin
    if (run_i && !busy_o && !rate_i) distance_o <= '0;
    else if (state_q == StDecide && is_first && !rate_i) distance_o <= further;
  end

  // ---- out ----

  logic [63:0] wide_total;

  assign wide_total = 64'(total);

  always_comb begin
    unique case (word_q)
      3'd0: m_data_o = wide_total[63:32];
      3'd1: m_data_o = wide_total[31:0];
      3'd2: m_data_o = 32'(low);
      3'd3: m_data_o = 32'(high);
      3'd4: m_data_o = 32'(count);
      default: m_data_o = 32'(base);
    endcase
  end

`ifdef FORMAL
  `include "stat_unit_properties.svh"
`endif

endmodule
