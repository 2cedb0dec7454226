// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Walks a network: layer by layer, neuron by neuron, word by word, one step a cycle.
//
// After the last step of a layer it waits until the layer's last bit is stored, and after the
// last layer until the head has added its biases; then the next frame may begin.

module layer_sequencer #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned FirstWeightBits = 1,
    parameter int unsigned NLayers = 2,
    parameter logic [16*(NLayers+1)-1:0] Widths = {16'd256, 16'd256, 16'd784},
    localparam int unsigned LayerBits = NLayers > 1 ? $clog2(NLayers) : 1
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    // The next frame
    input  logic                           frame_valid_i,
    input  bnn_pkg::user_t                 frame_user_i,
    input  logic                           frame_ready_i,
    output logic                           frame_start_o,
    output logic                           frame_done_o,
    // One cycle after frame_start_o, when the bank of the frame is known
    output logic                           begin_o,
    output logic           [LayerBits-1:0] layer_o,
    output bnn_pkg::user_t                 user_o,
    output bnn_pkg::step_t                 step_o,
    output logic                           next_weight_o,
    input  logic                           layer_done_i,
    output logic                           head_start_o,
    input  logic                           head_ready_i,
    input  logic                           head_done_i
);

  typedef enum logic [2:0] {
    StIdle,
    StBegin,
    StRun,
    StDrain,
    StHead,
    StFinish
  } state_e;

  // Words of P lanes of a neuron of each layer, less one.
  function automatic logic [16*NLayers-1:0] last_words();
    for (int l = 0; l < NLayers; l++) begin
      last_words[16*l+:16] = 16'((32'(Widths[16*l+:16]) + Lanes - 1) / Lanes) - 16'd1;
    end
  endfunction

  localparam logic [16*NLayers-1:0] LastWords = last_words();
  localparam logic [3:0] LastPlane = PixelPlanes > 1 ? 4'd8 : 4'd0;
  localparam logic [3:0] LastWeightPlane = FirstWeightBits > 1 ? 4'd8 : 4'd0;

  state_e state_q;
  logic [LayerBits-1:0] layer_q;
  logic [15:0] neuron_q, word_q, last_word_of_layer, last_neuron_of_layer;
  logic [3:0] plane_q, weight_plane_q;
  logic last_plane, last_weight_plane, last_word, last_neuron, last_layer;

  assign last_layer = layer_q == LayerBits'(NLayers - 1);
  assign last_word_of_layer = LastWords[16*layer_q+:16];
  assign last_neuron_of_layer = Widths[16*(32'(layer_q)+1)+:16] - 16'd1;
  assign last_plane = layer_q != '0 || plane_q == LastPlane;
  assign last_weight_plane = layer_q != '0 || weight_plane_q == LastWeightPlane;
  assign last_word = word_q == last_word_of_layer;
  assign last_neuron = neuron_q == last_neuron_of_layer;

  always_comb begin
    step_o            = '0;
    step_o.valid      = state_q == StRun;
    step_o.first      = word_q == '0 && weight_plane_q == '0 && plane_q == '0;
    step_o.last       = last_word && last_weight_plane && last_plane;
    step_o.layer_last = step_o.last && last_neuron;
    step_o.pixels     = layer_q == '0;
    step_o.ones       = step_o.pixels && PixelPlanes > 1 && plane_q == LastPlane;
    step_o.last_word  = last_word;
    step_o.word       = word_q;
    step_o.plane      = plane_q;
    // A weight of 8 bits is (sum of +-2^a s_a - 1) / 2: planes 7 and 8 (ones) count negative.
    step_o.add        = step_o.ones ^ (weight_plane_q >= 4'd7);
    step_o.shift      = (step_o.pixels && PixelPlanes > 1) ?
        (step_o.ones ? 4'd0 : plane_q) + (weight_plane_q == 4'd8 ? 4'd0 : weight_plane_q) : 4'd1;
    step_o.head       = last_layer;
    step_o.parity     = layer_q[0];
  end

  assign frame_start_o = state_q == StIdle && frame_valid_i && frame_ready_i;
  assign frame_done_o  = state_q == StFinish && head_done_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q        <= StIdle;
      layer_q        <= '0;
      neuron_q       <= '0;
      word_q         <= '0;
      plane_q        <= '0;
      weight_plane_q <= '0;
      user_o         <= '0;
    end else begin
      unique case (state_q)
        StIdle: begin
          user_o  <= frame_user_i;
          layer_q <= '0;
          if (frame_start_o) state_q <= StBegin;
        end
        StBegin: state_q <= StRun;
        StRun: begin
          plane_q <= last_plane ? '0 : plane_q + 4'd1;
          if (last_plane) weight_plane_q <= last_weight_plane ? '0 : weight_plane_q + 4'd1;
          if (last_plane && last_weight_plane) word_q <= last_word ? '0 : word_q + 16'd1;
          if (step_o.last) neuron_q <= last_neuron ? '0 : neuron_q + 16'd1;
          if (step_o.layer_last) state_q <= StDrain;
        end
        StDrain: begin
          if (layer_done_i) begin
            state_q <= last_layer ? StHead : StRun;
            if (!last_layer) layer_q <= layer_q + LayerBits'(1);
          end
        end
        StHead: if (head_ready_i) state_q <= StFinish;
        StFinish: if (head_done_i) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  assign begin_o = state_q == StBegin;
  assign layer_o = layer_q;
  assign next_weight_o = step_o.valid && last_plane;
  assign head_start_o = state_q == StHead && head_ready_i;

`ifdef FORMAL
  `include "layer_sequencer_properties.svh"
`endif

endmodule
