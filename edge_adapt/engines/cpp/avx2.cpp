// The table of AVX2 kernels.
#include "avx2.hpp"
#include "floats.hpp"

#if defined(__x86_64__)

namespace edge_adapt {

const Kernels& scalar_kernels();

namespace avx2 {

const Kernels& scalar_fallback() { return scalar_kernels(); }

namespace {

bool runs_here() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt"); }

const Kernels kernels = {
    "avx2",      runs_here,   16,           4,            bits_bytes,   pack_bits,    sizeof(i16),  pack_counts,
    stage,       bits,        pixels_bytes, pack_pixels,  pack_limits,  stage_pixels, pixels,
    dense_bytes, pack_dense,  dense_pixels, head_bytes,   pack_head,    head,         threshold,
    signs,       score_heads, avx2_floats,
};

}  // namespace
}  // namespace avx2

const Kernels& avx2_kernels() { return avx2::kernels; }

}  // namespace edge_adapt

#endif
