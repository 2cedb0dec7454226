// What the AVX2 files share. All of it is compiled for AVX2 whatever the rest is compiled for, so
// one binary serves every x86-64.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include "packing.hpp"

#define EDGE_ADAPT_AVX2 __attribute__((target("avx2,popcnt")))
#define EDGE_ADAPT_AVX2_INLINE EDGE_ADAPT_AVX2 inline __attribute__((always_inline))

// No instruction: pins a value in a register, so that the compiler neither reassociates sums nor
// folds loads back into memory operands and then spills.
#define EDGE_ADAPT_KEEP(x) asm("" : "+x"(x))

namespace edge_adapt {
namespace avx2 {

size_t bits_bytes(const Matrix&);
void pack_bits(const i8*, const Matrix&, u8*);
void pack_counts(const i32*, i32, u8*);
void stage(const u64*, i32, i32, u8*);
void bits(const Layer&, const Places&, const u8*, const Output&);

size_t pixels_bytes(const Matrix&);
void pack_pixels(const i8*, const Matrix&, u8*);
void pack_limits(const i32*, i32, u8*);
void stage_pixels(const u8*, i32, i32, i16*);
void pixels(const Layer&, const Places&, const i16*, const Output&);

size_t dense_bytes(const Matrix&);
void pack_dense(const i8*, const Matrix&, u8*);
void dense_pixels(const Layer&, const u8*, u8*, const Output&);

size_t head_bytes(const Matrix&);
void pack_head(const i8*, const Matrix&, u8*);
void head(const Matrix&, const u8*, const i32*, const u64*, u8*, i32*);

void threshold(const i32*, i32, i32, const i32*, const u64*, u64*);
void signs(const u64*, i32, i32, i8*);
void score_heads(const Population&);

// 32 bits to 32 bytes: 0xFF where the bit is 1.
EDGE_ADAPT_AVX2_INLINE __m256i bytes_of_bits(u32 bits) {
  const __m256i which_byte = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,  //
                                              2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i which_bit = _mm256_set1_epi64x(static_cast<i64>(0x8040201008040201u));
  __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<i32>(bits)), which_byte);
  return _mm256_cmpeq_epi8(_mm256_and_si256(spread, which_bit), which_bit);
}

// The signs of 64 weights or features +-1.
EDGE_ADAPT_AVX2_INLINE u64 whole_sign_word(const i8* weights) {
  const __m256i* halves = reinterpret_cast<const __m256i*>(weights);
  const u32 low = static_cast<u32>(_mm256_movemask_epi8(_mm256_loadu_si256(halves)));
  const u32 high = static_cast<u32>(_mm256_movemask_epi8(_mm256_loadu_si256(halves + 1)));
  return ~(low | static_cast<u64>(high) << 32);
}

EDGE_ADAPT_AVX2_INLINE i32 sum_of_lanes(__m256i x) {
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1)));
}

// Outputs of 32-bit lanes are kept in an order in which two packs give bits in channel order:
// register r of four holds channels 4r .. 4r+3 and 16+4r .. 16+4r+3 of 32.
constexpr i32 channel_of_lane(i32 reg, i32 lane) { return 4 * reg + lane % 4 + lane / 4 * 16; }

// 32 bits of the signs of four registers in the order above.
EDGE_ADAPT_AVX2_INLINE u32 lanes_to_bits(__m256i a, __m256i b, __m256i c, __m256i d) {
  __m256i low = _mm256_packs_epi32(a, b), high = _mm256_packs_epi32(c, d);
  return static_cast<u32>(_mm256_movemask_epi8(_mm256_packs_epi16(low, high)));
}

// The way back: four registers of sums to 32 numbers in channel order.
EDGE_ADAPT_AVX2_INLINE void store_lanes(i32* out, const __m256i* registers) {
  for (int r = 0; r < 4; ++r) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 4 * r), _mm256_castsi256_si128(registers[r]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16 + 4 * r),
                     _mm256_extracti128_si256(registers[r], 1));
  }
}

}  // namespace avx2
}  // namespace edge_adapt

#endif
