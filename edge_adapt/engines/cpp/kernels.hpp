// What every set of kernels offers: packing once, into memory that is zeroed; then arithmetic that
// allocates nothing.
//
// Bits: one channel is one bit of a 64-bit word, channel i is bit i, 1 is +1. An image of bits is
// words (height, width, ceil(channels / 64)); bits behind the last channel are 0 on both sides of
// every xor, so they never count.
#pragma once

#include <vector>

#include "types.hpp"

namespace edge_adapt {

// The weights of a layer, (n_out, n_rows, n_columns, n_channels): a row is read in one run.
struct Matrix {
  i32 n_out, n_rows, n_columns, n_channels;

  i32 out_words() const { return ceil_div(n_out, 64); }
  i32 channel_words() const { return ceil_div(n_channels, 64); }
  i32 run_words() const { return n_columns * channel_words(); }
  i32 n_words() const { return n_rows * run_words(); }
  i32 run_pixels() const { return n_columns * n_channels; }
  i32 n_inputs() const { return n_rows * n_columns * n_channels; }
};

// Counts of differing bits are 16 bits wide and signed in the vector kernels.
constexpr i32 kMaxInputs = 32767;
constexpr i32 kMaxPixelInputs = 32767;  // 255 * 128 * 32767 fits 31 bits

// What becomes of the sums of one output pixel.
enum class Emit : i32 {
  sums,       // written as int32
  bits,       // compared, packed
  pool_bits,  // the maximum of 2 x 2 sums, compared: flip ^ (m0 | m1 | m2 | m3)
  bits_pool,  // 2 x 2 compared bits, then their maximum: (flip ^ m0) | (flip ^ m1) | ...
};
inline bool pools(Emit emit) { return emit == Emit::pool_bits || emit == Emit::bits_pool; }

// Where outputs read. Blocks of four: 2 x 2 neighbours when pooling, else four in reading order
// (the last pixel is repeated). Offsets and the stride of rows are in staged units (see below).
struct Places {
  std::vector<i32> offsets;
  i32 n_blocks = 0, n_pixels = 0, row_stride = 0;
};

// A layer ready to run: packed weights, packed limits, flips (a word has 64 channels).
struct Layer {
  Matrix matrix;
  const u8* weights;
  const u8* limits;
  const u64* flips;
  i32 zero_point;
  const i32* row_sums;
};

struct Output {
  Emit emit;
  u64* words;  // (n, out_words), with room for three more pixels
  i32* sums;   // (n, n_out)
};

// (n, n_classes, n_inputs) int8 heads on (n_samples, n_inputs) +-1 features.
struct Population {
  i64 n_heads, n_classes, n_inputs, n_samples;
  const i8* heads;
  const i32* biases;
  const i8* features;
  const i64* labels;
  i64* n_correct;
  i64* margins;
};

// Counts what a head gets right. Ties go to the first class.
struct Score {
  i64 n_correct = 0, margin = 0;

  void add(const i64* logits, i64 n_classes, i64 label) {
    i64 best_other = INT64_MIN;
    bool correct = true;
    for (i64 c = 0; c < n_classes; ++c) {
      if (c == label) continue;
      best_other = logits[c] > best_other ? logits[c] : best_other;
      correct &= c < label ? logits[c] < logits[label] : logits[c] <= logits[label];
    }
    n_correct += correct;
    margin += logits[label] - best_other;
  }
};

struct FloatKernels;

struct Kernels {
  const char* name;
  bool (*runs_here)();

  // Bits. A staged unit holds so many channels of a pixel, in so many bytes.
  i32 unit_channels;
  size_t unit_bytes;
  size_t (*bits_bytes)(const Matrix&);
  void (*pack_bits)(const i8* weights, const Matrix&, u8* packed);
  // counts (64 * out_words): bit = (number of differing bits <= count), -1 for never.
  size_t limit_bytes;  // per channel
  void (*pack_counts)(const i32* counts, i32 out_words, u8* packed);
  void (*stage)(const u64* words, i32 n_pixels, i32 n_channels, u8* staged);
  void (*bits)(const Layer&, const Places&, const u8* staged, const Output&);

  // Pixels. A staged unit is one channel of a pixel as int16, less the zero point.
  size_t (*pixels_bytes)(const Matrix&);
  void (*pack_pixels)(const i8* weights, const Matrix&, u8* packed);
  // limits (64 * out_words): bit = (sum >= limit).
  void (*pack_limits)(const i32* limits, i32 out_words, u8* packed);
  void (*stage_pixels)(const u8* pixels, i32 n, i32 zero_point, i16* staged);
  void (*pixels)(const Layer&, const Places&, const i16* staged, const Output&);

  // One dense layer over the bytes of an image; limits are raised by zero_point * row_sum.
  // scratch: twice the inputs and the slack.
  size_t (*dense_bytes)(const Matrix&);
  void (*pack_dense)(const i8* weights, const Matrix&, u8* packed);
  void (*dense_pixels)(const Layer&, const u8* pixels, u8* scratch, const Output&);

  // logits = 2 * (sum of the weights where the bit is 1) + bias; bias is less the row's sum.
  size_t (*head_bytes)(const Matrix&);
  void (*pack_head)(const i8* weights, const Matrix&, u8* packed);
  void (*head)(const Matrix&, const u8* packed, const i32* bias, const u64* words, u8* scratch,
               i32* logits);

  // Numbers to words and back, one pixel after the other.
  void (*threshold)(const i32* sums, i32 n_pixels, i32 n_channels, const i32* limits,
                    const u64* flips, u64* words);
  void (*signs)(const u64* words, i32 n_pixels, i32 n_channels, i8* signs);

  void (*score_heads)(const Population&);

  const FloatKernels& (*floats)();
};

// All kernels of this build, best first, whether this CPU runs them or not.
const std::vector<const Kernels*>& built_kernels();
// Those this CPU runs.
std::vector<const Kernels*> usable_kernels();

}  // namespace edge_adapt
