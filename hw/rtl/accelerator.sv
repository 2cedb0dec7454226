// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The accelerator: a binary network with two parameter banks behind AXI.
//
// s_axil    registers (hw/REGISTERS.md)
// s_axis_pixels   frames: words of P lanes; tuser[0] probes the bank not selected, tuser[1] asks
//           for the frame's bits, tuser[2] keeps it as a sample of label tuser[10:3]
// m_axis_result   one beat a frame: logits of 32 bits, class 0 in the low bits;
//                 tuser = {label [9:2], probe [1], bank [0]}
// m_axis_bits     the hidden layers' bits of a frame that asked for them, words of P lanes
// s_axis_param / m_axis_param   parameter images (parameter_port.sv), in and read back
// s_axis_es / m_axis_es   state of what learns: es_unit.sv, where EsSamples is not 0, and
//                 stat_unit.sv over windows of up to 2^StatBits frames, where that is not 0

module accelerator #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned FirstWeightBits = 1,
    parameter int unsigned NLayers = 2,
    parameter logic [16*(NLayers+1)-1:0] Widths = {16'd256, 16'd256, 16'd784},
    parameter int unsigned NClasses = 10,
    parameter int unsigned EsSamples = 0,
    parameter int unsigned StatBits = 0
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic [            7:0] s_axil_awaddr,
    input  logic                   s_axil_awvalid,
    output logic                   s_axil_awready,
    input  logic [           31:0] s_axil_wdata,
    input  logic [            3:0] s_axil_wstrb,
    input  logic                   s_axil_wvalid,
    output logic                   s_axil_wready,
    output logic [            1:0] s_axil_bresp,
    output logic                   s_axil_bvalid,
    input  logic                   s_axil_bready,
    input  logic [            7:0] s_axil_araddr,
    input  logic                   s_axil_arvalid,
    output logic                   s_axil_arready,
    output logic [           31:0] s_axil_rdata,
    output logic [            1:0] s_axil_rresp,
    output logic                   s_axil_rvalid,
    input  logic                   s_axil_rready,
    input  logic [      Lanes-1:0] s_axis_pixels_tdata,
    input  logic                   s_axis_pixels_tvalid,
    output logic                   s_axis_pixels_tready,
    input  logic                   s_axis_pixels_tlast,
    input  logic [           10:0] s_axis_pixels_tuser,
    output logic [32*NClasses-1:0] m_axis_result_tdata,
    output logic                   m_axis_result_tvalid,
    input  logic                   m_axis_result_tready,
    output logic                   m_axis_result_tlast,
    output logic [            9:0] m_axis_result_tuser,
    output logic [      Lanes-1:0] m_axis_bits_tdata,
    output logic                   m_axis_bits_tvalid,
    input  logic                   m_axis_bits_tready,
    output logic                   m_axis_bits_tlast,
    input  logic [           31:0] s_axis_param_tdata,
    input  logic                   s_axis_param_tvalid,
    output logic                   s_axis_param_tready,
    input  logic                   s_axis_param_tlast,
    output logic [           31:0] m_axis_param_tdata,
    output logic                   m_axis_param_tvalid,
    input  logic                   m_axis_param_tready,
    output logic                   m_axis_param_tlast,
    input  logic [           31:0] s_axis_es_tdata,
    input  logic                   s_axis_es_tvalid,
    output logic                   s_axis_es_tready,
    input  logic                   s_axis_es_tlast,
    output logic [           31:0] m_axis_es_tdata,
    output logic                   m_axis_es_tvalid,
    input  logic                   m_axis_es_tready,
    output logic                   m_axis_es_tlast
);

  // ---- constants of the geometry ----

  function automatic int unsigned weight_depth();
    weight_depth = 0;
    for (int l = 0; l < NLayers; l++) begin
      weight_depth = weight_depth + 32'(Widths[16*(l+1)+:16]) *
          ((32'(Widths[16*l+:16]) + Lanes - 1) / Lanes) *
          ((l == 0 && FirstWeightBits > 1) ? 9 : 1);
    end
  endfunction

  function automatic int unsigned neurons();
    neurons = 0;
    for (int l = 1; l <= NLayers; l++) neurons = neurons + 32'(Widths[16*l+:16]);
  endfunction

  function automatic logic [31:0] geometry();
    logic [31:0] crc;
    crc = crc32_pkg::crc32_word(crc32_pkg::CrcStart, Lanes);
    crc = crc32_pkg::crc32_word(crc, PixelPlanes);
    crc = crc32_pkg::crc32_word(crc, FirstWeightBits);
    crc = crc32_pkg::crc32_word(crc, NClasses);
    for (int l = 0; l <= NLayers; l++) crc = crc32_pkg::crc32_word(crc, 32'(Widths[16*l+:16]));
    geometry = ~crc;
  endfunction

  localparam int unsigned WeightDepth = weight_depth();
  localparam int unsigned NNeurons = neurons();
  localparam int unsigned NFeatures = 32'(Widths[16*NLayers+:16]);
  localparam int unsigned HeadLanes = (NClasses + 3) / 4;
  localparam int unsigned WeightAddrBits = $clog2(2 * WeightDepth);
  localparam int unsigned NeuronAddrBits = $clog2(2 * NNeurons);
  localparam int unsigned FeatureAddrBits = $clog2(2 * NFeatures);
  localparam int unsigned BiasAddrBits = $clog2(2 * NClasses);
  localparam int unsigned ClassBits = NClasses > 1 ? $clog2(NClasses) : 1;
  localparam int unsigned AccBits = FirstWeightBits > 1 ? 32 : 24;
  localparam logic [31:0] Geometry = geometry();

  if (Lanes < 32 || 2 ** $clog2(Lanes) != Lanes) begin : gen_illegal_lanes
    $error("Lanes must be a power of two and at least 32, got %0d", Lanes);
  end
  if (PixelPlanes != 1 && PixelPlanes != 8) begin : gen_illegal_planes
    $error("PixelPlanes must be 1 (bits) or 8 (8-bit pixels), got %0d", PixelPlanes);
  end
  if (FirstWeightBits != 1 && !(FirstWeightBits == 8 && PixelPlanes == 8)) begin : gen_illegal_bits
    $error("FirstWeightBits must be 1, or 8 on pixels, got %0d", FirstWeightBits);
  end
  if (NClasses < 2 || NClasses > 256) begin : gen_illegal_classes
    $error("NClasses must be 2..256, got %0d", NClasses);
  end
  if (StatBits > 12) begin : gen_illegal_window
    $error("StatBits must be 0..12, got %0d", StatBits);
  end
  if (NNeurons > 32767 || WeightDepth > 32767) begin : gen_illegal_size
    $error("at most 32767 neurons and weight words a bank, got %0d and %0d", NNeurons, WeightDepth);
  end

  // ---- streams ----

  logic pixels_valid, pixels_ready, pixels_last;
  logic [10:0] pixels_user;
  logic param_valid, param_ready, param_last;
  logic result_valid, result_ready, result_bank, result_probe;
  logic [Lanes-1:0] pixels;
  logic [31:0] param;
  logic [32*NClasses-1:0] logits;
  logic [ClassBits-1:0] label;

  skid_buffer #(
      .Width(Lanes + 12)
  ) u_pixels (
      .clk_i,
      .rst_ni,
      .valid_i(s_axis_pixels_tvalid),
      .ready_o(s_axis_pixels_tready),
      .data_i ({s_axis_pixels_tdata, s_axis_pixels_tlast, s_axis_pixels_tuser}),
      .valid_o(pixels_valid),
      .ready_i(pixels_ready),
      .data_o ({pixels, pixels_last, pixels_user})
  );

  skid_buffer #(
      .Width(33)
  ) u_param (
      .clk_i,
      .rst_ni,
      .valid_i(s_axis_param_tvalid),
      .ready_o(s_axis_param_tready),
      .data_i ({s_axis_param_tdata, s_axis_param_tlast}),
      .valid_o(param_valid),
      .ready_i(param_ready),
      .data_o ({param, param_last})
  );

  skid_buffer #(
      .Width(32 * NClasses + 10)
  ) u_result (
      .clk_i,
      .rst_ni,
      .valid_i(result_valid),
      .ready_o(result_ready),
      .data_i ({logits, 8'(label), result_probe, result_bank}),
      .valid_o(m_axis_result_tvalid),
      .ready_i(m_axis_result_tready),
      .data_o ({m_axis_result_tdata, m_axis_result_tuser})
  );

  assign m_axis_result_tlast = 1'b1;

  // ---- registers ----

  logic frame_probe, frame_ready, frame_start, frame_done, frame_bank, frame_running;
  logic frame_refused, command_bank, selected;
  logic write_request, write_accepted, read_request, read_accepted;
  logic select_request, select_accepted;
  logic [31:0] bank_status, es_scale, es_register, es_status, es_generations, stat_distance;
  logic [31:0] value;
  logic [63:0] bank_versions;
  logic [15:0] es_batch;
  logic es_load, es_store, es_register_we, es_run, es_clear;
  logic stat_load, stat_store, stat_run, stat_busy;

  register_file #(
      .Geometry(Geometry),
      .HasEs   (EsSamples != 0),
      .StatBits(StatBits)
  ) u_registers (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_bresp,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_araddr,
      .s_axil_arvalid,
      .s_axil_arready,
      .s_axil_rdata,
      .s_axil_rresp,
      .s_axil_rvalid,
      .s_axil_rready,
      .bank_o           (command_bank),
      .write_request_o  (write_request),
      .write_accepted_i (write_accepted),
      .read_request_o   (read_request),
      .read_accepted_i  (read_accepted),
      .select_request_o (select_request),
      .select_accepted_i(select_accepted),
      .selected_i       (selected),
      .bank_status_i    (bank_status),
      .bank_versions_i  (bank_versions),
      .frame_running_i  (frame_running),
      .frame_started_i  (frame_start),
      .frame_answered_i (frame_done),
      .frame_refused_i  (frame_refused),
      .value_o          (value),
      .es_load_o        (es_load),
      .es_store_o       (es_store),
      .es_register_we_o (es_register_we),
      .es_run_o         (es_run),
      .es_clear_o       (es_clear),
      .es_scale_o       (es_scale),
      .es_batch_o       (es_batch),
      .es_register_i    (es_register),
      .es_status_i      (es_status),
      .es_generations_i (es_generations),
      .stat_load_o      (stat_load),
      .stat_store_o     (stat_store),
      .stat_run_o       (stat_run),
      .stat_busy_i      (stat_busy),
      .stat_distance_i  (stat_distance)
  );

  // ---- parameters: two banks ----

  logic [WeightAddrBits-1:0] weight_addr;
  logic [NeuronAddrBits-1:0] threshold_addr;
  logic [FeatureAddrBits-1:0] head_addr;
  logic [BiasAddrBits-1:0] bias_addr;
  logic [Lanes-1:0] weight;
  logic [31:0] threshold, bias;
  logic [32*HeadLanes-1:0] head;

  parameter_store #(
      .Lanes      (Lanes),
      .WeightDepth(WeightDepth),
      .NNeurons   (NNeurons),
      .NClasses   (NClasses),
      .NFeatures  (NFeatures),
      .Geometry   (Geometry)
  ) u_parameters (
      .clk_i,
      .rst_ni,
      .frame_probe_i    (frame_probe),
      .frame_ready_o    (frame_ready),
      .frame_start_i    (frame_start),
      .frame_done_i     (frame_done),
      .frame_bank_o     (frame_bank),
      .frame_running_o  (frame_running),
      .bank_i           (command_bank),
      .write_request_i  (write_request),
      .write_accepted_o (write_accepted),
      .read_request_i   (read_request),
      .read_accepted_o  (read_accepted),
      .select_request_i (select_request),
      .select_accepted_o(select_accepted),
      .selected_o       (selected),
      .status_o         (bank_status),
      .versions_o       (bank_versions),
      .s_valid_i        (param_valid),
      .s_ready_o        (param_ready),
      .s_data_i         (param),
      .s_last_i         (param_last),
      .m_valid_o        (m_axis_param_tvalid),
      .m_ready_i        (m_axis_param_tready),
      .m_data_o         (m_axis_param_tdata),
      .m_last_o         (m_axis_param_tlast),
      .weight_addr_i    (weight_addr),
      .weight_o         (weight),
      .threshold_addr_i (threshold_addr),
      .threshold_o      (threshold),
      .bias_addr_i      (bias_addr),
      .bias_o           (bias),
      .head_addr_i      (head_addr),
      .head_o           (head)
  );

  // ---- engine ----

  logic sample_valid, sample_last, stat_valid, stat_last, stat_reached;
  logic signed [AccBits-1:0] stat_sum;
  logic [Lanes-1:0] sample_word;
  logic [7:0] sample_label;

  bnn_engine #(
      .Lanes      (Lanes),
      .PixelPlanes(PixelPlanes),
      .FirstWeightBits(FirstWeightBits),
      .NLayers    (NLayers),
      .Widths     (Widths),
      .NClasses   (NClasses),
      .AccBits    (AccBits),
      .WeightDepth(WeightDepth),
      .NNeurons   (NNeurons)
  ) u_engine (
      .clk_i,
      .rst_ni,
      .s_valid_i       (pixels_valid),
      .s_ready_o       (pixels_ready),
      .s_data_i        (pixels),
      .s_last_i        (pixels_last),
      .s_user_i        (pixels_user),
      .frame_refused_o (frame_refused),
      .frame_probe_o   (frame_probe),
      .frame_ready_i   (frame_ready),
      .frame_start_o   (frame_start),
      .frame_done_o    (frame_done),
      .bank_i          (frame_bank),
      .weight_addr_o   (weight_addr),
      .weight_i        (weight),
      .threshold_addr_o(threshold_addr),
      .threshold_i     (threshold),
      .head_addr_o     (head_addr),
      .head_i          (head),
      .bias_addr_o     (bias_addr),
      .bias_i          (bias),
      .m_valid_o       (result_valid),
      .m_ready_i       (result_ready),
      .m_logits_o      (logits),
      .m_label_o       (label),
      .m_bank_o        (result_bank),
      .m_probe_o       (result_probe),
      .bits_valid_o    (m_axis_bits_tvalid),
      .bits_ready_i    (m_axis_bits_tready),
      .bits_o          (m_axis_bits_tdata),
      .bits_last_o     (m_axis_bits_tlast),
      .sample_valid_o  (sample_valid),
      .sample_word_o   (sample_word),
      .sample_last_o   (sample_last),
      .sample_label_o  (sample_label),
      .stat_valid_o    (stat_valid),
      .stat_last_o     (stat_last),
      .stat_reached_o  (stat_reached),
      .stat_sum_o      (stat_sum)
  );

  // ---- what learns: it has its own adders, so frames never wait for it ----

  learning_units #(
      .Lanes    (Lanes),
      .NClasses (NClasses),
      .NFeatures(NFeatures),
      .NNeurons (NNeurons),
      .NFirst   (32'(Widths[31:16])),
      .AccBits  (AccBits),
      .EsSamples(EsSamples),
      .StatBits (StatBits)
  ) u_learning (
      .clk_i,
      .rst_ni,
      .sample_valid_i  (sample_valid),
      .sample_word_i   (sample_word),
      .sample_last_i   (sample_last),
      .sample_label_i  (sample_label),
      .stat_valid_i    (stat_valid),
      .stat_last_i     (stat_last),
      .stat_reached_i  (stat_reached),
      .stat_sum_i      (stat_sum),
      .value_i         (value),
      .es_load_i       (es_load),
      .es_store_i      (es_store),
      .es_register_we_i(es_register_we),
      .es_run_i        (es_run),
      .es_clear_i      (es_clear),
      .es_scale_i      (es_scale),
      .es_batch_i      (es_batch),
      .es_register_o   (es_register),
      .es_status_o     (es_status),
      .es_generations_o(es_generations),
      .stat_load_i     (stat_load),
      .stat_store_i    (stat_store),
      .stat_run_i      (stat_run),
      .stat_busy_o     (stat_busy),
      .stat_distance_o (stat_distance),
      .s_valid_i       (s_axis_es_tvalid),
      .s_ready_o       (s_axis_es_tready),
      .s_data_i        (s_axis_es_tdata),
      .s_last_i        (s_axis_es_tlast),
      .m_valid_o       (m_axis_es_tvalid),
      .m_ready_i       (m_axis_es_tready),
      .m_data_o        (m_axis_es_tdata),
      .m_last_o        (m_axis_es_tlast)
  );

endmodule
