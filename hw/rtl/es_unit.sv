// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// row_es (edge_adapt/updaters/row_es.py) beside the engine: it retrains the head on samples it
// holds on chip, while frames go on.
//
// State: V, one word of 16 bits a class for each feature and of 32 bits for the bias, on a grid
// of 1/256 of the int8 step; mu, the features' means in sixteenths; the order of the samples.
// A generation draws NDirections vectors b of signs from the shift register, and then
//   means     M_j = W_j . mu and N_p = b_p . mu, mu bit by bit: 6 cycles a feature;
//   samples   z_j = 16 (W_j . h + bias_j) - M_j and d_p = 16 b_p . (h, 1) - N_p, one feature a
//             cycle by adding or subtracting, then row_loss;
//   update    V_j -= step * sign(D_pj) b_p in one sweep: step is a power of two.
// Candidates are never stored, and there is no multiplier.

module es_unit #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NSamples = 512,
    parameter int unsigned NDirections = 2,
    parameter int unsigned Lanes = 128,
    localparam int unsigned SampleBits = $clog2(NSamples),
    localparam int unsigned NWords = (NFeatures + Lanes - 1) / Lanes
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    // Samples in: the words of the last layer's bits, and the label with the last one
    input  logic               sample_clear_i,
    input  logic               sample_valid_i,
    input  logic [  Lanes-1:0] sample_word_i,
    input  logic               sample_last_i,
    input  logic [        7:0] sample_label_i,
    output logic [       15:0] n_samples_o,
    // State in and out: packets of 32-bit words; region 0 V, 1 mu, 2 order
    input  logic               load_i,
    input  logic               store_i,
    input  logic [        1:0] region_i,
    input  logic               s_valid_i,
    output logic               s_ready_o,
    input  logic [       31:0] s_data_i,
    input  logic               s_last_i,
    output logic               m_valid_o,
    input  logic               m_ready_i,
    output logic [       31:0] m_data_o,
    output logic               m_last_o,
    input  logic               register_we_i,
    input  logic [       31:0] register_i,
    output logic [       31:0] register_o,
    // Runs; all numbers hold from the start on
    input  logic               run_i,
    input  logic [       15:0] n_generations_i,
    input  logic [       15:0] n_batch_i,
    input  logic signed [ 4:0] shift_i,
    input  logic [        3:0] stride_i,
    input  logic [        3:0] step_i,
    output logic               busy_o,
    output logic [       31:0] generations_o
);

  typedef enum logic [3:0] {
    StIdle,
    StLoad,
    StStoreRow,
    StStore,
    StDraw,
    StBiases,
    StMeans,
    StMeansEnd,
    StSample,
    StSampleEnd,
    StLoss,
    StUpdate,
    StUpdateEnd,
    StUpdateBiases
  } state_e;

  localparam int unsigned FeatureBits = $clog2(NFeatures + 1);
  localparam int unsigned RowBits = $clog2(NFeatures);
  localparam int unsigned ClassBits = $clog2(NClasses);
  localparam int unsigned DirectionBits = NDirections > 1 ? $clog2(NDirections) : 1;
  localparam int unsigned LaneBits = $clog2(Lanes);
  localparam int unsigned WordBits = NWords > 1 ? $clog2(NWords) : 1;
  localparam logic [31:0] Taps = 32'hA300_0000;
  localparam logic signed [18:0] Limit = 19'sd32512;  // 127 steps of int8
  localparam logic [FeatureBits-1:0] BiasRow = FeatureBits'(NFeatures);

  state_e state_q;
  logic [FeatureBits-1:0] feature_q;
  logic [ClassBits-1:0] class_q;
  logic [DirectionBits-1:0] direction_q;
  logic [2:0] bit_q, wait_q;
  logic [15:0] batch_q, generation_q, order_at_q;
  logic [1:0] region_q;
  logic last_class, last_feature, settled, take, give;

  assign last_class = class_q == ClassBits'(NClasses - 1);
  assign last_feature = feature_q == BiasRow - FeatureBits'(1);
  assign settled = wait_q == 3'd4;  // the pipeline behind the last step is empty
  assign busy_o = state_q != StIdle;
  assign s_ready_o = state_q == StLoad;
  assign take = s_valid_i && s_ready_o;
  assign m_valid_o = state_q == StStore;
  assign give = m_valid_o && m_ready_i;

  // ---- memories ----

  logic [16*NClasses-1:0] values[2**RowBits];
  logic [5:0] means[2**RowBits];
  logic [SampleBits-1:0] order[NSamples];
  logic [Lanes-1:0] samples[2**(SampleBits+WordBits)];
  logic [7:0] labels[NSamples];

  logic [16*NClasses-1:0] row1, row2_q, row_in_q, row_new, row_write, row_write_q;
  logic [32*NClasses-1:0] biases_q;
  logic [5:0] mean1, mean2_q;
  logic [SampleBits-1:0] sample_q;
  logic [SampleBits:0] n_samples_q;
  logic [WordBits-1:0] word_in_q;
  logic [Lanes-1:0] sample_word;
  logic [7:0] label_q;
  logic [31:0] register_q;
  logic row_we, unused_row;
  logic [FeatureBits-1:0] row_we_addr, feature1_q, feature2_q, feature3_q;

  always_ff @(posedge clk_i) begin
    row1        <= values[feature_q[RowBits-1:0]];
    mean1       <= means[feature_q[RowBits-1:0]];
    sample_q    <= order[order_at_q[SampleBits-1:0]];
    sample_word <= samples[{sample_q, WordBits'(feature_q>>LaneBits)}];
    label_q     <= labels[sample_q];
    if (row_we) values[row_we_addr[RowBits-1:0]] <= row_write;
    if (take && region_q == 2'd1) means[feature_q[RowBits-1:0]] <= s_data_i[5:0];
    if (take && region_q == 2'd2) order[order_at_q[SampleBits-1:0]] <= s_data_i[SampleBits-1:0];
    if (sample_valid_i && !n_samples_q[SampleBits]) begin
      samples[{n_samples_q[SampleBits-1:0], word_in_q}] <= sample_word_i;
      if (sample_last_i) labels[n_samples_q[SampleBits-1:0]] <= sample_label_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      n_samples_q <= '0;
      word_in_q   <= '0;
    end else if (sample_clear_i) begin
      n_samples_q <= '0;
      word_in_q   <= '0;
    end else if (sample_valid_i) begin
      word_in_q <= sample_last_i ? '0 : word_in_q + WordBits'(1);
      if (sample_last_i && !n_samples_q[SampleBits]) n_samples_q <= n_samples_q + 1'b1;
    end
  end

  assign n_samples_o = 16'(n_samples_q);

  // ---- control ----

  logic loss_start, loss_done, loss_rotate;
  logic [NClasses*NDirections-1:0] positive, negative;

  assign loss_start = state_q == StSampleEnd && settled;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= StIdle;
      feature_q     <= '0;
      class_q       <= '0;
      direction_q   <= '0;
      bit_q         <= '0;
      wait_q        <= '0;
      batch_q       <= '0;
      generation_q  <= '0;
      order_at_q    <= '0;
      region_q      <= '0;
      generations_o <= '0;
    end else begin
      wait_q <= '0;
      unique case (state_q)
        StIdle: begin
          feature_q    <= '0;
          class_q      <= '0;
          batch_q      <= '0;
          generation_q <= '0;
          region_q     <= region_i;
          if (load_i) begin
            state_q <= StLoad;
            if (region_i == 2'd2) order_at_q <= '0;
          end else if (store_i) begin
            state_q <= StStoreRow;
          end else if (run_i) begin
            state_q <= StDraw;
          end
        end
        StLoad: begin
          if (take) begin
            if (region_q == 2'd0) class_q <= last_class ? '0 : class_q + ClassBits'(1);
            if (region_q == 2'd1 || (region_q == 2'd0 && last_class)) begin
              feature_q <= feature_q + FeatureBits'(1);
            end
            if (region_q == 2'd2) order_at_q <= s_last_i ? '0 : order_at_q + 16'd1;
            if (s_last_i) state_q <= StIdle;
          end
        end
        StStoreRow: begin
          wait_q <= wait_q + 3'd1;
          if (wait_q == 3'd1) state_q <= StStore;
        end
        StStore: begin
          if (give) begin
            class_q <= last_class ? '0 : class_q + ClassBits'(1);
            if (last_class) begin
              feature_q <= feature_q + FeatureBits'(1);
              state_q   <= m_last_o ? StIdle : StStoreRow;
            end
          end
        end
        StDraw: begin
          feature_q <= feature_q == BiasRow ? '0 : feature_q + FeatureBits'(1);
          if (feature_q == BiasRow) begin
            direction_q <= direction_q + DirectionBits'(1);
            if (direction_q == DirectionBits'(NDirections - 1)) begin
              direction_q <= '0;
              state_q     <= StBiases;
            end
          end
        end
        StBiases: begin
          class_q <= last_class ? '0 : class_q + ClassBits'(1);
          if (last_class) state_q <= StMeans;
        end
        StMeans: begin
          bit_q <= bit_q == 3'd5 ? '0 : bit_q + 3'd1;
          if (feature_q == BiasRow) begin
            bit_q     <= '0;
            feature_q <= '0;
            state_q   <= StMeansEnd;
          end else if (bit_q == 3'd5) begin
            feature_q <= feature_q + FeatureBits'(1);
          end
        end
        StMeansEnd: begin
          wait_q <= wait_q + 3'd1;
          if (settled) state_q <= StSample;
        end
        StSample: begin
          feature_q <= feature_q == BiasRow ? '0 : feature_q + FeatureBits'(1);
          if (feature_q == BiasRow) state_q <= StSampleEnd;
        end
        StSampleEnd: begin
          wait_q <= wait_q + 3'd1;
          if (settled) state_q <= StLoss;
        end
        StLoss: begin
          if (loss_done) begin
            order_at_q <= order_at_q + 16'd1;
            batch_q    <= batch_q + 16'd1;
            state_q    <= StMeansEnd;
            if (batch_q == n_batch_i - 16'd1) begin
              batch_q <= '0;
              state_q <= StUpdate;
            end
          end
        end
        StUpdate: begin
          feature_q <= last_feature ? '0 : feature_q + FeatureBits'(1);
          if (last_feature) state_q <= StUpdateEnd;
        end
        StUpdateEnd: begin
          wait_q <= wait_q + 3'd1;
          if (settled) state_q <= StUpdateBiases;
        end
        StUpdateBiases: begin
          class_q <= last_class ? '0 : class_q + ClassBits'(1);
          if (last_class) begin
            generation_q  <= generation_q + 16'd1;
            generations_o <= generations_o + 32'd1;
            state_q       <= generation_q == n_generations_i - 16'd1 ? StIdle : StDraw;
          end
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  // ---- the shift register and its directions: rings that turn once a pass ----

  logic ring_turn;
  logic [NDirections-1:0] direction_bits;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) register_q <= 32'd1;
    else if (register_we_i) register_q <= register_i;
    else if (state_q == StDraw) register_q <= (register_q >> 1) ^ (register_q[0] ? Taps : '0);
  end

  assign register_o = register_q;

  for (genvar p = 0; p < NDirections; p++) begin : gen_rings
    logic [NFeatures:0] ring_q;

    assign direction_bits[p] = ring_q[0];

    always_ff @(posedge clk_i) begin
      if (state_q == StDraw && direction_q == DirectionBits'(p)) begin
        ring_q <= {register_q[0], ring_q[NFeatures:1]};
      end else if (ring_turn) begin
        ring_q <= {ring_q[0], ring_q[NFeatures:1]};
      end
    end
  end

  // ---- one feature a cycle: memory, rounding, adding ----

  logic [2:0] step, step1_q, step2_q, step3_q;  // {valid, bias row, last bit of a mean}
  logic [2:0] bit1_q, bit2_q, bit3_q;
  logic [LaneBits-1:0] lane1_q;
  logic sample_bit2_q, sample_bit3_q, in_means, save_start, load_start;
  logic [NDirections-1:0] direction_bits3_q;
  logic [8*NClasses-1:0] weights3_q;
  logic signed [31:0] rounded_bias, bias, bias_vote;
  logic [5:0] mean3_q;
  logic [32*NClasses-1:0] logits_q, logits_start_q;
  logic [32*NDirections-1:0] moves_q, moves_start_q;

  assign step = {
    state_q == StSample || state_q == StMeans || state_q == StUpdate,
    feature_q == BiasRow,
    state_q != StMeans || bit_q == 3'd5 || feature_q == BiasRow
  };
  assign ring_turn = step2_q[2] && step2_q[0];
  assign in_means = state_q == StMeans || state_q == StMeansEnd;
  assign save_start = state_q == StMeansEnd && settled && batch_q == '0;
  assign load_start = state_q == StMeansEnd && settled && batch_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {step1_q, step2_q, step3_q} <= '0;
    else {step1_q, step2_q, step3_q} <= {step, step1_q, step2_q};
  end

  always_ff @(posedge clk_i) begin
    bit1_q            <= bit_q;
    bit2_q            <= bit1_q;
    bit3_q            <= bit2_q;
    lane1_q           <= LaneBits'(Lanes - 1) - feature_q[LaneBits-1:0];
    sample_bit2_q     <= sample_word[lane1_q];
    sample_bit3_q     <= sample_bit2_q;
    row2_q            <= row1;
    mean2_q           <= mean1;
    mean3_q           <= mean2_q;
    direction_bits3_q <= direction_bits;
    feature1_q        <= feature_q;
    feature2_q        <= feature1_q;
    feature3_q        <= feature2_q;
  end

  for (genvar j = 0; j < NClasses; j++) begin : gen_logits
    logic signed [31:0] weight, term;
    logic subtract;

    // W = (V + 128) >> 8, and its share in 16 W . h - W . mu
    assign weight = 32'(signed'(weights3_q[8*j+:8]));
    assign term = !in_means ? weight <<< 4 : mean3_q[bit3_q] ? weight <<< bit3_q : '0;
    assign subtract = in_means ? bit3_q != 3'd5 : !sample_bit3_q;

    always_ff @(posedge clk_i) begin
      weights3_q[8*j+:8] <= row2_q[16*j+8+:8] + {7'd0, row2_q[16*j+7]};
      if (load_start) begin
        logits_q[32*j+:32] <= logits_start_q[32*j+:32];
      end else if (state_q == StBiases || loss_rotate) begin
        logits_q[32*j+:32] <= j < NClasses - 1 ? logits_q[32*((j+1)%NClasses)+:32] :
            loss_rotate ? logits_q[31:0] : rounded_bias <<< 4;
      end else if (step3_q[2] && !step3_q[1] && state_q != StUpdate && state_q != StUpdateEnd) begin
        logits_q[32*j+:32] <= subtract ? logits_q[32*j+:32] - term : logits_q[32*j+:32] + term;
      end
      if (save_start) logits_start_q[32*j+:32] <= logits_q[32*j+:32];
    end
  end

  for (genvar p = 0; p < NDirections; p++) begin : gen_moves
    logic signed [31:0] share;
    logic plus;

    // The share of a feature in 16 b . (h, 1) - b . mu
    always_comb begin
      share = 32'sd16;
      plus  = direction_bits3_q[p] == sample_bit3_q;
      if (in_means && step3_q[1]) begin
        plus = direction_bits3_q[p];
      end else if (in_means) begin
        share = 32'(signed'(mean3_q));
        plus  = !direction_bits3_q[p];
      end
    end

    always_ff @(posedge clk_i) begin
      if (state_q == StBiases) begin
        moves_q[32*p+:32] <= '0;
      end else if (load_start) begin
        moves_q[32*p+:32] <= moves_start_q[32*p+:32];
      end else if (step3_q[2] && step3_q[0] && (in_means || !step3_q[1])) begin
        moves_q[32*p+:32] <= plus ? moves_q[32*p+:32] + share : moves_q[32*p+:32] - share;
      end
      if (save_start) moves_start_q[32*p+:32] <= moves_q[32*p+:32];
    end
  end

  row_loss #(
      .NClasses   (NClasses),
      .NDirections(NDirections)
  ) u_loss (
      .clk_i,
      .rst_ni,
      .clear_i     (state_q == StBiases),
      .start_i     (loss_start),
      .done_o      (loss_done),
      .shift_i,
      .move_shift_i(stride_i + 4'd2),
      .label_i     (label_q),
      .logit_i     (signed'(logits_q[31:0])),
      .rotate_o    (loss_rotate),
      .moves_i     (moves_q),
      .positive_o  (positive),
      .negative_o  (negative)
  );

  // ---- update: V -= (sum of sign(D) b) << (step + stride), weights clipped to +-127 int8 steps ----

  logic [4:0] move_shift;
  logic [NClasses*NDirections-1:0] up, down;

  assign move_shift = 5'(step_i) + 5'(stride_i);

  for (genvar p = 0; p < NDirections; p++) begin : gen_votes
    assign up[NClasses*p+:NClasses] = direction_bits[p] ? positive[NClasses*p+:NClasses]
                                                        : negative[NClasses*p+:NClasses];
    assign down[NClasses*p+:NClasses] = direction_bits[p] ? negative[NClasses*p+:NClasses]
                                                          : positive[NClasses*p+:NClasses];
  end

  for (genvar j = 0; j < NClasses; j++) begin : gen_rows
    logic signed [18:0] vote, moved;

    always_comb begin
      vote = '0;
      for (int p = 0; p < NDirections; p++) begin
        vote = vote + 19'(up[NClasses*p+j]) - 19'(down[NClasses*p+j]);
      end
      moved = 19'(signed'(row2_q[16*j+:16])) - (vote <<< move_shift);
      if (moved > Limit) moved = Limit;
      if (moved < -Limit) moved = -Limit;
      row_new[16*j+:16] = moved[15:0];
    end
  end

  assign bias = signed'(biases_q[31:0]);
  assign rounded_bias = (bias + 32'sd128) >>> 8;

  always_comb begin
    bias_vote = '0;
    for (int p = 0; p < NDirections; p++) begin
      bias_vote = bias_vote + 32'(up[NClasses*p+32'(class_q)]) - 32'(down[NClasses*p+32'(class_q)]);
    end
  end

  always_ff @(posedge clk_i) begin
    row_write_q <= row_new;
    if (take && region_q == 2'd0) row_in_q <= {s_data_i[15:0], row_in_q[16*NClasses-1:16]};
    if (take && region_q == 2'd0 && feature_q == BiasRow) begin
      biases_q <= {s_data_i, biases_q[32*NClasses-1:32]};
    end else if (state_q == StBiases) begin
      biases_q <= {biases_q[31:0], biases_q[32*NClasses-1:32]};
    end else if (state_q == StUpdateBiases) begin
      biases_q <= {bias - (bias_vote <<< move_shift), biases_q[32*NClasses-1:32]};
    end
  end

  always_comb begin
    row_we      = step3_q[2] && (state_q == StUpdate || state_q == StUpdateEnd);
    row_we_addr = feature3_q;
    unused_row  = ^{row_we_addr, row_in_q};
    row_write   = row_write_q;
    if (state_q == StLoad) begin
      row_we      = take && region_q == 2'd0 && last_class && feature_q != BiasRow;
      row_we_addr = feature_q;
      row_write   = {s_data_i[15:0], row_in_q[16*NClasses-1:16]};
    end
  end

  // ---- V out ----

  assign m_last_o = feature_q == BiasRow && last_class;
  assign m_data_o = feature_q == BiasRow ? biases_q[32*class_q+:32] :
      32'(signed'(row1[16*class_q+:16]));

endmodule
