// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Which bits of the binary weights a candidate flips, word by word in the order in which weights
// are read: sparse bits of one xorshift register for each 32 lanes, begun again from the seed. So
// a candidate is its seed, and is never stored. Padding is never flipped, nor are the weights of a
// first layer whose words of lanes are several (FirstWords): those are no bits.

module flip_mask #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned FirstWords = 1,
    parameter int unsigned NLayers = 2,
    parameter logic [16*(NLayers+1)-1:0] Widths = {16'd256, 16'd256, 16'd784},
    localparam int unsigned LayerBits = NLayers > 1 ? $clog2(NLayers) : 1
) (
    input  logic             clk_i,
    input  logic [     31:0] seed_i,
    // A register flips bits where its upper half is below
    input  logic [     15:0] rate_i,
    // To the first word, or to the next one; the mask is of the word the register is at
    input  logic             start_i,
    input  logic             next_i,
    output logic [Lanes-1:0] mask_o
);

  localparam int unsigned NGroups = Lanes / 32;
  localparam logic [31:0] Golden = 32'h9E37_79B9;

  // Words of a neuron, less one, and the lanes of the last of them, for each layer.
  function automatic logic [16*NLayers-1:0] last_words();
    for (int l = 0; l < NLayers; l++) begin
      last_words[16*l+:16] = 16'((32'(Widths[16*l+:16]) + Lanes - 1) / Lanes *
          (l == 0 ? FirstWords : 1)) - 16'd1;
    end
  endfunction

  function automatic logic [Lanes*NLayers-1:0] last_lanes();
    for (int l = 0; l < NLayers; l++) begin
      for (int i = 0; i < Lanes; i++) begin
        last_lanes[Lanes*l+Lanes-1-i] = (32'(Widths[16*l+:16]) - 1) % Lanes >= i;
      end
    end
  endfunction

  function automatic logic [31:0] following(input logic [31:0] state);
    following = state ^ (state << 13);
    following = following ^ (following >> 17);
    following = following ^ (following << 5);
  endfunction

  localparam logic [16*NLayers-1:0] LastWords = last_words();
  localparam logic [Lanes*NLayers-1:0] LastLanes = last_lanes();

  logic [LayerBits-1:0] layer_q;
  logic [15:0] word_q, neuron_q;
  logic [Lanes-1:0] flips;
  logic last_word, last_neuron, are_bits;

  assign last_word = word_q == LastWords[16*layer_q+:16];
  assign last_neuron = neuron_q == Widths[16*(32'(layer_q)+1)+:16] - 16'd1;
  assign are_bits = FirstWords == 1 || layer_q != '0;

  always_comb begin
    mask_o = are_bits ? flips : '0;
    if (last_word) mask_o = mask_o & LastLanes[Lanes*layer_q+:Lanes];
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      layer_q  <= '0;
      word_q   <= '0;
      neuron_q <= '0;
    end else if (next_i) begin
      word_q <= last_word ? '0 : word_q + 16'd1;
      if (last_word) neuron_q <= last_neuron ? '0 : neuron_q + 16'd1;
      if (last_word && last_neuron) layer_q <= layer_q + LayerBits'(1);
    end
  end

  for (genvar g = 0; g < NGroups; g++) begin : gen_groups
    localparam logic [31:0] Offset = Golden * (g + 1);
    logic [31:0] state_q, first;

    assign first = seed_i ^ Offset;
    // Group 0 has the most significant lanes; a bit in sixteen where a register flips.
    assign flips[32*(NGroups-1-g)+:32] = state_q[31:16] < rate_i ?
        state_q & {state_q[6:0], state_q[31:7]} & {state_q[12:0], state_q[31:13]} &
        {state_q[21:0], state_q[31:22]} : '0;

    always_ff @(posedge clk_i) begin
      if (start_i) state_q <= first == '0 ? 32'd1 : first;
      else if (next_i && are_bits) state_q <= following(state_q);
    end
  end

endmodule
