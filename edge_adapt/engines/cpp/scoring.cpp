// Python glue of what scores a population of heads.
#include "scoring.hpp"

#include "array_view.hpp"
#include "packing.hpp"

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

PyMethodDef kFunctions[] = {
    {"score_heads", method(score_heads), METH_FASTCALL,
     "score_heads(kernel, heads, biases, features, labels, n_correct, margins) -> are features +-1"},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

bool add_scoring(PyObject* module) { return PyModule_AddFunctions(module, kFunctions) == 0; }

}  // namespace edge_adapt
