// edge_adapt.engines._native: Python glue and nothing else.
#include "array_view.hpp"
#include "packing.hpp"
#include "runner.hpp"
#include "learning.hpp"
#include "watching.hpp"

namespace edge_adapt {
namespace {

using PlanHolder = Holder<const Plan>;
using PackedHolder = Holder<const Packed>;
using RunnerHolder = Holder<const Runner>;

PyObject* names_of(const std::vector<const Kernels*>& all) {
  Owned names(PyTuple_New(static_cast<Py_ssize_t>(all.size())));
  if (!names.get()) throw PythonError();
  for (size_t i = 0; i < all.size(); ++i) {
    PyObject* name = PyUnicode_FromString(all[i]->name);
    if (!name) throw PythonError();
    PyTuple_SET_ITEM(names.get(), static_cast<Py_ssize_t>(i), name);
  }
  return names.release();
}

PyObject* plan(PyObject*, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&] {
    require_arguments(n_args, 4, "plan(kernel, values, steps, taps)");
    const Kernels& kernels = kernels_of(args[0]);
    ArrayView values(args[1], "values", 'i', {-1, kValueFields});
    ArrayView steps(args[2], "steps", 'i', {-1, kStepFields});
    ArrayView taps(args[3], "taps", 'i', {-1});
    static_assert(sizeof(Value) == kValueFields * sizeof(i32), "a row is a record");
    static_assert(sizeof(StepRecord) == kStepFields * sizeof(i32), "a row is a record");
    const Value* first_value = values.as<const Value>();
    const StepRecord* first_step = steps.as<const StepRecord>();
    std::vector<Value> value_rows(first_value, first_value + values.size(0));
    std::vector<StepRecord> step_rows(first_step, first_step + steps.size(0));
    std::vector<i32> tap_row(taps.as<i32>(), taps.as<i32>() + taps.size(0));
    return PlanHolder::wrap(std::make_shared<const Plan>(kernels, std::move(value_rows), step_rows,
                                                         std::move(tap_row)));
  });
}

PyObject* pack(PyObject*, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&] {
    require_arguments(n_args, 3, "pack(kernel, layout, weights)");
    const Kernels& kernels = kernels_of(args[0]);
    const long layout = PyLong_AsLong(args[1]);
    if (PyErr_Occurred()) throw PythonError();
    if (layout < 0 || layout > 7) throw Refused("layout must be 0..7, got " + std::to_string(layout));
    const bool of_floats = is_float(static_cast<Layout>(layout));
    ArrayView weights(args[2], "weights", of_floats ? 'f' : 'b', {-1, -1, -1, -1});
    i64 n = 1;
    for (int axis = 0; axis < 4; ++axis) {
      if (weights.size(axis) < 1 || weights.size(axis) > 1 << 20) throw Refused("weights have no legal size");
      n *= weights.size(axis);
      if (n > i64{1} << 28) throw Refused("weights are larger than 2^28 bytes");
    }
    const Matrix matrix{static_cast<i32>(weights.size(0)), static_cast<i32>(weights.size(1)),
                        static_cast<i32>(weights.size(2)), static_cast<i32>(weights.size(3))};
    const bool on_bits = layout == static_cast<long>(Layout::bits) ||
                         layout == static_cast<long>(Layout::bits_and_taps);
    if (on_bits && !all_signs(weights.as<i8>(), n)) throw Refused("weights on bits must be +-1");
    std::shared_ptr<const Packed> packed;
    unlocked([&] {
      const Layout way = static_cast<Layout>(layout);
      packed = of_floats
                   ? std::make_shared<const Packed>(kernels, way, matrix, weights.as<const float>())
                   : std::make_shared<const Packed>(kernels, way, matrix, weights.as<const i8>());
    });
    return PackedHolder::wrap(std::move(packed));
  });
}

size_t step_index(const Runner& runner, PyObject* key) {
  const size_t index = PyLong_AsSize_t(key);
  if (PyErr_Occurred()) throw PythonError();
  if (index >= runner.plan().steps().size()) throw Refused("there is no step " + std::to_string(index));
  return index;
}

void require_dict(PyObject* object, const char* name) {
  if (!PyDict_Check(object)) throw Refused(std::string(name) + " must be a dict of steps");
}

