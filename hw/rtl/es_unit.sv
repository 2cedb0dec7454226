// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// row_es (edge_adapt/updaters/row_es.py) beside the engine: it retrains the head on samples it
// holds on chip, while frames go on.
//
// State: V, one word of 16 bits a class for each feature and of 32 bits for the bias, on a grid
// of 1/256 of the int8 step; mu, the features' means in sixteenths; the order of the samples.
// A generation draws NDirections vectors b of signs from the shift register, and then
//   means     M_j = W_j . mu and N_p = b_p . mu, mu bit by bit: 5 cycles a feature;
//   samples   z_j = 16 (W_j . h + bias_j) - M_j and d_p = 16 b_p . (h, 1) - N_p, one feature a
//             cycle by adding or subtracting, then row_loss;
// or, where features are levels (ValueBits = 8), without means of their own
//   samples   z_j = W_j . (h - mu) + 16 bias_j and d_p = b_p . (h - mu, 16), 9 cycles a feature;
//   update    V_j -= step * sign(D_pj) b_p in one sweep, a value a cycle: step is a power of two.
// A class has an adder of its own for its logit alone; all else is shared, a class a cycle.
// Candidates are never stored, and there is no multiplier.

module es_unit #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NSamples = 512,
    parameter int unsigned NDirections = 2,
    parameter int unsigned ValueBits = 1,
    parameter int unsigned Lanes = 128,
    localparam int unsigned SampleBits = $clog2(NSamples),
    localparam int unsigned NValues = Lanes / ValueBits,
    localparam int unsigned NWords = (NFeatures + NValues - 1) / NValues
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

  localparam int unsigned FeatureBits = $clog2(NFeatures + 1);
  localparam int unsigned RowBits = $clog2(NFeatures);
  localparam int unsigned ClassBits = $clog2(NClasses);
  localparam int unsigned DirectionBits = NDirections > 1 ? $clog2(NDirections) : 1;
  localparam int unsigned PlaceBits = $clog2(NValues);
  localparam int unsigned MeanBits = ValueBits == 1 ? 6 : 8;
  localparam int unsigned FactorBits = ValueBits == 1 ? MeanBits : 9;
  localparam int unsigned WordBits = NWords > 1 ? $clog2(NWords) : 1;

  es_pkg::state_e state;
  logic [FeatureBits-1:0] feature;
  logic [ClassBits-1:0] class_at;
  logic [DirectionBits-1:0] direction;
  logic [3:0] plane;
  logic [15:0] order_at;
  logic [1:0] region;
  logic bias_row, last_class, last_plane, first_sample, settled, take, give, loss_done;

  assign busy_o = state != es_pkg::StIdle;
  assign s_ready_o = state == es_pkg::StLoad;
  assign take = s_valid_i && s_ready_o;
  assign m_valid_o = state == es_pkg::StStore;
  assign m_last_o = bias_row && last_class;
  assign give = m_valid_o && m_ready_i;

  es_sequencer #(
      .NClasses   (NClasses),
      .NFeatures  (NFeatures),
      .NDirections(NDirections),
      .ValueBits  (ValueBits)
  ) u_sequencer (
      .clk_i,
      .rst_ni,
      .load_i,
      .store_i,
      .run_i,
      .region_i,
      .n_generations_i,
      .n_batch_i,
      .take_i        (take),
      .take_last_i   (s_last_i),
      .give_i        (give),
      .give_last_i   (m_last_o),
      .loss_done_i   (loss_done),
      .state_o       (state),
      .region_o      (region),
      .feature_o     (feature),
      .bias_row_o    (bias_row),
      .class_o       (class_at),
      .last_class_o  (last_class),
      .direction_o   (direction),
      .plane_o       (plane),
      .last_plane_o  (last_plane),
      .first_sample_o(first_sample),
      .order_at_o    (order_at),
      .settled_o     (settled),
      .generations_o
  );

  // ---- memories ----

  (* ram_style = "block", no_rw_check *) logic [MeanBits-1:0] means[2**RowBits];
  logic [16*NClasses-1:0] row;
  logic signed [MeanBits-1:0] mean1, mean2_q, mean3_q;
  logic [Lanes-1:0] sample_word;
  logic [7:0] sample_label;
  logic [ValueBits-1:0] value3_q, value4_q;
  logic signed [31:0] bias;

  always_ff @(posedge clk_i) begin
    mean1 <= means[feature[RowBits-1:0]];
    if (take && region == 2'd1) means[feature[RowBits-1:0]] <= s_data_i[MeanBits-1:0];
  end

  es_samples #(
      .NSamples(NSamples),
      .NWords  (NWords),
      .Lanes   (Lanes)
  ) u_samples (
      .clk_i,
      .rst_ni,
      .clear_i      (sample_clear_i),
      .valid_i      (sample_valid_i),
      .word_i       (sample_word_i),
      .last_i       (sample_last_i),
      .label_i      (sample_label_i),
      .n_samples_o,
      .order_we_i   (take && region == 2'd2),
      .order_at_i   (order_at[SampleBits-1:0]),
      .order_wdata_i(s_data_i[SampleBits-1:0]),
      .word_at_i    (WordBits'(feature >> PlaceBits)),
      .word_o       (sample_word),
      .label_o      (sample_label)
  );

  logic [NDirections-1:0] direction_bits;
  logic ring_turn, unused_bits;

  assign unused_bits = ^{order_at, value4_q};  // of a level more than its top bit is in the factor

  es_directions #(
      .NFeatures  (NFeatures),
      .NDirections(NDirections)
  ) u_directions (
      .clk_i,
      .rst_ni,
      .register_we_i,
      .register_i,
      .register_o,
      .draw_i     (state == es_pkg::StDraw),
      .direction_i(direction),
      .turn_i     (ring_turn),
      .bits_o     (direction_bits)
  );

  // ---- memory, factor, adding: a feature a cycle ----

  logic loss_start, loss_rotate;
  logic [ClassBits-1:0] loss_class;
  logic [NDirections-1:0] positive, negative;
  logic [1:0] step, step1_q, step2_q, step3_q, step4_q;  // {valid, bias row}
  logic [4:0] plane1_q, plane2_q, plane3_q, plane4_q;  // {plane, whether it is the last}
  logic [PlaceBits-1:0] place1_q, place2_q;
  logic signed [FactorBits-1:0] factor4_q;
  logic in_means, in_planes, updating, means_end;
  logic [NDirections-1:0] direction_bits4_q;
  logic signed [31:0] logit;
  logic signed [4:0] move_shift;
  logic [32*NDirections-1:0] moves;

  assign in_means = state == es_pkg::StMeans || state == es_pkg::StMeansEnd;
  // Where what multiplies a weight comes bit by bit
  assign in_planes = ValueBits == 1 ? in_means
                                      : state == es_pkg::StSample || state == es_pkg::StSampleEnd;
  assign step = {state == es_pkg::StSample || state == es_pkg::StMeans, bias_row};
  assign loss_start = state == es_pkg::StSampleEnd && settled;
  assign updating = state == es_pkg::StUpdate;
  assign means_end = state == es_pkg::StMeansEnd && settled;
  // Rings move a cycle later: with the factor, and before the next row of an update is there.
  assign ring_turn = step2_q[1] || (updating && last_class);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {step1_q, step2_q, step3_q, step4_q} <= '0;
    else {step1_q, step2_q, step3_q, step4_q} <= {step, step1_q, step2_q, step3_q};
  end

  always_ff @(posedge clk_i) begin
    {plane4_q, plane3_q, plane2_q, plane1_q} <= {plane3_q, plane2_q, plane1_q, plane, last_plane};
    place1_q           <= PlaceBits'(NValues - 1) - PlaceBits'(feature);
    place2_q           <= place1_q;
    value3_q           <= sample_word[ValueBits*place2_q+:ValueBits];
    value4_q           <= value3_q;
    {mean3_q, mean2_q} <= {mean2_q, mean1};
    factor4_q <= ValueBits == 1 ? FactorBits'(mean3_q)
                                : FactorBits'(signed'(value3_q)) - FactorBits'(mean3_q);
    direction_bits4_q  <= direction_bits;
  end

  es_accumulators #(
      .NClasses   (NClasses),
      .NFeatures  (NFeatures),
      .NDirections(NDirections),
      .ValueBits  (ValueBits)
  ) u_accumulators (
      .clk_i,
      .row_i       (row),
      .factor_i    (factor4_q),
      .plane_i     (plane4_q[4:1]),
      .last_plane_i(plane4_q[0]),
      .feature_i   (value4_q[0]),
      .directions_i(direction_bits4_q),
      .valid_i     (step4_q[1]),
      .bias_row_i  (step4_q[0]),
      .planes_i    (in_planes),
      .clear_i     (state == es_pkg::StDraw),
      .rotate_i    (loss_rotate),
      .save_i      (means_end && first_sample),
      .restore_i   (means_end && !first_sample),
      .bias_i      (bias),
      .logit_o     (logit),
      .moves_o     (moves)
  );

  assign move_shift = shift_i + 5'(stride_i) + 5'd2;

  row_loss #(
      .NClasses   (NClasses),
      .NDirections(NDirections)
  ) u_loss (
      .clk_i,
      .rst_ni,
      .clear_i     (state == es_pkg::StDraw),
      .start_i     (loss_start),
      .done_o      (loss_done),
      .shift_i,
      .move_shift_i(move_shift),
      .label_i     (sample_label),
      .logit_i     (logit),
      .rotate_o    (loss_rotate),
      .class_o     (loss_class),
      .moves_i     (moves),
      .next_i      (updating),
      .positive_o  (positive),
      .negative_o  (negative)
  );

  // ---- V ----

  es_values #(
      .NClasses   (NClasses),
      .NFeatures  (NFeatures),
      .NDirections(NDirections)
  ) u_values (
      .clk_i,
      .rst_ni,
      .feature_i   (feature),
      .bias_row_i  (bias_row),
      .class_i     (class_at),
      .row_o       (row),
      .value_o     (m_data_o),
      .take_i      (take && region == 2'd0),
      .word_i      (s_data_i),
      .bias_class_i(state == es_pkg::StLoss ? loss_class : class_at),
      .bias_o      (bias),
      .update_i    (updating),
      .positive_i  (positive),
      .negative_i  (negative),
      .directions_i(direction_bits),
      .shift_i     (5'(step_i) + 5'(stride_i))
  );

endmodule
