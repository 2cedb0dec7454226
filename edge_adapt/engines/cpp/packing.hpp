// Layouts and small steps that several sets of kernels share.
#pragma once

#include "kernels.hpp"

#define EDGE_ADAPT_INLINE inline __attribute__((always_inline))

namespace edge_adapt {

// The signs of n <= 64 weights +-1; bit i is 1 where weight i is +1.
inline u64 sign_word(const i8* weights, i32 n) {
  i8 padded[64];
  if (n < 64) {
    std::memset(padded, -1, sizeof padded);
    std::memcpy(padded, weights, n);
    weights = padded;
  }
  u64 word = 0;
  for (i32 byte = 0; byte < 8; ++byte) {
    u64 eight;
    std::memcpy(&eight, weights + 8 * byte, 8);
    // The sign bits are bits 7, 15, ...; the product collects them in its highest byte.
    u64 negative = ((eight >> 7) & 0x0101010101010101u) * 0x0102040810204080u >> 56;
    word |= (negative ^ 0xFF) << (8 * byte);
  }
  return word;
}

// Whether n weights are +-1.
inline bool all_signs(const i8* weights, i64 n) {
  u8 other = 0;  // x + 1 is 0 or 2
  for (i64 i = 0; i < n; ++i) other |= static_cast<u8>(weights[i] + 1) & 0xFD;
  return other == 0;
}

// Call visit(output, index of the word within the output, word) for all weights.
template <class Visit>
void for_each_word(const i8* weights, const Matrix& m, Visit visit) {
  const i32 n_words = m.channel_words();
  for (i32 o = 0; o < m.n_out; ++o) {
    i32 index = 0;
    for (i32 place = 0; place < m.n_rows * m.n_columns; ++place) {
      for (i32 word = 0; word < n_words; ++word) {
        i32 n = m.n_channels - 64 * word;
        visit(o, index++, sign_word(weights, n < 64 ? n : 64));
        weights += n < 64 ? n : 64;
      }
    }
  }
}

// Write the compared bits of one block of four pixels, or of one pixel.
template <int P>
EDGE_ADAPT_INLINE void emit_words(const Output& output, const u64* masks, u64 flip, i32 block,
                                  i32 out_words, i32 o) {
  if (P == 1) {
    output.words[o] = masks[0] ^ flip;
  } else if (output.emit == Emit::bits) {
    u64* words = output.words + static_cast<size_t>(4 * block) * out_words + o;
    for (int p = 0; p < 4; ++p) words[static_cast<size_t>(p) * out_words] = masks[p] ^ flip;
  } else {
    u64 first = output.emit == Emit::pool_bits ? 0 : flip;
    u64 last = output.emit == Emit::pool_bits ? flip : 0;
    u64 any = (masks[0] ^ first) | (masks[1] ^ first) | (masks[2] ^ first) | (masks[3] ^ first);
    output.words[static_cast<size_t>(block) * out_words + o] = any ^ last;
  }
}

// How many of the pixels of `block` exist.
EDGE_ADAPT_INLINE i32 n_in_block(const Places& places, i32 block) {
  i32 n = places.n_pixels - 4 * block;
  return n < 4 ? n : 4;
}

}  // namespace edge_adapt
