// Python glue of what watches a stream: signals and the drift statistic.
#include "watching.hpp"

#include "array_view.hpp"
#include "run_statistic.hpp"
#include "signals.hpp"

namespace edge_adapt {
namespace {

using StatisticHolder = Holder<RunStatistic>;

double number(PyObject* object) {
  const double value = PyFloat_AsDouble(object);
  if (PyErr_Occurred()) throw PythonError();
  return value;
}

i32 whole(PyObject* object) {
  const long value = PyLong_AsLong(object);
  if (PyErr_Occurred()) throw PythonError();
  if (value < INT32_MIN || value > INT32_MAX) throw Refused("a number is beyond 32 bits");
  return static_cast<i32>(value);
}

PyObject* frame_features(PyObject*, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&]() -> PyObject* {
    if (n_args != 9) {
      throw Refused("frame_features(images, sums, signs, scale, sums, signs, scale, logits, out)");
    }
    ArrayView images(args[0], "images", 'B', {-1, -1, -1, -1});
    const i64 n = images.size(0);
    if (images.size(1) < 4 || images.size(2) < 4 || images.size(2) > 2048 ||
        images.size(1) > 1 << 16 || images.size(3) < 1 || images.size(3) > 4) {
      throw Refused("images must be 4 x 4 pixels or more, at most 2048 wide, of 1..4 channels");
    }
    ArrayView first(args[1], "sums", 'i', {n, -1});
    ArrayView first_signs(args[2], "signs", 'b', {-1, first.size(1)});
    ArrayView last(args[4], "sums", 'i', {n, -1});
    ArrayView last_signs(args[5], "signs", 'b', {-1, last.size(1)});
    ArrayView logits(args[7], "logits", 'f', {n, -1});
    if (logits.size(1) < 2) throw Refused("logits need two classes or more");
    const i32 n_first = static_cast<i32>(first_signs.size(0));
    const i32 n_last = static_cast<i32>(last_signs.size(0));
    const i64 n_out = kImageFeatures + n_first + n_last + kOutputFeatures;
    ArrayView out(args[8], "out", 'f', {n, n_out}, true);
    const double scales[] = {number(args[3]), number(args[6])};
    const i32 height = static_cast<i32>(images.size(1)), width = static_cast<i32>(images.size(2));
    const i32 channels = static_cast<i32>(images.size(3));
    const i32 widths[] = {static_cast<i32>(first.size(1)), static_cast<i32>(last.size(1))};
    const i32 n_classes = static_cast<i32>(logits.size(1));
    unlocked([&] {
      std::vector<i16> grey;
      for (i64 i = 0; i < n; ++i) {
        float* row = out.as<float>() + i * n_out;
        const u8* pixels = images.as<const u8>() + i * height * width * channels;
        image_features({pixels, height, width, channels}, grey, row);
        row += kImageFeatures;
        signed_sums({first.as<const i32>() + i * widths[0], first_signs.as<const i8>(), widths[0],
                     n_first, scales[0]}, row);
        row += n_first;
        signed_sums({last.as<const i32>() + i * widths[1], last_signs.as<const i8>(), widths[1],
                     n_last, scales[1]}, row);
        output_features(logits.as<const float>() + i * n_classes, n_classes, row + n_last);
      }
    });
    Py_RETURN_NONE;
  });
}

template <class T>
std::vector<T> copied(PyObject* object, const char* name, char format, i64 size) {
  ArrayView view(object, name, format, {size});
  return std::vector<T>(view.as<const T>(), view.as<const T>() + view.size(0));
}

