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
  Owned(Owned&& other) noexcept : object_(other.release()) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  PyObject* get() const { return object_; }
  PyObject* release() { PyObject* object = object_; object_ = nullptr; return object; }

 private:
  PyObject* object_;
};

// Python's own error is set already.
struct PythonError {};

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

// The kernels of a name, where this CPU runs them.
inline const Kernels& kernels_of(PyObject* name) {
  const char* text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : nullptr;
  if (!text) PyErr_Clear();
  for (const Kernels* kernels : built_kernels()) {
    if (text && std::strcmp(text, kernels->name) == 0 && kernels->runs_here()) return *kernels;
  }
  std::string known;
  for (const Kernels* kernels : usable_kernels()) known += std::string(" ") + kernels->name;
  throw Refused(std::string("there are no kernels '") + (text ? text : "?") +
                "' on this CPU; there are:" + known);
}

inline void require_arguments(Py_ssize_t n, Py_ssize_t expected, const char* name) {
  if (n != expected) {
    throw Refused(std::string(name) + " takes " + std::to_string(expected) + " arguments, got " +
                  std::to_string(n));
  }
}

template <class Function>
PyCFunction method(Function function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
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
