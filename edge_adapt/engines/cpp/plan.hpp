// A network without its weights: values, steps, and the memory a run needs.
#pragma once

#include <mutex>
#include <stdexcept>
#include <string>

#include "kernels.hpp"

namespace edge_adapt {

// A description that makes no sense; the text is for the person who wrote it.
struct Refused : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

enum class Kind : i32 { pixels, bits, sums, logits, floats, levels };

struct Value {
  Kind kind;
  i32 height, width, channels;

  i32 n_pixels() const { return height * width; }
  i32 words() const { return ceil_div(channels, 64); }
  size_t n_items() const { return static_cast<size_t>(n_pixels()) * channels; }
  size_t n_bytes() const;  // inside a run: bits are packed
};

enum class Op : i32 {
  convolve,   // bits or pixels
  dense,      // the same with a kernel as large as the image
  threshold,  // sums to bits
  add,        // sums and sums, or floats and floats
  pool,       // bits or sums
  head,       // bits or levels to logits
  blend,      // pixels, sums or floats, and floats where `other` is another value, to floats
  sign,       // floats to bits
  relu,       // sums or floats
  float_convolve,
  depthwise,
  slide_max,
  mean,
  quantize,   // floats to levels
};
inline bool takes_floats(Op op) {  // as its tensors
  return op == Op::blend || op == Op::float_convolve || op == Op::depthwise || op == Op::quantize;
}

// One row of the description, in this order.
struct StepRecord {
  Op op;
  i32 source, other, target;
  i32 size, stride, padding, border, zero_point;  // size: of a kernel or of a pool
  Emit emit;
  i32 extra;  // border below and right, beyond `padding`
  i32 relu;   // before a blend
};
constexpr i32 kStepFields = 12;
constexpr i32 kValueFields = 4;

struct Step : StepRecord {
  Matrix matrix{};   // of convolve, dense and head
  Places places;     // of convolve and dense
  i32 staged_width = 0, staged_height = 0;  // in pixels, borders included

  bool on_pixels = false, on_levels = false;
  bool has_weights() const { return matrix.n_out > 0; }
  bool has_limits() const {
    return op == Op::threshold || takes_floats(op) || (has_weights() && emit != Emit::sums);
  }
};

// The buffers of one run; their borders are filled once.
struct Workspace {
  std::vector<Buffer> values, staged;
  std::vector<void*> places;  // where each value of the frame at work stands
  Buffer scratch;
  size_t n_bytes() const;
};

void require(bool claim, const std::string& otherwise);
bool same_shape(const Value&, const Value&);

class Plan {
 public:
  // Throws Refused where kinds, shapes or sizes do not fit each other.
  Plan(const Kernels& kernels, std::vector<Value> values, const std::vector<StepRecord>& steps,
       std::vector<i32> taps);

  const Kernels& kernels() const { return kernels_; }
  const std::vector<Value>& values() const { return values_; }
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<i32>& taps() const { return taps_; }
  const Value& logits() const { return values_[steps_.back().target]; }
  // How many steps give all taps.
  size_t n_steps_of_taps() const { return n_steps_of_taps_; }

  // A workspace nobody uses; give it back after the run.
  std::unique_ptr<Workspace> take() const;
  void give_back(std::unique_ptr<Workspace>) const;
  size_t n_bytes() const;

 private:
  void check_value(const Value&) const;
  Step checked(const StepRecord&) const;
  Value window_checked(const Step&, i32 n_channels) const;
  Value float_checked(Step&) const;
  void place(Step&) const;
  std::unique_ptr<Workspace> make() const;

  const Kernels& kernels_;
  std::vector<Value> values_;
  std::vector<Step> steps_;
  std::vector<i32> taps_;
  size_t n_steps_of_taps_ = 0;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> idle_;
};

}  // namespace edge_adapt
