// Layers on 8-bit pixels: vpmaddwd on centred 16-bit pixels, two inputs and eight outputs at once.
//
//   weights  [32 outputs][row][pair of inputs][4 registers][8 lanes][2] int16 (avx2.hpp: lanes)
#include "avx2.hpp"

#if defined(__x86_64__)

namespace edge_adapt {
namespace avx2 {

namespace {

struct Four {
  __m256i of[4];
};

i32 pairs(const Matrix& m) { return ceil_div(m.run_pixels(), 2); }

// Sums of two pixels at 32 outputs. N pairs a row, known to the compiler where N > 0.
template <int N>
EDGE_ADAPT_AVX2_INLINE void sum_pair(Four& first, Four& second, const Matrix& m,
                                     const Places& places, const i16* staged, const i32* offsets,
                                     const __m256i* weights) {
  const __m256i zero = _mm256_setzero_si256();
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) first.of[r] = second.of[r] = zero;
  const i32 n_pairs = N > 0 ? N : pairs(m);
  for (i32 row = 0; row < m.n_rows; ++row) {
    const i16* a = staged + offsets[0] + row * places.row_stride;
    const i16* b = staged + offsets[1] + row * places.row_stride;
#pragma GCC unroll 5
    for (i32 pair = 0; pair < n_pairs; ++pair, a += 2, b += 2, weights += 4) {
      i32 two[2];
      std::memcpy(two, a, 4);
      std::memcpy(two + 1, b, 4);
      __m256i x = _mm256_set1_epi32(two[0]), y = _mm256_set1_epi32(two[1]);
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) {
        __m256i w = _mm256_load_si256(weights + r);
        EDGE_ADAPT_KEEP(w);
        first.of[r] = _mm256_add_epi32(first.of[r], _mm256_madd_epi16(x, w));
        second.of[r] = _mm256_add_epi32(second.of[r], _mm256_madd_epi16(y, w));
        EDGE_ADAPT_KEEP(first.of[r]);
        EDGE_ADAPT_KEEP(second.of[r]);
      }
    }
  }
}

// bit = not (limit > sum).
EDGE_ADAPT_AVX2_INLINE u64 compare(const Four& sums, const __m256i* limits) {
  __m256i below[4];
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) below[r] = _mm256_cmpgt_epi32(limits[r], sums.of[r]);
  return static_cast<u32>(~lanes_to_bits(below[0], below[1], below[2], below[3]));
}

EDGE_ADAPT_AVX2_INLINE void store_sums(const Four& sums, i32* out, i32 n) {
  alignas(32) i32 all[32];
  store_lanes(n >= 32 ? out : all, sums.of);
  if (n < 32 && n > 0) std::memcpy(out, all, sizeof(i32) * n);
}

template <int N>
EDGE_ADAPT_AVX2 void run(const Layer& layer, const Places& places, const i16* staged,
                         const Output& output) {
  const Matrix& m = layer.matrix;
  const size_t half_registers = static_cast<size_t>(m.n_rows) * pairs(m) * 4;
  const __m256i* limits = reinterpret_cast<const __m256i*>(layer.limits);
  const bool one_pixel = places.n_pixels == 1;
  for (i32 o = 0; o < m.out_words(); ++o) {
    const __m256i* weights = reinterpret_cast<const __m256i*>(layer.weights) + 2 * o * half_registers;
    for (i32 block = 0; block < places.n_blocks; ++block) {
      u64 masks[4] = {};
      const i32 n = n_in_block(places, block);
      for (i32 half = 0; half < 2; ++half) {
        const i32 first_channel = 64 * o + 32 * half;
        for (i32 p = 0; p < 4; p += 2) {
          Four sums[2];
          sum_pair<N>(sums[0], sums[1], m, places, staged, places.offsets.data() + 4 * block + p,
                   weights + half * half_registers);
          for (i32 i = 0; i < 2; ++i) {
            if (output.emit != Emit::sums) {
              masks[p + i] |= compare(sums[i], limits + 8 * o + 4 * half) << (32 * half);
            } else if (p + i < n && first_channel < m.n_out) {
              store_sums(sums[i],
                         output.sums + static_cast<size_t>(4 * block + p + i) * m.n_out + first_channel,
                         m.n_out - first_channel);
            }
          }
        }
      }
      if (output.emit == Emit::sums) continue;
      if (one_pixel) {
        emit_words<1>(output, masks, layer.flips[o], block, m.out_words(), o);
      } else {
        emit_words<4>(output, masks, layer.flips[o], block, m.out_words(), o);
      }
    }
  }
}

}  // namespace

size_t pixels_bytes(const Matrix& m) {
  return static_cast<size_t>(m.out_words()) * 64 * m.n_rows * pairs(m) * 2 * sizeof(i16);
}

void pack_pixels(const i8* weights, const Matrix& m, u8* packed) {
  i16* all = reinterpret_cast<i16*>(packed);
  const i32 run = m.run_pixels(), n_pairs = pairs(m);
  for (i32 o = 0; o < m.n_out; ++o) {
    // The lane that holds this channel: the way back from channel_of_lane.
    const i32 c = o % 32, reg = c % 16 / 4, lane = c % 4 + c / 16 * 4;
    i16* to = all + static_cast<size_t>(o / 32) * m.n_rows * n_pairs * 64 + (reg * 8 + lane) * 2;
    for (i32 row = 0; row < m.n_rows; ++row) {
      for (i32 k = 0; k < run; ++k) {
        to[static_cast<size_t>(row * n_pairs + k / 2) * 64 + k % 2] = *weights++;
      }
    }
  }
}

void pack_limits(const i32* limits, i32 out_words, u8* packed) {
  i32* to = reinterpret_cast<i32*>(packed);
  for (i32 half = 0; half < 2 * out_words; ++half, limits += 32) {
    for (i32 i = 0; i < 32; ++i) *to++ = limits[channel_of_lane(i / 8, i % 8)];
  }
}

EDGE_ADAPT_AVX2 void stage_pixels(const u8* pixels, i32 n, i32 zero_point, i16* staged) {
  const __m256i zero = _mm256_set1_epi16(static_cast<i16>(zero_point));
  i32 i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels + i));
    const __m256i centred = _mm256_sub_epi16(_mm256_cvtepu8_epi16(x), zero);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(staged + i), centred);
  }
  for (; i < n; ++i) staged[i] = static_cast<i16>(pixels[i] - zero_point);
}

void pixels(const Layer& layer, const Places& places, const i16* staged, const Output& output) {
  switch (pairs(layer.matrix)) {
    case 2: return run<2>(layer, places, staged, output);  // 3 x 3 on grey
    case 5: return run<5>(layer, places, staged, output);  // 3 x 3 on colours
    default: return run<0>(layer, places, staged, output);
  }
}

}  // namespace avx2
}  // namespace edge_adapt

#endif
