// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// CRC-32 of IEEE 802.3 (reflected, 0xEDB88320), a 32-bit word at a time, most significant byte
// first: the value of zlib.crc32 over the big-endian bytes of the words.

package crc32_pkg;

  localparam logic [31:0] CrcStart = 32'hFFFF_FFFF;
  localparam logic [31:0] CrcPolynomial = 32'hEDB8_8320;

  // The running value after one more word; the CRC is its complement.
  function automatic logic [31:0] crc32_word(input logic [31:0] crc, input logic [31:0] word);
    logic [31:0] value;
    value = crc;
    for (int i = 3; i >= 0; i--) begin
      value = value ^ {24'd0, word[8*i+:8]};
      for (int k = 0; k < 8; k++) begin
        value = value[0] ? ((value >> 1) ^ CrcPolynomial) : (value >> 1);
      end
    end
    crc32_word = value;
  endfunction

endpackage
