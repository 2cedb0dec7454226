// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// A convolution 3 x 3 with a threshold, and a maximum over 2 x 2 before it where Pool says so:
// every window (line_buffer.sv) is a frame of a fully connected layer, so steps, addresses and
// neurons are those of network_engine.sv.
//
// The maximum reaches a threshold where one of the four sums does. Bits have a border of ones;
// pixels one of 128, which counts for nothing.

module conv_layer #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned FirstWeightBits = 1,
    parameter int unsigned Height = 14,
    parameter int unsigned Width = 14,
    parameter int unsigned NIn = 64,
    parameter int unsigned NOut = 64,
    parameter bit Pool = 1'b1,
    parameter int unsigned TagBits = 1
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // The values of a place, the first channel most significant; the lowest bit of an image's
    // tag is the bank of its parameters
    input  logic                       s_valid_i,
    output logic                       s_ready_o,
    input  logic [NIn*PixelPlanes-1:0] s_data_i,
    input  logic [        TagBits-1:0] s_tag_i,
    output logic                       m_valid_o,
    input  logic                       m_ready_i,
    output logic [           NOut-1:0] m_data_o,
    output logic                       m_last_o,
    output logic [        TagBits-1:0] m_tag_o,
    // Parameters: region 0 weights, 1 thresholds; read latency 5
    input  bank_pkg::access_t          access_i,
    output logic [               31:0] rdata_o
);

  localparam int unsigned N = 9 * NIn;
  localparam int unsigned NWords = (N + Lanes - 1) / Lanes;
  localparam int unsigned WeightDepth = NOut * NWords * (FirstWeightBits > 1 ? 9 : 1);
  localparam logic [31:0] Widths = {16'(NOut), 16'(N)};
  localparam int unsigned AccBits = geometry_pkg::sum_bits(
      1, (16 * geometry_pkg::MaxWidths)'(Widths), PixelPlanes, FirstWeightBits);
  localparam logic [NIn*PixelPlanes-1:0] Border =
      PixelPlanes > 1 ? {NIn{PixelPlanes'(1) << (PixelPlanes - 1)}} : '1;

  // ---- windows ----

  logic [9*NIn*PixelPlanes-1:0] window;
  logic [TagBits-1:0] tag;
  logic window_valid, window_start, window_done, window_begin;

  line_buffer #(
      .Height (Height),
      .Width  (Width),
      .Bits   (NIn * PixelPlanes),
      .Border (Border),
      .TagBits(TagBits)
  ) u_lines (
      .clk_i,
      .rst_ni,
      .s_valid_i,
      .s_ready_o,
      .s_data_i,
      .s_tag_i,
      .window_valid_o(window_valid),
      .window_ready_i(window_done),
      .window_o      (window),
      .tag_o         (tag)
  );

  // ---- one step a cycle, nine stages ----

  bnn_pkg::step_t step, step1_q, step2_q, step3_q, step4_q, step5_q, step6_q, step7_q;
  bnn_pkg::step_t step8_q, step9_q;
  bnn_pkg::user_t unused_user;
  logic next_weight, layer_done, unused_layer, unused_head, unused_step;

  assign unused_step = ^{step2_q, step9_q};  // each stage needs a few of the fields
  assign layer_done = step9_q.valid && step9_q.layer_last;

  layer_sequencer #(
      .Lanes          (Lanes),
      .PixelPlanes    (PixelPlanes),
      .FirstWeightBits(FirstWeightBits),
      .NLayers        (1),
      .Widths         (Widths)
  ) u_sequencer (
      .clk_i,
      .rst_ni,
      .frame_valid_i(window_valid),
      .frame_user_i ('0),
      .frame_ready_i(!m_valid_o || m_ready_i),
      .frame_start_o(window_start),
      .frame_done_o (window_done),
      .begin_o      (window_begin),
      .layer_o      (unused_layer),
      .user_o       (unused_user),
      .step_o       (step),
      .next_weight_o(next_weight),
      .layer_done_i (layer_done),
      .head_start_o (unused_head),
      .head_ready_i (1'b1),
      .head_done_i  (1'b1)
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

  // ---- parameters ----

  logic [$clog2(2*WeightDepth)-1:0] weight_addr;
  logic [$clog2(2*NOut)-1:0] threshold_addr;
  logic [1:0] unused_head_addr;
  logic [Lanes-1:0] weights;
  logic [31:0] threshold;

  parameter_walker #(
      .WeightDepth(WeightDepth),
      .NNeurons   (NOut),
      .NFeatures  (2)
  ) u_walker (
      .clk_i,
      .begin_i         (window_begin),
      .bank_i          (tag[0]),
      .next_weight_i   (next_weight),
      .next_threshold_i(step5_q.valid && step5_q.last),
      .next_head_i     (1'b0),
      .weight_addr_o   (weight_addr),
      .threshold_addr_o(threshold_addr),
      .head_addr_o     (unused_head_addr)
  );

  conv_memory #(
      .Lanes      (Lanes),
      .WeightDepth(WeightDepth),
      .NNeurons   (NOut)
  ) u_memory (
      .clk_i,
      .rst_ni,
      .weight_addr_i   (weight_addr),
      .weight_o        (weights),
      .threshold_addr_i(threshold_addr),
      .threshold_o     (threshold),
      .access_i,
      .rdata_o
  );

  // ---- words of the window, plane by plane, and neurons ----

  localparam int unsigned AllPlanes = PixelPlanes > 1 ? PixelPlanes + 1 : 1;  // ones are the last

  logic [AllPlanes*NWords*Lanes-1:0] words;
  logic [Lanes-1:0] activations_q;
  logic bit_out, reached;
  logic signed [AccBits-1:0] unused_sum;

  for (genvar p = 0; p < AllPlanes; p++) begin : gen_planes
    for (genvar k = 0; k < NWords * Lanes; k++) begin : gen_bits
      localparam int unsigned At = Lanes * (NWords * p + k / Lanes) + Lanes - 1 - k % Lanes;
      if (k >= N) begin : gen_padding
        assign words[At] = 1'b0;
      end else if (p == PixelPlanes) begin : gen_ones
        assign words[At] = 1'b1;
      end else begin : gen_value
        assign words[At] = window[PixelPlanes*(N-1-k)+p];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    activations_q <= words[Lanes*(NWords*32'(step2_q.plane)+32'(step2_q.word))+:Lanes];
  end

  bnn_engine #(
      .Lanes          (Lanes),
      .PixelPlanes    (PixelPlanes),
      .FirstWeightBits(FirstWeightBits),
      .NLayers        (1),
      .Widths         (Widths),
      .AccBits        (AccBits)
  ) u_neurons (
      .clk_i,
      .step_i       (step3_q),
      .layer_i      (1'b0),
      .weights_i    (weights),
      .activations_i(activations_q),
      .threshold_i  (threshold),
      .bit_o        (bit_out),
      .reached_o    (reached),
      .sum_o        (unused_sum)
  );

  conv_pool #(
      .Height (Height),
      .Width  (Width),
      .NOut   (NOut),
      .Pool   (Pool),
      .TagBits(TagBits)
  ) u_pool (
      .clk_i,
      .rst_ni,
      .start_i  (window_start),
      .tag_i    (tag),
      .valid_i  (step9_q.valid && step9_q.last),
      .last_i   (step9_q.layer_last),
      .reached_i(reached),
      .flip_i   (reached ^ bit_out),
      .m_valid_o,
      .m_ready_i,
      .m_data_o,
      .m_last_o,
      .m_tag_o
  );

`ifdef FORMAL
  `include "conv_layer_properties.svh"
`endif

endmodule
