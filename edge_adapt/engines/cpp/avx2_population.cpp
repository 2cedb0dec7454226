// A population of int8 heads on cached features. Lanes are samples, so the greatest logit and the
// margin are found lane by lane, without a step across lanes.
//
//   features [16 samples][quad of inputs][16][4] 0 or 1;  dot = 2 * (sum over the ones) - row sum
#include <algorithm>

#include "avx2.hpp"

#if defined(__x86_64__)

namespace edge_adapt {
namespace avx2 {

const Kernels& scalar_fallback();

namespace {

constexpr i64 kSamples = 16;  // two registers of eight
constexpr i64 kQuads = 64;    // before 16-bit sums are widened: 64 * 2 * 128 < 2^15
constexpr int kClasses = 5;   // at once: ten sums in registers

struct Features {
  Buffer ones;
  std::vector<i32> labels;  // -1 behind the last sample
  i64 n_blocks, n_quads;
};

// Eight rows of eight 32-bit values; columns become rows.
EDGE_ADAPT_AVX2_INLINE void transpose(__m256i* r) {
  __m256i a[8], b[8];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    a[2 * i] = _mm256_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    a[2 * i + 1] = _mm256_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    b[4 * i] = _mm256_unpacklo_epi64(a[4 * i], a[4 * i + 2]);
    b[4 * i + 1] = _mm256_unpackhi_epi64(a[4 * i], a[4 * i + 2]);
    b[4 * i + 2] = _mm256_unpacklo_epi64(a[4 * i + 1], a[4 * i + 3]);
    b[4 * i + 3] = _mm256_unpackhi_epi64(a[4 * i + 1], a[4 * i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x20);
    r[i + 4] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x31);
  }
}

// Eight samples by eight quads of inputs at once.
EDGE_ADAPT_AVX2 void pack_whole(const Population& p, const Features& f, i64 sample, i64 n_quads) {
  const __m256i one = _mm256_set1_epi8(1), zero = _mm256_setzero_si256();
  const i8* from = p.features + sample * p.n_inputs;
  __m256i* to = reinterpret_cast<__m256i*>(
      f.ones.as<u32>() + sample / kSamples * f.n_quads * kSamples + sample % kSamples);
  for (i64 quad = 0; quad < n_quads; quad += 8, from += 32) {
    __m256i rows[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i * p.n_inputs));
      rows[i] = _mm256_and_si256(_mm256_cmpgt_epi8(x, zero), one);
    }
    transpose(rows);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) _mm256_store_si256(to + 2 * (quad + i), rows[i]);
  }
}

Features packed_features(const Population& p) {
  Features f;
  f.n_blocks = ceil_div(p.n_samples, kSamples);
  f.n_quads = ceil_div<i64>(p.n_inputs, 4);
  f.ones = Buffer(f.n_blocks * f.n_quads * kSamples * 4);
  f.labels.assign(f.n_blocks * kSamples, -1);
  for (i64 n = 0; n < p.n_samples; ++n) f.labels[n] = static_cast<i32>(p.labels[n]);
  const i64 n_fast_samples = p.n_samples / 8 * 8, n_fast_quads = p.n_inputs / 32 * 8;
  for (i64 n = 0; n < n_fast_samples; n += 8) pack_whole(p, f, n, n_fast_quads);
  for (i64 n = 0; n < p.n_samples; ++n) {
    u8* column = f.ones.as<u8>() + (n / kSamples * f.n_quads * kSamples + n % kSamples) * 4;
    const i8* from = p.features + n * p.n_inputs;
    for (i64 k = n < n_fast_samples ? 4 * n_fast_quads : 0; k < p.n_inputs; ++k) {
      column[k / 4 * kSamples * 4 + k % 4] = from[k] > 0;
    }
  }
  return f;
}

