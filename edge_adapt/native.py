"""
The one door to the native kernels: whether they were built, and which of them serve.

EDGE_ADAPT_KERNEL names the kernels to use: 'numpy', or one that this CPU runs. Unasked, the best
of those serve that have run on real machines.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
import logging
import os
from types import ModuleType

from edge_adapt.errors import UsageError

NUMPY = 'numpy'
VARIABLE = 'EDGE_ADAPT_KERNEL'
# Verified through emulated instructions, never run on a CPU that has them: taken when asked for.
UNPROVEN = ('avx512',)
_INTERFACE = 7  # as kInterface of cpp/module.cpp: raised when the module takes or gives more
_MODULE = 'edge_adapt.engines._native'  # compiled: no file of a room, so no import statement


@cache
def module() -> ModuleType | None:
    """Return the compiled module; None, said once in the log, where it was not built."""
    try:
        native = import_module(_MODULE)
        found = getattr(native, 'interface', 1)
        if found != _INTERFACE:
            raise ImportError(f'they are of other sources: interface {found}, not {_INTERFACE}')
    except ImportError as error:
        logging.getLogger(__name__).warning(
            'the native kernels are not built (%s): NumPy does their work, more slowly;'
            ' a C++ compiler and `pip install .` build them',
            error,
        )
        return None
    return native


def kernels() -> tuple[str, ...]:
    """Return the names of the kernels this machine can use, best first."""
    return _kernels(module())


@cache
def _kernels(native: ModuleType | None) -> tuple[str, ...]:
    usable: tuple[str, ...] = native.usable() if native else ()
    return (*usable, NUMPY)


def kernel() -> str:
    """
    Return the name of the kernels in use.

    Raises UsageError where EDGE_ADAPT_KERNEL names none that this machine has.
    """
    forced = os.environ.get(VARIABLE)
    if forced == NUMPY:
        return NUMPY
    known = kernels()
    if forced and forced not in known:
        raise UsageError(f'{VARIABLE} is {forced!r}; this machine has {", ".join(known)}')
    return forced or next(name for name in known if name not in UNPROVEN)


def twin() -> ModuleType | None:
    """Return the compiled module where its functions should serve; None where NumPy should."""
    return None if kernel() == NUMPY else module()
