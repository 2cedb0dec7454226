// Float layers: the sums of one output are made in the order of the reference, one product and one
// sum after the other, so every set of kernels gives the same bits. No fused multiply-add: the
// build says -ffp-contract=off.
#pragma once

#include "kernels.hpp"

namespace edge_adapt {

// A window that slides over an image (height, width, channels); beyond the image there is nothing.
struct Window {
  i32 height, width, channels, out_height, out_width, size, stride, padding;
};

enum class Number : i32 { byte, whole, real };  // u8, i32, float

// y = [other +] [relu] source * slope + intercept, channel by channel.
struct Blend {
  const void* source;  // of `number`
  const float* other;  // or null
  const float *slopes, *intercepts;
  float* target;
  i32 n_pixels, n_channels;
  Number number;
  bool relu;
};

constexpr i32 kFloatLanes = 8;  // outputs are packed in groups of eight; values have slack behind them

struct FloatKernels {
  void (*blend)(const Blend&);
  void (*convolve)(const Matrix&, const Places&, const float* weights, const float* bias,
                   const float* staged, float* out);
  void (*depthwise)(const Window&, const float* weights, const float* bias, const float* in, float* out);
  void (*slide_max)(const Window&, const float* in, float* out);
  void (*relu_floats)(const float* in, size_t n, float* out);
  void (*relu_sums)(const i32* in, size_t n, i32* out);
  void (*add)(const float* a, const float* b, size_t n, float* out);
  void (*mean)(const float* in, i32 n_pixels, i32 n_channels, float* out);
  void (*sign)(const float* in, i32 n_pixels, i32 n_channels, u64* words);
  void (*quantize)(const float* in, i32 n_pixels, i32 n_channels, const float* offsets,
                   const float* steps, i8* levels);
  void (*level_head)(const Matrix&, const i8* weights, const i32* bias, const i8* levels, i32* logits);
};

const FloatKernels& plain_floats();
#if defined(__x86_64__)
const FloatKernels& avx2_floats();
#endif

// Weights of a float convolution: [n_out / 8][inputs][8], zeros behind the last output.
inline size_t float_weights_bytes(const Matrix& m) {
  return sizeof(float) * ceil_div(m.n_out, kFloatLanes) * kFloatLanes * m.n_inputs();
}
inline void pack_float_weights(const float* weights, const Matrix& m, float* packed) {
  for (i32 o = 0; o < m.n_out; ++o) {
    float* to = packed + static_cast<size_t>(o / kFloatLanes) * m.n_inputs() * kFloatLanes + o % kFloatLanes;
    for (i32 k = 0; k < m.n_inputs(); ++k) to[k * kFloatLanes] = *weights++;
  }
}

}  // namespace edge_adapt
