// Float kernels for any CPU.
#include "floats.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edge_adapt {

namespace plain {
namespace {
#define EDGE_ADAPT_TARGET
#include "floats_body.hpp"
#undef EDGE_ADAPT_TARGET
}  // namespace
}  // namespace plain

const FloatKernels& plain_floats() { return plain::float_kernels; }

}  // namespace edge_adapt
