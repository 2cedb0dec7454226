// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Moves a parameter image between a stream of 32-bit words and the memories of one bank.
//
// An image is: format, geometry, version; of each convolution weights, then thresholds, in the
// lanes that it has (geometry_pkg.sv); weights of the other layers, neuron by neuron, P / 32 words
// each P lanes; one threshold word a neuron; one bias word a class; head weights, feature by
// feature; CRC-32 of all words before it. One walker gives the addresses, in and out. The CRC
// follows it by a cycle, so a write is judged in the second cycle after its last word; a command
// is followed a cycle after it is given, in which no word moves.

module parameter_port #(
    parameter int unsigned WeightLanes = 4,
    parameter int unsigned WeightDepth = 2304,
    parameter int unsigned NNeurons = 512,
    parameter int unsigned NClasses = 10,
    parameter int unsigned HeadLanes = 3,
    parameter int unsigned NFeatures = 256,
    parameter logic [31:0] Format = 32'd0,
    parameter logic [31:0] Geometry = 32'd0,
    parameter int unsigned Lanes = 128,
    parameter int unsigned NConvolutions = 0,
    parameter logic [16*(NConvolutions+1)-1:0] Channels = '0,
    parameter int unsigned ConvWeightBits = 8
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    // Commands; start_write_i also begins again while writing
    input  logic        start_write_i,
    input  logic        start_read_i,
    input  logic        bank_i,
    output logic        busy_o,
    output logic        bank_o,
    output logic        write_done_o,
    output logic        write_intact_o,
    output logic        write_untouched_o,
    output logic [ 2:0] error_o,
    output logic [63:0] versions_o,
    // The image in and out
    input  logic        s_valid_i,
    output logic        s_ready_o,
    input  logic [31:0] s_data_i,
    input  logic        s_last_i,
    output logic        m_valid_o,
    input  logic        m_ready_i,
    output logic [31:0] m_data_o,
    output logic        m_last_o,
    // The memories: region_o is one hot {head, bias, thresholds, weights}; read latency 5
    output logic        mem_we_o,
    output logic [ 3:0] mem_region_o,
    output logic [ 7:0] mem_lane_o,
    output logic [15:0] mem_addr_o,
    output logic [31:0] mem_wdata_o,
    output logic        mem_convolution_o,
    output logic [ 7:0] mem_layer_o,
    input  logic [31:0] mem_rdata_i
);

  typedef enum logic [2:0] {
    RegionHeader,
    RegionConvWeights,
    RegionConvThresholds,
    RegionWeights,
    RegionThresholds,
    RegionBias,
    RegionHead,
    RegionCrc
  } region_e;

  typedef enum logic [2:0] {
    StIdle,
    StWrite,
    StDrain,
    StReadIssue,
    StReadWait,
    StReadOut
  } state_e;

  localparam logic [2:0] ErrorNone = 3'd0;
  localparam logic [2:0] ErrorFormat = 3'd1;
  localparam logic [2:0] ErrorGeometry = 3'd2;
  localparam logic [2:0] ErrorShort = 3'd3;
  localparam logic [2:0] ErrorLong = 3'd4;
  localparam logic [2:0] ErrorCrc = 3'd5;
  localparam logic [2:0] ErrorMemory = 3'd6;
  localparam logic [2:0] ReadLatency = 3'd6;

  localparam int unsigned NTables = NConvolutions > 0 ? NConvolutions : 1;
  localparam int unsigned LayerBits = NTables > 1 ? $clog2(NTables) : 1;
  localparam geometry_pkg::widths_t AllChannels = (16 * geometry_pkg::MaxWidths)'(Channels);
  localparam geometry_pkg::widths_t LastConvLanes =
      geometry_pkg::last_conv_lanes(NTables, AllChannels, Lanes);
  localparam geometry_pkg::widths_t LastConvAddrs =
      geometry_pkg::last_conv_addrs(NTables, AllChannels, Lanes, ConvWeightBits > 1 ? 9 : 1);

  state_e state_q;
  region_e region_q;
  logic [LayerBits-1:0] layer_q;
  logic last_convolution;
  logic [7:0] lane_q, last_lane;
  logic [15:0] addr_q, last_addr;
  logic bank_q, read_accepted;
  logic [31:0] crc_q, word_q, read_word;
  logic [63:0] versions_q, stored_crcs_q;
  logic [2:0] error_q, wait_q;
  logic take, step, walk_end, written_q;
  logic write_q, read_q, start_bank_q;  // a command that was given
  logic wrong_format, wrong_geometry, step_q;  // a word to count in
  logic ended_q, complete_q, judged_complete_q;  // the last word, where it belongs

  // The walker: how many words each region has.
  always_comb begin
    last_lane = 8'd0;
    last_addr = 16'd0;
    unique case (region_q)
      RegionHeader: last_addr = 16'd2;
      RegionConvWeights: begin
        last_lane = LastConvLanes[16*layer_q+:8];
        last_addr = LastConvAddrs[16*layer_q+:16];
      end
      RegionConvThresholds: last_addr = Channels[16*(32'(layer_q)+1)+:16] - 16'd1;
      RegionWeights: begin
        last_lane = 8'(WeightLanes - 1);
        last_addr = 16'(WeightDepth - 1);
      end
      RegionThresholds: last_addr = 16'(NNeurons - 1);
      RegionBias: last_addr = 16'(NClasses - 1);
      RegionHead: begin
        last_lane = 8'(HeadLanes - 1);
        last_addr = 16'(NFeatures - 1);
      end
      default: ;
    endcase
  end

  always_comb begin
    unique case (region_q)
      RegionHeader: begin
        unique case (addr_q[1:0])
          2'd0: read_word = Format;
          2'd1: read_word = Geometry;
          default: read_word = versions_q[32*bank_q+:32];
        endcase
      end
      RegionCrc: read_word = ~crc_q;
      default: read_word = mem_rdata_i;
    endcase
  end

  assign take = s_valid_i && s_ready_o;
  assign s_ready_o = (state_q == StWrite || state_q == StDrain) && !write_q;
  assign read_accepted = m_valid_o && m_ready_i;
  assign step = (state_q == StWrite && take) || read_accepted;
  assign walk_end = region_q == RegionCrc;
  assign wrong_format = region_q == RegionHeader && addr_q[1:0] == 2'd0 && s_data_i != Format;
  assign wrong_geometry = region_q == RegionHeader && addr_q[1:0] == 2'd1 && s_data_i != Geometry;

  assign busy_o = state_q != StIdle || ended_q || write_done_o || write_q || read_q;
  assign bank_o = bank_q;
  assign error_o = error_q;
  assign versions_o = versions_q;
  assign write_untouched_o = !written_q;
  assign m_valid_o = state_q == StReadOut;
  assign m_last_o = walk_end;

  assign mem_we_o = state_q == StWrite && take && mem_region_o != '0;
  assign mem_region_o = {
    busy_o && region_q == RegionHead,
    busy_o && region_q == RegionBias,
    busy_o && (region_q == RegionThresholds || region_q == RegionConvThresholds),
    busy_o && (region_q == RegionWeights || region_q == RegionConvWeights)
  };
  assign mem_convolution_o = region_q == RegionConvWeights || region_q == RegionConvThresholds;
  assign mem_layer_o = 8'(layer_q);
  assign last_convolution = layer_q == LayerBits'(NTables - 1);
  assign mem_lane_o = lane_q;
  assign mem_addr_o = addr_q;
  assign mem_wdata_o = s_data_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q    <= StIdle;
      error_q    <= ErrorNone;
      bank_q     <= 1'b0;
      written_q  <= 1'b0;
      {ended_q, complete_q, judged_complete_q, write_done_o, write_intact_o} <= '0;
      {write_q, read_q, start_bank_q} <= '0;
    end else begin
      if (mem_we_o) written_q <= 1'b1;
      ended_q    <= take && s_last_i && !start_write_i;
      complete_q <= take && s_last_i && !start_write_i && state_q == StWrite && walk_end;
      unique case (state_q)
        StIdle: ;
        StWrite: begin
          if (take && s_last_i) begin
            state_q <= StIdle;
            if (!walk_end) error_q <= ErrorShort;
          end else if (take && walk_end) begin
            state_q <= StDrain;
            error_q <= ErrorLong;
          end
          if (take && wrong_format) begin
            state_q <= s_last_i ? StIdle : StDrain;
            error_q <= ErrorFormat;
          end else if (take && wrong_geometry) begin
            state_q <= s_last_i ? StIdle : StDrain;
            error_q <= ErrorGeometry;
          end
        end
        StDrain: if (take && s_last_i) state_q <= StIdle;
        StReadIssue: state_q <= StReadWait;
        StReadWait: if (wait_q == ReadLatency) state_q <= StReadOut;
        StReadOut: begin
          if (read_accepted) state_q <= walk_end ? StIdle : StReadIssue;
          if (read_accepted && walk_end && m_data_o != stored_crcs_q[32*bank_q+:32]) begin
            error_q <= ErrorMemory;
          end
        end
        default: state_q <= StIdle;
      endcase
      write_done_o      <= ended_q && !start_write_i;
      judged_complete_q <= complete_q;
      write_intact_o    <= complete_q && word_q == ~crc_q;
      if (judged_complete_q && !write_intact_o) error_q <= ErrorCrc;
      if (write_q || read_q) begin
        state_q   <= write_q ? StWrite : StReadIssue;
        error_q   <= ErrorNone;
        bank_q    <= start_bank_q;
        written_q <= 1'b0;
      end
      {write_q, read_q, start_bank_q} <= {start_write_i, start_read_i, bank_i};
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      region_q <= RegionHeader;
      layer_q  <= '0;
      lane_q   <= '0;
      addr_q   <= '0;
    end else if (write_q || read_q) begin
      region_q <= RegionHeader;
      layer_q  <= '0;
      lane_q   <= '0;
      addr_q   <= '0;
    end else if (step) begin
      if (lane_q != last_lane) begin
        lane_q <= lane_q + 8'd1;
      end else begin
        lane_q <= '0;
        addr_q <= addr_q == last_addr ? '0 : addr_q + 16'd1;
        if (addr_q == last_addr) begin
          unique case (region_q)
            RegionHeader: region_q <= NConvolutions > 0 ? RegionConvWeights : RegionWeights;
            RegionConvWeights: region_q <= RegionConvThresholds;
            RegionConvThresholds: begin
              region_q <= last_convolution ? RegionWeights : RegionConvWeights;
              layer_q  <= last_convolution ? '0 : layer_q + LayerBits'(1);
            end
            RegionWeights: region_q <= RegionThresholds;
            RegionThresholds: region_q <= RegionBias;
            RegionBias: region_q <= RegionHead;
            default: region_q <= RegionCrc;
          endcase
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      step_q <= 1'b0;
      crc_q  <= crc32_pkg::CrcStart;
    end else begin
      step_q <= step;
      if (write_q || read_q) crc_q <= crc32_pkg::CrcStart;
      else if (step_q) crc_q <= crc32_pkg::crc32_word(crc_q, word_q);
    end
  end

  always_ff @(posedge clk_i) begin
    word_q <= state_q == StReadOut ? m_data_o : s_data_i;
    wait_q <= state_q == StReadWait ? wait_q + 3'd1 : '0;
    if (state_q == StReadWait) m_data_o <= read_word;
    if (state_q == StWrite && take) begin
      for (int b = 0; b < 2; b++) begin
        if (bank_q == 1'(b) && region_q == RegionHeader && addr_q[1:0] == 2'd2) begin
          versions_q[32*b+:32] <= s_data_i;
        end
        if (bank_q == 1'(b) && region_q == RegionCrc) stored_crcs_q[32*b+:32] <= s_data_i;
      end
    end
  end

`ifdef FORMAL
  `include "parameter_port_properties.svh"
`endif

endmodule
