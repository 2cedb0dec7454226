#include "plan.hpp"

#include <algorithm>

namespace edge_adapt {

void require(bool claim, const std::string& otherwise) {
  if (!claim) throw Refused(otherwise);
}

bool same_shape(const Value& a, const Value& b) {
  return a.height == b.height && a.width == b.width && a.channels == b.channels;
}

namespace {

constexpr i64 kMaxItems = i64{1} << 26;

std::string shape_text(const Value& v) {
  return "(" + std::to_string(v.height) + ", " + std::to_string(v.width) + ", " +
         std::to_string(v.channels) + ")";
}

}  // namespace

size_t Value::n_bytes() const {
  if (kind == Kind::pixels || kind == Kind::levels) return n_items();
  if (kind == Kind::bits) return sizeof(u64) * (n_pixels() + 3) * words();
  return sizeof(i32) * n_items();
}

size_t Workspace::n_bytes() const {
  size_t total = scratch.n_bytes();
  for (const Buffer& buffer : values) total += buffer.n_bytes();
  for (const Buffer& buffer : staged) total += buffer.n_bytes();
  return total;
}

Plan::Plan(const Kernels& kernels, std::vector<Value> values, const std::vector<StepRecord>& steps,
           std::vector<i32> taps)
    : kernels_(kernels), values_(std::move(values)), taps_(std::move(taps)) {
  require(!values_.empty() && !steps.empty(), "a plan needs values and steps");
  for (const Value& value : values_) check_value(value);
  require(values_[0].kind == Kind::pixels, "value 0 must be the pixels");
  std::vector<bool> written(values_.size(), false);
  written[0] = true;
  for (const StepRecord& record : steps) {
    const i32 n = static_cast<i32>(values_.size());
    for (i32 index : {record.source, record.other, record.target}) {
      require(index >= 0 && index < n, "a step names value " + std::to_string(index));
    }
    require(written[record.source] && written[record.other] && !written[record.target],
            "a step reads a value before it is written, or writes one twice");
    written[record.target] = true;
    steps_.push_back(checked(record));
  }
  require(steps_.back().op == Op::head, "the last step must be a head");
  for (i32 tap : taps_) {
    require(tap > 0 && tap < static_cast<i32>(values_.size()) && written[tap],
            "a tap names value " + std::to_string(tap));
    for (size_t step = 0; step < steps_.size(); ++step) {
      if (steps_[step].target == tap) n_steps_of_taps_ = std::max(n_steps_of_taps_, step + 1);
    }
  }
}

void Plan::check_value(const Value& v) const {
  require(v.kind >= Kind::pixels && v.kind <= Kind::levels, "a value is of no known kind");
  const i64 most = i64{1} << 20;
  require(v.height > 0 && v.width > 0 && v.channels > 0 && v.height <= most && v.width <= most &&
              v.channels <= most && i64{v.height} * v.width <= kMaxItems &&
              i64{v.height} * v.width * v.channels <= kMaxItems,
          "a value has the shape " + shape_text(v));
}

Step Plan::checked(const StepRecord& record) const {
  Step step;
  static_cast<StepRecord&>(step) = record;
  const Value& from = values_[step.source];
  const Value& to = values_[step.target];
  step.on_pixels = from.kind == Kind::pixels;
  step.on_levels = from.kind == Kind::levels;
  const bool weighs_inputs = from.kind == Kind::pixels || from.kind == Kind::bits;
  Value expected{Kind::sums, 1, 1, to.channels};
  switch (step.op) {
    case Op::convolve:
    case Op::dense:
      require(weighs_inputs, "a layer of weights reads pixels or bits");
      require(step.emit >= Emit::sums && step.emit <= Emit::bits_pool, "a step emits nothing known");
      require(step.zero_point >= 0 && step.zero_point <= 255, "a zero point must be 0..255");
      place(step);
      if (step.op == Op::convolve) {
        expected = window_checked(step, to.channels);
        expected.kind = Kind::sums;
        require(step.border != 0 || step.emit == Emit::sums, "a border of 0 is corrected in sums");
      }
      if (step.emit != Emit::sums) expected.kind = Kind::bits;
      if (pools(step.emit)) expected = {Kind::bits, expected.height / 2, expected.width / 2, to.channels};
      break;
    case Op::threshold:
      require(from.kind == Kind::sums, "a threshold reads sums");
      expected = {Kind::bits, from.height, from.width, from.channels};
      break;
    case Op::add:
      require((from.kind == Kind::sums || from.kind == Kind::floats) &&
                  values_[step.other].kind == from.kind && same_shape(from, values_[step.other]),
              "an addition needs sums or floats of one shape");
      expected = from;
      break;
    case Op::pool:
      require(from.kind == Kind::sums || from.kind == Kind::bits, "a pool reads sums or bits");
      require(step.size > 0 && step.size <= 1 << 10, "a pool has no size");
      expected = {from.kind, from.height / step.size, from.width / step.size, from.channels};
      break;
    case Op::head:
      require(from.kind == Kind::bits || from.kind == Kind::levels, "a head reads bits or levels");
      require(from.n_items() <= static_cast<size_t>(kMaxInputs), "a head reads too much");
      step.matrix = {to.channels, from.height, from.width, from.channels};
      step.emit = Emit::bits;  // it has limits: the bias
      expected.kind = Kind::logits;
      break;
    default:
      expected = float_checked(step);
  }
  require(to.kind == expected.kind && same_shape(to, expected),
          "a step gives " + shape_text(expected) + ", its target is " + shape_text(to));
  return step;
}

void Plan::place(Step& step) const {
  const Value& from = values_[step.source];
  const i32 n_out = values_[step.target].channels;
  if (step.op == Op::dense) {
    require(step.emit == Emit::sums || step.emit == Emit::bits, "a dense layer cannot pool");
    step.matrix = {n_out, from.height, from.width, from.channels};
    step.padding = step.extra = 0, step.stride = 1;
  } else {
    window_checked(step, n_out);
    require(step.border >= -1 && step.border <= 1, "a border must be +1, -1 or 0");
    step.matrix = {n_out, step.size, step.size, from.channels};
  }
  const i64 n_inputs = i64{step.matrix.n_rows} * step.matrix.n_columns * from.channels;
  require(n_inputs <= kMaxInputs, "a layer sums " + std::to_string(n_inputs) + " inputs, at most " +
                                      std::to_string(kMaxInputs) + " are possible");
  step.staged_height = from.height + 2 * step.padding + step.extra;
  step.staged_width = from.width + 2 * step.padding + step.extra;
  const i32 unit = from.kind == Kind::bits ? ceil_div(from.channels, kernels_.unit_channels) : from.channels;
  Places& places = step.places;
  places.row_stride = step.staged_width * unit;
  const i32 height = (step.staged_height - step.matrix.n_rows) / step.stride + 1;
  const i32 width = (step.staged_width - step.matrix.n_columns) / step.stride + 1;
  auto offset = [&](i32 y, i32 x) {
    return (y * step.staged_width + x) * step.stride * unit;
  };
  if (pools(step.emit)) {
    for (i32 y = 0; y + 1 < height; y += 2) {
      for (i32 x = 0; x + 1 < width; x += 2) {
        for (i32 p = 0; p < 4; ++p) places.offsets.push_back(offset(y + p / 2, x + p % 2));
      }
    }
  } else {
    for (i32 y = 0; y < height; ++y) {
      for (i32 x = 0; x < width; ++x) places.offsets.push_back(offset(y, x));
    }
  }
  places.n_pixels = static_cast<i32>(places.offsets.size());
  require(places.n_pixels > 0, "a layer has no outputs");
  while (places.offsets.size() % 4) places.offsets.push_back(places.offsets.back());
  places.n_blocks = static_cast<i32>(places.offsets.size() / 4);
}

std::unique_ptr<Workspace> Plan::take() const {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      auto workspace = std::move(idle_.back());
      idle_.pop_back();
      return workspace;
    }
  }
  return make();
}

