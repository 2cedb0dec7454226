// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// A binary engine with one bank of parameters that evolves its own weights by flipped bits: the
// engine reads weights ^ mask while a child is evaluated. Ports are those of flip_unit.sv; the
// memories are written and read back as parameter_memory.sv says.

module flip_engine #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned NLayers = 2,
    parameter logic [16*(NLayers+1)-1:0] Widths = {16'd256, 16'd256, 16'd784},
    parameter int unsigned NClasses = 10,
    parameter int unsigned NSamples = 64,
    localparam int unsigned NFrameWords = (32'(Widths[15:0]) + Lanes - 1) / Lanes,
    localparam int unsigned WordBits = NFrameWords > 1 ? $clog2(NFrameWords) : 1,
    localparam int unsigned SampleBits = $clog2(NSamples)
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           we_i,
    input  logic [                    3:0] region_i,
    input  logic [                    7:0] lane_i,
    input  logic [                   15:0] addr_i,
    input  logic [                   31:0] wdata_i,
    output logic [                   31:0] rdata_o,
    input  logic                           sample_we_i,
    input  logic [SampleBits+WordBits-1:0] sample_addr_i,
    input  logic [              Lanes-1:0] sample_word_i,
    input  logic [                    7:0] sample_label_i,
    input  logic                           run_i,
    input  logic [                   31:0] seed_i,
    input  logic [                   15:0] rate_i,
    input  logic [                   15:0] n_generations_i,
    input  logic [                    7:0] n_children_i,
    input  logic [         SampleBits-1:0] last_sample_i,
    output logic                           busy_o,
    output logic [                   31:0] fitness_o,
    output logic [                   31:0] accepted_o
);

  localparam logic [16*geometry_pkg::MaxWidths-1:0] AllWidths =
      (16 * geometry_pkg::MaxWidths)'(Widths);
  localparam int unsigned WeightDepth = geometry_pkg::weight_depth(NLayers, AllWidths, Lanes, 1);
  localparam int unsigned NNeurons = geometry_pkg::neurons(NLayers, AllWidths);
  localparam int unsigned NFeatures = 32'(Widths[16*NLayers+:16]);
  localparam int unsigned WeightAddrBits = $clog2(2 * WeightDepth);

  logic [WeightAddrBits-1:0] engine_addr, engine_addr_q;
  logic [$clog2(2*NNeurons)-1:0] threshold_addr;
  logic [$clog2(2*NFeatures)-1:0] head_addr;
  logic [$clog2(2*NClasses)-1:0] bias_addr;
  logic [Lanes-1:0] weight, mask, mask1_q, mask2_q, pixels;
  logic [31:0] threshold, bias, seed, sweep_wdata;
  logic [32*((NClasses+3)/4)-1:0] head;
  logic [32*NClasses-1:0] logits;
  logic [15:0] sweep_addr;
  logic [9:0] user;
  logic unused_user;
  logic [7:0] sweep_lane;
  logic pixels_valid, pixels_ready, pixels_last, result_valid, result_ready;
  logic masking, sweep, sweep_start, sweep_next, sweep_we, frame_start;
  logic [1:0] start_q;

  assign unused_user = ^user[1:0];  // one bank, no probes

  flip_unit #(
      .Lanes      (Lanes),
      .NClasses   (NClasses),
      .NSamples   (NSamples),
      .NFrameWords(NFrameWords),
      .WeightDepth(WeightDepth)
  ) u_flips (
      .clk_i,
      .rst_ni,
      .sample_we_i,
      .sample_addr_i,
      .sample_word_i,
      .sample_label_i,
      .run_i,
      .seed_i,
      .n_generations_i,
      .n_children_i,
      .last_sample_i,
      .busy_o,
      .fitness_o,
      .accepted_o,
      .s_valid_o    (pixels_valid),
      .s_ready_i    (pixels_ready),
      .s_data_o     (pixels),
      .s_last_o     (pixels_last),
      .m_valid_i    (result_valid),
      .m_ready_o    (result_ready),
      .m_logits_i   (logits),
      .m_label_i    (user[9:2]),
      .seed_o       (seed),
      .masking_o    (masking),
      .sweep_o      (sweep),
      .sweep_start_o(sweep_start),
      .sweep_next_o (sweep_next),
      .sweep_addr_o (sweep_addr),
      .weight_i     (weight),
      .mask_i       (mask),
      .we_o         (sweep_we),
      .lane_o       (sweep_lane),
      .wdata_o      (sweep_wdata)
  );

  // The mask of the word at engine_addr comes with it: a cycle for the register, two more here.
  flip_mask #(
      .Lanes  (Lanes),
      .NLayers(NLayers),
      .Widths (Widths)
  ) u_mask (
      .clk_i,
      .seed_i (seed),
      .rate_i,
      .start_i(sweep ? sweep_start : start_q[1]),
      .next_i (sweep ? sweep_next : engine_addr != engine_addr_q),
      .mask_o (mask)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) start_q <= '0;
    else start_q <= {start_q[0], frame_start};
  end

  always_ff @(posedge clk_i) begin
    engine_addr_q <= engine_addr;
    mask1_q       <= masking ? mask : '0;
    mask2_q       <= mask1_q;
  end

  parameter_memory #(
      .WeightLanes(Lanes / 32),
      .WeightDepth(WeightDepth),
      .NNeurons   (NNeurons),
      .NClasses   (NClasses),
      .HeadLanes  ((NClasses + 3) / 4),
      .NFeatures  (NFeatures)
  ) u_memory (
      .clk_i,
      .rst_ni,
      .weight_addr_i   (sweep ? WeightAddrBits'(sweep_addr) : engine_addr),
      .weight_o        (weight),
      .threshold_addr_i(threshold_addr),
      .threshold_o     (threshold),
      .bias_addr_i     (bias_addr),
      .bias_o          (bias),
      .head_addr_i     (head_addr),
      .head_o          (head),
      .we_i            (sweep ? sweep_we : we_i),
      .bank_i          (1'b0),
      .region_i        (sweep ? 4'b0001 : region_i),
      .lane_i          (sweep ? sweep_lane : lane_i),
      .addr_i          (sweep ? sweep_addr : addr_i),
      .wdata_i         (sweep ? sweep_wdata : wdata_i),
      .rdata_o
  );

  logic unused_refused, unused_probe, unused_done, unused_bits_valid, unused_bits_last;
  logic unused_sample_valid, unused_sample_last, unused_stat_valid, unused_stat_last;
  logic unused_reached;
  logic [Lanes-1:0] unused_bits, unused_sample;
  logic [7:0] unused_label;
  logic signed [23:0] unused_sum;

  network_engine #(
      .Lanes      (Lanes),
      .NLayers    (NLayers),
      .Widths     (Widths),
      .NClasses   (NClasses),
      .WeightDepth(WeightDepth),
      .NNeurons   (NNeurons)
  ) u_engine (
      .clk_i,
      .rst_ni,
      .s_valid_i       (pixels_valid),
      .s_ready_o       (pixels_ready),
      .s_data_i        (pixels),
      .s_last_i        (pixels_last),
      .s_user_i        ('0),
      .frame_refused_o (unused_refused),
      .frame_probe_o   (unused_probe),
      .frame_ready_i   (1'b1),
      .frame_start_o   (frame_start),
      .frame_done_o    (unused_done),
      .bank_i          (1'b0),
      .weight_addr_o   (engine_addr),
      .weight_i        (weight ^ mask2_q),
      .threshold_addr_o(threshold_addr),
      .threshold_i     (threshold),
      .head_addr_o     (head_addr),
      .head_i          (head),
      .bias_addr_o     (bias_addr),
      .bias_i          (bias),
      .m_valid_o       (result_valid),
      .m_ready_i       (result_ready),
      .m_logits_o      (logits),
      .m_user_o        (user),
      .bits_valid_o    (unused_bits_valid),
      .bits_ready_i    (1'b1),
      .bits_o          (unused_bits),
      .bits_last_o     (unused_bits_last),
      .sample_valid_o  (unused_sample_valid),
      .sample_word_o   (unused_sample),
      .sample_last_o   (unused_sample_last),
      .sample_label_o  (unused_label),
      .stat_valid_o    (unused_stat_valid),
      .stat_last_o     (unused_stat_last),
      .stat_reached_o  (unused_reached),
      .stat_sum_o      (unused_sum)
  );

endmodule
