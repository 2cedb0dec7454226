// Layers on bits. popcount(a ^ w) of four channels is one look-up: the table is chosen by the four
// activations, the index is four weights, so vpshufb counts 32 outputs at once and no xor is left.
//
//   weights  [64 outputs][four channels] one nibble a byte, 64 bytes a group of four channels
//   staged   one byte a group of four channels: 16 * its bits, the place of its table
//
// A pixel is a whole number of four groups, so that 32 channels cost half of what 64 cost; the last
// outputs of a layer are counted 32 at once where there are no more.
#include "avx2.hpp"

#if defined(__x86_64__)

namespace edge_adapt {
namespace avx2 {

namespace {

constexpr i32 kGroups = 16;    // groups of four channels in a word
constexpr i32 kUnit = 4;       // groups in a staged unit
constexpr i32 kChunk = 48;     // groups before 8-bit sums must be widened: 4 * 48 < 256

struct Table {
  alignas(64) u8 counts[256];  // [16 * activations + weights]
  constexpr Table() : counts() {
    for (int i = 0; i < 256; ++i) {
      int different = (i >> 4) ^ (i & 15), n = 0;
      for (int bit = 0; bit < 4; ++bit) n += different >> bit & 1;
      counts[i] = static_cast<u8>(n);
    }
  }
};
constexpr Table kTable;

i32 groups_of(i32 n_channels) { return ceil_div(n_channels, 4 * kUnit) * kUnit; }
size_t block_bytes(const Matrix& m) {  // of the weights of 64 outputs
  return static_cast<size_t>(m.n_rows) * m.n_columns * groups_of(m.n_channels) * 64;
}

// 16-bit sums of one pixel at 64 outputs: [half][0] of the even outputs, [half][1] of the odd.
struct Sums {
  __m256i of[2][2];
};

template <int P>
struct Bytes {
  __m256i of[P][2];
};

template <int P, int H>
EDGE_ADAPT_AVX2_INLINE void count_group(Bytes<P>& sums, const u8* const* x, const u8* weights,
                                        i32 group) {
  __m256i q0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights));
  __m256i q1 = H == 2 ? _mm256_load_si256(reinterpret_cast<const __m256i*>(weights + 32)) : q0;
  EDGE_ADAPT_KEEP(q0);
  if (H == 2) EDGE_ADAPT_KEEP(q1);
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) {
    const u8* table = kTable.counts + x[p][group];
    __m256i t = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table)));
    EDGE_ADAPT_KEEP(t);
    sums.of[p][0] = _mm256_add_epi8(sums.of[p][0], _mm256_shuffle_epi8(t, q0));
    EDGE_ADAPT_KEEP(sums.of[p][0]);
    if (H == 1) continue;
    sums.of[p][1] = _mm256_add_epi8(sums.of[p][1], _mm256_shuffle_epi8(t, q1));
    EDGE_ADAPT_KEEP(sums.of[p][1]);
  }
}

// Count over n groups, a multiple of four, at most kChunk; add to the wide sums.
template <int P, int H>
EDGE_ADAPT_AVX2_INLINE void count_chunk(Sums* wide, const u8* const* x, const u8* weights, i32 n) {
  const __m256i zero = _mm256_setzero_si256(), low = _mm256_set1_epi16(0xFF);
  Bytes<P> sums;
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) sums.of[p][0] = sums.of[p][1] = zero;
  for (i32 group = 0; group < n; group += 4, weights += 256) {
    count_group<P, H>(sums, x, weights, group);
    count_group<P, H>(sums, x, weights + 64, group + 1);
    count_group<P, H>(sums, x, weights + 128, group + 2);
    count_group<P, H>(sums, x, weights + 192, group + 3);
  }
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 2
    for (int half = 0; half < H; ++half) {
      __m256i bytes = sums.of[p][half];
      wide[p].of[half][0] = _mm256_add_epi16(wide[p].of[half][0], _mm256_and_si256(bytes, low));
      wide[p].of[half][1] = _mm256_add_epi16(wide[p].of[half][1], _mm256_srli_epi16(bytes, 8));
    }
  }
}

