// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// CRC-32 of IEEE 802.3 (reflected, 0xEDB88320), a 32-bit word at a time, most significant byte
// first: the value of zlib.crc32 over the big-endian bytes of the words.

package crc32_pkg;

  localparam logic [31:0] CrcStart = 32'hFFFF_FFFF;
  localparam logic [31:0] CrcPolynomial = 32'hEDB8_8320;

  // Where 32 steps of the register bring each of its bits: bits 32 j ... are those of bit j.
  function automatic logic [1023:0] images();
    logic [31:0] value;
    for (int j = 0; j < 32; j++) begin
      value = 32'd1 << j;
      for (int k = 0; k < 32; k++) begin
        value = value[0] ? ((value >> 1) ^ CrcPolynomial) : (value >> 1);
      end
      images[32*j+:32] = value;
    end
  endfunction

  localparam logic [1023:0] Images = images();

  // The running value after one more word; the CRC is its complement. The steps are linear, so
  // each bit is one sum of bits and no chain.
  function automatic logic [31:0] crc32_word(input logic [31:0] crc, input logic [31:0] word);
    logic [31:0] value, terms;
    value = crc ^ {word[7:0], word[15:8], word[23:16], word[31:24]};
    for (int i = 0; i < 32; i++) begin
      for (int j = 0; j < 32; j++) terms[j] = value[j] && Images[32*j+i];
      crc32_word[i] = ^terms;
    end
  endfunction

endpackage
