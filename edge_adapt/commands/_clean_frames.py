"""Where `calibrate` gets its frames: a stream that can be damaged, or bags of a real camera."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
import sys
from typing import Any, Protocol

from edge_adapt import registry
from edge_adapt.corruptions import corrupt_all, Damage, Grid
from edge_adapt.drift._calibration import ADVISED_FRAMES
from edge_adapt.drift._record import Record, record_from
from edge_adapt.engines import Infer
from edge_adapt.errors import UsageError
from edge_adapt.images import network_input, Region
from edge_adapt.networks.network import Network
from edge_adapt.pipeline.recording import record, record_frames
from edge_adapt.records import Array, Frame, UNKNOWN
from edge_adapt.streams._schedule import parse
import numpy as np
from tqdm import tqdm

MAX_FRAMES = 100_000  # of bags, where nobody says how many


class Source(Protocol):
    """Clean frames, and damaged ones to predict delays from."""

    @property
    def n_frames(self) -> int:
        """How many clean frames to record where nobody says."""
        ...

    def record(self, network: Network, infer: Infer, corruption: str, n_frames: int) -> Record:
        """Return what a detector would see of n frames under a corruption, as in 'noise@0.4'."""
        ...


class StreamSource:
    """A stream shows what it is told to, through a camera of its own."""

    n_frames = ADVISED_FRAMES

    def __init__(self, name: str, seed: int, part: str | None) -> None:
        self._stream = registry.load('streams', name)
        self._options: dict[str, Any] = {'seed': seed, **({'part': part} if part else {})}

    def record(self, network: Network, infer: Infer, corruption: str, n_frames: int) -> Record:
        """See Source."""
        stream = self._stream(schedule=f'{corruption}:{n_frames}', **self._options)
        return record_frames(network, infer, _shown(stream, corruption), stream.region)


class BagSource:
    """
    The frames of bags are clean; damage is done to what the network sees of them.

    A stretch of frames of one class, by its label or, where nobody told, by the prediction, is
    one scene, as a detector must expect of a moving camera.
    """

    def __init__(
        self,
        paths: list[Path],
        image_topic: str,
        network: Network,
        region: Region,
        seed: int,
        n_most: int,
    ) -> None:
        self._network, self._region, self._seed = network, region, seed
        found = (frame for path in paths for frame in self._frames(path, image_topic))
        frames = list(islice(found, n_most))
        if not frames:
            raise UsageError(f'{paths[0]} has no frames to learn from what is normal')
        self._images = np.stack([image for image, _ in frames])
        self._labels = np.array([label for _, label in frames], np.int64)
        self.n_frames = len(frames)
        self._clean: Record | None = None

    def _frames(self, path: Path, image_topic: str) -> Iterable[tuple[Array, int]]:
        # Imported on use: who has no library for bags can use everything else.
        from edge_adapt.streams.bag.recording import Recording

        names = self._network.class_names
        recording = Recording(path, class_names=names, image_topic=image_topic)
        region = self._region if self._region.width else recording.region
        for frame in _shown(recording, path.name):
            yield network_input(frame.image, self._network.input_shape, region), frame.label
        for sentence in recording.tally.sentences():
            print(f'{path}: {sentence}', file=sys.stderr)

    def record(self, network: Network, infer: Infer, corruption: str, n_frames: int) -> Record:
        """See Source; the clean frames are the first, damaged ones are taken all over the bags."""
        if self._clean is None:
            unknown = np.full(self.n_frames, UNKNOWN)
            seen = record(network, infer, self._images, self._labels, unknown)
            starts = np.flatnonzero(np.diff(seen.classes, prepend=UNKNOWN))
            scenes = np.searchsorted(starts, np.arange(self.n_frames), 'right')
            self._clean = record_from(seen.features, seen.predicted, seen.classes, scenes)
        segment = parse(f'{corruption}:{n_frames}')[0]
        chosen = np.arange(min(n_frames, self.n_frames))
        if not segment.is_damaged:
            return self._clean.take(chosen)
        chosen = chosen * self.n_frames // len(chosen)
        images = self._images[chosen]
        for name in segment.name.split('+'):
            damage = Damage(segment.first_severity, self._grid, self._seed, self._seed)
            images = corrupt_all(images, name, damage)
        return record(
            network, infer, images, self._clean.classes[chosen], self._clean.runs[chosen]
        )

    @property
    def _grid(self) -> Grid:
        """Strengths that suit a network's input of this size: an eighth of it at most."""
        n_cells = min(self._network.input_shape[:2])
        cells = max(1, n_cells // 9)
        return Grid(n_cells, n_dead=cells, blur_cells=2 * cells + 1, shift_cells=cells)


def _shown(frames: Iterable[Frame], what: str) -> Iterable[Frame]:
    shown: Iterable[Frame] = tqdm(
        frames,
        what,
        file=sys.stderr,
        leave=False,
        unit='frame',
        mininterval=0.2 if sys.stderr.isatty() else 10.0,
    )
    return shown
