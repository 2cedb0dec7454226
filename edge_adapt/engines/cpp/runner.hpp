// A plan with weights: frozen; new thresholds or a new head make a new runner that shares the rest.
#pragma once

#include "packed.hpp"
#include "plan.hpp"

namespace edge_adapt {

Layout layout_of(const Step& step);

// Thresholds and flips, or a bias; floats: a bias, slopes and intercepts, or offsets and steps.
struct Limits {
  std::vector<i32> values;  // as they were given
  Buffer packed, flips;
  const Packed* weights = nullptr;  // those they were packed for
};

class Runner {
 public:
  explicit Runner(std::shared_ptr<const Plan> plan)
      : plan_(std::move(plan)), weights_(plan_->steps().size()), limits_(plan_->steps().size()) {}

  const Plan& plan() const { return *plan_; }
  size_t n_bytes() const;

  // For a runner that nobody uses yet. Both throw Refused for a step that has no such thing.
  void set_weights(size_t step, std::shared_ptr<const Packed> packed);
  void set_limits(size_t step, const i32* values, size_t n_values, const u8* flips);
  void set_floats(size_t step, const float* first, const float* second, size_t n_values);
  // Fits what was kept to new weights; throws Refused where a step still lacks something.
  void finish();

  // images (n, height, width, channels); logits (n, n_classes), or null where the run may end
  // with the last tap; a tap (n, ...) int8 or int32, or
  // where taps are `summed` (n, channels) int32: bits +-1 added up over their places.
  // step_ns, where it is given, holds the least time of each step so far and is lowered.
  void run(const u8* images, size_t n, i32* logits, const std::vector<void*>& taps,
           bool summed = false, i64* step_ns = nullptr) const;

 private:
  void run_step(size_t index, const u8* image, Workspace&) const;
  void weigh(size_t index, const u8* image, Workspace&, void* target) const;
  void run_float_step(size_t index, const u8* image, Workspace&) const;
  void pack_limits(size_t step, Limits&) const;

  std::shared_ptr<const Plan> plan_;
  std::vector<std::shared_ptr<const Packed>> weights_;
  std::vector<std::shared_ptr<const Limits>> limits_;
};

}  // namespace edge_adapt
