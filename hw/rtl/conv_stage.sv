// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The convolutions before the fully connected engine: frames of pixels in, a place a word with its
// colours in the most significant bytes, and frames of bits out. A frame begins here and ends
// there; the next one begins when it is done. With no NLayers it is a wire.

module conv_stage #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned FirstWeightBits = 8,
    parameter int unsigned NLayers = 0,
    parameter int unsigned Height = 28,
    parameter int unsigned Width = 28,
    parameter logic [16*(NLayers+1)-1:0] Channels = '0,
    parameter logic [NLayers:0] Pools = '0
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              s_valid_i,
    output logic              s_ready_o,
    input  logic [ Lanes-1:0] s_data_i,
    input  logic              s_last_i,
    input  logic [      10:0] s_user_i,
    output logic              m_valid_o,
    input  logic              m_ready_i,
    output logic [ Lanes-1:0] m_data_o,
    output logic              m_last_o,
    output logic [      10:0] m_user_o,
    // The beginning of a frame, here or in the engine (bank_control.sv)
    input  logic              engine_probe_i,
    input  logic              engine_start_i,
    input  logic              engine_refused_i,
    output logic              engine_ready_o,
    output logic              frame_probe_o,
    output logic              frame_start_o,
    output logic              frame_refused_o,
    input  logic              frame_ready_i,
    input  logic              bank_i,
    // Parameters
    input  bank_pkg::access_t access_i,
    output logic [      31:0] rdata_o
);

  logic unused_inputs;

  if (NLayers != 0) begin : gen_convolutions
    localparam int unsigned NColours = 32'(Channels[15:0]);

    bnn_pkg::user_t next_user, user;
    logic bank, frame_valid;

    // Nothing else begins frames, and the words that come out are as many as shall be.
    assign unused_inputs = ^{
      engine_probe_i, engine_start_i, engine_refused_i, s_data_i, next_user, user.own, bank
    };
    assign engine_ready_o = 1'b1;
    assign frame_probe_o = next_user.probe;
    assign m_user_o = {user.label, user.sample, user.bits, user.probe};

    conv_engine #(
        .Lanes          (Lanes),
        .FirstWeightBits(FirstWeightBits),
        .NLayers        (NLayers),
        .Height         (Height),
        .Width          (Width),
        .Channels       (Channels),
        .Pools          (Pools[NLayers-1:0])
    ) u_engine (
        .clk_i,
        .rst_ni,
        .s_valid_i,
        .s_ready_o,
        .s_data_i      (s_data_i[Lanes-1-:8*NColours]),
        .s_last_i,
        .s_user_i      ({1'b0, s_user_i}),
        .frame_refused_o,
        .frame_valid_o (frame_valid),
        .frame_user_o  (next_user),
        .frame_ready_i,
        .frame_start_o,
        .bank_i,
        .m_valid_o,
        .m_ready_i,
        .m_data_o,
        .m_last_o,
        .m_user_o      (user),
        .m_bank_o      (bank),
        .access_i,
        .rdata_o
    );

    logic unused_valid;
    assign unused_valid = frame_valid;
  end else begin : gen_wire
    assign unused_inputs = ^{clk_i, rst_ni, bank_i, access_i};
    assign {m_valid_o, s_ready_o} = {s_valid_i, m_ready_i};
    assign {m_data_o, m_last_o, m_user_o} = {s_data_i, s_last_i, s_user_i};
    assign {frame_probe_o, frame_start_o} = {engine_probe_i, engine_start_i};
    assign {frame_refused_o, engine_ready_o} = {engine_refused_i, frame_ready_i};
    assign rdata_o = '0;
  end

endmodule
