// Python glue of what learners ask for.
#include "learning.hpp"

#include "array_view.hpp"
#include "moments.hpp"
#include "packing.hpp"
#include "row_generation.hpp"

namespace edge_adapt {
namespace {

// True, with the scores written; False where features are not all +-1.
PyObject* score_heads(PyObject*, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&]() -> PyObject* {
    require_arguments(n_args, 7, "score_heads(kernel, heads, biases, features, labels, n_correct, margins)");
    const Kernels& kernels = kernels_of(args[0]);
    ArrayView heads(args[1], "heads", 'b', {-1, -1, -1});
    ArrayView biases(args[2], "biases", 'i', {heads.size(0), heads.size(1)});
    ArrayView features(args[3], "features", 'b', {-1, heads.size(2)});
    ArrayView labels(args[4], "labels", 'l', {features.size(0)});
    ArrayView n_correct(args[5], "n_correct", 'l', {heads.size(0)}, true);
    ArrayView margins(args[6], "margins", 'l', {heads.size(0)}, true);
    const i64 n_classes = heads.size(1);
    if (n_classes < 2 || heads.size(2) < 1 || heads.size(2) > 1 << 20) {
      throw Refused("heads need two classes or more, and 1..2^20 features");
    }
    for (i64 i = 0; i < labels.size(0); ++i) {
      const i64 label = labels.as<i64>()[i];
      if (label < 0 || label >= n_classes) {
        throw Refused("labels must be 0.." + std::to_string(n_classes - 1) + ", got " + std::to_string(label));
      }
    }
    if (!all_signs(features.as<i8>(), features.size(0) * features.size(1))) Py_RETURN_FALSE;
    const Population population{heads.size(0),      n_classes,          heads.size(2),
                                features.size(0),   heads.as<i8>(),     biases.as<i32>(),
                                features.as<i8>(),  labels.as<i64>(),   n_correct.as<i64>(),
                                margins.as<i64>()};
    unlocked([&] { kernels.score_heads(population); });
    Py_RETURN_TRUE;
  });
}

i64 number_of(PyObject* tuple, Py_ssize_t index, i64 lowest, i64 highest) {
  const i64 value = PyLong_AsLongLong(PyTuple_GET_ITEM(tuple, index));
  if (value == -1 && PyErr_Occurred()) throw PythonError();
  if (value < lowest || value > highest) {
    throw Refused("number " + std::to_string(index) + " must be " + std::to_string(lowest) + ".." +
                  std::to_string(highest) + ", got " + std::to_string(value));
  }
  return value;
}

// numbers: unit, reach, shift, grid, step.
PyObject* row_generation(PyObject*, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&]() -> PyObject* {
    require_arguments(n_args, 9,
                      "row_generation(values, features, mean, labels, directions, numbers, needed, "
                      "powers, logarithms)");
    ArrayView mean(args[2], "mean", 'h', {-1});
    const i64 n_in = mean.size(0);
    ArrayView values(args[0], "values", 'f', {-1, n_in + 1}, true);
    ArrayView features(args[1], "features", 'h', {-1, n_in});
    ArrayView labels(args[3], "labels", 'l', {features.size(0)});
    ArrayView directions(args[4], "directions", 'b', {-1, n_in + 1});
    if (!PyTuple_Check(args[5]) || PyTuple_GET_SIZE(args[5]) != 5) throw Refused("numbers must be five");
    const double needed = PyFloat_AsDouble(args[6]);
    if (needed == -1.0 && PyErr_Occurred()) throw PythonError();
    ArrayView powers(args[7], "powers", 'i', {-1}), logarithms(args[8], "logarithms", 'i', {-1});
    if (n_in > 1 << 11 || values.size(0) < 1 || powers.size(0) < 1 || logarithms.size(0) < 1) {
      throw Refused("a generation needs a class or more, at most 2^11 features, and its tables");
    }
    const RowGeneration generation{
        values.size(0),
        n_in,
        features.size(0),
        directions.size(0),
        values.as<float>(),
        features.as<i16>(),
        mean.as<i16>(),
        labels.as<i64>(),
        directions.as<i8>(),
        static_cast<i32>(number_of(args[5], 0, 0, 16)),
        static_cast<i32>(number_of(args[5], 1, 0, 32767)),
        static_cast<i32>(number_of(args[5], 2, -31, 31)),
        static_cast<i32>(number_of(args[5], 3, 1, 256)),
        static_cast<float>(number_of(args[5], 4, 0, i64{1} << 30)),
        static_cast<float>(needed)};
    const LossTables tables{powers.as<i32>(), logarithms.as<i32>(), powers.size(0), logarithms.size(0)};
    unlocked([&] { run(generation, tables); });
    Py_RETURN_NONE;
  });
}

PyObject* moments_of(PyObject*, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&]() -> PyObject* {
    require_arguments(n_args, 3, "channel_moments(values, totals, squares)");
    ArrayView values(args[0], "values", 'i', {-1, -1});
    ArrayView totals(args[1], "totals", 'd', {values.size(1)}, true);
    ArrayView squares(args[2], "squares", 'd', {values.size(1)}, true);
    unlocked([&] {
      channel_moments(values.as<i32>(), values.size(0), values.size(1), totals.as<double>(),
                      squares.as<double>());
    });
    Py_RETURN_NONE;
  });
}

PyMethodDef kFunctions[] = {
    {"score_heads", method(score_heads), METH_FASTCALL,
     "score_heads(kernel, heads, biases, features, labels, n_correct, margins) -> are features +-1"},
    {"row_generation", method(row_generation), METH_FASTCALL,
     "row_generation(values, features, mean, labels, directions, numbers, needed, powers, logarithms): "
     "move values"},
    {"channel_moments", method(moments_of), METH_FASTCALL,
     "channel_moments(values, totals, squares): of each column"},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

bool add_learning(PyObject* module) { return PyModule_AddFunctions(module, kFunctions) == 0; }

}  // namespace edge_adapt
