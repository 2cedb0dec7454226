// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// A fully connected network: one word of parameters a cycle, read from the first to the last
// address, layer by layer; an int8 head. ValueBits says what a neuron gives and reads:
//   1  bits, by P XNOR-popcount lanes and integer thresholds (bnn_engine.sv)
//   8  levels -127..127, by a row of P / 8 int8 multipliers (qnn_engine.sv)
//
// A word of P lanes holds P / ValueBits values; layer l of Widths (16 bits each, inputs first)
// has as many words a neuron as its inputs need. Words are padded with zeros; the first feature
// of a word is its most significant. A first layer of bits reads
//   bits (PixelPlanes = 1): 1 cycle a word, or
//   8-bit pixels (PixelPlanes = 8): 9 cycles a word, one a bit plane from the least significant
//   on, then the plane of ones; its weights are bits, or int8 (FirstWeightBits = 8), then each
//   word of P weights is 9 words of memory: 8 bit planes and ones.
// A first layer of levels reads levels, a word a cycle.

module network_engine #(
    parameter int unsigned ValueBits = 1,
    parameter int unsigned Lanes = 128,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned FirstWeightBits = 1,
    parameter int unsigned NLayers = 2,
    parameter logic [16*(NLayers+1)-1:0] Widths = {16'd256, 16'd256, 16'd784},
    parameter int unsigned NClasses = 10,
    parameter int unsigned WeightDepth = 2304,
    parameter int unsigned NNeurons = 512,
    localparam int unsigned NFeatures = 32'(Widths[16*NLayers+:16]),
    localparam int unsigned HeadLanes = (NClasses + 3) / 4,
    localparam int unsigned WeightAddrBits = $clog2(2 * WeightDepth),
    localparam int unsigned NeuronAddrBits = $clog2(2 * NNeurons),
    localparam int unsigned FeatureAddrBits = $clog2(2 * NFeatures),
    localparam int unsigned ClassBits = NClasses > 1 ? $clog2(NClasses) : 1,
    localparam int unsigned BiasAddrBits = $clog2(2 * NClasses)
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    // Frames in
    input  logic                              s_valid_i,
    output logic                              s_ready_o,
    input  logic        [          Lanes-1:0] s_data_i,
    input  logic                              s_last_i,
    input  bnn_pkg::user_t                    s_user_i,
    output logic                              frame_refused_o,
    // The next frame's bank; whose the next frame is, and whose the one that runs
    output logic                              next_probe_o,
    output logic                              next_own_o,
    output logic                              frame_own_o,
    input  logic                              frame_ready_i,
    output logic                              frame_start_o,
    output logic                              frame_done_o,
    input  logic                              bank_i,
    // Parameter memories, latency 3
    output logic        [ WeightAddrBits-1:0] weight_addr_o,
    input  logic        [          Lanes-1:0] weight_i,
    output logic        [ NeuronAddrBits-1:0] threshold_addr_o,
    input  logic        [               31:0] threshold_i,
    output logic        [FeatureAddrBits-1:0] head_addr_o,
    input  logic        [   32*HeadLanes-1:0] head_i,
    output logic        [  BiasAddrBits-1:0] bias_addr_o,
    input  logic        [               31:0] bias_i,
    // Results out
    output logic                              m_valid_o,
    input  logic                              m_ready_i,
    output logic        [    32*NClasses-1:0] m_logits_o,
    output bnn_pkg::answer_t                  m_answer_o,
    // The bits of a frame that wants them
    output logic                              bits_valid_o,
    input  logic                              bits_ready_i,
    output logic        [          Lanes-1:0] bits_o,
    output logic                              bits_last_o,
    // What can be learned from
    output learning_pkg::tap_t                tap_o,
    output logic        [          Lanes-1:0] sample_word_o,
    // The head's multipliers, for what learns (head_row.sv)
    input  logic        [     8*NClasses+8:0] borrow_i,
    output logic        [    16*NClasses+1:0] borrow_o
);

  // ---- constants of the geometry ----

  localparam logic [16*geometry_pkg::MaxWidths-1:0] AllWidths =
      (16 * geometry_pkg::MaxWidths)'(Widths);
  localparam int unsigned AccBits =
      geometry_pkg::sum_bits(NLayers, AllWidths, PixelPlanes, FirstWeightBits);
  localparam int unsigned NValues = Lanes / ValueBits;
  localparam int unsigned LayerBits = NLayers > 1 ? $clog2(NLayers) : 1;

  // ---- one step a cycle, nine stages ----

  bnn_pkg::step_t step, step1_q, step2_q, step3_q, step4_q, step5_q, step6_q, step7_q;
  bnn_pkg::step_t step8_q, step9_q;
  logic [LayerBits-1:0] layer;
  logic frame_valid, frame_begin, next_weight, layer_done, bits_busy;
  bnn_pkg::user_t next_user, user;
  logic head_start, head_ready, head_done;

  assign next_probe_o = next_user.probe;
  assign next_own_o = next_user.own;
  assign frame_own_o = user.own;
  assign layer_done = step9_q.valid && step9_q.layer_last;

  layer_sequencer #(
      .Lanes          (NValues),
      .PixelPlanes    (PixelPlanes),
      .FirstWeightBits(FirstWeightBits),
      .NLayers        (NLayers),
      .Widths         (Widths)
  ) u_sequencer (
      .clk_i,
      .rst_ni,
      .frame_valid_i(frame_valid && !bits_busy),
      .frame_user_i (next_user),
      .frame_ready_i,
      .frame_start_o,
      .frame_done_o,
      .begin_o      (frame_begin),
      .layer_o      (layer),
      .user_o       (user),
      .step_o       (step),
      .next_weight_o(next_weight),
      .layer_done_i (layer_done),
      .head_start_o (head_start),
      .head_ready_i (head_ready),
      .head_done_i  (head_done)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {step1_q, step2_q, step3_q, step4_q, step5_q, step6_q, step7_q, step8_q, step9_q} <= '0;
    end else begin
      step1_q <= step;
      step2_q <= step1_q;
      step3_q <= step2_q;
      step4_q <= step3_q;
      step5_q <= step4_q;
      step6_q <= step5_q;
      step7_q <= step6_q;
      step8_q <= step7_q;
      step9_q <= step8_q;
    end
  end

  logic unused_step;
  assign unused_step = ^step9_q;  // each stage needs a few of the fields

  // ---- addresses ----

  // A row of multipliers begins with the offset, a row of lanes ends with the threshold.
  parameter_walker #(
      .WeightDepth(WeightDepth),
      .NNeurons   (NNeurons),
      .NFeatures  (NFeatures)
  ) u_walker (
      .clk_i,
      .begin_i         (frame_begin),
      .bank_i,
      .next_weight_i   (next_weight),
      .next_threshold_i(ValueBits == 1 ? step5_q.valid && step5_q.last
                                         : step3_q.valid && step3_q.last),
      .next_head_i     (step7_q.valid && step7_q.last && step7_q.head),
      .weight_addr_o,
      .threshold_addr_o,
      .head_addr_o
  );

  // ---- activations: the frame, and two halves for the hidden layers ----

  logic [Lanes-1:0] activations, collected;
  logic [ValueBits-1:0] value;
  logic signed [AccBits-1:0] sum;
  logic word_valid, reached;

  activation_store #(
      .Lanes      (Lanes),
      .ValueBits  (ValueBits),
      .PixelPlanes(PixelPlanes),
      .NPixels    (32'(Widths[15:0])),
      .HiddenWords(geometry_pkg::most_words(NLayers, AllWidths, NValues))
  ) u_activations (
      .clk_i,
      .rst_ni,
      .s_valid_i,
      .s_ready_o,
      .s_data_i,
      .s_last_i,
      .s_user_i,
      .refused_o    (frame_refused_o),
      .frame_valid_o(frame_valid),
      .frame_user_o (next_user),
      .read_i       (step2_q),
      .write_i      (step9_q),
      .value_i      (value),
      .activations_o(activations),
      .word_valid_o (word_valid),
      .word_o       (collected)
  );

  // ---- neurons: operands in stage 3, the value in stage 9 ----

  if (ValueBits == 1) begin : gen_bits
    bnn_engine #(
        .Lanes          (Lanes),
        .PixelPlanes    (PixelPlanes),
        .FirstWeightBits(FirstWeightBits),
        .NLayers        (NLayers),
        .Widths         (Widths),
        .AccBits        (AccBits)
    ) u_neurons (
        .clk_i,
        .step_i       (step3_q),
        .layer_i      (layer),
        .weights_i    (weight_i),
        .activations_i(activations),
        .threshold_i,
        .bit_o        (value),
        .reached_o    (reached),
        .sum_o        (sum)
    );
  end else begin : gen_levels
    qnn_engine #(
        .Lanes(Lanes)
    ) u_neurons (
        .clk_i,
        .step_i       (step3_q),
        .weights_i    (weight_i),
        .activations_i(activations),
        .offset_i     (threshold_i),
        .level_o      (value)
    );
    assign {reached, sum} = '0;
    logic unused_layer;
    assign unused_layer = ^layer;
  end

  assign tap_o.sample_valid = word_valid && step9_q.head && user.sample;
  assign tap_o.sample_last = step9_q.layer_last;
  assign tap_o.sample_label = user.label;
  assign tap_o.stat_valid = step9_q.valid && step9_q.last && !user.probe;
  assign tap_o.stat_last = step9_q.layer_last && step9_q.head;
  assign tap_o.stat_reached = reached;
  assign tap_o.stat_sum = 32'(sum);
  assign sample_word_o = collected;

  bits_port #(
      .Lanes (Lanes),
      .NWords(geometry_pkg::all_words(NLayers, AllWidths, NValues))
  ) u_bits (
      .clk_i,
      .rst_ni,
      .frame_begin_i(frame_begin),
      .frame_done_i (frame_done_o),
      .wanted_i     (user.bits),
      .word_valid_i (word_valid),
      .word_i       (collected),
      .busy_o       (bits_busy),
      .m_valid_o    (bits_valid_o),
      .m_ready_i    (bits_ready_i),
      .m_data_o     (bits_o),
      .m_last_o     (bits_last_o)
  );

  // ---- head ----

  logic [ClassBits-1:0] bias_class;

  assign bias_addr_o = BiasAddrBits'(bias_class) + (bank_i ? BiasAddrBits'(NClasses) : '0);

  network_head #(
      .ValueBits(ValueBits),
      .NClasses (NClasses),
      .NFeatures(NFeatures)
  ) u_head (
      .clk_i,
      .rst_ni,
      .clear_i   (frame_begin),
      .valid_i   (step9_q.valid && step9_q.last && step9_q.head),
      .feature_i (value),
      .weights_i (head_i),
      .finish_i  (head_start),
      .bank_i,
      .probe_i   (user.probe),
      .own_i     (user.own),
      .ready_o   (head_ready),
      .done_o    (head_done),
      .class_o   (bias_class),
      .bias_i,
      .m_valid_o,
      .m_ready_i,
      .m_logits_o,
      .m_answer_o,
      .borrow_i,
      .borrow_o
  );

`ifdef FORMAL
  `include "network_engine_properties.svh"
`endif

endmodule
