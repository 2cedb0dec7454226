// Dense layers on bytes, the head, and the way from numbers to words and back.
#include "avx2.hpp"

#if defined(__x86_64__)

namespace edge_adapt {
namespace avx2 {

namespace {

// A pixel is 16 * high + low, so that products of unsigned and signed bytes stay within 16 bits:
// two of 15 * 128 a step, eight steps before the sums are widened.
constexpr i32 kSteps = 8;
constexpr i32 kAhead = 8;  // quads whose weights are asked for before they are needed

// A multiple of four, so that what is left over is four.
i32 quads(const Matrix& m) { return ceil_div(m.n_inputs(), 16) * 4; }

struct Four {
  __m256i of[4];
};

// Sums of N quads of inputs at 32 outputs, added to `sums`.
template <i32 N>
EDGE_ADAPT_AVX2_INLINE void add_quads(Four& sums, const u8* high, const u8* low, const __m256i* weights) {
  const __m256i one = _mm256_set1_epi16(1), sixteen = _mm256_set1_epi16(16);
  Four highs, lows;
#pragma GCC unroll 8
  for (i32 quad = 0; quad < N; ++quad, weights += 4) {
    i32 h, l;
    std::memcpy(&h, high + 4 * quad, 4);
    std::memcpy(&l, low + 4 * quad, 4);
    const __m256i x = _mm256_set1_epi32(h), y = _mm256_set1_epi32(l);
    _mm_prefetch(weights + 4 * kAhead, _MM_HINT_T0);
    _mm_prefetch(weights + 4 * kAhead + 2, _MM_HINT_T0);
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      __m256i w = _mm256_load_si256(weights + r);
      EDGE_ADAPT_KEEP(w);
      const __m256i of_high = _mm256_maddubs_epi16(x, w), of_low = _mm256_maddubs_epi16(y, w);
      highs.of[r] = quad == 0 ? of_high : _mm256_add_epi16(highs.of[r], of_high);
      lows.of[r] = quad == 0 ? of_low : _mm256_add_epi16(lows.of[r], of_low);
      EDGE_ADAPT_KEEP(highs.of[r]);
      EDGE_ADAPT_KEEP(lows.of[r]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) {
    __m256i wide = _mm256_add_epi32(_mm256_madd_epi16(highs.of[r], sixteen),
                                    _mm256_madd_epi16(lows.of[r], one));
    sums.of[r] = _mm256_add_epi32(sums.of[r], wide);
  }
}

EDGE_ADAPT_AVX2_INLINE void store_centred(const Four& sums, const Layer& layer, i32 first,
                                          i32* out) {
  alignas(32) i32 all[32];
  store_lanes(all, sums.of);
  for (i32 o = first; o < layer.matrix.n_out && o < first + 32; ++o) {
    out[o] = all[o - first] - layer.zero_point * layer.row_sums[o];
  }
}

}  // namespace

// weights [32 outputs][quad of inputs][4 registers][8 lanes][4] int8 (avx2.hpp: lanes).
size_t dense_bytes(const Matrix& m) { return static_cast<size_t>(m.out_words()) * 64 * quads(m) * 4; }

void pack_dense(const i8* weights, const Matrix& m, u8* packed) {
  const i32 n_inputs = m.n_inputs(), n_quads = quads(m);
  for (i32 o = 0; o < m.n_out; ++o, weights += n_inputs) {
    const i32 c = o % 32, reg = c % 16 / 4, lane = c % 4 + c / 16 * 4;
    u8* to = packed + static_cast<size_t>(o / 32) * n_quads * 128 + reg * 32 + lane * 4;
    for (i32 i = 0; i < n_inputs; i += 4, to += 128) {
      std::memcpy(to, weights + i, n_inputs - i < 4 ? n_inputs - i : 4);
    }
  }
}

EDGE_ADAPT_AVX2 void dense_pixels(const Layer& layer, const u8* pixels, u8* scratch,
                                  const Output& output) {
  const Matrix& m = layer.matrix;
  const i32 n_quads = quads(m);
  u8 *high = scratch, *low = scratch + m.n_inputs() + kSlack;
  const __m256i nibble = _mm256_set1_epi8(15);
  i32 i = 0;
  for (; i + 32 <= m.n_inputs(); i += 32) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(pixels + i));
    const __m256i shifted = _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(high + i), shifted);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(low + i), _mm256_and_si256(x, nibble));
  }
  for (; i < m.n_inputs(); ++i) {
    high[i] = pixels[i] >> 4;
    low[i] = pixels[i] & 15;
  }
  const __m256i* limits = reinterpret_cast<const __m256i*>(layer.limits);
  u64 word = 0;
  for (i32 half = 0; half < 2 * m.out_words(); ++half) {
    const __m256i* weights = reinterpret_cast<const __m256i*>(layer.weights) +
                             static_cast<size_t>(half) * n_quads * 4;
    Four sums;
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) sums.of[r] = _mm256_setzero_si256();
    i32 quad = 0;
    for (; quad + kSteps <= n_quads; quad += kSteps) {
      add_quads<kSteps>(sums, high + 4 * quad, low + 4 * quad, weights + 4 * quad);
    }
    if (quad < n_quads) add_quads<4>(sums, high + 4 * quad, low + 4 * quad, weights + 4 * quad);
    if (output.emit == Emit::sums) {
      store_centred(sums, layer, 32 * half, output.sums);
      continue;
    }
    __m256i below[4];
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) below[r] = _mm256_cmpgt_epi32(limits[4 * half + r], sums.of[r]);
    const u32 bits = ~lanes_to_bits(below[0], below[1], below[2], below[3]);
    word = half % 2 ? word | static_cast<u64>(bits) << 32 : bits;
    if (half % 2) output.words[half / 2] = word ^ layer.flips[half / 2];
  }
}

