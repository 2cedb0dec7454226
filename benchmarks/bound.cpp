// The machine's limit: the instructions of a binary layer on registers alone, no loads, no stores.
// Each function does n rounds and gives the multiply-adds of one round; engine.py times it.
#include <immintrin.h>

#define KEEP(x) asm volatile("" : "+x"(x))
#define UNROLL _Pragma("GCC unroll 8")

// vpshufb + vpaddb: 4 inputs x 32 outputs an instruction pair, eight independent sums.
extern "C" __attribute__((target("avx2"))) long bound_avx2(long n) {
  __m256i sum[8], table = _mm256_set1_epi8(1), index = _mm256_set1_epi8(3);
  UNROLL for (int i = 0; i < 8; ++i) sum[i] = _mm256_setzero_si256();
  for (long round = 0; round < n; ++round) {
    UNROLL for (int i = 0; i < 8; ++i) {
      KEEP(table);
      sum[i] = _mm256_add_epi8(sum[i], _mm256_shuffle_epi8(table, index));
      KEEP(sum[i]);
    }
  }
  return 8 * 4 * 32;
}

// vpxorq + vpopcntq + vpaddq: 512 inputs an instruction triple, twelve independent sums.
extern "C" __attribute__((target("avx512f,avx512vpopcntdq"))) long bound_avx512(long n) {
  __m512i sum[8], a = _mm512_set1_epi64(5), b = _mm512_set1_epi64(3);
  UNROLL for (int i = 0; i < 8; ++i) sum[i] = _mm512_setzero_si512();
  for (long round = 0; round < n; ++round) {
    UNROLL for (int i = 0; i < 8; ++i) {
      asm volatile("" : "+v"(a));
      sum[i] = _mm512_add_epi64(sum[i], _mm512_popcnt_epi64(_mm512_xor_si512(a, b)));
      asm volatile("" : "+v"(sum[i]));
    }
  }
  return 8 * 512;
}
