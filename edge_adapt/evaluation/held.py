"""How many bytes of arrays a learner holds in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import dataclasses
from inspect import isgenerator
from typing import Any

from edge_adapt.records import Samples, Weights
from edge_adapt.updaters import Updater
import numpy as np

_SHARED = (Weights, Samples)  # the network's own tensors, and what the caller keeps anyway


def held_bytes(updater: Updater, run: Any) -> int:
    """
    Return the bytes of all arrays that an updater and its suspended run can reach.

    Weights, samples and the objective belong to the caller and do not count.
    """
    found: dict[int, int] = {}
    seen: set[int] = set()
    waiting: list[Any] = [vars(updater)]
    while run is not None:
        waiting.append({k: v for k, v in run.gi_frame.f_locals.items() if k != 'objective'})
        run = run.gi_yieldfrom
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, _SHARED) or hasattr(item, 'n_evaluations'):
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            owner = (
                item if item.base is None or not isinstance(item.base, np.ndarray) else item.base
            )
            found[id(owner)] = owner.nbytes
        else:
            waiting += _parts(item)
    return sum(found.values())


def _parts(item: Any) -> Iterator[Any]:
    """Yield what an object is made of; nothing for numbers, texts and generators of chance."""
    if isinstance(item, Mapping):
        yield from item.values()
    elif isinstance(item, tuple | list):
        yield from item
    elif isgenerator(item) and item.gi_frame is not None:  # a learner that runs another
        yield from item.gi_frame.f_locals.values()
    elif dataclasses.is_dataclass(item):
        yield from (getattr(item, field.name) for field in dataclasses.fields(item))
    elif hasattr(item, '__dict__') and not isinstance(item, type):
        yield from vars(item).values()
