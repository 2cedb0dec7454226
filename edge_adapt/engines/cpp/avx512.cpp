// Layers on bits with AVX-512 VPOPCNTDQ; the other layers are those of AVX2.
//
// Its integers were compared with the reference through emulated intrinsics (SIMDe; see
// test_golden.py); it has not run on a CPU that has these instructions, so native.py takes it only
// when EDGE_ADAPT_KERNEL asks for it.
//
//   weights  [32 outputs][word][4 registers][8 outputs] u64
#include "avx2.hpp"

#if defined(__x86_64__)

#if defined(EDGE_ADAPT_EMULATED_AVX512)
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#endif

#if defined(EDGE_ADAPT_EMULATED_AVX512)
#define EDGE_ADAPT_AVX512 EDGE_ADAPT_AVX2
#define EDGE_ADAPT_KEEP_WIDE(x)
#else
#define EDGE_ADAPT_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vpopcntdq,avx2,popcnt")))
#define EDGE_ADAPT_KEEP_WIDE(x) asm("" : "+v"(x))
#endif
#define EDGE_ADAPT_AVX512_INLINE EDGE_ADAPT_AVX512 inline __attribute__((always_inline))

namespace edge_adapt {

const Kernels& avx2_kernels();

namespace avx512 {
namespace {

// Counts of differing bits of P pixels at 32 outputs.
template <int P>
struct Counts {
  __m512i of[P][4];
};

template <int P>
EDGE_ADAPT_AVX512_INLINE void count_block(Counts<P>& counts, const Layer& layer,
                                          const Places& places, const u64* staged,
                                          const i32* offsets, const u64* weights) {
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) counts.of[p][j] = _mm512_setzero_si512();
  }
  const i32 run = layer.matrix.run_words();
  for (i32 row = 0; row < layer.matrix.n_rows; ++row) {
    const u64* x[P];
    for (int p = 0; p < P; ++p) x[p] = staged + offsets[p] + row * places.row_stride;
    for (i32 k = 0; k < run; ++k, weights += 32) {
      __m512i q[4];
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) {
        q[j] = _mm512_load_si512(weights + 8 * j);
        EDGE_ADAPT_KEEP_WIDE(q[j]);
      }
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) {
        const __m512i a = _mm512_set1_epi64(static_cast<i64>(x[p][k]));
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) {
          const __m512i n_different = _mm512_popcnt_epi64(_mm512_xor_si512(a, q[j]));
          counts.of[p][j] = _mm512_add_epi64(counts.of[p][j], n_different);
          EDGE_ADAPT_KEEP_WIDE(counts.of[p][j]);
        }
      }
    }
  }
}

// 32 bits: count <= limit.
template <int P>
EDGE_ADAPT_AVX512_INLINE u64 compare(const Counts<P>& counts, int p, const i64* limits) {
  u64 word = 0;
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m512i limit = _mm512_load_si512(limits + 8 * j);
    const __mmask8 above = _mm512_cmpgt_epi64_mask(counts.of[p][j], limit);
    word |= static_cast<u64>(static_cast<u8>(~above)) << (8 * j);
  }
  return word;
}

template <int P>
EDGE_ADAPT_AVX512_INLINE void store_sums(const Counts<P>& counts, int p, i32 n_inputs, i32* out,
                                         i32 n) {
  alignas(64) i64 all[32];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) _mm512_store_si512(all + 8 * j, counts.of[p][j]);
  for (i32 i = 0; i < n && i < 32; ++i) out[i] = n_inputs - 2 * static_cast<i32>(all[i]);
}

template <int P>
EDGE_ADAPT_AVX512 void run(const Layer& layer, const Places& places, const u64* staged,
                           const Output& output) {
  const Matrix& m = layer.matrix;
  const u64* weights = reinterpret_cast<const u64*>(layer.weights);
  const i64* limits = reinterpret_cast<const i64*>(layer.limits);
  for (i32 o = 0; o < m.out_words(); ++o) {
    for (i32 block = 0; block < places.n_blocks; ++block) {
      u64 masks[P] = {};
      const i32 n = P == 1 ? 1 : n_in_block(places, block);
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half) {
        const i32 first = 64 * o + 32 * half;
        Counts<P> counts;
        count_block<P>(counts, layer, places, staged, places.offsets.data() + 4 * block,
                       weights + static_cast<size_t>(first) * m.n_words());
#pragma GCC unroll 4
        for (int p = 0; p < P; ++p) {
          if (output.emit != Emit::sums) {
            masks[p] |= compare<P>(counts, p, limits + first) << (32 * half);
          } else if (p < n) {
            i32* out = output.sums + static_cast<size_t>(4 * block + p) * m.n_out + first;
            store_sums<P>(counts, p, m.n_inputs(), out, m.n_out - first);
          }
        }
      }
      if (output.emit != Emit::sums) {
        emit_words<P>(output, masks, layer.flips[o], block, m.out_words(), o);
      }
    }
  }
}

size_t bits_bytes(const Matrix& m) {
  return sizeof(u64) * 64 * static_cast<size_t>(m.out_words()) * m.n_words();
}

void pack_bits(const i8* weights, const Matrix& m, u8* packed) {
  u64* words = reinterpret_cast<u64*>(packed);
  for_each_word(weights, m, [&](i32 o, i32 index, u64 word) {
    words[(static_cast<size_t>(o / 32) * m.n_words() + index) * 32 + o % 32] = word;
  });
}

void pack_counts(const i32* counts, i32 out_words, u8* packed) {
  i64* to = reinterpret_cast<i64*>(packed);
  for (i32 i = 0; i < 64 * out_words; ++i) to[i] = counts[i];
}

void stage(const u64* words, i32 n_pixels, i32 n_channels, u8* staged) {
  std::memcpy(staged, words, sizeof(u64) * n_pixels * ceil_div(n_channels, 64));
}

void bits(const Layer& layer, const Places& places, const u8* staged, const Output& output) {
  const u64* words = reinterpret_cast<const u64*>(staged);
  if (places.n_pixels == 1) {
    run<1>(layer, places, words, output);
  } else {
    run<4>(layer, places, words, output);
  }
}

bool runs_here() {
#if defined(EDGE_ADAPT_EMULATED_AVX512)
  return avx2_kernels().runs_here();
#else
  return avx2_kernels().runs_here() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vpopcntdq");
#endif
}

Kernels table() {
  Kernels wide = avx2_kernels();
  wide.name = "avx512";
  wide.runs_here = runs_here;
  wide.unit_channels = 64;
  wide.unit_bytes = sizeof(u64);
  wide.bits_bytes = bits_bytes;
  wide.pack_bits = pack_bits;
  wide.limit_bytes = sizeof(i64);
  wide.pack_counts = pack_counts;
  wide.stage = stage;
  wide.bits = bits;
  return wide;
}

}  // namespace
}  // namespace avx512

const Kernels& avx512_kernels() {
  static const Kernels table = avx512::table();
  return table;
}

}  // namespace edge_adapt

#endif