size_t head_bytes(const Matrix& m) { return static_cast<size_t>(m.n_out) * m.n_words() * 64; }

// (n_out, 64 * n_words) int8, 0 behind the last channel of a pixel.
void pack_head(const i8* weights, const Matrix& m, u8* packed) {
  for (i32 place = 0; place < m.n_out * m.n_rows * m.n_columns; ++place) {
    std::memcpy(packed + static_cast<size_t>(place) * 64 * m.channel_words(),
                weights + static_cast<size_t>(place) * m.n_channels, m.n_channels);
  }
}

EDGE_ADAPT_AVX2 void head(const Matrix& m, const u8* packed, const i32* bias, const u64* words,
                          u8* scratch, i32* logits) {
  const __m256i one = _mm256_set1_epi8(1), one_wide = _mm256_set1_epi16(1);
  __m256i* on = reinterpret_cast<__m256i*>(scratch);
  const i32 n = 2 * m.n_words();
  for (i32 i = 0; i < n; ++i) {
    const u32 bits = static_cast<u32>(words[i / 2] >> (32 * (i % 2)));
    on[i] = _mm256_and_si256(bytes_of_bits(bits), one);
  }
  const __m256i* weights = reinterpret_cast<const __m256i*>(packed);
  for (i32 o = 0; o < m.n_out; ++o, weights += n) {
    __m256i total = _mm256_setzero_si256();
    for (i32 first = 0; first < n; first += 64) {  // 64 * 2 * 128 fits 16 bits
      const i32 last = first + 64 < n ? first + 64 : n;
      __m256i sum = _mm256_setzero_si256();
      for (i32 i = first; i < last; ++i) {
        sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(on[i], weights[i]));
      }
      total = _mm256_add_epi32(total, _mm256_madd_epi16(sum, one_wide));
    }
    logits[o] = static_cast<i32>(2 * static_cast<u32>(sum_of_lanes(total)) + static_cast<u32>(bias[o]));
  }
}

namespace {

// The bits of n <= 32 sums that are not below their limits.
EDGE_ADAPT_AVX2_INLINE u32 compare(const i32* sums, const i32* limits, i32 n) {
  u32 below = 0;
  alignas(32) i32 padded[32];
  if (n < 32) {
    std::memcpy(padded, sums, sizeof(i32) * n);
    std::memset(padded + n, 0x80, sizeof(i32) * (32 - n));
    sums = padded;
  }
  for (int i = 0; i < 4; ++i) {
    __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + 8 * i));
    __m256i limit = _mm256_load_si256(reinterpret_cast<const __m256i*>(limits + 8 * i));
    __m256i lower = _mm256_cmpgt_epi32(limit, x);
    below |= static_cast<u32>(_mm256_movemask_ps(_mm256_castsi256_ps(lower))) << (8 * i);
  }
  return ~below;
}

}  // namespace

EDGE_ADAPT_AVX2 void threshold(const i32* sums, i32 n_pixels, i32 n_channels, const i32* limits,
                               const u64* flips, u64* words) {
  for (i32 pixel = 0; pixel < n_pixels; ++pixel) {
    for (i32 first = 0; first < n_channels; first += 64, ++words) {
      const i32 n = n_channels - first < 64 ? n_channels - first : 64;
      const i32 n_low = n < 32 ? n : 32;
      u64 word = compare(sums, limits + first, n_low);
      if (n > 32) word |= static_cast<u64>(compare(sums + 32, limits + first + 32, n - 32)) << 32;
      *words = word ^ flips[first / 64];
      sums += n;
    }
  }
}

EDGE_ADAPT_AVX2 void signs(const u64* words, i32 n_pixels, i32 n_channels, i8* signs) {
  const __m256i one = _mm256_set1_epi8(1), two = _mm256_set1_epi8(2);
  for (i32 pixel = 0; pixel < n_pixels; ++pixel) {
    for (i32 first = 0; first < n_channels; first += 64, ++words) {
      for (i32 half = 0; half < 2 && first + 32 * half < n_channels; ++half) {
        const i32 n = n_channels - first - 32 * half;
        const __m256i on = bytes_of_bits(static_cast<u32>(*words >> (32 * half)));
        const __m256i bytes = _mm256_sub_epi8(_mm256_and_si256(on, two), one);
        if (n >= 32) {
          _mm256_storeu_si256(reinterpret_cast<__m256i*>(signs), bytes);
        } else {
          alignas(32) i8 all[32];
          _mm256_store_si256(reinterpret_cast<__m256i*>(all), bytes);
          std::memcpy(signs, all, n);
        }
        signs += n < 32 ? n : 32;
      }
    }
  }
}

}  // namespace avx2
}  // namespace edge_adapt

#endif