// Add the sums over n <= kQuads quads at 16 samples and C classes to out (C, 16).
template <int C>
EDGE_ADAPT_AVX2_INLINE void add_quads(const u8* ones, const i8* weights, i64 stride, i64 n,
                                      i32* out) {
  __m256i sums[C][2];
#pragma GCC unroll 5
  for (int c = 0; c < C; ++c) sums[c][0] = sums[c][1] = _mm256_setzero_si256();
  for (i64 quad = 0; quad < n; ++quad) {
    const __m256i* x = reinterpret_cast<const __m256i*>(ones) + 2 * quad;
    __m256i x0 = _mm256_load_si256(x), x1 = _mm256_load_si256(x + 1);
    EDGE_ADAPT_KEEP(x0);
    EDGE_ADAPT_KEEP(x1);
#pragma GCC unroll 5
    for (int c = 0; c < C; ++c) {
      i32 four;
      std::memcpy(&four, weights + c * stride + 4 * quad, 4);
      __m256i w = _mm256_set1_epi32(four);
      EDGE_ADAPT_KEEP(w);
      sums[c][0] = _mm256_add_epi16(sums[c][0], _mm256_maddubs_epi16(x0, w));
      sums[c][1] = _mm256_add_epi16(sums[c][1], _mm256_maddubs_epi16(x1, w));
      EDGE_ADAPT_KEEP(sums[c][0]);
      EDGE_ADAPT_KEEP(sums[c][1]);
    }
  }
  const __m256i one = _mm256_set1_epi16(1);
  __m256i* wide = reinterpret_cast<__m256i*>(out);
#pragma GCC unroll 5
  for (int c = 0; c < C; ++c) {
    wide[2 * c] = _mm256_add_epi32(wide[2 * c], _mm256_madd_epi16(sums[c][0], one));
    wide[2 * c + 1] = _mm256_add_epi32(wide[2 * c + 1], _mm256_madd_epi16(sums[c][1], one));
  }
}

EDGE_ADAPT_AVX2_INLINE void add_classes(const u8* ones, const i8* weights, i64 stride, i64 n, i32* out,
                                        i64 n_classes) {
  switch (n_classes) {
    case 1: return add_quads<1>(ones, weights, stride, n, out);
    case 2: return add_quads<2>(ones, weights, stride, n, out);
    case 3: return add_quads<3>(ones, weights, stride, n, out);
    case 4: return add_quads<4>(ones, weights, stride, n, out);
    default: return add_quads<5>(ones, weights, stride, n, out);
  }
}

// sums (n_classes, 16) over the ones: a logit is 2 * sum + offset. Eight samples.
//
// Twice the logit, and one more before the true class, is a key whose greatest value tells both
// the best other logit (its half) and who wins a tie (the first class).
EDGE_ADAPT_AVX2_INLINE void score_eight(const i32* sums, const i32* offsets, i64 n_classes,
                                        const i32* labels, Score& score) {
  const __m256i label = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(labels));
  const __m256i lowest = _mm256_set1_epi32(INT32_MIN), one = _mm256_set1_epi32(1);
  __m256i truth = lowest, other = lowest, c = _mm256_setzero_si256();
  for (i64 i = 0; i < n_classes; ++i, sums += kSamples, c = _mm256_add_epi32(c, one)) {
    const __m256i sum = _mm256_load_si256(reinterpret_cast<const __m256i*>(sums));
    const __m256i key = _mm256_add_epi32(_mm256_slli_epi32(sum, 2), _mm256_set1_epi32(2 * offsets[i]));
    const __m256i mine = _mm256_cmpeq_epi32(label, c), before = _mm256_cmpgt_epi32(label, c);
    truth = _mm256_blendv_epi8(truth, key, mine);
    const __m256i theirs = _mm256_sub_epi32(key, before);
    other = _mm256_max_epi32(other, _mm256_blendv_epi8(theirs, lowest, mine));
  }
  const __m256i known = _mm256_cmpgt_epi32(label, _mm256_set1_epi32(-1));
  const __m256i won = _mm256_andnot_si256(_mm256_cmpgt_epi32(other, truth), known);
  score.n_correct += __builtin_popcount(_mm256_movemask_ps(_mm256_castsi256_ps(won)));
  const __m256i difference = _mm256_sub_epi32(_mm256_srai_epi32(truth, 1), _mm256_srai_epi32(other, 1));
  const __m256i margin = _mm256_and_si256(difference, known);
  const __m256i wide = _mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(margin)),
                                        _mm256_cvtepi32_epi64(_mm256_extracti128_si256(margin, 1)));
  alignas(32) i64 lanes[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), wide);
  score.margin += lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

