// A NumPy array as C++ sees it, by the array interface protocol (its C side, `__array_struct__`):
// no header of NumPy's is needed, and a look costs a third of what a buffer request costs.
#pragma once

#include "binding.hpp"

namespace edge_adapt {

// As the protocol lays it down.
struct ArrayInterface {
  int two;  // says that it is this protocol
  int n_axes;
  char kind;
  int item_bytes;
  int flags;
  Py_intptr_t *shape, *strides;
  void* data;
  PyObject* description;
};
constexpr int kContiguous = 0x1, kAligned = 0x100, kNativeOrder = 0x200, kWritable = 0x400;

struct ArrayType {
  char letter, kind;
  int n_bytes;
  const char* name;
};
constexpr ArrayType kArrayTypes[] = {{'b', 'i', 1, "int8"},  {'B', 'u', 1, "uint8"},
                                     {'h', 'i', 2, "int16"},
                                     {'i', 'i', 4, "int32"}, {'l', 'i', 8, "int64"},
                                     {'f', 'f', 4, "float32"}, {'d', 'f', 8, "float64"}};

// A contiguous array of one type; throws Refused naming expected and got.
class ArrayView {
 public:
  using Shape = std::initializer_list<i64>;

  // shape: -1 accepts any length. letter: NumPy's for the type, one of the table above.
  ArrayView(PyObject* object, const char* name, char letter, Shape shape, bool writable = false)
      : capsule_(interface_of(object)) {
    array_ = static_cast<const ArrayInterface*>(
        capsule_.get() ? PyCapsule_GetPointer(capsule_.get(), nullptr) : nullptr);
    if (!array_ || array_->two != 2) {
      PyErr_Clear();
      throw Refused(expected(name, letter, shape, writable) + Py_TYPE(object)->tp_name);
    }
    if (!fits(letter, shape, writable)) throw Refused(expected(name, letter, shape, writable) + got());
  }

  template <class T>
  T* as() const { return static_cast<T*>(array_->data); }
  i64 size(int axis) const { return array_->shape[axis]; }

 private:
  static PyObject* interface_of(PyObject* object) {
    static PyObject* const attribute = PyUnicode_InternFromString("__array_struct__");
    PyObject* capsule = attribute ? PyObject_GetAttr(object, attribute) : nullptr;
    if (capsule && PyCapsule_CheckExact(capsule)) return capsule;
    Py_XDECREF(capsule);
    PyErr_Clear();
    return nullptr;
  }

  bool fits(char letter, Shape shape, bool writable) const {
    const ArrayType& type = type_of(letter);
    const int needed = kContiguous | kAligned | kNativeOrder | (writable ? kWritable : 0);
    if (array_->kind != type.kind || array_->item_bytes != type.n_bytes ||
        (array_->flags & needed) != needed || array_->n_axes != static_cast<int>(shape.size())) {
      return false;
    }
    const Py_intptr_t* size = array_->shape;
    for (i64 n : shape) {
      if (n >= 0 && n != *size) return false;
      ++size;
    }
    return true;
  }

  static const ArrayType& type_of(char letter) {
    const ArrayType* type = kArrayTypes;
    while (type->letter != letter) ++type;
    return *type;
  }

  static std::string expected(const char* name, char letter, Shape shape, bool writable) {
    std::string text = std::string(name) + " must be a contiguous" + (writable ? ", writable" : "") +
                       " array of " + type_of(letter).name + ", shape (";
    for (i64 n : shape) text += (n < 0 ? "any" : std::to_string(n)) + ", ";
    return text + "), got ";
  }

  std::string got() const {
    std::string text;
    for (const ArrayType& type : kArrayTypes) {
      if (type.kind == array_->kind && type.n_bytes == array_->item_bytes) text = type.name;
    }
    if (text.empty()) text = std::string(1, array_->kind) + std::to_string(array_->item_bytes);
    text += ", shape (";
    for (int i = 0; i < array_->n_axes; ++i) text += std::to_string(array_->shape[i]) + ", ";
    text += ")";
    if (!(array_->flags & kContiguous)) text += ", not contiguous";
    if (!(array_->flags & kAligned)) text += ", not aligned";
    if (!(array_->flags & kNativeOrder)) text += ", of another byte order";
    return text + (array_->flags & kWritable ? "" : ", read-only");
  }

  Owned capsule_;  // holds the array
  const ArrayInterface* array_;
};

}  // namespace edge_adapt
