// Scalar kernels, compiled for any CPU and, on x86, once more for those that count bits.
#include "floats.hpp"
#include "packing.hpp"

namespace edge_adapt {

#if defined(__x86_64__)
namespace with_popcount {
#define EDGE_ADAPT_TARGET __attribute__((target("popcnt")))
#include "scalar_body.hpp"
#undef EDGE_ADAPT_TARGET
}  // namespace with_popcount
#endif

namespace plain {
#define EDGE_ADAPT_TARGET
#include "scalar_body.hpp"
#undef EDGE_ADAPT_TARGET
}  // namespace plain

const Kernels& scalar_kernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("popcnt")) return with_popcount::kernels;
#endif
  return plain::kernels;
}

}  // namespace edge_adapt
