// Adds what learners ask for to the module.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

namespace edge_adapt {
bool add_learning(PyObject* module);
}
