// Sums and squares of channels: the twin of edge_adapt/updaters/_moments.py.
#pragma once

#include "types.hpp"

namespace edge_adapt {

// values (n, n_channels); totals and squares (n_channels) of whole numbers below 2^53.
void channel_moments(const i32* values, i64 n, i64 n_channels, double* totals, double* squares);

}  // namespace edge_adapt
