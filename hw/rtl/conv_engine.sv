// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The convolutions of a network, one after the other, each a stage of its own (conv_layer.sv), on
// 8-bit pixels: images in, a place a beat, and the last layer's bits out, packed into words as
// network_engine.sv reads them. What a frame is, and its bank, travel with it.
//
// Channels has 16 bits a layer, inputs first; bit l of Pools says whether layer l halves rows and
// columns. The first layer's weights are bits, or int8 (FirstWeightBits = 8).

module conv_engine #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned FirstWeightBits = 8,
    parameter int unsigned NLayers = 2,
    parameter int unsigned Height = 28,
    parameter int unsigned Width = 28,
    parameter logic [16*(NLayers+1)-1:0] Channels = {16'd64, 16'd64, 16'd1},
    parameter logic [NLayers-1:0] Pools = '1,
    localparam int unsigned NColours = 32'(Channels[15:0])
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // Frames; a packet that is none is dropped, and told
    input  logic                         s_valid_i,
    output logic                         s_ready_o,
    input  logic              [8*NColours-1:0] s_data_i,
    input  logic                         s_last_i,
    input  bnn_pkg::user_t               s_user_i,
    output logic                         frame_refused_o,
    // The next frame; the bank of the one that runs, from the cycle after its start on
    output logic                         frame_valid_o,
    output bnn_pkg::user_t               frame_user_o,
    input  logic                         frame_ready_i,
    output logic                         frame_start_o,
    input  logic                         bank_i,
    // Words of bits out
    output logic                         m_valid_o,
    input  logic                         m_ready_i,
    output logic              [Lanes-1:0] m_data_o,
    output logic                         m_last_o,
    output bnn_pkg::user_t               m_user_o,
    output logic                         m_bank_o,
    // Parameters of a layer (conv_memory.sv)
    input  bank_pkg::access_t            access_i,
    output logic              [     31:0] rdata_o
);

  localparam int unsigned NPlaces = Height * Width;
  localparam int unsigned PlaceBits = NPlaces > 1 ? $clog2(NPlaces) : 1;
  localparam int unsigned TagBits = bnn_pkg::UserBits + 1;

  function automatic int unsigned most_channels();
    most_channels = 8 * NColours;
    for (int l = 1; l <= NLayers; l++) begin
      if (32'(Channels[16*l+:16]) > most_channels) most_channels = 32'(Channels[16*l+:16]);
    end
  endfunction

  // How often rows and columns were halved before a layer.
  function automatic int unsigned halvings(input int unsigned layer);
    halvings = 0;
    for (int unsigned l = 0; l < layer; l++) halvings = halvings + 32'(Pools[l]);
  endfunction

  localparam logic [16*geometry_pkg::MaxWidths-1:0] AllChannels =
      (16 * geometry_pkg::MaxWidths)'(Channels);
  localparam int unsigned MaxBits = most_channels();

  // ---- frames: checked whole before they begin ----

  logic [PlaceBits-1:0] place_q, place;
  logic [8*NColours-1:0] pixels;
  bnn_pkg::user_t user_q;
  logic streaming_q, last_place, first_ready, advance;

  // Streams between the layers; stream 0 are the pixels
  logic [NLayers:0] valid, ready, last;
  logic [MaxBits*(NLayers+1)-1:0] data;
  logic [TagBits*(NLayers+1)-1:0] tags;
  logic [32*NLayers-1:0] rdata;

  frame_buffer #(
      .Lanes (8 * NColours),
      .NBeats(NPlaces)
  ) u_frames (
      .clk_i,
      .rst_ni,
      .s_valid_i,
      .s_ready_o,
      .s_data_i,
      .s_last_i,
      .s_user_i,
      .refused_o(frame_refused_o),
      .frame_valid_o,
      .frame_user_o,
      .release_i(advance && last_place),
      .addr_i   (place),
      .rdata_o  (pixels)
  );

  assign frame_start_o = frame_valid_o && frame_ready_i && !streaming_q;
  assign last_place = place_q == PlaceBits'(NPlaces - 1);
  assign first_ready = ready[0];
  assign advance = streaming_q && first_ready;
  // The memory answers a cycle later.
  assign place = frame_start_o ? '0 : advance ? place_q + PlaceBits'(1) : place_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      place_q     <= '0;
      streaming_q <= 1'b0;
      user_q      <= '0;
    end else if (frame_start_o) begin
      place_q     <= '0;
      streaming_q <= 1'b1;
      user_q      <= frame_user_o;
    end else if (advance) begin
      place_q <= place;
      if (last_place) streaming_q <= 1'b0;
    end
  end

  assign valid[0] = streaming_q;
  assign last[0] = last_place;
  assign data[MaxBits-1:0] = MaxBits'(pixels);
  assign tags[TagBits-1:0] = {user_q, bank_i};

  // ---- layers ----

  for (genvar l = 0; l < NLayers; l++) begin : gen_layers
    localparam int unsigned NIn = 32'(Channels[16*l+:16]);
    localparam int unsigned NOut = 32'(Channels[16*(l+1)+:16]);
    localparam int unsigned Planes = l == 0 ? 8 : 1;
    localparam int unsigned Shrunk = 2 ** halvings(l);

    logic [NOut-1:0] bits;
    logic selected;

    assign selected = access_i.convolution && access_i.layer == 8'(l);

    conv_layer #(
        .Lanes          (geometry_pkg::conv_lanes(l, AllChannels, Lanes)),
        .PixelPlanes    (Planes),
        .FirstWeightBits(l == 0 ? FirstWeightBits : 1),
        .Height         (Height / Shrunk),
        .Width          (Width / Shrunk),
        .NIn            (NIn),
        .NOut           (NOut),
        .Pool           (Pools[l]),
        .TagBits        (TagBits)
    ) u_layer (
        .clk_i,
        .rst_ni,
        .s_valid_i(valid[l]),
        .s_ready_o(ready[l]),
        .s_data_i (data[MaxBits*l+:NIn*Planes]),
        .s_tag_i  (tags[TagBits*l+:TagBits]),
        .m_valid_o(valid[l+1]),
        .m_ready_i(ready[l+1]),
        .m_data_o (bits),
        .m_last_o (last[l+1]),
        .m_tag_o  (tags[TagBits*(l+1)+:TagBits]),
        .access_i (selected ? access_i : '0),
        .rdata_o  (rdata[32*l+:32])
    );

    assign data[MaxBits*(l+1)+:MaxBits] = MaxBits'(bits);
  end

  assign rdata_o = rdata[32*access_i.layer+:32];

  localparam int unsigned NLast = 32'(Channels[16*NLayers+:16]);

  bit_packer #(
      .Lanes  (Lanes),
      .NBits  (NLast),
      .TagBits(TagBits)
  ) u_packer (
      .clk_i,
      .rst_ni,
      .s_valid_i(valid[NLayers]),
      .s_ready_o(ready[NLayers]),
      .s_data_i (data[MaxBits*NLayers+:NLast]),
      .s_last_i (last[NLayers]),
      .s_tag_i  (tags[TagBits*NLayers+:TagBits]),
      .m_valid_o,
      .m_ready_i,
      .m_data_o,
      .m_last_o,
      .m_tag_o  ({m_user_o, m_bank_o})
  );

  logic unused_streams;
  assign unused_streams = ^{data, last};  // bits beyond a layer's channels

`ifdef FORMAL
  `include "conv_engine_properties.svh"
`endif

endmodule
