"""A fixed number of slots for samples, and what every memory does with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from edge_adapt.errors import UsageError
from edge_adapt.generators import generator_from_array, generator_to_array
from edge_adapt.records import Array, I64, Samples, U8
import numpy as np


class Slots(ABC):
    """The memory takes shape, once, from the first image; afterwards nothing is allocated."""

    def __init__(self, capacity: int, seed: int = 1) -> None:
        if capacity < 1:
            raise UsageError(f'the capacity of a memory must be >= 1, got {capacity}')
        self.rng = np.random.default_rng(seed)
        self.n_seen = 0
        self._n_filled = 0
        self._images: U8 = np.zeros((capacity, 0, 0, 0), np.uint8)
        self._labels: I64 = np.zeros(capacity, np.int64)
        self._groups: I64 = np.zeros(capacity, np.int64)

    @property
    def capacity(self) -> int:
        return len(self._labels)

    @property
    def samples(self) -> Samples:
        if not self._n_filled:
            raise UsageError('the memory is empty: it has seen no frame yet')
        return Samples(
            self._images[: self._n_filled].copy(), self._labels[: self._n_filled].copy()
        )

    @property
    def groups(self) -> I64:
        """Return the group of each sample held."""
        return self._groups[: self._n_filled]

    def __len__(self) -> int:
        return self._n_filled

    def add(self, image: U8, label: int, group: int | None = None) -> None:
        if not self.n_seen:
            self._images = np.zeros((self.capacity, *image.shape), np.uint8)
        if image.shape != self._images.shape[1:]:
            raise ValueError(f'images here are {self._images.shape[1:]}, got {image.shape}')
        group = label if group is None else group
        self.n_seen += 1
        slot = self.choose(group)
        if slot is None:
            return
        self._images[slot], self._labels[slot], self._groups[slot] = image, label, group
        self._n_filled = max(self._n_filled, slot + 1)

    @abstractmethod
    def choose(self, group: int) -> int | None:
        """Return the slot for the sample just seen, at most the first free one, or None."""

    def clear(self) -> None:
        self._n_filled = self.n_seen = 0

    def state(self) -> Mapping[str, Array]:
        return {
            'images': self._images.copy(),
            'labels': self._labels.copy(),
            'groups': self._groups.copy(),
            'counts': np.array([self._n_filled, self.n_seen], np.int64),
            'generator': generator_to_array(self.rng),
        }

    def restore(self, state: Mapping[str, Array]) -> None:
        if len(state['labels']) != self.capacity:
            raise UsageError(
                f'this memory holds {self.capacity} samples, the saved one {len(state["labels"])}'
            )
        self._images, self._labels = state['images'].copy(), state['labels'].copy()
        self._groups = state['groups'].copy()
        self._n_filled, self.n_seen = (int(count) for count in state['counts'])
        self.rng = generator_from_array(state['generator'])
