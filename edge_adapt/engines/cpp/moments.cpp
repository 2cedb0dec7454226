#include "moments.hpp"

#include <algorithm>

namespace edge_adapt {
namespace {

constexpr i64 kRows = 8;  // added up before the totals are touched

template <i64 n_rows>
void add_rows(const i32* values, i64 n_channels, double* totals, double* squares) {
  for (i64 c = 0; c < n_channels; ++c) {
    double total = 0, square = 0;
    for (i64 r = 0; r < n_rows; ++r) {
      const double value = values[r * n_channels + c];
      total += value;
      square += value * value;
    }
    totals[c] += total;
    squares[c] += square;
  }
}

}  // namespace

void channel_moments(const i32* values, i64 n, i64 n_channels, double* totals, double* squares) {
  std::fill(totals, totals + n_channels, 0.0);
  std::fill(squares, squares + n_channels, 0.0);
  i64 row = 0;
  for (; row + kRows <= n; row += kRows) {
    add_rows<kRows>(values + row * n_channels, n_channels, totals, squares);
  }
  for (; row < n; ++row) add_rows<1>(values + row * n_channels, n_channels, totals, squares);
}

}  // namespace edge_adapt
