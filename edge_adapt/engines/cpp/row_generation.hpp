// A generation of row-parallel evolution: the twin of edge_adapt/updaters/_row_generation.py.
#pragma once

#include "types.hpp"

namespace edge_adapt {

// 2^(-k / 256) in 1 / 2^24 from the smallest, and 256 log2 by exponent and eight bits below.
struct LossTables {
  const i32 *powers, *logarithms;
  i64 n_powers, n_logarithms;
};

// Names and units as in the reference; the last column of values and directions is the bias.
struct RowGeneration {
  i64 n_classes, n_in, n_samples, n_directions;
  float* values;         // (n_classes, n_in + 1), moved in place
  const i16* features;   // (n_samples, n_in)
  const i16* mean;       // (n_in)
  const i64* labels;     // (n_samples)
  const i8* directions;  // (n_directions, n_in + 1)
  i32 unit, reach, shift, grid;
  float step, needed;
};

void run(const RowGeneration& generation, const LossTables& tables);

}  // namespace edge_adapt
