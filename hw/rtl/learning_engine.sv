// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The engine, the convolutions before it, and all that learns on it or beside it.

module learning_engine #(
    parameter int unsigned ValueBits = 1,
    parameter int unsigned Lanes = 128,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned FirstWeightBits = 1,
    parameter int unsigned NLayers = 2,
    parameter logic [16*(NLayers+1)-1:0] Widths = {16'd256, 16'd256, 16'd784},
    parameter int unsigned NClasses = 10,
    parameter int unsigned WeightDepth = 2304,
    parameter int unsigned NNeurons = 512,
    parameter int unsigned EsSamples = 0,
    parameter int unsigned StatBits = 0,
    parameter int unsigned SgdSamples = 0,
    parameter int unsigned FlipSamples = 0,
    parameter int unsigned NConvolutions = 0,
    parameter int unsigned Height = 28,
    parameter int unsigned Width = 28,
    parameter logic [16*(NConvolutions+1)-1:0] Channels = '0,
    parameter logic [NConvolutions:0] Pools = '0,
    parameter int unsigned ConvWeightBits = 8,
    localparam int unsigned AccBits = geometry_pkg::sum_bits(
        NLayers, (16 * geometry_pkg::MaxWidths)'(Widths), PixelPlanes, FirstWeightBits),
    localparam int unsigned NFeatures = 32'(Widths[16*NLayers+:16]),
    localparam int unsigned HeadLanes = (NClasses + 3) / 4,
    localparam int unsigned WeightAddrBits = $clog2(2 * WeightDepth),
    localparam int unsigned NeuronAddrBits = $clog2(2 * NNeurons),
    localparam int unsigned FeatureAddrBits = $clog2(2 * NFeatures),
    localparam int unsigned BiasAddrBits = $clog2(2 * NClasses)
) (
    input  logic                          clk_i,
    input  logic                          rst_ni,
    // Frames in
    input  logic                          s_valid_i,
    output logic                          s_ready_o,
    input  logic [             Lanes-1:0] s_data_i,
    input  logic                          s_last_i,
    input  logic [                  10:0] s_user_i,
    output logic                          frame_refused_o,
    // The bank of the frame (bank_control.sv); answered are those from outside
    output logic                          frame_probe_o,
    input  logic                          frame_ready_i,
    output logic                          frame_start_o,
    output logic                          frame_done_o,
    output logic                          frame_answered_o,
    input  logic                          bank_i,
    // Parameter memories, latency 3
    output logic [    WeightAddrBits-1:0] weight_addr_o,
    input  logic [             Lanes-1:0] weight_i,
    output logic [    NeuronAddrBits-1:0] threshold_addr_o,
    input  logic [                  31:0] threshold_i,
    output logic [   FeatureAddrBits-1:0] head_addr_o,
    input  logic [      32*HeadLanes-1:0] head_i,
    output logic [      BiasAddrBits-1:0] bias_addr_o,
    input  logic [                  31:0] bias_i,
    // Results and bits out
    output logic                          m_valid_o,
    input  logic                          m_ready_i,
    output logic [       32*NClasses-1:0] m_logits_o,
    output logic [                   9:0] m_user_o,
    output logic                          bits_valid_o,
    input  logic                          bits_ready_i,
    output logic [             Lanes-1:0] bits_o,
    output logic                          bits_last_o,
    // Registers, and the state of what learns in and out
    input  learning_pkg::command_t        command_i,
    output learning_pkg::status_t         status_o,
    input  logic                          state_valid_i,
    output logic                          state_ready_o,
    input  logic [                  31:0] state_data_i,
    input  logic                          state_last_i,
    output logic                          state_valid_o,
    input  logic                          state_ready_i,
    output logic [                  31:0] state_data_o,
    output logic                          state_last_o,
    // The sweep over the bank whose weights are evolved
    input  logic                          evolved_bank_i,
    output bank_pkg::access_t             access_o,
    input  logic [                  31:0] rdata_i,
    // Parameters of the convolutions
    input  bank_pkg::access_t             conv_access_i,
    output logic [                  31:0] conv_rdata_o
);

  logic [Lanes-1:0] mask;

  // ---- convolutions ----

  logic word_valid, word_ready, word_last, engine_probe, engine_start, engine_refused, engine_ready;
  logic [Lanes-1:0] word;
  logic [10:0] word_user;

  conv_stage #(
      .Lanes          (Lanes),
      .FirstWeightBits(ConvWeightBits),
      .NLayers        (NConvolutions),
      .Height         (Height),
      .Width          (Width),
      .Channels       (Channels),
      .Pools          (Pools)
  ) u_convolutions (
      .clk_i,
      .rst_ni,
      .s_valid_i,
      .s_ready_o,
      .s_data_i,
      .s_last_i,
      .s_user_i,
      .m_valid_o       (word_valid),
      .m_ready_i       (word_ready),
      .m_data_o        (word),
      .m_last_o        (word_last),
      .m_user_o        (word_user),
      .engine_probe_i  (engine_probe),
      .engine_start_i  (engine_start),
      .engine_refused_i(engine_refused),
      .engine_ready_o  (engine_ready),
      .frame_probe_o,
      .frame_start_o,
      .frame_refused_o,
      .frame_ready_i,
      .bank_i,
      .access_i        (conv_access_i),
      .rdata_o         (conv_rdata_o)
  );

  // ---- frames, and those of what evolves the engine's weights ----

  logic pixels_valid, pixels_ready, pixels_last, result_valid, result_ready;
  logic [Lanes-1:0] pixels;
  bnn_pkg::user_t pixels_user;
  bnn_pkg::answer_t answer;
  learning_pkg::unit_t flip;
  logic [31:0] flip_fitness;
  logic next_probe, next_own, frame_own, frame_done;

  // While a bank is evolved, only those who evolve it see it.
  assign engine_probe = next_probe && (next_own || !flip.busy);
  assign frame_done_o = frame_done;
  assign frame_answered_o = frame_done && !frame_own;
  assign m_user_o = {answer.label, answer.probe, answer.bank};

  flip_stage #(
      .Lanes          (Lanes),
      .PixelPlanes    (PixelPlanes),
      .FirstWeightBits(FirstWeightBits),
      .NLayers        (NLayers),
      .Widths         (Widths),
      .NClasses       (NClasses),
      .NSamples       (FlipSamples),
      .WeightDepth    (WeightDepth)
  ) u_flips (
      .clk_i,
      .rst_ni,
      .s_valid_i      (word_valid),
      .s_ready_o      (word_ready),
      .s_data_i       (word),
      .s_last_i       (word_last),
      .s_user_i       (word_user),
      .frame_valid_o  (pixels_valid),
      .frame_ready_i  (pixels_ready),
      .frame_data_o   (pixels),
      .frame_last_o   (pixels_last),
      .frame_user_o   (pixels_user),
      .result_valid_i (result_valid),
      .result_ready_o (result_ready),
      .result_logits_i(m_logits_o),
      .result_answer_i(answer),
      .m_valid_o,
      .m_ready_i,
      .frame_start_i  (engine_start),
      .frame_own_i    (frame_own),
      .weight_addr_i  (16'(weight_addr_o)),
      .mask_o         (mask),
      .command_i,
      .status_o       (flip),
      .fitness_o      (flip_fitness),
      .bank_i         (evolved_bank_i),
      .access_o,
      .rdata_i
  );

  logic [Lanes-1:0] sample_word;
  learning_pkg::tap_t tap;
  logic [8*NClasses+8:0] borrow_request;
  logic [16*NClasses+1:0] borrow_answer;

  network_engine #(
      .ValueBits      (ValueBits),
      .Lanes          (Lanes),
      .PixelPlanes    (PixelPlanes),
      .FirstWeightBits(FirstWeightBits),
      .NLayers        (NLayers),
      .Widths         (Widths),
      .NClasses       (NClasses),
      .WeightDepth    (WeightDepth),
      .NNeurons       (NNeurons)
  ) u_engine (
      .clk_i,
      .rst_ni,
      .s_valid_i       (pixels_valid),
      .s_ready_o       (pixels_ready),
      .s_data_i        (pixels),
      .s_last_i        (pixels_last),
      .s_user_i        (pixels_user),
      .frame_refused_o (engine_refused),
      .next_probe_o    (next_probe),
      .next_own_o      (next_own),
      .frame_own_o     (frame_own),
      .frame_ready_i   (engine_ready),
      .frame_start_o   (engine_start),
      .frame_done_o    (frame_done),
      .bank_i,
      .weight_addr_o,
      .weight_i        (weight_i ^ mask),
      .threshold_addr_o,
      .threshold_i,
      .head_addr_o,
      .head_i,
      .bias_addr_o,
      .bias_i,
      .m_valid_o       (result_valid),
      .m_ready_i       (result_ready),
      .m_logits_o,
      .m_answer_o      (answer),
      .bits_valid_o,
      .bits_ready_i,
      .bits_o,
      .bits_last_o,
      .tap_o           (tap),
      .sample_word_o   (sample_word),
      .borrow_i        (borrow_request),
      .borrow_o        (borrow_answer)
  );

  // ---- what learns: it has its own adders, so frames never wait for it ----

  learning_units #(
      .Lanes     (Lanes),
      .ValueBits (ValueBits),
      .NClasses  (NClasses),
      .NFeatures (NFeatures),
      .NNeurons  (NNeurons),
      .NFirst    (32'(Widths[31:16])),
      .AccBits   (AccBits),
      .EsSamples (EsSamples),
      .StatBits  (StatBits),
      .SgdSamples(SgdSamples)
  ) u_learning (
      .clk_i,
      .rst_ni,
      .tap_i         (tap),
      .sample_word_i (sample_word),
      .command_i,
      .status_o,
      .flip_i        (flip),
      .flip_fitness_i(flip_fitness),
      .borrow_o      (borrow_request),
      .borrow_i      (borrow_answer),
      .s_valid_i     (state_valid_i),
      .s_ready_o     (state_ready_o),
      .s_data_i      (state_data_i),
      .s_last_i      (state_last_i),
      .m_valid_o     (state_valid_o),
      .m_ready_i     (state_ready_i),
      .m_data_o      (state_data_o),
      .m_last_o      (state_last_o)
  );

endmodule