template <int P, int H>
EDGE_ADAPT_AVX2_INLINE void count_block(Sums* wide, const Layer& layer, const Places& places,
                                        const u8* staged, const i32* offsets, const u8* weights) {
  const __m256i zero = _mm256_setzero_si256();
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) {
    wide[p].of[0][0] = wide[p].of[0][1] = wide[p].of[1][0] = wide[p].of[1][1] = zero;
  }
  const i32 run = layer.matrix.n_columns * groups_of(layer.matrix.n_channels);
  for (i32 row = 0; row < layer.matrix.n_rows; ++row) {
    const u8* x[P];
    for (int p = 0; p < P; ++p) {
      x[p] = staged + static_cast<size_t>(offsets[p] + row * places.row_stride) * kUnit;
    }
    for (i32 done = 0; done < run; done += kChunk) {
      const i32 n = run - done < kChunk ? run - done : kChunk;
      count_chunk<P, H>(wide, x, weights, n);
      weights += 64 * n;
      for (int p = 0; p < P; ++p) x[p] += n;
    }
  }
}

// bit = not (count > limit), limits in the order of the sums.
template <int H>
EDGE_ADAPT_AVX2_INLINE u64 compare(const Sums& counts, const __m256i* limits) {
  const __m256i odd_bytes = _mm256_set1_epi16(static_cast<i16>(0xFF00));
  u64 word = 0;
#pragma GCC unroll 2
  for (int half = 0; half < H; ++half) {
    __m256i even = _mm256_cmpgt_epi16(counts.of[half][0], limits[2 * half]);
    __m256i odd = _mm256_cmpgt_epi16(counts.of[half][1], limits[2 * half + 1]);
    u32 above = static_cast<u32>(_mm256_movemask_epi8(_mm256_blendv_epi8(even, odd, odd_bytes)));
    word |= static_cast<u64>(~above) << (32 * half);
  }
  return word;
}

EDGE_ADAPT_AVX2_INLINE void store_eight(i32* out, __m128i sums) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_cvtepi16_epi32(sums));
}

// n_inputs - 2 * count at the first n of 64 outputs.
template <int H>
EDGE_ADAPT_AVX2_INLINE void store_sums(const Sums& counts, i32 n_inputs, i32* out, i32 n) {
  alignas(32) i32 all[64];
  i32* to = n == 32 * H ? out : all;
  const __m256i inputs = _mm256_set1_epi16(static_cast<i16>(n_inputs));
  for (int half = 0; half < H; ++half, to += 32) {
    __m256i even = counts.of[half][0], odd = counts.of[half][1];
    even = _mm256_sub_epi16(inputs, _mm256_add_epi16(even, even));
    odd = _mm256_sub_epi16(inputs, _mm256_add_epi16(odd, odd));
    __m256i a = _mm256_unpacklo_epi16(even, odd), b = _mm256_unpackhi_epi16(even, odd);
    store_eight(to, _mm256_castsi256_si128(a));
    store_eight(to + 8, _mm256_castsi256_si128(b));
    store_eight(to + 16, _mm256_extracti128_si256(a, 1));
    store_eight(to + 24, _mm256_extracti128_si256(b, 1));
  }
  if (n != 32 * H) std::memcpy(out, all, sizeof(i32) * n);
}

// All pixels at 64 outputs, or at the last 32.
template <int P, int H>
EDGE_ADAPT_AVX2 void run_outputs(const Layer& layer, const Places& places, const u8* staged,
                                 const Output& output, i32 o) {
  const Matrix& m = layer.matrix;
  const u8* weights = layer.weights + o * block_bytes(m);
  const __m256i* limits = reinterpret_cast<const __m256i*>(layer.limits) + 4 * o;
  const i32 n_channels = m.n_out - 64 * o < 64 ? m.n_out - 64 * o : 64;
  for (i32 block = 0; block < places.n_blocks; ++block) {
    Sums counts[P];
    count_block<P, H>(counts, layer, places, staged, places.offsets.data() + 4 * block, weights);
    if (output.emit == Emit::sums) {
      const i32 n = P == 1 ? 1 : n_in_block(places, block);
      for (i32 p = 0; p < n; ++p) {
        i32* out = output.sums + static_cast<size_t>(4 * block + p) * m.n_out + 64 * o;
        store_sums<H>(counts[p], m.n_inputs(), out, n_channels);
      }
      continue;
    }
    u64 masks[P];
    for (int p = 0; p < P; ++p) masks[p] = compare<H>(counts[p], limits);
    emit_words<P>(output, masks, layer.flips[o], block, m.out_words(), o);
  }
}

