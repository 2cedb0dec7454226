// The statistic of a drift detector for one stream: the twin of drift/_run_statistic.py, and of
// the residuals in drift/_normal.py. Names are those of the Python; arithmetic is in double.
#pragma once

#include <vector>

#include "types.hpp"

namespace edge_adapt {

// What is normal; n features, d residuals. Arrays as in drift/_normal.py, flat.
struct Normal {
  std::vector<float> centre, scale, whitening, class_means, class_scales;
  std::vector<float> within, between, class_errors, offset, thresholds;
  std::vector<i32> group_sizes;
  std::vector<double> group_limits, forgetting;
  double limit;
  i32 max_gap;
  bool is_one_sided;  // only a shift upwards is evidence

  i32 n() const { return static_cast<i32>(centre.size()); }
  i32 d() const { return static_cast<i32>(within.size()); }
  i32 n_classes() const { return static_cast<i32>(class_scales.size()); }
  i32 n_scales() const { return static_cast<i32>(forgetting.size()); }
  i32 n_ratios() const { return 1 + static_cast<i32>(group_sizes.size()); }
};

class RunStatistic {
 public:
  explicit RunStatistic(Normal normal);

  const Normal& normal() const { return normal_; }
  size_t n_bytes() const;
  // Take the features (n,) of a frame; return where the largest statistic over its threshold is.
  i32 update(const float* features, i32 predicted);
  double ratio(i32 where) const { return statistics_[where] / normal_.thresholds[where]; }
  // T (n_scales, 1 + n_groups): of all groups, then of each.
  const std::vector<double>& statistics() const { return statistics_; }
  // The root mean square of the estimated shift at one scale.
  double severity(i32 scale) const;
  void restart();

 private:
  struct Slot {
    i32 predicted = -1;
    i64 touched = INT64_MIN / 2;
    std::vector<double> counts, squares;  // (n_scales,)
    std::vector<double> sums, precisions;  // (n_scales, d)
  };

  void find_residuals(const float* features, i32 predicted);
  Slot& slot_of(i32 predicted, i64& since);
  void sum_up();

  Normal normal_;
  std::vector<i32> first_, last_;  // columns of each row of the whitening that are not zero
  std::vector<double> centred_, residuals_, fades_, statistics_;
  std::vector<double> shift_, precision_, weight_;  // (n_scales, d)
  std::vector<Slot> slots_;
  i64 n_frames_ = 0;
};

}  // namespace edge_adapt
