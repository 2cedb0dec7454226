// The weights of one layer as its kernel reads them.
#pragma once

#include "kernels.hpp"

namespace edge_adapt {

// bits_and_taps: bits, and what each place of the window adds where it reaches beyond the image.
enum class Layout : i32 { bits, pixels, dense_pixels, head, level_head, bits_and_taps, floats, depthwise };
inline bool is_float(Layout layout) { return layout == Layout::floats || layout == Layout::depthwise; }

// The weights of one layer in the layout of its kernels; shared by runners, never changed.
struct Packed {
  // weights: n_out * n_inputs int8, +-1 where the layout is bits.
  Packed(const Kernels& kernels, Layout layout, const Matrix& matrix, const i8* weights);
  Packed(const Kernels& kernels, Layout layout, const Matrix& matrix, const float* weights);

  const Kernels& kernels;
  Layout layout;
  Matrix matrix;
  Buffer data;
  std::vector<i32> row_sums;
  std::vector<i32> tap_sums;  // (n_rows, n_columns, n_out)
};

}  // namespace edge_adapt
