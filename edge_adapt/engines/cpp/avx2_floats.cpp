// Float kernels for AVX2. Its fused multiply-add is left alone: it would round differently.
#include "avx2.hpp"

#if defined(__x86_64__)

#include <algorithm>
#include <cmath>
#include <limits>

#include "floats.hpp"

namespace edge_adapt {

namespace avx2 {
namespace {

#define EDGE_ADAPT_TARGET EDGE_ADAPT_AVX2
#include "floats_body.hpp"
#undef EDGE_ADAPT_TARGET

// 64 signs from eight comparisons.
EDGE_ADAPT_AVX2 void signs_of_floats(const float* in, i32 n_pixels, i32 n_channels, u64* words) {
  const __m256 zero = _mm256_setzero_ps();
  for (i32 pixel = 0; pixel < n_pixels; ++pixel) {
    for (i32 first = 0; first < n_channels; first += 64) {
      const i32 n = n_channels - first < 64 ? n_channels - first : 64;
      u64 word = 0;
      for (i32 i = 0; i < n; i += 8) {  // values behind the last are read, their bits cut off
        const __m256 above = _mm256_cmp_ps(_mm256_loadu_ps(in + i), zero, _CMP_GE_OQ);
        word |= static_cast<u64>(static_cast<u32>(_mm256_movemask_ps(above))) << i;
      }
      *words++ = word & (~u64{0} >> (64 - n));
      in += n;
    }
  }
}

FloatKernels table() {
  FloatKernels kernels = float_kernels;
  kernels.sign = signs_of_floats;
  return kernels;
}

}  // namespace
}  // namespace avx2

const FloatKernels& avx2_floats() {
  static const FloatKernels kernels = avx2::table();
  return kernels;
}

}  // namespace edge_adapt

#endif
