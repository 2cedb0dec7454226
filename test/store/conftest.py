"""A small model, weights that improve on it, and a disk whose power can be cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
import errno
from pathlib import Path

from edge_adapt.networks.layers import Dense, Head, Threshold
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
from edge_adapt.signals import N_IMAGE_FEATURES
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.files import Files
import numpy as np
import pytest

NETWORK = Network(
    name='tiny',
    input_shape=(4, 4, 1),
    layers=(
        Dense(name='dense', n_in=16, n_out=12),
        Threshold(name='threshold', n=12),
        Head(name='head', n_in=12, n_classes=3),
    ),
    class_names=('a', 'b', 'c'),
)


@pytest.fixture
def model() -> Model:
    rng = np.random.default_rng(1)
    weights = {
        'dense.weights': rng.choice(np.array([-1, 1], np.int8), (12, 16)),
        'threshold.thresholds': rng.integers(-9, 9, 12, dtype=np.int32),
        'threshold.flips': np.zeros(12, np.uint8),
        'head.weights': rng.integers(-9, 9, (3, 12), dtype=np.int8),
        'head.bias': np.zeros(3, np.int32),
        'head.scale': np.array(0.1, np.float32),
    }
    return Model(NETWORK, Weights(weights), digest='ab' * 32)


@pytest.fixture
def improve(model: Model) -> Callable[..., WeightUpdate]:
    """Return a maker of updates: equal seeds make equal weights."""

    def make(seed: int, sequence: int | None = None, **papers: object) -> WeightUpdate:
        rng = np.random.default_rng(seed)
        arrays = {
            'threshold.thresholds': rng.integers(-9, 9, 12, dtype=np.int32),
            'head.bias': rng.integers(-9, 9, 3, dtype=np.int32),
            'domain.mean': rng.random(N_IMAGE_FEATURES, dtype=np.float32),
            'domain.deviation': rng.random(N_IMAGE_FEATURES, dtype=np.float32),
        }
        weights = model.weights.replace(arrays)
        return WeightUpdate.between(model, weights, sequence or seed, 1_000, **papers)

    return make


@dataclass
class Inode:
    """A file's content as programs see it, and as much of it as is surely on disk."""

    content: bytes = b''
    synced: bytes = b''

    def copy(self) -> Inode:
        return Inode(self.content, self.synced)


@dataclass
class Disk:
    """Names as programs see them, and names that are surely on disk."""

    names: dict[Path, Inode] = field(default_factory=dict)
    synced_names: dict[Path, Inode] = field(default_factory=dict)

    def copy(self) -> Disk:
        inodes = {id(i): i.copy() for i in (*self.names.values(), *self.synced_names.values())}
        return Disk(
            {path: inodes[id(inode)] for path, inode in self.names.items()},
            {path: inodes[id(inode)] for path, inode in self.synced_names.items()},
        )

    def after_cut(self, keeps_name: Callable[[], bool], kept: Callable[[Inode], bytes]) -> Disk:
        """Return what a power cut leaves: what was not synced may be there or not."""
        found: dict[Path, Inode] = {}
        for path in {**self.names, **self.synced_names}:
            newest, sure = self.names.get(path), self.synced_names.get(path)
            inode = newest if newest is sure or keeps_name() else sure
            if inode is not None:
                content = inode.synced if inode.content == inode.synced else kept(inode)
                found[path] = Inode(content, content)
        return Disk(found, dict(found))


class CutFiles(Files):
    """
    An in-memory disk that keeps a copy of itself before every operation, and amid every write.

    `snapshots` are the moments at which the power may go; `fail_after` operations, each further
    one fails as on a full disk.
    """

    def __init__(self, disk: Disk | None = None) -> None:
        self.disk = disk or Disk()
        self.snapshots: list[tuple[str, Disk]] = []
        self.records = False
        self.fail_after: int | None = None
        self.n_operations = 0

    def _operation(self, name: str) -> None:
        self.n_operations += 1
        is_full = self.fail_after is not None and self.n_operations > self.fail_after
        if is_full and name != 'remove':
            raise OSError(errno.ENOSPC, 'No space left on device')
        if self.records:
            self.snapshots.append((name, self.disk.copy()))

    def make_folder(self, folder: Path) -> None:
        pass

    def names(self, folder: Path) -> list[str]:
        return sorted(path.name for path in self.disk.names if path.parent == folder)

    def read(self, path: Path, max_bytes: int) -> bytes:
        if path not in self.disk.names:
            raise FileNotFoundError(path)
        return self.disk.names[path].content[:max_bytes]

    def write(self, path: Path, data: bytes) -> None:
        self._operation('create')
        inode = self.disk.names.setdefault(path, Inode())
        inode.content = b''
        self._extend(inode, data)

    def append(self, path: Path, data: bytes) -> None:
        self._operation('append')
        self._extend(self.disk.names.setdefault(path, Inode()), data)

    def _extend(self, inode: Inode, data: bytes) -> None:
        before = inode.content
        inode.content += data[: len(data) // 2]
        self._operation('half a write')
        inode.content = before + data

    def sync(self, path: Path) -> None:
        self._operation('sync')
        self.disk.names[path].synced = self.disk.names[path].content

    def sync_folder(self, folder: Path) -> None:
        self._operation('sync folder')
        inside = {p: i for p, i in self.disk.names.items() if p.parent == folder}
        outside = {p: i for p, i in self.disk.synced_names.items() if p.parent != folder}
        self.disk.synced_names = {**outside, **inside}

    def rename(self, old: Path, new: Path) -> None:
        self._operation('rename')
        self.disk.names[new] = self.disk.names.pop(old)

    def remove(self, path: Path) -> None:
        if path in self.disk.names:
            self._operation('remove')
            del self.disk.names[path]

    @contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        yield


@pytest.fixture
def cut_files() -> Callable[..., CutFiles]:
    return CutFiles
