// A border of 0 around bits: the kernels take it for -1, so what it subtracted is given back.
#pragma once

#include "plan.hpp"

namespace edge_adapt {

// What each place of a window adds where all its inputs are 1: (n_rows, n_columns, n_out).
inline std::vector<i32> sums_of_taps(const Matrix& m, const i8* weights) {
  std::vector<i32> sums(static_cast<size_t>(m.n_rows) * m.n_columns * m.n_out);
  for (i32 o = 0; o < m.n_out; ++o) {
    for (i32 place = 0; place < m.n_rows * m.n_columns; ++place) {
      i32& sum = sums[static_cast<size_t>(place) * m.n_out + o];
      for (i32 c = 0; c < m.n_channels; ++c) sum += *weights++;
    }
  }
  return sums;
}

// Add the sums of the places beyond the image, at every output whose window reaches there.
inline void correct_border(const Step& step, const Value& from, const std::vector<i32>& tap_sums, i32* sums) {
  const Matrix& m = step.matrix;
  const i32 height = (step.staged_height - m.n_rows) / step.stride + 1;
  const i32 width = (step.staged_width - m.n_columns) / step.stride + 1;
  for (i32 y = 0; y < height; ++y) {
    const i32 top = y * step.stride - step.padding;
    const bool rows_inside = top >= 0 && top + m.n_rows <= from.height;
    for (i32 x = 0; x < width; ++x, sums += m.n_out) {
      const i32 left = x * step.stride - step.padding;
      if (rows_inside && left >= 0 && left + m.n_columns <= from.width) continue;
      const i32* tap = tap_sums.data();
      for (i32 place = 0; place < m.n_rows * m.n_columns; ++place, tap += m.n_out) {
        const i32 row = top + place / m.n_columns, column = left + place % m.n_columns;
        if (row >= 0 && row < from.height && column >= 0 && column < from.width) continue;
        for (i32 o = 0; o < m.n_out; ++o) sums[o] += tap[o];
      }
    }
  }
}

}  // namespace edge_adapt
