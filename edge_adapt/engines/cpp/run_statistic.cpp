#include "run_statistic.hpp"

#include <algorithm>
#include <cmath>

namespace edge_adapt {

namespace {

constexpr double kTiny = 1e-12;
constexpr i64 kNever = INT64_MIN / 2;

template <class T>
size_t bytes(const std::vector<T>& values) { return sizeof(T) * values.size(); }

}  // namespace

RunStatistic::RunStatistic(Normal normal) : normal_(std::move(normal)) {
  const i32 n = normal_.n(), d = normal_.d(), n_scales = normal_.n_scales();
  for (i32 row = 0; row < d; ++row) {
    const float* weights = normal_.whitening.data() + static_cast<size_t>(row) * n;
    i32 first = 0, last = n;
    while (first < last && weights[first] == 0) ++first;
    while (last > first && weights[last - 1] == 0) --last;
    first_.push_back(first);
    last_.push_back(last);
  }
  // f = gamma^dt for dt = 0 .. max_gap, and 0 where the run is new
  fades_.assign(static_cast<size_t>(normal_.max_gap + 2) * n_scales, 0.0);
  for (i32 dt = 0; dt <= normal_.max_gap; ++dt) {
    for (i32 s = 0; s < n_scales; ++s) fades_[dt * n_scales + s] = std::pow(normal_.forgetting[s], dt);
  }
  centred_.resize(n);
  residuals_.resize(d);
  statistics_.resize(static_cast<size_t>(n_scales) * normal_.n_ratios());
  slots_.resize(std::min(normal_.max_gap + 1, normal_.n_classes()));
  for (Slot& slot : slots_) {
    slot.counts.assign(n_scales, 1.0);
    slot.squares.assign(n_scales, 0.0);
    slot.sums.assign(static_cast<size_t>(n_scales) * d, 0.0);
    slot.precisions.assign(static_cast<size_t>(n_scales) * d, 0.0);
  }
  restart();
}

size_t RunStatistic::n_bytes() const {
  const Normal& m = normal_;
  size_t total = bytes(m.centre) + bytes(m.scale) + bytes(m.whitening) + bytes(m.class_means) +
                 bytes(m.class_scales) + bytes(m.within) + bytes(m.between) + bytes(m.class_errors) +
                 bytes(m.offset) + bytes(m.thresholds) + bytes(first_) + bytes(last_) +
                 bytes(centred_) + bytes(residuals_) + bytes(fades_) + bytes(statistics_) +
                 bytes(shift_) + bytes(precision_) + bytes(weight_);
  for (const Slot& slot : slots_) {
    total += sizeof(Slot) + bytes(slot.counts) + bytes(slot.squares) + bytes(slot.sums) +
             bytes(slot.precisions);
  }
  return total;
}

void RunStatistic::restart() {
  const size_t n = static_cast<size_t>(normal_.n_scales()) * normal_.d();
  for (Slot& slot : slots_) slot.touched = kNever;
  shift_.assign(n, 0.0);
  precision_.assign(n, 0.0);
  weight_.assign(n, 0.0);
}

void RunStatistic::find_residuals(const float* features, i32 predicted) {
  const i32 n = normal_.n(), d = normal_.d();
  const float* mean = normal_.class_means.data() + static_cast<size_t>(predicted) * n;
  for (i32 i = 0; i < n; ++i) {
    centred_[i] = (static_cast<double>(features[i]) - normal_.centre[i]) / normal_.scale[i] - mean[i];
  }
  const double scale = normal_.class_scales[predicted];
  for (i32 row = 0; row < d; ++row) {
    const float* weights = normal_.whitening.data() + static_cast<size_t>(row) * n;
    double sum = 0;
    for (i32 i = first_[row]; i < last_[row]; ++i) sum += centred_[i] * weights[i];
    residuals_[row] = std::clamp(sum / scale, -normal_.limit, normal_.limit);
  }
  i32 start = 0;
  for (size_t g = 0; g < normal_.group_sizes.size(); start += normal_.group_sizes[g++]) {
    const i32 stop = start + normal_.group_sizes[g];
    double squares = 0;
    for (i32 i = start; i < stop; ++i) squares += residuals_[i] * residuals_[i];
    const double shrink = std::min(1.0, normal_.group_limits[g] / std::max(std::sqrt(squares), 1e-9));
    for (i32 i = start; i < stop; ++i) residuals_[i] *= shrink;
  }
}

// The run of this class where it is open, else the slot that was touched the longest ago.
RunStatistic::Slot& RunStatistic::slot_of(i32 predicted, i64& since) {
  const i64 is_new = normal_.max_gap + 1;
  Slot* oldest = &slots_[0];
  for (Slot& slot : slots_) {
    if (slot.predicted == predicted) {
      since = std::min(n_frames_ - slot.touched, is_new);
      return slot;
    }
    if (slot.touched < oldest->touched) oldest = &slot;
  }
  since = is_new;
  return *oldest;
}

i32 RunStatistic::update(const float* features, i32 predicted) {
  ++n_frames_;
  find_residuals(features, predicted);
  i64 since;
  Slot& slot = slot_of(predicted, since);
  slot.predicted = predicted;
  slot.touched = n_frames_;
  const i32 d = normal_.d();
  for (i32 s = 0; s < normal_.n_scales(); ++s) {
    const double gamma = normal_.forgetting[s], fade = fades_[since * normal_.n_scales() + s];
    const double old_count = slot.counts[s];
    const double count = old_count * fade + 1;
    const double squares = slot.squares[s] * (fade * fade) + 1;
    const double spread = squares / (count * count), error = normal_.class_errors[predicted];
    slot.counts[s] = count;
    slot.squares[s] = squares;
    for (i32 i = 0; i < d; ++i) {
      const size_t at = static_cast<size_t>(s) * d + i;
      const double old = slot.precisions[at] * fade, share = old * slot.sums[at] / old_count;
      const double total = slot.sums[at] * fade + residuals_[i];
      const double precision = 1 / (spread * normal_.within[i] + (normal_.between[i] + error));
      slot.sums[at] = total;
      slot.precisions[at] = precision;
      precision_[at] = precision_[at] * (gamma * gamma) + (precision - old * fade);
      weight_[at] = weight_[at] * gamma + (precision - old);
      shift_[at] = shift_[at] * gamma + (precision * total / count - share);
    }
  }
  sum_up();
  i32 where = 0;
  for (i32 i = 1; i < static_cast<i32>(statistics_.size()); ++i) {
    if (ratio(i) > ratio(where)) where = i;
  }
  return where;
}

void RunStatistic::sum_up() {
  const i32 d = normal_.d(), n_ratios = normal_.n_ratios();
  for (i32 s = 0; s < normal_.n_scales(); ++s) {
    double* found = statistics_.data() + static_cast<size_t>(s) * n_ratios;
    std::fill(found, found + n_ratios, 0.0);
    i32 i = 0;
    for (size_t g = 0; g < normal_.group_sizes.size(); ++g) {
      for (const i32 stop = i + normal_.group_sizes[g]; i < stop; ++i) {
        const size_t at = static_cast<size_t>(s) * d + i;
        const double variance = precision_[at] + normal_.offset[i] * weight_[at] * weight_[at];
        const double shift = normal_.is_one_sided ? std::max(shift_[at], 0.0) : shift_[at];
        found[1 + g] += 0.5 * shift * shift / std::max(variance, kTiny);
      }
      found[0] += found[1 + g];
    }
  }
}

double RunStatistic::severity(i32 scale) const {
  const i32 d = normal_.d();
  double squares = 0;
  for (size_t at = static_cast<size_t>(scale) * d; at < static_cast<size_t>(scale + 1) * d; ++at) {
    const double shift = shift_[at] / std::max(weight_[at], kTiny);
    squares += shift * shift;
  }
  return std::sqrt(squares / d);
}

}  // namespace edge_adapt
