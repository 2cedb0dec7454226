// A population of int8 heads on cached features. Lanes are heads, so that nothing goes across them.
//
// Four features select one of the 16 sums of four weights, so one addition from memory does the
// work of 64 products (Arlazarov et al., 1970, "four Russians"): the tables of 64 features and two
// classes stay in the first-level cache while the samples pass.
//
//   dot = 2 * (sum of the weights where the feature is +1) - row sum
#include <algorithm>

#include "avx2.hpp"

#if defined(__x86_64__)

namespace edge_adapt {
namespace avx2 {

const Kernels& scalar_fallback();

namespace {

constexpr i64 kHeads = 16;     // 16-bit lanes of a register
constexpr i64 kClasses = 2;    // at once
constexpr i64 kGroups = 16;    // of four features: one word
constexpr i64 kWords = 4;      // before 16-bit sums are widened: 256 * -128 = -2^15
constexpr i64 kSamples = 256;  // at once

struct Room {
  alignas(32) i16 tables[kGroups][16][kClasses][kHeads];
  alignas(32) i16 sums[kSamples][kClasses][kHeads];
  alignas(32) i32 totals[kSamples][kClasses][kHeads];
  alignas(32) i32 keys[kSamples][2][kHeads];  // of the best other class, of the true one
  alignas(32) i32 offsets[kClasses][kHeads];
  alignas(32) i8 rows[kHeads][64];
};

EDGE_ADAPT_AVX2_INLINE __m256i load(const void* from) {
  return _mm256_load_si256(static_cast<const __m256i*>(from));
}
EDGE_ADAPT_AVX2_INLINE void store(void* to, __m256i x) { _mm256_store_si256(static_cast<__m256i*>(to), x); }

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

// All sums of four weights, of 16 heads: low and high hold the four bytes of eight heads each.
// Lanes are the heads 0-3, 8-11, 4-7, 12-15, as `widened` takes them.
EDGE_ADAPT_AVX2_INLINE void fill_table(__m256i low, __m256i high, i16 (*table)[kClasses][kHeads]) {
  __m256i sums[16];
  sums[0] = _mm256_setzero_si256();
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m256i a = _mm256_srai_epi32(_mm256_slli_epi32(low, 24 - 8 * i), 24);
    const __m256i b = _mm256_srai_epi32(_mm256_slli_epi32(high, 24 - 8 * i), 24);
    const __m256i weights = _mm256_packs_epi32(a, b);
#pragma GCC unroll 8
    for (int n = 0; n < 1 << i; ++n) sums[(1 << i) + n] = _mm256_add_epi16(sums[n], weights);
  }
#pragma GCC unroll 16
  for (int n = 0; n < 16; ++n) store(table[n][0], sums[n]);
}

// The tables of one class; rows: 64 weights of each head.
EDGE_ADAPT_AVX2 void fill_tables(Room& room, i64 c) {
  for (int half = 0; half < 2; ++half) {
    __m256i low[8], high[8];
#pragma GCC unroll 8
    for (int h = 0; h < 8; ++h) {
      low[h] = load(room.rows[h] + 32 * half);
      high[h] = load(room.rows[h + 8] + 32 * half);
    }
    transpose(low);
    transpose(high);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      fill_table(low[i], high[i], reinterpret_cast<i16(*)[kClasses][kHeads]>(room.tables[8 * half + i][0][c]));
    }
  }
}

// Add what 64 features of n samples select.
template <bool kFirst>
EDGE_ADAPT_AVX2 void count(Room& room, const u64* words, i64 n) {
  constexpr size_t kEntry = sizeof room.tables[0][0], kTable = sizeof room.tables[0];
  static_assert(kEntry == 64, "an entry is a line of the cache");
  const u8* tables = reinterpret_cast<const u8*>(room.tables);
  for (i64 s = 0; s < n; ++s) {
    const u64 word = words[s];
    __m256i a = kFirst ? _mm256_setzero_si256() : load(room.sums[s][0]);
    __m256i b = kFirst ? a : load(room.sums[s][1]);
#pragma GCC unroll 16
    for (int g = 0; g < kGroups; ++g) {
      const u64 shifted = g < 2 ? word << (6 - 4 * g) : word >> (4 * g - 6);
      const u8* entry = tables + g * kTable + (shifted & 15 * kEntry);
      a = _mm256_add_epi16(a, load(entry));
      b = _mm256_add_epi16(b, load(entry + 32));
      EDGE_ADAPT_KEEP(a);
      EDGE_ADAPT_KEEP(b);
    }
    store(room.sums[s][0], a);
    store(room.sums[s][1], b);
  }
}

EDGE_ADAPT_AVX2_INLINE __m256i widened(__m256i sums, bool high) {
  return _mm256_srai_epi32(high ? _mm256_unpackhi_epi16(sums, sums) : _mm256_unpacklo_epi16(sums, sums), 16);
}

EDGE_ADAPT_AVX2 void widen(Room& room, i64 n, bool is_first) {
  for (i64 s = 0; s < n; ++s) {
    for (i64 c = 0; c < kClasses; ++c) {
      const __m256i sums = load(room.sums[s][c]);
      i32* totals = room.totals[s][c];
      const __m256i zero = _mm256_setzero_si256();
      store(totals, _mm256_add_epi32(is_first ? zero : load(totals), widened(sums, false)));
      store(totals + 8, _mm256_add_epi32(is_first ? zero : load(totals + 8), widened(sums, true)));
    }
  }
}

// Twice the logit, and one more before the true class, is a key whose greatest value tells both
// the best other logit (its half) and who wins a tie (the first class).
EDGE_ADAPT_AVX2 void keep_best(Room& room, const i64* labels, i64 n, i64 label, i64 c) {
  const __m256i low = load(room.offsets[c]), high = load(room.offsets[c] + 8);
  for (i64 s = 0; s < n; ++s) {
    i32* best = room.keys[s][labels[s] == label];
    const i32* totals = room.totals[s][c];
    const __m256i before = _mm256_set1_epi32(label < labels[s]);
    const __m256i a = _mm256_add_epi32(_mm256_slli_epi32(load(totals), 2), _mm256_add_epi32(low, before));
    const __m256i b = _mm256_add_epi32(_mm256_slli_epi32(load(totals + 8), 2), _mm256_add_epi32(high, before));
    store(best, _mm256_max_epi32(load(best), a));
    store(best + 8, _mm256_max_epi32(load(best + 8), b));
  }
}

EDGE_ADAPT_AVX2 void add_scores(const Room& room, i64 n, i64 n_heads, Score* scores) {
  alignas(32) i32 n_lost[kHeads];
  alignas(32) i64 margins[kHeads];
  for (i64 half = 0; half < kHeads; half += 8) {
    __m256i lost = _mm256_setzero_si256(), first = lost, second = lost;
    for (i64 s = 0; s < n; ++s) {
      const __m256i other = load(room.keys[s][0] + half), truth = load(room.keys[s][1] + half);
      lost = _mm256_sub_epi32(lost, _mm256_cmpgt_epi32(other, truth));
      const __m256i margin = _mm256_sub_epi32(_mm256_srai_epi32(truth, 1), _mm256_srai_epi32(other, 1));
      first = _mm256_add_epi64(first, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(margin)));
      second = _mm256_add_epi64(second, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(margin, 1)));
    }
    store(n_lost + half, lost);
    store(margins + half, first);
    store(margins + half + 4, second);
  }
  for (i64 h = 0; h < n_heads; ++h) {
    scores[h].n_correct += n - n_lost[h];
    scores[h].margin += margins[h];
  }
}