// weights: {step: Packed}; limits: {step: (int32 (n,), uint8 (n,) or None)}, or of a step that
// takes floats (float32 (n,), float32 (n,) or None).
PyObject* renewed(Runner runner, PyObject* weights, PyObject* limits) {
  require_dict(weights, "weights");
  require_dict(limits, "limits");
  PyObject *key, *value;
  for (Py_ssize_t at = 0; PyDict_Next(weights, &at, &key, &value);) {
    runner.set_weights(step_index(runner, key), PackedHolder::unwrap(value, "weights"));
  }
  for (Py_ssize_t at = 0; PyDict_Next(limits, &at, &key, &value);) {
    const size_t index = step_index(runner, key);
    if (!PyTuple_Check(value) || PyTuple_GET_SIZE(value) != 2) {
      throw Refused("limits of a step must be a tuple (array, array or None)");
    }
    const bool of_floats = takes_floats(runner.plan().steps()[index].op);
    ArrayView first(PyTuple_GET_ITEM(value, 0), "limits", of_floats ? 'f' : 'i', {-1});
    PyObject* given = PyTuple_GET_ITEM(value, 1);
    std::unique_ptr<ArrayView> second;
    if (given != Py_None) {
      second = std::make_unique<ArrayView>(given, "flips", of_floats ? 'f' : 'B',
                                           ArrayView::Shape{first.size(0)});
    }
    if (of_floats) {
      runner.set_floats(index, first.as<float>(), second ? second->as<float>() : nullptr, first.size(0));
    } else {
      runner.set_limits(index, first.as<i32>(), first.size(0), second ? second->as<u8>() : nullptr);
    }
  }
  runner.finish();
  return RunnerHolder::wrap(std::make_shared<const Runner>(std::move(runner)));
}

PyObject* runner(PyObject*, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&] {
    require_arguments(n_args, 3, "runner(plan, weights, limits)");
    return renewed(Runner(PlanHolder::unwrap(args[0], "plan")), args[1], args[2]);
  });
}

PyObject* replace(PyObject* self, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&] {
    require_arguments(n_args, 2, "replace(weights, limits)");
    return renewed(*RunnerHolder::unwrap(self, "self"), args[0], args[1]);
  });
}

std::vector<ArrayView> tap_views(const Plan& p, PyObject* given, i64 n, bool summed) {
  const i64 n_taps = static_cast<i64>(p.taps().size());
  if (!PyTuple_Check(given) || PyTuple_GET_SIZE(given) != n_taps) {
    throw Refused("taps must be a tuple of " + std::to_string(n_taps) + " arrays");
  }
  std::vector<ArrayView> views;
  for (i64 t = 0; t < n_taps; ++t) {
    const Value& v = p.values()[p.taps()[t]];
    const char format = summed ? 'i' : "bbiifb"[static_cast<i32>(v.kind)];
    const i64 width = summed ? v.channels : static_cast<i64>(v.n_items());
    if (summed && v.kind != Kind::bits) throw Refused("only bits are summed over their places");
    views.emplace_back(PyTuple_GET_ITEM(given, t), "a tap", format,
                       ArrayView::Shape{n, width}, true);
  }
  return views;
}

PyObject* run_with(PyObject* self, PyObject* const* args, i64* step_ns, bool summed) {
  const std::shared_ptr<const Runner> held = RunnerHolder::unwrap(self, "self");
  const Plan& p = held->plan();
  const Value& in = p.values()[0];
  ArrayView images(args[0], "images", 'B', {-1, in.height, in.width, in.channels});
  const i64 n = images.size(0);
  std::unique_ptr<ArrayView> logits;
  if (args[1] != Py_None) {
    logits = std::make_unique<ArrayView>(args[1], "logits", 'i',
                                         ArrayView::Shape{n, p.logits().channels}, true);
  }
  const std::vector<ArrayView> views = tap_views(p, args[2], n, summed);
  std::vector<void*> taps;
  for (const ArrayView& view : views) taps.push_back(view.as<void>());
  i32* sums = logits ? logits->as<i32>() : nullptr;
  unlocked([&] { held->run(images.as<u8>(), n, sums, taps, summed, step_ns); });
  Py_RETURN_NONE;
}

