#include "row_generation.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace edge_adapt {
namespace {

constexpr i32 kSixteenths = 16;
constexpr i64 kExponents = i64{1023} << 8;  // of 1.0 in the top bits of a double

i64 power(const LossTables& tables, i64 x) {
  const i64 index = (x >> 2) + tables.n_powers - 1;
  return tables.powers[std::clamp<i64>(index, 0, tables.n_powers - 1)];
}

i64 logarithm(const LossTables& tables, i64 x) {
  const double value = static_cast<double>(std::max<i64>(x, 1));
  i64 bits;
  std::memcpy(&bits, &value, sizeof bits);
  return tables.logarithms[std::clamp<i64>((bits >> 44) - kExponents, 0, tables.n_logarithms - 1)];
}

// Rows that are multiplied with features: the incumbent in whole int8 steps, then the directions.
struct Rows {
  explicit Rows(const RowGeneration& g)
      : n((g.n_classes + g.n_directions)), weights(n * g.n_in), biases(n), products(n) {
    const i64 stride = g.n_in + 1;
    for (i64 r = 0; r < g.n_classes; ++r) {
      const float* row = g.values + r * stride;
      i16* to = weights.data() + r * g.n_in;
      for (i64 i = 0; i < g.n_in; ++i) to[i] = static_cast<i16>(rounded(g, row[i]));
      biases[r] = rounded(g, row[g.n_in]);
    }
    for (i64 p = 0; p < g.n_directions; ++p) {
      const i8* row = g.directions + p * stride;
      i16* to = weights.data() + (g.n_classes + p) * g.n_in;
      for (i64 i = 0; i < g.n_in; ++i) to[i] = static_cast<i16>(row[i] * g.reach);
      biases[g.n_classes + p] = row[g.n_in] * g.reach;
    }
  }

  static i32 rounded(const RowGeneration& g, float value) {
    const i32 whole = static_cast<i32>(value);
    return g.grid == 1 ? whole : (whole + g.grid / 2) >> 8;
  }

  void multiply(const RowGeneration& g, const i16* centred) {
    for (i64 r = 0; r < n; ++r) {
      const i16* row = weights.data() + r * g.n_in;
      i32 sum = 0;
      for (i64 i = 0; i < g.n_in; ++i) sum += row[i] * centred[i];
      const i64 product = sum + i64{biases[r]} * kSixteenths;
      products[r] = g.shift >= 0 ? product * (i64{1} << g.shift) : product >> -g.shift;
    }
  }

  i64 n;
  std::vector<i16> weights;
  std::vector<i32> biases;
  std::vector<i64> products;
};

// Adds one sample's part of D (n_directions, n_classes).
void compare(const RowGeneration& g, const LossTables& tables, const i64* logits, i64 label,
             std::vector<i64>& terms, std::vector<i64>& differences) {
  const i64* moves = logits + g.n_classes;
  i64 highest = *std::max_element(logits, logits + g.n_classes), reach = 0, total = 0;
  for (i64 p = 0; p < g.n_directions; ++p) reach = std::max(reach, moves[p] < 0 ? -moves[p] : moves[p]);
  highest += reach;
  for (i64 j = 0; j < g.n_classes; ++j) {
    terms[j] = power(tables, logits[j] - highest);
    total += terms[j];
  }
  for (i64 p = 0; p < g.n_directions; ++p) {
    i64* to = differences.data() + p * g.n_classes;
    for (i64 j = 0; j < g.n_classes; ++j) {
      const i64 others = total - terms[j], here = logits[j] - highest;
      to[j] += logarithm(tables, others + power(tables, here + moves[p])) -
               logarithm(tables, others + power(tables, here - moves[p]));
    }
    if (label >= 0 && label < g.n_classes) to[label] -= (2 * moves[p]) >> 2;
  }
}

void move(const RowGeneration& g, const std::vector<i64>& differences) {
  const i64 stride = g.n_in + 1;
  const float limit = 127.0F * static_cast<float>(g.grid);
  std::vector<float> vote(stride);
  for (i64 j = 0; j < g.n_classes; ++j) {
    std::fill(vote.begin(), vote.end(), 0.0F);
    for (i64 p = 0; p < g.n_directions; ++p) {
      const i64 difference = differences[p * g.n_classes + j];
      if (difference == 0) continue;
      const float sign = difference > 0 ? 1.0F : -1.0F;
      const i8* row = g.directions + p * stride;
      for (i64 i = 0; i < stride; ++i) vote[i] += sign * static_cast<float>(row[i]);
    }
    if (g.grid == 1) {
      for (float& value : vote) {
        const float sign = static_cast<float>((value > 0) - (value < 0));
        value = std::fabs(value) > g.needed ? sign : 0.0F;
      }
    }
    float* row = g.values + j * stride;
    for (i64 i = 0; i < stride; ++i) row[i] -= vote[i] * g.step;
    for (i64 i = 0; i < g.n_in; ++i) row[i] = std::min(std::max(row[i], -limit), limit);
  }
}

}  // namespace

void run(const RowGeneration& g, const LossTables& tables) {
  Rows rows(g);
  std::vector<i16> centred(g.n_in);
  std::vector<i64> terms(g.n_classes), differences(g.n_directions * g.n_classes);
  for (i64 n = 0; n < g.n_samples; ++n) {
    const i16* features = g.features + n * g.n_in;
    for (i64 i = 0; i < g.n_in; ++i) centred[i] = static_cast<i16>(features[i] * g.unit - g.mean[i]);
    rows.multiply(g, centred.data());
    compare(g, tables, rows.products.data(), g.labels[n], terms, differences);
  }
  move(g, differences);
}

}  // namespace edge_adapt