EDGE_ADAPT_AVX2 i32 row_sum(const i8* row, i64 n) {
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

// What of the population one pass works on.
struct Part {
  i64 first_head, n_heads, first_sample, n_samples;
};

// The sums of two classes, or of the last.
void total_classes(const Population& p, const Part& part, const u64* words, i64 first_class, Room& room) {
  const i64 n_classes = std::min(kClasses, p.n_classes - first_class);
  const i64 n_words = ceil_div<i64>(p.n_inputs, 64);
  for (i64 word = 0; word < n_words; ++word) {
    for (i64 c = 0; c < n_classes; ++c) {
      const i64 n = std::min<i64>(64, p.n_inputs - 64 * word);
      for (i64 h = 0; h < part.n_heads; ++h) {
        const i64 row = (part.first_head + h) * p.n_classes + first_class + c;
        std::memcpy(room.rows[h], p.heads + row * p.n_inputs + 64 * word, n);
      }
      fill_tables(room, c);
    }
    const u64* bits = words + word * p.n_samples + part.first_sample;
    word % kWords ? count<false>(room, bits, part.n_samples) : count<true>(room, bits, part.n_samples);
    if (word % kWords == kWords - 1 || word == n_words - 1) widen(room, part.n_samples, word < kWords);
  }
}

void score_part(const Population& p, const Part& part, const u64* words, const i32* offsets, Room& room,
                Score* scores) {
  const i64* labels = p.labels + part.first_sample;
  std::fill_n(room.keys[0][0], kSamples * 2 * kHeads, INT32_MIN);
  for (i64 first = 0; first < p.n_classes; first += kClasses) {
    total_classes(p, part, words, first, room);
    for (i64 c = 0; c < kClasses && first + c < p.n_classes; ++c) {
      for (i64 h = 0; h < part.n_heads; ++h) {
        room.offsets[c][h] = 2 * offsets[(part.first_head + h) * p.n_classes + first + c];
      }
      keep_best(room, labels, part.n_samples, first + c, c);
    }
  }
  add_scores(room, part.n_samples, part.n_heads, scores);
}

// words [64 features][sample]: 1 for +1.
EDGE_ADAPT_AVX2 void pack_features(const Population& p, u64* words) {
  for (i64 s = 0; s < p.n_samples; ++s) {
    const i8* features = p.features + s * p.n_inputs;
    for (i64 first = 0; first < p.n_inputs; first += 64) {
      const i64 n = p.n_inputs - first;
      words[first / 64 * p.n_samples + s] =
          n < 64 ? sign_word(features + first, static_cast<i32>(n)) : whole_sign_word(features + first);
    }
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
  Buffer words(sizeof(u64) * ceil_div<i64>(p.n_inputs, 64) * p.n_samples), held(sizeof(Room));
  pack_features(p, words.as<u64>());
  std::vector<i32> offsets(p.n_heads * p.n_classes);
  for (size_t i = 0; i < offsets.size(); ++i) {
    offsets[i] = p.biases[i] - row_sum(p.heads + i * p.n_inputs, p.n_inputs);
  }
  Room& room = *held.as<Room>();
  std::vector<Score> scores(p.n_heads);
  for (i64 head = 0; head < p.n_heads; head += kHeads) {
    std::memset(room.rows, 0, sizeof room.rows);
    for (i64 sample = 0; sample < p.n_samples; sample += kSamples) {
      const Part part{head, std::min(kHeads, p.n_heads - head), sample, std::min(kSamples, p.n_samples - sample)};
      score_part(p, part, words.as<u64>(), offsets.data(), room, scores.data() + head);
    }
  }
  for (i64 h = 0; h < p.n_heads; ++h) {
    p.n_correct[h] = scores[h].n_correct;
    p.margins[h] = scores[h].margin;
  }
}

}  // namespace avx2
}  // namespace edge_adapt

#endif
