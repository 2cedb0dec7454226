// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Numbers that follow from a network's geometry: widths of 16 bits each, inputs first.

package geometry_pkg;

  localparam int unsigned MaxWidths = 32;
  typedef logic [16*MaxWidths-1:0] widths_t;

  // Words of weights a bank: those of int8 weights on pixels are nine.
  function automatic int unsigned weight_depth(
      input int unsigned n_layers, input widths_t widths, input int unsigned values_a_word,
      input int unsigned first_words);
    weight_depth = 0;
    for (int l = 0; l < n_layers; l++) begin
      weight_depth = weight_depth + 32'(widths[16*(l+1)+:16]) *
          ((32'(widths[16*l+:16]) + values_a_word - 1) / values_a_word) *
          (l == 0 ? first_words : 1);
    end
  endfunction

  function automatic int unsigned neurons(input int unsigned n_layers, input widths_t widths);
    neurons = 0;
    for (int l = 1; l <= n_layers; l++) neurons = neurons + 32'(widths[16*l+:16]);
  endfunction

  // Words of the values that layer l of the hidden ones gives.
  function automatic int unsigned hidden_words(
      input int l, input widths_t widths, input int unsigned values_a_word);
    hidden_words = (32'(widths[16*l+:16]) + values_a_word - 1) / values_a_word;
  endfunction

  function automatic int unsigned all_words(
      input int unsigned n_layers, input widths_t widths, input int unsigned values_a_word);
    all_words = 0;
    for (int l = 1; l <= n_layers; l++) begin
      all_words = all_words + hidden_words(l, widths, values_a_word);
    end
  endfunction

  function automatic int unsigned most_words(
      input int unsigned n_layers, input widths_t widths, input int unsigned values_a_word);
    most_words = 1;
    for (int l = 1; l <= n_layers; l++) begin
      if (hidden_words(l, widths, values_a_word) > most_words) begin
        most_words = hidden_words(l, widths, values_a_word);
      end
    end
  endfunction

  // Bits of what lanes add up: n signs; 8-bit pixels less 128; twice the sum of int8 weights.
  // Thresholds one beyond the largest sum fit, too.
  function automatic int unsigned sum_bits(
      input int unsigned n_layers, input widths_t widths, input int unsigned pixel_planes,
      input int unsigned first_weight_bits);
    int unsigned largest;
    largest = 32'(widths[15:0]) * (pixel_planes > 1 ? 128 : 1) * (first_weight_bits > 1 ? 256 : 1);
    for (int l = 1; l < n_layers; l++) begin
      if (32'(widths[16*l+:16]) > largest) largest = 32'(widths[16*l+:16]);
    end
    sum_bits = $clog2(largest + 2) + 1;
  endfunction

  // ---- convolutions 3 x 3: channels of 16 bits each, colours first ----

  // No more lanes than a layer's window can use.
  function automatic int unsigned conv_lanes(
      input int unsigned layer, input widths_t channels, input int unsigned lanes);
    conv_lanes = 2 ** $clog2(9 * 32'(channels[16*layer+:16]));
    if (conv_lanes < 32) conv_lanes = 32;
    if (conv_lanes > lanes) conv_lanes = lanes;
  endfunction

  // Words of those lanes a bank: those of int8 weights on pixels are nine.
  function automatic int unsigned conv_depth(
      input int unsigned layer, input widths_t channels, input int unsigned lanes,
      input int unsigned first_words);
    conv_depth = 32'(channels[16*(layer+1)+:16]) *
        ((9 * 32'(channels[16*layer+:16]) + conv_lanes(layer, channels, lanes) - 1) /
         conv_lanes(layer, channels, lanes)) * (layer == 0 ? first_words : 1);
  endfunction

  // The last lane of 32 bits, and the last address, of each layer's weights: 16 bits each
  function automatic widths_t last_conv_lanes(
      input int unsigned n_layers, input widths_t channels, input int unsigned lanes);
    last_conv_lanes = '0;
    for (int unsigned l = 0; l < n_layers; l++) begin
      last_conv_lanes[16*l+:16] = 16'(conv_lanes(l, channels, lanes) / 32 - 1);
    end
  endfunction

  function automatic widths_t last_conv_addrs(
      input int unsigned n_layers, input widths_t channels, input int unsigned lanes,
      input int unsigned first_words);
    last_conv_addrs = '0;
    for (int unsigned l = 0; l < n_layers; l++) begin
      last_conv_addrs[16*l+:16] = 16'(conv_depth(l, channels, lanes, first_words) - 1);
    end
  endfunction

  // By what hardware and parameter image recognise each other.
  function automatic logic [31:0] checksum(
      input logic [31:0] lanes, input logic [31:0] value_bits, input logic [31:0] pixel_planes,
      input logic [31:0] first_weight_bits, input logic [31:0] n_classes,
      input int unsigned n_layers, input widths_t widths, input int unsigned n_convolutions,
      input logic [31:0] size, input widths_t channels, input logic [31:0] pools,
      input logic [31:0] conv_weight_bits);
    logic [31:0] crc;
    crc = crc32_pkg::crc32_word(crc32_pkg::CrcStart, lanes);
    crc = crc32_pkg::crc32_word(crc, value_bits);
    crc = crc32_pkg::crc32_word(crc, pixel_planes);
    crc = crc32_pkg::crc32_word(crc, first_weight_bits);
    crc = crc32_pkg::crc32_word(crc, n_classes);
    for (int l = 0; l <= n_layers; l++) crc = crc32_pkg::crc32_word(crc, 32'(widths[16*l+:16]));
    if (n_convolutions != 0) begin
      crc = crc32_pkg::crc32_word(crc, size);
      crc = crc32_pkg::crc32_word(crc, pools);
      crc = crc32_pkg::crc32_word(crc, conv_weight_bits);
      for (int l = 0; l <= n_convolutions; l++) begin
        crc = crc32_pkg::crc32_word(crc, 32'(channels[16*l+:16]));
      end
    end
    checksum = ~crc;
  endfunction

endpackage
