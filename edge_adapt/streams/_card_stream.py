"""A data set on cards: each frame of a 320x240 camera shows one card before a photograph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from edge_adapt.corruptions import corrupt, Damage, Grid
from edge_adapt.errors import UsageError
from edge_adapt.images import Region
from edge_adapt.records import Frame, U8
from edge_adapt.streams import enlarge, Pool, Segment
from edge_adapt.streams._order import plan
from edge_adapt.streams._schedule import parse, STUCK
from edge_adapt.streams._shipped_images import photographs
import numpy as np

WIDTH, HEIGHT = 320, 240
_SCENE_FRAMES = 300  # the photograph behind the cards changes every ten seconds at 30 Hz
_MARGIN = 24  # of the card's own paper, wider than any shift, so that no shift shows the scene
_FRAME = 4  # the light border around it
_SHADOW = 6


class CardStream:
    """
    Cards before photographs, damaged as the schedule says.

    A frame is a pure function of the arguments and its index. `part` chooses the images; the
    default holds none that a shipped network was trained on. `order` and `hold` (frames a card
    stays) say how cards follow each other; `sensor_noise` is the deviation of the sensor's own
    noise in grey levels; `jitter` is how far the camera shakes, in pixels.
    """

    class_names: ClassVar[tuple[str, ...]]
    grid: ClassVar[Grid]
    paper: ClassVar[int] = 0  # grey level of the card around the image

    def __init__(
        self,
        schedule: str = 'clean:300,contrast:450,clean:300',
        *,
        seed: int = 0,
        part: str = 'adapt+test',
        order: str = 'shuffled',
        hold: int = 1,
        rate_hz: float = 30.0,
        sensor_noise: float = 0.0,
        jitter: int = 0,
    ) -> None:
        if not 0 < rate_hz <= 1000:
            raise UsageError(f'rate_hz must be above 0 and at most 1000, got {rate_hz}')
        if seed < 0:
            raise UsageError(f'seed must not be negative, got {seed}')
        if not 0 <= sensor_noise <= 64:
            raise UsageError(f'sensor_noise must be within 0..64 grey levels, got {sensor_noise}')
        if not 0 <= jitter <= 12:
            raise UsageError(f'jitter must be within 0..12 pixels, got {jitter}')
        self.segments: tuple[Segment, ...] = parse(schedule)
        self.rate_hz, self.seed, self.jitter = rate_hz, seed, jitter
        self._pool = self.pool(part)
        self._plan = plan(self._pool, len(self), order, hold, seed)
        self._scenes = self._scenes_with_card(seed)
        rng = np.random.default_rng([seed, 3])
        # Rows and columns are read from a random corner, so frames of one stream differ.
        self._sensor_noise = np.rint(
            sensor_noise * rng.standard_normal((2 * HEIGHT, 2 * WIDTH, 1), dtype=np.float32)
        ).astype(np.int16)
        self._has_noise = sensor_noise > 0

    @classmethod
    def pool(cls, part: str = 'train') -> Pool:
        """Return the images of 'train', 'adapt' or 'test', or of several joined by '+'."""
        raise NotImplementedError

    @property
    def region(self) -> Region:
        """Where the card's image is."""
        size = self.grid.n_cells * self.grid.cell
        return Region(self.grid.x, self.grid.y, size, size)

    def __len__(self) -> int:
        return self.segments[-1].stop

    def __iter__(self) -> Iterator[Frame]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Frame:
        if not 0 <= index < len(self):
            raise IndexError(f'frame {index} of {len(self)}')
        number, segment = next(
            (i, segment) for i, segment in enumerate(self.segments) if index < segment.stop
        )
        names = segment.name.split('+')
        shown = segment.start if STUCK in names else index
        card = int(self._plan[shown])
        damage = Damage(
            segment.severity(index),
            self.grid,
            seed=_mix(self.seed, 4, shown),
            segment_seed=_mix(self.seed, 5, number),
        )
        image = self._render(card, shown)
        names = [name for name in names if name != STUCK]
        if names:
            image = corrupt(image, '+'.join(names), damage)
        return Frame(
            image,
            stamp_ns=round(index * 1e9 / self.rate_hz),
            label=int(self._pool.labels[card]),
            track=int(self._pool.tracks[card]),
        )

    def _render(self, card: int, index: int) -> U8:
        number = index // _SCENE_FRAMES % len(self._scenes)
        rng = np.random.default_rng(_mix(self.seed, 6, index))
        dx, dy = rng.integers(-self.jitter, self.jitter + 1, 2) if self.jitter else (0, 0)
        top, left = self.jitter + int(dy), self.jitter + int(dx)
        frame = self._scenes[number][top : top + HEIGHT, left : left + WIDTH].copy()
        image = np.broadcast_to(self._pool.images[card], (*self._pool.images.shape[1:3], 3))
        image = enlarge(image, self.grid.cell)
        _square(frame, self.grid.x - int(dx), self.grid.y - int(dy), len(image), 0)[:] = image
        if self._has_noise:
            top, left = int(rng.integers(HEIGHT)), int(rng.integers(WIDTH))
            noise = self._sensor_noise[top : top + HEIGHT, left : left + WIDTH]
            frame = np.asarray((frame + noise).clip(0, 255), np.uint8)
        return frame

    def _scenes_with_card(self, seed: int) -> list[U8]:
        """Return the photographs in random order, a little larger than the frame by jitter."""
        border = 2 * self.jitter
        scenes = []
        for photograph in photographs(WIDTH + border, HEIGHT + border):
            scene = photograph.copy()
            x, y = self.grid.x + self.jitter, self.grid.y + self.jitter
            size = self.grid.n_cells * self.grid.cell
            shadow = _square(scene, x + _SHADOW, y + _SHADOW, size, _MARGIN + _FRAME)
            shadow[:] = shadow // 2
            _square(scene, x, y, size, _MARGIN + _FRAME)[:] = 235
            _square(scene, x, y, size, _MARGIN)[:] = self.paper
            scenes.append(scene)
        return [scenes[i] for i in np.random.default_rng([seed, 2]).permutation(len(scenes))]


def _square(frame: U8, x: int, y: int, size: int, margin: int) -> U8:
    """Return the view of a square of `size` at (x, y) and `margin` pixels around it."""
    top, left = max(0, y - margin), max(0, x - margin)
    return frame[top : y + size + margin, left : x + size + margin]


def _mix(*numbers: int) -> int:
    """Return one seed of 32 bits from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
