// Runs the networks of a golden file with one set of kernels and compares every value it gives.
// No Python: it runs under an emulator, or with sanitizers. test_golden.py writes the file.
//
// usage: golden_main KERNELS FILE
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "runner.hpp"

using namespace edge_adapt;

namespace {

struct Reader {
  std::vector<char> bytes;
  size_t at = 0;

  template <class T>
  std::vector<T> take(size_t n) {
    std::vector<T> values(n);
    if (at + n * sizeof(T) > bytes.size()) throw Refused("the golden file ends early");
    if (n) std::memcpy(values.data(), bytes.data() + at, n * sizeof(T));
    at += n * sizeof(T);
    return values;
  }
  i32 number() { return take<i32>(1)[0]; }
};

const Kernels& kernels_named(const std::string& name) {
  for (const Kernels* kernels : usable_kernels()) {
    if (name == kernels->name) return *kernels;
  }
  throw Refused("this machine does not run the kernels " + name);
}

Runner read_runner(Reader& reader, const Kernels& kernels) {
  auto values = reader.take<Value>(reader.number());
  auto steps = reader.take<StepRecord>(reader.number());
  auto taps = reader.take<i32>(reader.number());
  auto plan = std::make_shared<const Plan>(kernels, values, steps, taps);
  Runner runner(plan);
  for (i32 n = reader.number(); n > 0; --n) {
    const auto head = reader.take<i32>(6);  // step, layout, shape
    const Matrix matrix{head[2], head[3], head[4], head[5]};
    const Layout layout = static_cast<Layout>(head[1]);
    const size_t n_weights = static_cast<size_t>(matrix.n_out) * matrix.n_inputs();
    std::shared_ptr<const Packed> packed;
    if (is_float(layout)) {
      const auto weights = reader.take<float>(n_weights);
      packed = std::make_shared<const Packed>(kernels, layout, matrix, weights.data());
    } else {
      const auto weights = reader.take<i8>(n_weights);
      packed = std::make_shared<const Packed>(kernels, layout, matrix, weights.data());
    }
    runner.set_weights(head[0], packed);
  }
  for (i32 n = reader.number(); n > 0; --n) {
    const auto head = reader.take<i32>(2);  // step, length
    const Op op = plan->steps().at(head[0]).op;
    if (takes_floats(op)) {
      const bool has_two = op == Op::blend || op == Op::quantize;
      const auto first = reader.take<float>(head[1]);
      const auto second = reader.take<float>(has_two ? head[1] : 0);
      runner.set_floats(head[0], first.data(), has_two ? second.data() : nullptr, first.size());
      continue;
    }
    const auto limits = reader.take<i32>(head[1]);
    const auto flips = reader.take<u8>(head[1]);
    runner.set_limits(head[0], limits.data(), limits.size(), flips.data());
  }
  runner.finish();
  return runner;
}

// The bytes this machine gives are those of the file.
bool run_case(Reader& reader, const Kernels& kernels) {
  const Runner runner = read_runner(reader, kernels);
  const Plan& plan = runner.plan();
  const i32 n = reader.number();
  const auto images = reader.take<u8>(n * plan.values()[0].n_items());
  std::vector<i32> logits(n * plan.logits().n_items());
  std::vector<std::vector<u8>> taps;
  std::vector<void*> places;
  for (i32 tap : plan.taps()) {
    const Value& value = plan.values()[tap];
    const bool is_byte = value.kind == Kind::bits || value.kind == Kind::levels;
    taps.emplace_back(n * value.n_items() * (is_byte ? 1 : sizeof(i32)));
  }
  for (auto& tap : taps) places.push_back(tap.data());
  runner.run(images.data(), n, logits.data(), places);
  bool equal = reader.take<i32>(logits.size()) == logits;
  for (const auto& tap : taps) equal &= reader.take<u8>(tap.size()) == tap;
  return equal;
}

bool run_population(Reader& reader, const Kernels& kernels) {
  const auto sizes = reader.take<i32>(4);  // heads, classes, inputs, samples
  const size_t h = sizes[0], c = sizes[1], k = sizes[2], n = sizes[3];
  const auto heads = reader.take<i8>(h * c * k);
  const auto biases = reader.take<i32>(h * c);
  const auto features = reader.take<i8>(n * k);
  const auto labels = reader.take<i64>(n);
  std::vector<i64> correct(h), margins(h);
  kernels.score_heads({sizes[0], sizes[1], sizes[2], sizes[3], heads.data(), biases.data(),
                       features.data(), labels.data(), correct.data(), margins.data()});
  const bool equal = reader.take<i64>(h) == correct;
  return (reader.take<i64>(h) == margins) && equal;
}

}  // namespace

int main(int n_arguments, char** arguments) {
  if (n_arguments != 3) return 2;
  try {
    const Kernels& kernels = kernels_named(arguments[1]);
    std::ifstream file(arguments[2], std::ios::binary);
    Reader reader{{std::istreambuf_iterator<char>(file), {}}};
    int n_wrong = 0, n_cases = reader.number();
    for (int i = 0; i < n_cases; ++i) {
      if (run_case(reader, kernels)) continue;
      std::printf("network %d differs\n", i);
      ++n_wrong;
      return 1;  // the reader may stand anywhere now
    }
    const int n_populations = reader.number();
    for (int i = 0; i < n_populations; ++i) n_wrong += !run_population(reader, kernels);
    std::printf("%d networks, %d populations, %d wrong\n", n_cases, n_populations, n_wrong);
    return n_wrong != 0;
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 3;
  }
}
