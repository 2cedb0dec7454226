// The steps on floats.
#include "floats.hpp"
#include "runner.hpp"

namespace edge_adapt {

namespace {

// The inside of the staged image, whose border stays 0; the image itself where there is no border.
const float* staged_floats(const float* in, const Value& from, const Step& step, Buffer& staged) {
  if (staged.n_bytes() == 0) return in;
  const size_t n = static_cast<size_t>(from.width) * from.channels;
  float* to = staged.as<float>();
  to += (static_cast<size_t>(step.padding) * step.staged_width + step.padding) * from.channels;
  for (i32 y = 0; y < from.height; ++y, in += n, to += step.places.row_stride) {
    std::memcpy(to, in, sizeof(float) * n);
  }
  return staged.as<float>();
}

Window window_of(const Step& step, const Value& from, const Value& to) {
  return {from.height, from.width, from.channels, to.height,
          to.width,    step.size,  step.stride,   step.padding};
}

Number number_of(const Value& value) {
  if (value.kind == Kind::pixels) return Number::byte;
  return value.kind == Kind::floats ? Number::real : Number::whole;
}

}  // namespace

void Runner::run_float_step(size_t index, const u8* image, Workspace& workspace) const {
  const FloatKernels& k = plan_->kernels().floats();
  const Step& step = plan_->steps()[index];
  const Value &from = plan_->values()[step.source], &to = plan_->values()[step.target];
  const void* source = workspace.places[step.source];
  const float* in = static_cast<const float*>(source);
  void* target = workspace.places[step.target];
  float* out = static_cast<float*>(target);
  const Limits* limits = limits_[index].get();
  const float* first = limits ? limits->packed.as<float>() : nullptr;
  const float* second = limits ? limits->flips.as<float>() : nullptr;
  const float* weights = weights_[index] ? weights_[index]->data.as<float>() : nullptr;
  switch (step.op) {
    case Op::blend: {
      const void* other = step.other == step.source ? nullptr : workspace.places[step.other];
      if (step.on_pixels) source = image;
      return k.blend({source, static_cast<const float*>(other), first, second, out, from.n_pixels(),
                      from.channels, number_of(from), step.relu != 0});
    }
    case Op::sign:
      return k.sign(in, from.n_pixels(), from.channels, static_cast<u64*>(target));
    case Op::relu:
      if (from.kind == Kind::floats) return k.relu_floats(in, from.n_items(), out);
      return k.relu_sums(static_cast<const i32*>(source), from.n_items(), static_cast<i32*>(target));
    case Op::add:
      return k.add(in, static_cast<const float*>(workspace.places[step.other]), from.n_items(), out);
    case Op::float_convolve:
      in = staged_floats(in, from, step, workspace.staged[index]);
      return k.convolve(step.matrix, step.places, weights, first, in, out);
    case Op::depthwise:
      return k.depthwise(window_of(step, from, to), weights, first, in, out);
    case Op::slide_max:
      return k.slide_max(window_of(step, from, to), in, out);
    case Op::mean:
      return k.mean(in, from.n_pixels(), from.channels, out);
    case Op::quantize:
      return k.quantize(in, from.n_pixels(), from.channels, first, second, static_cast<i8*>(target));
    default:  // a head on levels
      return k.level_head(step.matrix, weights_[index]->data.as<i8>(), limits->packed.as<i32>(),
                          static_cast<const i8*>(source), static_cast<i32*>(target));
  }
}

}  // namespace edge_adapt
