// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The parameters: two banks in block RAM, who may use which, and the way in and out.

module parameter_store #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned WeightDepth = 2304,
    parameter int unsigned NNeurons = 512,
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter logic [31:0] Geometry = 32'd0,
    parameter int unsigned NConvolutions = 0,
    parameter logic [16*(NConvolutions+1)-1:0] Channels = '0,
    parameter int unsigned ConvWeightBits = 8,
    localparam int unsigned HeadLanes = (NClasses + 3) / 4,
    localparam int unsigned WeightAddrBits = $clog2(2 * WeightDepth),
    localparam int unsigned NeuronAddrBits = $clog2(2 * NNeurons),
    localparam int unsigned FeatureAddrBits = $clog2(2 * NFeatures),
    localparam int unsigned BiasAddrBits = $clog2(2 * NClasses)
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Frames (bank_control.sv)
    input  logic                       frame_probe_i,
    output logic                       frame_ready_o,
    input  logic                       frame_start_i,
    input  logic                       frame_done_i,
    output logic                       frame_bank_o,
    output logic                       frame_running_o,
    input  bank_pkg::request_t         request_i,
    output bank_pkg::accepted_t        accepted_o,
    output bank_pkg::status_t          status_o,
    // Who else writes: words of one region, while no image is on its way
    input  bank_pkg::access_t          access_i,
    output logic [               31:0] rdata_o,
    // The memories of convolutions (conv_memory.sv)
    output bank_pkg::access_t          conv_access_o,
    input  logic [               31:0] conv_rdata_i,
    // Images in and out (parameter_port.sv)
    input  logic                       s_valid_i,
    output logic                       s_ready_o,
    input  logic [               31:0] s_data_i,
    input  logic                       s_last_i,
    output logic                       m_valid_o,
    input  logic                       m_ready_i,
    output logic [               31:0] m_data_o,
    output logic                       m_last_o,
    // The engine's reads, latency 3
    input  logic [ WeightAddrBits-1:0] weight_addr_i,
    output logic [          Lanes-1:0] weight_o,
    input  logic [ NeuronAddrBits-1:0] threshold_addr_i,
    output logic [               31:0] threshold_o,
    input  logic [   BiasAddrBits-1:0] bias_addr_i,
    output logic [               31:0] bias_o,
    input  logic [FeatureAddrBits-1:0] head_addr_i,
    output logic [   32*HeadLanes-1:0] head_o
);

  localparam logic [31:0] Format = 32'h4541_0001;
  localparam int unsigned WeightLanes = Lanes / 32;

  logic write_done, write_intact, write_untouched, writing, image_valid, image_ready, image_last;
  logic [31:0] image_word;
  bank_pkg::access_t port, access;
  logic unused_layer;

  // The port is one walker: it reads only when it does not write, and the other way round.
  assign accepted_o.read = request_i.read && !status_o.port_busy && status_o.valid[request_i.bank];
  assign access = access_i.region == '0 ? port : access_i;
  assign conv_access_o = port;
  assign unused_layer = ^access.layer;
  assign status_o.unused = 1'b0;
  assign status_o.port_bank = port.bank;

  bank_control u_banks (
      .clk_i,
      .rst_ni,
      .frame_probe_i,
      .frame_ready_o,
      .frame_start_i,
      .frame_done_i,
      .frame_bank_o,
      .frame_running_o,
      .write_request_i  (request_i.write && (!status_o.port_busy || writing)),
      .write_bank_i     (request_i.bank),
      .write_accepted_o (accepted_o.write),
      .write_done_i     (write_done),
      .write_intact_i   (write_intact),
      .write_untouched_i(write_untouched),
      .select_request_i (request_i.select),
      .select_bank_i    (request_i.bank),
      .select_accepted_o(accepted_o.select),
      .live_o           (status_o.live),
      .active_o         (status_o.selected),
      .pending_o        (status_o.pending),
      .valid_o          (status_o.valid),
      .writing_o        (writing)
  );

  skid_buffer #(
      .Width(33)
  ) u_skid (
      .clk_i,
      .rst_ni,
      .valid_i(s_valid_i),
      .ready_o(s_ready_o),
      .data_i ({s_data_i, s_last_i}),
      .valid_o(image_valid),
      .ready_i(image_ready),
      .data_o ({image_word, image_last})
  );

  parameter_port #(
      .WeightLanes(WeightLanes),
      .WeightDepth(WeightDepth),
      .NNeurons   (NNeurons),
      .NClasses   (NClasses),
      .HeadLanes  (HeadLanes),
      .NFeatures  (NFeatures),
      .Format     (Format),
      .Geometry   (Geometry),
      .Lanes      (Lanes),
      .NConvolutions (NConvolutions),
      .Channels      (Channels),
      .ConvWeightBits(ConvWeightBits)
  ) u_port (
      .clk_i,
      .rst_ni,
      .start_write_i    (accepted_o.write),
      .start_read_i     (accepted_o.read),
      .bank_i           (request_i.bank),
      .busy_o           (status_o.port_busy),
      .bank_o           (port.bank),
      .write_done_o     (write_done),
      .write_intact_o   (write_intact),
      .write_untouched_o(write_untouched),
      .error_o          (status_o.port_error),
      .versions_o       (status_o.versions),
      .s_valid_i        (image_valid),
      .s_ready_o        (image_ready),
      .s_data_i         (image_word),
      .s_last_i         (image_last),
      .m_valid_o,
      .m_ready_i,
      .m_data_o,
      .m_last_o,
      .mem_we_o         (port.we),
      .mem_region_o     (port.region),
      .mem_lane_o       (port.lane),
      .mem_addr_o       (port.addr),
      .mem_wdata_o      (port.wdata),
      .mem_convolution_o(port.convolution),
      .mem_layer_o      (port.layer),
      .mem_rdata_i      (port.convolution ? conv_rdata_i : rdata_o)
  );

  parameter_memory #(
      .WeightLanes(WeightLanes),
      .WeightDepth(WeightDepth),
      .NNeurons   (NNeurons),
      .NClasses   (NClasses),
      .HeadLanes  (HeadLanes),
      .NFeatures  (NFeatures)
  ) u_memory (
      .clk_i,
      .rst_ni,
      .weight_addr_i,
      .weight_o,
      .threshold_addr_i,
      .threshold_o,
      .bias_addr_i,
      .bias_o,
      .head_addr_i,
      .head_o,
      .we_i    (access.we),
      .bank_i  (access.bank),
      .region_i(access.convolution ? '0 : access.region),
      .lane_i  (access.lane),
      .addr_i  (access.addr),
      .wdata_i (access.wdata),
      .rdata_o
  );

endmodule
