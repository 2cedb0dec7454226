// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The accelerator: a network with two parameter banks behind AXI, of bits or of 8-bit levels
// (network_engine.sv).
//
// s_axil    registers (hw/REGISTERS.md)
// s_axis_pixels   frames: words of P lanes; tuser[0] probes the bank not selected, tuser[1] asks
//           for the frame's bits, tuser[2] keeps it as a sample of label tuser[10:3]
//           (bnn_pkg::user_t)
// m_axis_result   one beat a frame: logits of 32 bits, class 0 in the low bits;
//                 tuser = {label [9:2], probe [1], bank [0]}
// m_axis_bits     the hidden layers' bits of a frame that asked for them, words of P lanes
// s_axis_param / m_axis_param   parameter images (parameter_port.sv), in and read back
// s_axis_es / m_axis_es   state of what learns (learning_units.sv): es_unit.sv, where EsSamples is
//           not 0, stat_unit.sv over windows of up to 2^StatBits frames, where that is not 0, and
//           sgd_unit.sv, where SgdSamples is not 0
// Where NConvolutions is not 0, convolutions come first (conv_stage.sv), and a word of a frame is the
// pixel of a place; Widths then begin with the bits they give.
// Where FlipSamples is not 0, flip_stage.sv evolves the weights of the bank not selected.

module accelerator #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned ValueBits = 1,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned FirstWeightBits = 1,
    parameter int unsigned NLayers = 2,
    parameter logic [16*(NLayers+1)-1:0] Widths = {16'd256, 16'd256, 16'd784},
    parameter int unsigned NClasses = 10,
    parameter int unsigned EsSamples = 0,
    parameter int unsigned StatBits = 0,
    parameter int unsigned SgdSamples = 0,
    parameter int unsigned FlipSamples = 0,
    parameter int unsigned NConvolutions = 0,
    parameter int unsigned Height = 28,
    parameter int unsigned Width = 28,
    parameter logic [16*(NConvolutions+1)-1:0] Channels = '0,
    parameter logic [NConvolutions:0] Pools = '0,
    parameter int unsigned ConvWeightBits = 8
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
      Lanes, ValueBits, PixelPlanes, FirstWeightBits, NClasses, NLayers, AllWidths, NConvolutions,
      {16'(Height), 16'(Width)}, (16 * geometry_pkg::MaxWidths)'(Channels), 32'(Pools),
      ConvWeightBits);
  localparam int unsigned NFeatures = 32'(Widths[16*NLayers+:16]);

  geometry_check #(
      .Lanes(Lanes), .ValueBits(ValueBits), .PixelPlanes(PixelPlanes),
      .FirstWeightBits(FirstWeightBits), .NLayers(NLayers), .NClasses(NClasses),
      .StatBits(StatBits), .SgdSamples(SgdSamples), .FlipSamples(FlipSamples),
      .NConvolutions(NConvolutions),
      .NNeurons(NNeurons), .WeightDepth(WeightDepth)
  ) u_check ();

  // ---- registers ----

  logic frame_probe, frame_ready, frame_start, frame_done, frame_answered, frame_refused;
  logic frame_bank, frame_running;
  bank_pkg::request_t bank_request;
  bank_pkg::accepted_t bank_accepted;
  bank_pkg::status_t banks;
  learning_pkg::command_t command;
  learning_pkg::status_t learning;

  register_file #(
      .Geometry  (Geometry),
      .HasEs     (EsSamples != 0),
      .StatBits  (StatBits),
      .SgdSamples(SgdSamples),
      .HasFlips  (FlipSamples != 0)
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
      .request_o       (bank_request),
      .accepted_i      (bank_accepted),
      .banks_i         (banks),
      .frame_running_i (frame_running),
      .frame_started_i (frame_start),
      .frame_answered_i(frame_answered),
      .frame_refused_i (frame_refused),
      .learning_o      (command),
      .learning_i      (learning)
  );

  // ---- parameters: two banks ----

  logic [$clog2(2*WeightDepth)-1:0] weight_addr;
  logic [$clog2(2*NNeurons)-1:0] threshold_addr;
  logic [$clog2(2*NFeatures)-1:0] head_addr;
  logic [$clog2(2*NClasses)-1:0] bias_addr;
  logic [Lanes-1:0] weight;
  logic [31:0] threshold, bias, sweep_rdata, conv_rdata;
  bank_pkg::access_t sweep, conv_access;
  logic [32*((NClasses+3)/4)-1:0] head;

  parameter_store #(
      .Lanes      (Lanes),
      .WeightDepth(WeightDepth),
      .NNeurons   (NNeurons),
      .NClasses   (NClasses),
      .NFeatures  (NFeatures),
      .Geometry   (Geometry),
      .NConvolutions (NConvolutions),
      .Channels      (Channels),
      .ConvWeightBits(ConvWeightBits)
  ) u_parameters (
      .clk_i,
      .rst_ni,
      .frame_probe_i    (frame_probe),
      .frame_ready_o    (frame_ready),
      .frame_start_i    (frame_start),
      .frame_done_i     (frame_done),
      .frame_bank_o     (frame_bank),
      .frame_running_o  (frame_running),
      .request_i        (bank_request),
      .accepted_o       (bank_accepted),
      .status_o         (banks),
      .access_i         (sweep),
      .rdata_o          (sweep_rdata),
      .conv_access_o    (conv_access),
      .conv_rdata_i     (conv_rdata),
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

  // ---- engine, and what learns ----

  assign m_axis_result_tlast = 1'b1;

  learning_engine #(
      .ValueBits      (ValueBits),
      .Lanes          (Lanes),
      .PixelPlanes    (PixelPlanes),
      .FirstWeightBits(FirstWeightBits),
      .NLayers        (NLayers),
      .Widths         (Widths),
      .NClasses       (NClasses),
      .WeightDepth    (WeightDepth),
      .NNeurons       (NNeurons),
      .EsSamples      (EsSamples),
      .StatBits       (StatBits),
      .SgdSamples     (SgdSamples),
      .FlipSamples    (FlipSamples),
      .NConvolutions  (NConvolutions),
      .Height         (Height),
      .Width          (Width),
      .Channels       (Channels),
      .Pools          (Pools),
      .ConvWeightBits (ConvWeightBits)
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
      .frame_answered_o(frame_answered),
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
      .command_i       (command),
      .status_o        (learning),
      .state_valid_i   (s_axis_es_tvalid),
      .state_ready_o   (s_axis_es_tready),
      .state_data_i    (s_axis_es_tdata),
      .state_last_i    (s_axis_es_tlast),
      .state_valid_o   (m_axis_es_tvalid),
      .state_ready_i   (m_axis_es_tready),
      .state_data_o    (m_axis_es_tdata),
      .state_last_o    (m_axis_es_tlast),
      .evolved_bank_i  (!banks.selected),
      .access_o        (sweep),
      .rdata_i         (sweep_rdata),
      .conv_access_i   (conv_access),
      .conv_rdata_o    (conv_rdata)
  );

endmodule
