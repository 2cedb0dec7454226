#include "runner.hpp"

#include "borders.hpp"
#include "floats.hpp"

#include <algorithm>
#include <chrono>

#include "signals.hpp"

namespace edge_adapt {

namespace {

// bit = (n - 2 * differing >= threshold) = (differing <= floor((n - threshold) / 2)).
i32 count_limit(i32 n_inputs, i32 threshold) {
  return static_cast<i32>(std::clamp<i64>((i64{n_inputs} - threshold) >> 1, -1, n_inputs));
}

i32 clamped(i64 x) { return static_cast<i32>(std::clamp<i64>(x, INT32_MIN, INT32_MAX)); }

// rows of pixels, widened and centred, into the inside of the staged image.
void stage_image(const Kernels& kernels, const u8* image, const Value& from, const Step& step, i16* staged) {
  const i32 n = from.width * from.channels;
  staged += (step.padding * step.staged_width + step.padding) * from.channels;
  for (i32 y = 0; y < from.height; ++y, image += n, staged += step.places.row_stride) {
    kernels.stage_pixels(image, n, step.zero_point, staged);
  }
}

void stage_bits(const Kernels& kernels, const u64* words, const Value& from, const Step& step,
                u8* staged) {
  if (step.staged_width == from.width) {
    kernels.stage(words, from.n_pixels(), from.channels, staged);
    return;
  }
  const size_t stride = step.places.row_stride * kernels.unit_bytes;
  staged += step.padding * (stride + stride / step.staged_width);
  for (i32 y = 0; y < from.height; ++y, words += from.width * from.words(), staged += stride) {
    kernels.stage(words, from.width, from.channels, staged);
  }
}

template <class T, class Join>
void pool(const T* in, const Value& from, i32 n_channels, i32 size, T* out, Join join) {
  const i32 height = from.height / size, width = from.width / size;
  for (i32 y = 0; y < height; ++y) {
    for (i32 x = 0; x < width; ++x, out += n_channels) {
      const T* corner = in + (static_cast<size_t>(y) * size * from.width + x * size) * n_channels;
      std::copy(corner, corner + n_channels, out);
      for (i32 p = 1; p < size * size; ++p) {
        const T* other = corner + (p / size * from.width + p % size) * n_channels;
        for (i32 c = 0; c < n_channels; ++c) out[c] = join(out[c], other[c]);
      }
    }
  }
}

}  // namespace

Layout layout_of(const Step& step) {
  if (step.op == Op::head) return step.on_levels ? Layout::level_head : Layout::head;
  if (step.op == Op::float_convolve) return Layout::floats;
  if (step.op == Op::depthwise) return Layout::depthwise;
  if (!step.on_pixels) {
    const bool corrected = step.op == Op::convolve && step.border == 0;
    return corrected ? Layout::bits_and_taps : Layout::bits;
  }
  return step.op == Op::dense ? Layout::dense_pixels : Layout::pixels;
}

size_t Runner::n_bytes() const {
  size_t total = plan_->n_bytes();
  for (const auto& packed : weights_) total += packed ? packed->data.n_bytes() : 0;
  for (const auto& limits : limits_) {
    total += limits ? limits->packed.n_bytes() + limits->flips.n_bytes() : 0;
  }
  return total;
}

void Runner::set_weights(size_t index, std::shared_ptr<const Packed> packed) {
  const Step& step = plan_->steps().at(index);
  const Matrix &a = step.matrix, &b = packed->matrix;
  if (!step.has_weights() || &packed->kernels != &plan_->kernels() ||
      packed->layout != layout_of(step) || a.n_out != b.n_out || a.n_rows != b.n_rows ||
      a.n_columns != b.n_columns || a.n_channels != b.n_channels) {
    throw Refused("the packed weights are not those of step " + std::to_string(index));
  }
  weights_[index] = std::move(packed);
}

void Runner::set_limits(size_t index, const i32* values, size_t n_values, const u8* flips) {
  const Step& step = plan_->steps().at(index);
  const size_t n_channels = step.op == Op::head ? step.matrix.n_out
                                                : plan_->values()[step.target].channels;
  if (!step.has_limits() || takes_floats(step.op) || n_values != n_channels) {
    throw Refused("step " + std::to_string(index) + " takes " +
                  std::to_string(step.has_limits() ? n_channels : 0) + " limits, got " +
                  std::to_string(n_values));
  }
  auto limits = std::make_shared<Limits>();
  limits->values.assign(values, values + n_values);
  limits->flips = Buffer(sizeof(u64) * ceil_div<size_t>(n_values, 64));
  for (size_t i = 0; flips && i < n_values; ++i) {
    limits->flips.as<u64>()[i / 64] |= u64{flips[i] != 0} << i % 64;
  }
  limits->weights = weights_[index].get();
  pack_limits(index, *limits);
  limits_[index] = std::move(limits);
}

void Runner::set_floats(size_t index, const float* first, const float* second, size_t n_values) {
  const Step& step = plan_->steps().at(index);
  const bool needs_both = step.op == Op::blend || step.op == Op::quantize;
  const size_t n_channels = plan_->values()[step.target].channels;
  if (!takes_floats(step.op) || n_values != n_channels || needs_both != (second != nullptr)) {
    throw Refused("step " + std::to_string(index) + " does not take these " +
                  std::to_string(n_values) + " floats");
  }
  auto limits = std::make_shared<Limits>();
  const size_t n_bytes = sizeof(float) * (n_values + 2 * kFloatLanes);  // the last group is read whole
  limits->packed = Buffer(n_bytes);
  std::copy(first, first + n_values, limits->packed.as<float>());
  if (second) {
    limits->flips = Buffer(n_bytes);
    std::copy(second, second + n_values, limits->flips.as<float>());
  }
  limits_[index] = std::move(limits);
}

void Runner::finish() {
  for (size_t i = 0; i < weights_.size(); ++i) {
    const Step& step = plan_->steps()[i];
    if ((step.has_weights() && !weights_[i]) || (step.has_limits() && !limits_[i])) {
      throw Refused("step " + std::to_string(i) + " lacks its weights or limits");
    }
    if (limits_[i] && !takes_floats(step.op) && limits_[i]->weights != weights_[i].get()) {
      const auto old = limits_[i];  // they may hold sums of the old weights
      std::vector<u8> flips(old->values.size());
      for (size_t c = 0; c < flips.size(); ++c) flips[c] = old->flips.as<u64>()[c / 64] >> c % 64 & 1;
      set_limits(i, old->values.data(), old->values.size(), flips.data());
    }
  }
}

// Bring thresholds, or a bias, into the form the kernels compare with or add.
void Runner::pack_limits(size_t index, Limits& limits) const {
  const Step& step = plan_->steps()[index];
  const Kernels& k = plan_->kernels();
  if (step.has_weights() && !weights_[index]) {
    throw Refused("step " + std::to_string(index) + " takes its weights before its limits");
  }
  const i32 n_words = ceil_div(static_cast<i32>(limits.values.size()), 64);
  std::vector<i32> wide(64 * static_cast<size_t>(n_words), INT32_MAX);  // unused channels: never
  std::copy(limits.values.begin(), limits.values.end(), wide.begin());
  const size_t n = limits.values.size();
  if (step.has_weights() && layout_of(step) == Layout::bits) {
    const i32 n_inputs = step.matrix.n_inputs();
    for (i32& value : wide) value = count_limit(n_inputs, value);
    limits.packed = Buffer(k.limit_bytes * wide.size());
    return k.pack_counts(wide.data(), n_words, limits.packed.as<u8>());
  }
  limits.packed = Buffer(sizeof(i32) * wide.size());
  const auto* row_sums = step.has_weights() ? weights_[index]->row_sums.data() : nullptr;
  if (step.op == Op::head && !step.on_levels) {
    for (size_t i = 0; i < n; ++i) {
      wide[i] = static_cast<i32>(static_cast<u32>(wide[i]) - static_cast<u32>(row_sums[i]));
    }
  } else if (step.op == Op::dense) {
    for (size_t i = 0; i < n; ++i) wide[i] = clamped(wide[i] + i64{step.zero_point} * row_sums[i]);
  }
  if (step.has_weights() && step.on_pixels) {
    return k.pack_limits(wide.data(), n_words, limits.packed.as<u8>());
  }
  std::memcpy(limits.packed.as<u8>(), wide.data(), sizeof(i32) * wide.size());
}

void Runner::run(const u8* images, size_t n, i32* logits, const std::vector<void*>& taps,
                 bool summed, i64* step_ns) const {
  const auto& values = plan_->values();
  auto workspace = plan_->take();
  std::vector<void*>& places = workspace->places;
  const size_t n_steps = logits ? weights_.size() : plan_->n_steps_of_taps();
  for (size_t frame = 0; frame < n; ++frame) {
    for (size_t v = 1; v < values.size(); ++v) places[v] = workspace->values[v].as<void>();
    if (logits) places[plan_->steps().back().target] = logits + frame * plan_->logits().channels;
    for (size_t t = 0; t < taps.size(); ++t) {
      const Value& value = values[plan_->taps()[t]];
      if (value.kind == Kind::sums) {
        places[plan_->taps()[t]] = static_cast<i32*>(taps[t]) + frame * value.n_items();
      }
    }
    const u8* image = images + frame * values[0].n_items();
    for (size_t step = 0; step < n_steps; ++step) {
      if (!step_ns) {
        run_step(step, image, *workspace);
        continue;
      }
      const auto start = std::chrono::steady_clock::now();
      run_step(step, image, *workspace);
      const std::chrono::nanoseconds spent = std::chrono::steady_clock::now() - start;
      step_ns[step] = std::min<i64>(step_ns[step], spent.count());
    }
    for (size_t t = 0; t < taps.size(); ++t) {
      const Value& value = values[plan_->taps()[t]];
      const void* place = places[plan_->taps()[t]];
      const size_t item = value.kind == Kind::levels ? sizeof(i8) : sizeof(i32);
      if (summed) {
        channel_sums(static_cast<const u64*>(place), value.n_pixels(), value.channels,
                     static_cast<i32*>(taps[t]) + frame * value.channels);
      } else if (value.kind == Kind::bits) {
        plan_->kernels().signs(static_cast<const u64*>(place), value.n_pixels(), value.channels,
                               static_cast<i8*>(taps[t]) + frame * value.n_items());
      } else if (value.kind != Kind::sums) {  // sums stand there already
        std::memcpy(static_cast<u8*>(taps[t]) + frame * value.n_items() * item, place,
                    value.n_items() * item);
      }
    }
  }
  plan_->give_back(std::move(workspace));
}

void Runner::weigh(size_t index, const u8* image, Workspace& workspace, void* target) const {
  const Step& step = plan_->steps()[index];
  const Kernels& k = plan_->kernels();
  const Value& from = plan_->values()[step.source];
  const Packed& packed = *weights_[index];
  const Limits* limits = limits_[index].get();
  const Layer layer{step.matrix,
                    packed.data.as<u8>(),
                    limits ? limits->packed.as<u8>() : nullptr,
                    limits ? limits->flips.as<u64>() : nullptr,
                    step.zero_point,
                    packed.row_sums.data()};
  const Output output{step.emit, static_cast<u64*>(target), static_cast<i32*>(target)};
  u8* staged = workspace.staged[index].as<u8>();
  switch (packed.layout) {
    case Layout::bits:
    case Layout::bits_and_taps:
      stage_bits(k, workspace.values[step.source].as<u64>(), from, step, staged);
      k.bits(layer, step.places, staged, output);
      if (packed.layout == Layout::bits_and_taps) correct_border(step, from, packed.tap_sums, output.sums);
      return;
    case Layout::pixels:
      stage_image(k, image, from, step, reinterpret_cast<i16*>(staged));
      return k.pixels(layer, step.places, reinterpret_cast<i16*>(staged), output);
    case Layout::dense_pixels:
      return k.dense_pixels(layer, image, workspace.scratch.as<u8>(), output);
    case Layout::head:
      return k.head(step.matrix, layer.weights, reinterpret_cast<const i32*>(layer.limits),
                    workspace.values[step.source].as<u64>(), workspace.scratch.as<u8>(),
                    output.sums);
    default:
      return;
  }
}

void Runner::run_step(size_t index, const u8* image, Workspace& workspace) const {
  const std::vector<void*>& places = workspace.places;
  const Step& step = plan_->steps()[index];
  const Value& from = plan_->values()[step.source];
  const i32* sums = static_cast<const i32*>(places[step.source]);
  void* target = places[step.target];
  const bool on_floats = from.kind == Kind::floats || from.kind == Kind::levels;
  if (on_floats || step.op == Op::blend || step.op == Op::relu) {
    run_float_step(index, image, workspace);
  } else if (step.has_weights()) {
    weigh(index, image, workspace, target);
  } else if (step.op == Op::threshold) {
    const Limits& limits = *limits_[index];
    plan_->kernels().threshold(sums, from.n_pixels(), from.channels, limits.packed.as<i32>(),
                               limits.flips.as<u64>(), static_cast<u64*>(target));
  } else if (step.op == Op::add) {
    const u32* a = static_cast<const u32*>(places[step.source]);
    const u32* b = static_cast<const u32*>(places[step.other]);
    u32* total = static_cast<u32*>(target);
    for (size_t item = 0; item < from.n_items(); ++item) total[item] = a[item] + b[item];
  } else if (from.kind == Kind::sums) {
    pool(sums, from, from.channels, step.size, static_cast<i32*>(target),
         [](i32 a, i32 b) { return a > b ? a : b; });
  } else {
    pool(static_cast<const u64*>(places[step.source]), from, from.words(), step.size,
         static_cast<u64*>(target), [](u64 a, u64 b) { return a | b; });
  }
}

}  // namespace edge_adapt
