// The little of Python's C interface that the module needs, made safe against leaks.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string>
#include <vector>

#include "plan.hpp"

namespace edge_adapt {

// A reference that is given back.
class Owned {
 public:
  explicit Owned(PyObject* object) : object_(object) {}
  ~Owned() { Py_XDECREF(object_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  PyObject* get() const { return object_; }
  PyObject* release() { PyObject* object = object_; object_ = nullptr; return object; }

 private:
  PyObject* object_;
};

// Python's own error is set already.
struct PythonError {};

// A contiguous array of one type; throws Refused naming expected and got.
class ArrayView {
 public:
  // shape: -1 accepts any length. format: of the struct module ('b', 'B', 'i', 'l').
  ArrayView(PyObject* object, const char* name, char format, std::vector<i64> shape,
            bool writable = false)
      : name_(name) {
    if (PyObject_GetBuffer(object, &view_, PyBUF_STRIDES | PyBUF_FORMAT) != 0) {
      PyErr_Clear();
      throw Refused(expectation(format, shape) + std::string("got ") + Py_TYPE(object)->tp_name);
    }
    held_ = true;
    const char* found = view_.format ? view_.format : "B";
    if (*found == '<') ++found;  // said aloud by arrays from files; every CPU we build for is so
    bool fits = found[0] == format && found[1] == 0 &&
                view_.ndim == static_cast<int>(shape.size()) &&
                PyBuffer_IsContiguous(&view_, 'C') && !(writable && view_.readonly);
    for (size_t i = 0; fits && i < shape.size(); ++i) {
      fits = shape[i] < 0 || shape[i] == view_.shape[i];
    }
    if (!fits) {
      std::string text = expectation(format, shape) + (writable ? "writable, " : "") + got();
      PyBuffer_Release(&view_);
      held_ = false;
      throw Refused(text);
    }
  }
  ~ArrayView() { if (held_) PyBuffer_Release(&view_); }
  ArrayView(ArrayView&& other) noexcept : name_(other.name_), view_(other.view_), held_(other.held_) {
    other.held_ = false;
  }
  ArrayView(const ArrayView&) = delete;
  ArrayView& operator=(const ArrayView&) = delete;

  template <class T>
  T* as() const { return static_cast<T*>(view_.buf); }
  i64 size(int axis) const { return view_.shape[axis]; }

 private:
  std::string expectation(char format, const std::vector<i64>& shape) const {
    std::string text = std::string(name_) + " must be a contiguous array of type '" + format + "', shape (";
    for (i64 n : shape) text += (n < 0 ? "any" : std::to_string(n)) + std::string(", ");
    return text + "), ";
  }
  std::string got() const {
    std::string text = std::string("got type '") + (view_.format ? view_.format : "B") + "', shape (";
    for (int i = 0; i < view_.ndim; ++i) text += std::to_string(view_.shape[i]) + ", ";
    text += ")";
    if (!PyBuffer_IsContiguous(&view_, 'C')) text += ", not contiguous";
    return text + (view_.readonly ? ", read-only" : "");
  }

  const char* name_;
  Py_buffer view_{};
  bool held_ = false;
};

// A Python object that holds a C++ one.
template <class T>
struct Holder {
  PyObject_HEAD
  std::shared_ptr<T> held;

  static inline PyTypeObject* type = nullptr;

  static PyObject* wrap(std::shared_ptr<T> value) {
    auto* self = reinterpret_cast<Holder*>(type->tp_alloc(type, 0));
    if (!self) throw PythonError();
    new (&self->held) std::shared_ptr<T>(std::move(value));
    return reinterpret_cast<PyObject*>(self);
  }
  static const std::shared_ptr<T>& unwrap(PyObject* object, const char* name) {
    if (!PyObject_TypeCheck(object, type)) {
      throw Refused(std::string(name) + " must be a " + type->tp_name + ", got " +
                    Py_TYPE(object)->tp_name);
    }
    return reinterpret_cast<Holder*>(object)->held;
  }
  static void dealloc(PyObject* object) {
    PyTypeObject* own_type = Py_TYPE(object);
    reinterpret_cast<Holder*>(object)->held.~shared_ptr<T>();
    own_type->tp_free(object);
    Py_DECREF(own_type);
  }
};

// Turn C++ exceptions into Python's.
template <class Call>
PyObject* guarded(Call call) {
  try {
    return call();
  } catch (const PythonError&) {
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  }
  return nullptr;
}

// Run without Python's lock.
template <class Call>
void unlocked(Call call) {
  PyThreadState* state = PyEval_SaveThread();
  try {
    call();
  } catch (...) {
    PyEval_RestoreThread(state);
    throw;
  }
  PyEval_RestoreThread(state);
}

}  // namespace edge_adapt