EDGE_ADAPT_AVX2_INLINE i32 row_sum(const i8* row, i64 n) {
  const __m256i one = _mm256_set1_epi8(1), one_wide = _mm256_set1_epi16(1);
  __m256i total = _mm256_setzero_si256();
  i64 i = 0;
  for (; i + 32 <= n; i += 32) {
    const __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + i));
    total = _mm256_add_epi32(total, _mm256_madd_epi16(_mm256_maddubs_epi16(one, w), one_wide));
  }
  i32 sum = sum_of_lanes(total);
  for (; i < n; ++i) sum += row[i];
  return sum;
}

// Rows of weights start at multiples of four bytes and may be read a little past their end.
EDGE_ADAPT_AVX2 void score_head(const Population& p, const Features& f, const i8* weights, i64 stride,
                                const i32* bias, i32* offsets, i32* sums, Score& score) {
  for (i64 c = 0; c < p.n_classes; ++c) offsets[c] = bias[c] - row_sum(weights + c * stride, p.n_inputs);
  for (i64 block = 0; block < f.n_blocks; ++block) {
    std::memset(sums, 0, sizeof(i32) * p.n_classes * kSamples);
    const u8* ones = f.ones.as<u8>() + block * f.n_quads * kSamples * 4;
    for (i64 first = 0; first < p.n_classes; first += kClasses) {
      const i64 n = p.n_classes - first < kClasses ? p.n_classes - first : kClasses;
      for (i64 quad = 0; quad < f.n_quads; quad += kQuads) {
        const i64 n_quads = f.n_quads - quad < kQuads ? f.n_quads - quad : kQuads;
        add_classes(ones + quad * kSamples * 4, weights + first * stride + 4 * quad, stride, n_quads,
                    sums + first * kSamples, n);
      }
    }
    score_eight(sums, offsets, p.n_classes, f.labels.data() + block * kSamples, score);
    score_eight(sums + 8, offsets, p.n_classes, f.labels.data() + block * kSamples + 8, score);
  }
}

// Whether twice the logits, and their differences, fit 32 bits.
bool is_small(const Population& p) {
  i64 largest = 0;
  for (i64 i = 0; i < p.n_heads * p.n_classes; ++i) {
    const i64 bias = p.biases[i];
    largest = std::max(largest, bias < 0 ? -bias : bias);
  }
  return largest + 128 * p.n_inputs < i64{1} << 28;
}

}  // namespace

void score_heads(const Population& p) {
  if (!is_small(p)) return scalar_fallback().score_heads(p);
  const Features features = packed_features(p);
  const i64 stride = 4 * features.n_quads, head = p.n_classes * p.n_inputs;
  Buffer sums(sizeof(i32) * p.n_classes * kSamples), offsets(sizeof(i32) * p.n_classes);
  Buffer padded(stride == p.n_inputs ? 0 : p.n_classes * stride);
  for (i64 h = 0; h < p.n_heads; ++h) {
    const i8* weights = p.heads + h * head;
    if (stride != p.n_inputs) {
      for (i64 c = 0; c < p.n_classes; ++c) {
        std::memcpy(padded.as<i8>() + c * stride, weights + c * p.n_inputs, p.n_inputs);
      }
      weights = padded.as<i8>();
    }
    Score score;
    score_head(p, features, weights, stride, p.biases + h * p.n_classes, offsets.as<i32>(),
               sums.as<i32>(), score);
    p.n_correct[h] = score.n_correct;
    p.margins[h] = score.margin;
  }
}

}  // namespace avx2
}  // namespace edge_adapt

#endif