// Arrays are flat; see drift/_evidence.py for their order.
PyObject* run_statistic(PyObject*, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&]() -> PyObject* {
    if (n_args != 16) throw Refused("run_evidence takes 16 arguments, got " + std::to_string(n_args));
    Normal m;
    m.centre = copied<float>(args[0], "centre", 'f', -1);
    const i64 n = m.n();
    m.scale = copied<float>(args[1], "scale", 'f', n);
    m.within = copied<float>(args[5], "within", 'f', -1);
    const i64 d = m.d();
    m.whitening = copied<float>(args[2], "whitening", 'f', d * n);
    m.class_scales = copied<float>(args[4], "class_scales", 'f', -1);
    m.class_means = copied<float>(args[3], "class_means", 'f', m.n_classes() * n);
    m.between = copied<float>(args[6], "between", 'f', d);
    m.class_errors = copied<float>(args[7], "class_errors", 'f', m.n_classes());
    m.offset = copied<float>(args[8], "offset", 'f', d);
    m.group_sizes = copied<i32>(args[10], "group_sizes", 'i', -1);
    m.group_limits = copied<double>(args[11], "group_limits", 'd', static_cast<i64>(m.group_sizes.size()));
    m.forgetting = copied<double>(args[12], "forgetting", 'd', -1);
    m.thresholds = copied<float>(args[9], "thresholds", 'f', i64{m.n_scales()} * m.n_ratios());
    m.limit = number(args[13]);
    m.max_gap = whole(args[14]);
    m.is_one_sided = whole(args[15]) != 0;
    i64 total = 0;
    for (i32 size : m.group_sizes) total += size < 0 ? -d : size;
    if (n < 1 || d < 1 || total != d || m.n_classes() < 1 || m.n_scales() < 1 || m.limit <= 0 ||
        m.max_gap < 0 || m.max_gap > 1000) {
      throw Refused("the arrays of what is normal do not fit each other");
    }
    return StatisticHolder::wrap(std::make_shared<RunStatistic>(std::move(m)));
  });
}

// update(features, predicted) -> (ratio, where): the largest statistic over its threshold.
PyObject* update(PyObject* self, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&]() -> PyObject* {
    if (n_args != 2) throw Refused("update(features, predicted)");
    RunStatistic& statistic = *StatisticHolder::unwrap(self, "self");
    ArrayView features(args[0], "features", 'f', {statistic.normal().n()});
    const i32 predicted = whole(args[1]);
    if (predicted < 0 || predicted >= statistic.normal().n_classes()) {
      throw Refused("there is no class " + std::to_string(predicted));
    }
    const i32 where = statistic.update(features.as<const float>(), predicted);
    return Py_BuildValue("(di)", statistic.ratio(where), where);
  });
}

PyObject* statistics(PyObject* self, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&]() -> PyObject* {
    if (n_args != 1) throw Refused("statistics(out)");
    const RunStatistic& statistic = *StatisticHolder::unwrap(self, "self");
    const auto& found = statistic.statistics();
    ArrayView out(args[0], "out", 'd', {static_cast<i64>(found.size())}, true);
    std::memcpy(out.as<double>(), found.data(), sizeof(double) * found.size());
    Py_RETURN_NONE;
  });
}

PyObject* severity(PyObject* self, PyObject* const* args, Py_ssize_t n_args) {
  return guarded([&]() -> PyObject* {
    if (n_args != 1) throw Refused("severity(scale)");
    const RunStatistic& statistic = *StatisticHolder::unwrap(self, "self");
    const i32 scale = whole(args[0]);
    if (scale < 0 || scale >= statistic.normal().n_scales()) throw Refused("there is no such scale");
    return PyFloat_FromDouble(statistic.severity(scale));
  });
}

PyObject* restart(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    StatisticHolder::unwrap(self, "self")->restart();
    Py_RETURN_NONE;
  });
}

PyObject* n_bytes(PyObject* self, void*) {
  return guarded([&] { return PyLong_FromSize_t(StatisticHolder::unwrap(self, "self")->n_bytes()); });
}

PyMethodDef kStatisticMethods[] = {
    {"update", method(update), METH_FASTCALL, "update(features, predicted): (ratio, where)"},
    {"statistics", method(statistics), METH_FASTCALL, "statistics(out): T of all and of each group"},
    {"severity", method(severity), METH_FASTCALL, "severity(scale): the size of the shift"},
    {"restart", restart, METH_NOARGS, "restart(): forget all runs"},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef kStatisticFields[] = {
    {"n_bytes", n_bytes, nullptr, "Bytes of the state and of what is normal.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMethodDef kFunctions[] = {
    {"frame_features", method(frame_features), METH_FASTCALL,
     "frame_features(images, sums, signs, scale, sums, signs, scale, logits, out)"},
    {"run_evidence", method(run_statistic), METH_FASTCALL, "run_evidence(16 arguments)"},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

bool add_watching(PyObject* module) {
  PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(&StatisticHolder::dealloc)},
                         {Py_tp_methods, kStatisticMethods},
                         {Py_tp_getset, kStatisticFields},
                         {0, nullptr}};
  PyType_Spec spec{"edge_adapt.engines._native.RunStatistic", sizeof(StatisticHolder), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  StatisticHolder::type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return StatisticHolder::type && PyModule_AddFunctions(module, kFunctions) == 0;
}

}  // namespace edge_adapt
