// What the steps on floats may be.
#include <algorithm>

#include "plan.hpp"

namespace edge_adapt {

// Returns the value a window gives; its kind is floats.
Value Plan::window_checked(const Step& step, i32 n_channels) const {
  const Value& from = values_[step.source];
  const bool legal = step.size > 0 && step.size <= 15 && step.stride > 0 && step.stride <= 16 &&
                     step.padding >= 0 && step.padding <= 8 && step.extra >= 0 && step.extra <= 1;
  const i32 more = legal ? 2 * step.padding + step.extra : 0;
  require(legal && step.size <= std::min(from.height, from.width) + more,
          "a window has no size, or one larger than its input");
  return {Kind::floats, (from.height + more - step.size) / step.stride + 1,
          (from.width + more - step.size) / step.stride + 1, n_channels};
}

// Returns the value a step on floats gives.
Value Plan::float_checked(Step& step) const {
  const Value& from = values_[step.source];
  const Value& to = values_[step.target];
  const Value& other = values_[step.other];
  Value expected = from;
  require(from.kind == Kind::floats || step.op == Op::blend || step.op == Op::relu,
          "a step on floats reads something else");
  switch (step.op) {
    case Op::blend:
      require(from.kind == Kind::floats || from.kind == Kind::sums || from.kind == Kind::pixels,
              "a blend reads pixels, sums or floats");
      require(step.other == step.source || (other.kind == Kind::floats && same_shape(other, from)),
              "a blend adds floats of its own shape");
      expected.kind = Kind::floats;
      return expected;
    case Op::sign:
      expected.kind = Kind::bits;
      return expected;
    case Op::relu:
      require(from.kind == Kind::floats || from.kind == Kind::sums, "a relu reads sums or floats");
      return expected;
    case Op::float_convolve:
      place(step);
      step.emit = Emit::sums;
      return window_checked(step, to.channels);
    case Op::depthwise:
      step.matrix = {from.channels, step.size, step.size, 1};
      step.emit = Emit::sums;
      return window_checked(step, from.channels);
    case Op::slide_max:
      return window_checked(step, from.channels);
    case Op::mean:
      return {Kind::floats, 1, 1, from.channels};
    case Op::quantize:
      expected.kind = Kind::levels;
      return expected;
    default:
      throw Refused("a step has no known operation");
  }
}

}  // namespace edge_adapt