void Plan::give_back(std::unique_ptr<Workspace> workspace) const {
  std::lock_guard<std::mutex> lock(mutex_);
  idle_.push_back(std::move(workspace));
}

size_t Plan::n_bytes() const {
  auto workspace = take();
  const size_t n = workspace->n_bytes();
  give_back(std::move(workspace));
  return n;
}

std::unique_ptr<Workspace> Plan::make() const {
  auto workspace = std::make_unique<Workspace>();
  for (const Value& value : values_) {
    workspace->values.emplace_back(value.kind == Kind::pixels ? 0 : value.n_bytes());
  }
  size_t n_scratch = 64;
  for (const Step& step : steps_) {
    const Value& from = values_[step.source];
    if (step.op == Op::dense && step.on_pixels) {
      n_scratch = std::max(n_scratch, 2 * (from.n_items() + kSlack));
    }
    if (step.op == Op::head) n_scratch = std::max<size_t>(n_scratch, 64 * step.matrix.n_words());
    const bool staged = step.op == Op::convolve || (step.op == Op::dense && !step.on_pixels) ||
                        (step.op == Op::float_convolve && step.staged_width > from.width);
    if (!staged) {
      workspace->staged.emplace_back();
      continue;
    }
    const size_t n_pixels = static_cast<size_t>(step.staged_height) * step.staged_width;
    if (step.on_pixels) {  // zeroed: the zero point stands around the image
      workspace->staged.emplace_back(n_pixels * from.channels * sizeof(i16));
      continue;
    }
    if (from.kind == Kind::floats) {
      workspace->staged.emplace_back(n_pixels * from.channels * sizeof(float));
      continue;
    }
    const size_t pixel_bytes = ceil_div(from.channels, kernels_.unit_channels) * kernels_.unit_bytes;
    Buffer inside(n_pixels * pixel_bytes);
    Buffer border(from.words() * sizeof(u64));
    for (i32 i = 0; i < from.words(); ++i) {
      const i32 n = std::min(64, from.channels - 64 * i);
      border.as<u64>()[i] = step.border == 1 ? ~u64{0} >> (64 - n) : 0;
    }
    for (size_t pixel = 0; pixel < n_pixels; ++pixel) {
      kernels_.stage(border.as<u64>(), 1, from.channels, inside.as<u8>() + pixel * pixel_bytes);
    }
    workspace->staged.push_back(std::move(inside));
  }
  workspace->scratch = Buffer(n_scratch);
  workspace->places.resize(values_.size());
  return workspace;
}

}  // namespace edge_adapt