PyObject* run(PyObject* self, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&]() -> PyObject* {
    if (n_args != 4) {
      require_arguments(n_args, 3, "run(images, logits, taps[, step_ns])");
      return run_with(self, args, nullptr, false);
    }
    const i64 n_steps = static_cast<i64>(RunnerHolder::unwrap(self, "self")->plan().steps().size());
    ArrayView step_ns(args[3], "step_ns", 'l', {n_steps}, true);
    return run_with(self, args, step_ns.as<i64>(), false);
  });
}

PyObject* sums(PyObject* self, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&] {
    require_arguments(n_args, 3, "sums(images, logits, sums)");
    return run_with(self, args, nullptr, true);
  });
}

PyObject* built(PyObject*, PyObject*) { return guarded([] { return names_of(built_kernels()); }); }
PyObject* usable(PyObject*, PyObject*) { return guarded([] { return names_of(usable_kernels()); }); }

PyObject* runner_bytes(PyObject* self, void*) {
  return guarded([&] { return PyLong_FromSize_t(RunnerHolder::unwrap(self, "self")->n_bytes()); });
}
PyObject* packed_bytes(PyObject* self, void*) {
  return guarded([&] { return PyLong_FromSize_t(PackedHolder::unwrap(self, "self")->data.n_bytes()); });
}

PyMethodDef kRunnerMethods[] = {
    {"run", method(run), METH_FASTCALL, "run(images, logits, taps[, step_ns]): fill logits, unless None, and taps; lower step_ns."},
    {"sums", method(sums), METH_FASTCALL, "sums(images, logits, sums): run; sum the taps over their places."},
    {"replace", method(replace), METH_FASTCALL,
     "replace(weights, limits): a runner with these steps renewed, the others shared."},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef kRunnerFields[] = {
    {"n_bytes", runner_bytes, nullptr, "Bytes of weights, limits and one workspace.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyGetSetDef kPackedFields[] = {
    {"n_bytes", packed_bytes, nullptr, "Bytes of the packed weights.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMethodDef kFunctions[] = {
    {"built", built, METH_NOARGS, "Names of all kernels of this build, best first."},
    {"usable", usable, METH_NOARGS, "Names of the kernels this CPU runs, best first."},
    {"plan", method(plan), METH_FASTCALL, "plan(kernel, values, steps, taps)"},
    {"pack", method(pack), METH_FASTCALL, "pack(kernel, layout, weights)"},
    {"runner", method(runner), METH_FASTCALL, "runner(plan, weights, limits)"},
    {nullptr, nullptr, 0, nullptr}};

template <class H>
bool make_type(const char* name, PyMethodDef* methods, PyGetSetDef* fields) {
  PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(&H::dealloc)},
                         {methods ? Py_tp_methods : 0, methods},
                         {methods ? Py_tp_getset : 0, fields},
                         {0, nullptr}};
  if (!methods && fields) slots[1] = {Py_tp_getset, fields};
  PyType_Spec spec{name, sizeof(H), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  H::type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return H::type != nullptr;
}

constexpr long kInterface = 7;  // as _INTERFACE of native.py

PyModuleDef kModule = {PyModuleDef_HEAD_INIT, "_native", "Kernels for binary networks.", -1,
                       kFunctions, nullptr, nullptr, nullptr, nullptr};

}  // namespace
}  // namespace edge_adapt

PyMODINIT_FUNC PyInit__native() {
  using namespace edge_adapt;
  if (!make_type<PlanHolder>("edge_adapt.engines._native.Plan", nullptr, nullptr) ||
      !make_type<PackedHolder>("edge_adapt.engines._native.Packed", nullptr, kPackedFields) ||
      !make_type<RunnerHolder>("edge_adapt.engines._native.Runner", kRunnerMethods, kRunnerFields)) {
    return nullptr;
  }
  Owned module(PyModule_Create(&kModule));
  if (!module.get() || !add_watching(module.get()) || !add_learning(module.get()) ||
      PyModule_AddIntConstant(module.get(), "interface", kInterface) != 0) {
    return nullptr;
  }
  return module.release();
}
