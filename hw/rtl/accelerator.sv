// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The accelerator: a network with two parameter banks behind AXI, of bits or of 8-bit levels
// (network_engine.sv).
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
    parameter int unsigned ValueBits = 1,
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

  localparam logic [16*geometry_pkg::MaxWidths-1:0] AllWidths =
      (16 * geometry_pkg::MaxWidths)'(Widths);
  localparam int unsigned WeightDepth = geometry_pkg::weight_depth(
      NLayers, AllWidths, Lanes / ValueBits, FirstWeightBits > 1 ? 9 : 1);
  localparam int unsigned NNeurons = geometry_pkg::neurons(NLayers, AllWidths);
  localparam logic [31:0] Geometry = geometry_pkg::checksum(
      Lanes, ValueBits, PixelPlanes, FirstWeightBits, NClasses, NLayers, AllWidths);
  localparam int unsigned NFeatures = 32'(Widths[16*NLayers+:16]);
  localparam int unsigned AccBits = FirstWeightBits > 1 ? 32 : 24;

  geometry_check #(
      .Lanes(Lanes), .ValueBits(ValueBits), .PixelPlanes(PixelPlanes),
      .FirstWeightBits(FirstWeightBits), .NLayers(NLayers), .NClasses(NClasses),
      .StatBits(StatBits), .NNeurons(NNeurons), .WeightDepth(WeightDepth)
  ) u_check ();

  // ---- registers ----

  logic frame_probe, frame_ready, frame_start, frame_done, frame_bank, frame_running;
  logic frame_refused, command_bank, selected;
  logic write_request, write_accepted, read_request, read_accepted;
  logic select_request, select_accepted;
  logic [31:0] bank_status;
  logic [63:0] bank_versions;
  learning_pkg::command_t learning_command;
  learning_pkg::status_t learning_status;

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
      .learning_o       (learning_command),
      .learning_i       (learning_status)
  );

  // ---- parameters: two banks ----

  logic [$clog2(2*WeightDepth)-1:0] weight_addr;
  logic [$clog2(2*NNeurons)-1:0] threshold_addr;
  logic [$clog2(2*NFeatures)-1:0] head_addr;
  logic [$clog2(2*NClasses)-1:0] bias_addr;
  logic [Lanes-1:0] weight;
  logic [31:0] threshold, bias;
  logic [32*((NClasses+3)/4)-1:0] head;

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
      .s_valid_i        (s_axis_param_tvalid),
      .s_ready_o        (s_axis_param_tready),
      .s_data_i         (s_axis_param_tdata),
      .s_last_i         (s_axis_param_tlast),
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

  assign m_axis_result_tlast = 1'b1;

  logic sample_valid, sample_last, stat_valid, stat_last, stat_reached;
  logic signed [AccBits-1:0] stat_sum;
  logic [Lanes-1:0] sample_word;
  logic [7:0] sample_label;

  network_engine #(
      .ValueBits  (ValueBits),
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
      .s_valid_i       (s_axis_pixels_tvalid),
      .s_ready_o       (s_axis_pixels_tready),
      .s_data_i        (s_axis_pixels_tdata),
      .s_last_i        (s_axis_pixels_tlast),
      .s_user_i        (s_axis_pixels_tuser),
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
      .m_valid_o       (m_axis_result_tvalid),
      .m_ready_i       (m_axis_result_tready),
      .m_logits_o      (m_axis_result_tdata),
      .m_user_o        (m_axis_result_tuser),
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
      .ValueBits(ValueBits),
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
      .command_i       (learning_command),
      .status_o        (learning_status),
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
