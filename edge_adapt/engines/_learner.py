"""Updates of one network on an accelerator of its own: thresholds, row_es, flips, descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from edge_adapt.engines._accelerator import (
    frame_words,
    Geometry,
    geometry_of,
    LOG2_WINDOW,
    MAX_FLIP_SAMPLES,
    MAX_SAMPLES,
    parameter_image,
    with_image,
)
from edge_adapt.engines._simulator import Region, Simulator, SimulatorLostError, Unit
from edge_adapt.errors import UsageError
from edge_adapt.networks.network import Network
from edge_adapt.records import I32, I64, U8, Weights
import numpy as np

TIMEOUT_S = 120.0  # a request may learn for a while; no frame waits for it
MAX_WINDOW = 1 << LOG2_WINDOW  # frames
_START, _RATE = 1 << 16, 2 << 16  # of stat_run
_N_STATISTICS = 6  # words a neuron
Result = TypeVar('Result')


class HeadRun(NamedTuple):
    """A head after some work: values (n_classes, n_in + 1) in 1/256, and the register."""

    values: I64
    register: int


class FlipRun(NamedTuple):
    """Some generations of flips: the parent's weights, and the register."""

    weights: Weights
    register: int


class Learner:
    """
    Runs updates of `network` on a simulated accelerator, which starts with the first of them.

    Where it is lost, UsageError says so; the next call starts another.
    """

    def __init__(self, network: Network, weights: Weights, lanes: int = 128) -> None:
        self._network, self._lanes = network, lanes
        self.geometry: Geometry = geometry_of(network, weights, lanes)
        self._simulator: Simulator | None = None
        self._selected = 0
        self._version = ''

    @property
    def lanes(self) -> int:
        """Bits of a word of the accelerator."""
        return self._lanes

    @property
    def circuits(self) -> tuple[str, ...]:
        """Names of the updaters whose work it can do: neurons of bits or of levels decide."""
        if self.geometry.value_bits > 1:
            return ('row_es', 'integer_sgd')
        if self.geometry.convolutions is not None:
            return ('row_es',)
        return ('recalibration', 'row_es', 'bit_flips')

    def rate_thresholds(self, weights: Weights, images: U8, n_wanted: I64) -> I32:
        """
        Return for every neuron the largest threshold that n_wanted of its sums reach.

        images (n, h, w, c) are run with `weights`; n_wanted (n_neurons,) counts frames.
        """
        if not 0 < len(images) <= MAX_WINDOW:
            raise UsageError(f'the window of the accelerator has 1..{MAX_WINDOW} frames')
        return self._do(lambda simulator: self._search(simulator, weights, images, n_wanted))

    def logits(self, weights: Weights, images: U8) -> I32:
        """Run frames with `weights` and return their logits (n, n_classes)."""

        def run(simulator: Simulator) -> I32:
            self._use(simulator, weights)
            words = frame_words(self._network, weights, images, self._lanes)
            return simulator.infer(words).logits

        return self._do(run)

    def capture(self, weights: Weights, images: U8, labels: I64) -> None:
        """Keep the features of labelled frames, as `weights` compute them, on chip."""
        if len(images) > MAX_SAMPLES:
            raise UsageError(f'the accelerator holds {MAX_SAMPLES} samples, got {len(images)}')

        def fill(simulator: Simulator) -> None:
            self._use(simulator, weights)
            self._keep(simulator, weights, images, labels)

        self._do(fill)

    def start_head(self, values: I64, means: I64, register: int, batch_size: int) -> None:
        """Give row_es where to begin: V (n_classes, n_in + 1), means (n_in,) in sixteenths."""

        def load(simulator: Simulator) -> None:
            simulator.load(Region.VALUES, values.T.reshape(-1))
            simulator.load(Region.MEANS, means)
            simulator.write('es_register', register)
            simulator.write('es_batch', batch_size)

        self._do(load)

    def run_head(self, order: I64, n_generations: int, scale: int) -> None:
        """Run generations over the samples `order` names, with the word of es_scale."""

        def learn(simulator: Simulator) -> None:
            simulator.load(Region.ORDER, order)
            simulator.write('es_scale', scale)
            simulator.write('es_run', n_generations)
            simulator.wait(Unit.LEARNING)

        self._do(learn)

    def head(self) -> HeadRun:
        """Return the values and the register as they are now."""

        def store(simulator: Simulator) -> HeadRun:
            table = simulator.store(Unit.LEARNING).reshape(-1, self._network.head.n_classes)
            register = simulator.registers()['es_register']
            return HeadRun(np.ascontiguousarray(table.T), register)

        return self._do(store)

    def descend(self, values: I64, register: int, order: I64, scale: int) -> HeadRun:
        """Run a step on each captured sample that `order` names, with the word of sgd_scale."""

        def learn(simulator: Simulator) -> HeadRun:
            simulator.load(Region.DESCENT_VALUES, values.T.reshape(-1))
            simulator.load(Region.DESCENT_ORDER, order)
            simulator.write('sgd_register', register)
            simulator.write('sgd_scale', scale)
            simulator.write('sgd_run', len(order))
            simulator.wait(Unit.DESCENT)
            table = simulator.store(Unit.DESCENT).reshape(-1, self._network.head.n_classes)
            state = simulator.registers()['sgd_register']
            return HeadRun(np.ascontiguousarray(table.T), state)

        return self._do(learn)

    def flip(
        self, weights: Weights, register: int, images: U8, labels: I64, scale: int, n: int
    ) -> FlipRun:
        """Run n generations of flips over labelled frames, with the word of flip_scale."""
        if len(images) > MAX_FLIP_SAMPLES:
            raise UsageError(
                f'the accelerator holds {MAX_FLIP_SAMPLES} frames to flip by, got {len(images)}'
            )

        def learn(simulator: Simulator) -> FlipRun:
            if not self._version:
                self._use(simulator, weights)
            evolved = 1 - self._selected
            image = parameter_image(self._network, weights, self._lanes)
            simulator.write_bank(evolved, image)
            self._keep(simulator, weights, images, labels)
            simulator.write('flip_register', register)
            simulator.write('flip_scale', scale)
            simulator.write('flip_run', n)
            simulator.wait(Unit.FLIPS)
            image = simulator.read_bank(evolved)
            better = with_image(self._network, weights, image, self._lanes)
            return FlipRun(better, simulator.registers()['flip_register'])

        return self._do(learn)

    def close(self) -> None:
        """End the simulator."""
        if self._simulator is not None:
            self._simulator.close()
            self._simulator, self._selected, self._version = None, 0, ''

    def _search(self, simulator: Simulator, weights: Weights, images: U8, n_wanted: I64) -> I32:
        self._use(simulator, weights)
        words = frame_words(self._network, weights, images, self._lanes)
        simulator.load(Region.TARGETS, n_wanted << 16)
        n_frames = len(images) - 1 << 20
        lows, highs = self._pass(simulator, words, n_frames | _START)[:, 2:4].T
        for bit in reversed(range(int((highs - lows).max()).bit_length())):
            table = self._pass(simulator, words, n_frames | _RATE | bit << 8, read=not bit)
        return np.asarray(table[:, 5] if (highs > lows).any() else lows, np.int32)

    def _pass(self, simulator: Simulator, words: U8, command: int, read: bool = True) -> I64:
        """Return what the statistics unit holds (n_neurons, 6) after a pass over the frames."""
        simulator.write('stat_run', command)
        simulator.infer(words)
        simulator.wait(Unit.STATISTICS)
        table = simulator.store(Unit.STATISTICS) if read else np.zeros(0, np.int64)
        return table.reshape(-1, _N_STATISTICS)

    def _keep(self, simulator: Simulator, weights: Weights, images: U8, labels: I64) -> None:
        """Run frames that every unit keeps as its samples, instead of those it had."""
        built = self.geometry.learning_parameters
        for unit in ('Es', 'Sgd', 'Flip'):
            if built.get(f'{unit}Samples'):
                simulator.write(f'{unit.lower()}_clear', 0)
        words = frame_words(self._network, weights, images, self._lanes)
        simulator.capture(words, labels.astype(np.uint8))

    def _use(self, simulator: Simulator, weights: Weights) -> None:
        """Have `weights` in the selected bank."""
        if weights.version == self._version:
            return
        self._selected = 1 - self._selected
        image = parameter_image(self._network, weights, self._lanes)
        simulator.write_bank(self._selected, image)
        simulator.select(self._selected)
        self._version = weights.version

    def _do(self, work: Callable[[Simulator], Result]) -> Result:
        try:
            if self._simulator is None:
                self._simulator = Simulator(self.geometry, TIMEOUT_S, learning=True)
            return work(self._simulator)
        except SimulatorLostError as error:
            self.close()
            raise UsageError(f'the accelerator was lost: {error}') from error