template <int P>
void run(const Layer& layer, const Places& places, const u8* staged, const Output& output) {
  const i32 n_out = layer.matrix.n_out;
  // Outputs outside, pixels inside: the weights of 64 outputs stay in the first-level cache.
  for (i32 o = 0; o < layer.matrix.out_words(); ++o) {
    if (n_out - 64 * o > 32) {
      run_outputs<P, 2>(layer, places, staged, output, o);
    } else {
      run_outputs<P, 1>(layer, places, staged, output, o);
    }
  }
}

}  // namespace

size_t bits_bytes(const Matrix& m) { return m.out_words() * block_bytes(m); }

EDGE_ADAPT_AVX2 void pack_bits(const i8* weights, const Matrix& m, u8* packed) {
  for (i32 o = 0; o < m.n_out; ++o) {
    u8* to = packed + o / 64 * block_bytes(m) + o % 64;
    for (i32 place = 0; place < m.n_rows * m.n_columns; ++place) {
      for (i32 left = m.n_channels; left > 0; left -= 64) {
        const i32 n = left < 64 ? left : 64, n_groups = groups_of(n);
        const u64 word = n < 64 ? sign_word(weights, n) : whole_sign_word(weights);
        for (i32 group = 0; group < n_groups; ++group, to += 64) *to = word >> 4 * group & 15;
        weights += n;
      }
    }
  }
}

void pack_counts(const i32* counts, i32 out_words, u8* packed) {
  i16* to = reinterpret_cast<i16*>(packed);
  for (i32 half = 0; half < 2 * out_words; ++half, counts += 32) {
    for (i32 odd = 0; odd < 2; ++odd) {
      for (i32 i = 0; i < 16; ++i) *to++ = static_cast<i16>(counts[2 * i + odd]);
    }
  }
}

// One word to 16 bytes, the first n of which are written.
EDGE_ADAPT_AVX2_INLINE void stage_word(u64 bits, u8* staged, i32 n) {
  const __m128i high = _mm_set1_epi8(static_cast<char>(0xF0));
  __m128i word = _mm_cvtsi64_si128(static_cast<i64>(bits));
  __m128i even = _mm_and_si128(_mm_slli_epi16(word, 4), high), odd = _mm_and_si128(word, high);
  __m128i bytes = _mm_unpacklo_epi8(even, odd);
  if (n == kGroups) return _mm_storeu_si128(reinterpret_cast<__m128i*>(staged), bytes);
  alignas(16) u8 all[kGroups];
  _mm_store_si128(reinterpret_cast<__m128i*>(all), bytes);
  for (i32 unit = 0; unit < n; unit += kUnit) std::memcpy(staged + unit, all + unit, kUnit);
}

EDGE_ADAPT_AVX2 void stage(const u64* words, i32 n_pixels, i32 n_channels, u8* staged) {
  const i32 n_words = n_channels / 64, rest = groups_of(n_channels % 64);
  for (i32 pixel = 0; pixel < n_pixels; ++pixel) {
    for (i32 i = 0; i < n_words; ++i, staged += kGroups) stage_word(*words++, staged, kGroups);
    if (rest) stage_word(*words++, staged, rest);
    staged += rest;
  }
}

void bits(const Layer& layer, const Places& places, const u8* staged, const Output& output) {
  if (places.n_pixels == 1) {
    run<1>(layer, places, staged, output);
  } else {
    run<4>(layer, places, staged, output);
  }
}

}  // namespace avx2
}  // namespace edge_adapt

#endif
