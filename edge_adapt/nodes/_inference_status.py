"""What the inference node says of itself in /diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TYPE_CHECKING

from edge_adapt.engines import Reporting
from edge_adapt.nodes import convert
from edge_adapt.nodes._diagnostics import Frames, Status
from edge_adapt.nodes._input_watch import InputWatch
from edge_adapt.nodes._latency import Latency
from edge_adapt.pipeline.inference import Inference as Pipeline
from edge_adapt.pipeline.newest_slot import NewestSlot

if TYPE_CHECKING:
    from edge_adapt.nodes.inference import Inference

OLD_S = 1.0  # a frame that is older when its answer leaves is worth a warning


class InferenceStatus:
    """The tasks: input, stamps, model, drift, and the engine where it has something to say."""

    def __init__(
        self,
        node: Inference,
        pipeline: Pipeline,
        slot: NewestSlot[Any],
        watch: InputWatch,
        frames: Frames,
        latency: Latency,
    ) -> None:
        self._node, self._pipeline, self._slot = node, pipeline, slot
        self._watch, self._frames, self._latency = watch, frames, latency
        self.statistic = 0.0
        self.rejection = ''  # why the latest frame was rejected
        self._n_rejected = 0

    def tasks(self) -> Mapping[str, Callable[[], Status]]:
        """Return the tasks by name."""
        engine = self._pipeline.engine
        told = {'engine': lambda: self._engine(engine)} if isinstance(engine, Reporting) else {}
        return {
            **told,
            'input': self._input,
            'stamps': lambda: self._frames.stamps(OLD_S),
            'model': self._model,
            'drift': self._drift,
        }

    def _input(self) -> Status:
        counts, rate_hz = self._slot.counts, self._frames.rate_hz()
        wanted_hz = self._node.parameter('min_rate_hz')
        values = {
            **{name: str(value) for name, value in counts.to_dict().items()},
            'Actual frequency (Hz)': f'{rate_hz:.3f}',
            'Minimum acceptable frequency (Hz)': f'{wanted_hz:g}',
            'state': self._watch.state,
        }
        if self._node.state != 'active':
            return convert.OK, f'the node is {self._node.state}', values
        level, text, _ = self._watch.check(self._node.parameter('input_timeout_s'))
        n_rejected, self._n_rejected = counts.rejected - self._n_rejected, counts.rejected
        if level == convert.OK and n_rejected:
            return convert.WARN, f'{n_rejected} frames rejected: {self.rejection}', values
        if level == convert.OK and rate_hz < wanted_hz:
            return convert.WARN, f'{rate_hz:.1f} frames a second, below {wanted_hz:g}', values
        return level, text, values

    def _model(self) -> Status:
        network = self._pipeline.model.network
        values = {
            'engine': self._node.parameter('engine'),
            'kernel': self._pipeline.kernel,
            'version': self._pipeline.version,
            'model_digest': self._pipeline.model.digest[:16],
            'swaps': str(self._node.n_swaps),
            'weights_refused': str(sum(self._node.refusals.values())),
            **{f'refused_{cause}': str(n) for cause, n in self._node.refusals.items()},
            'latency_p50_ms': f'{self._latency.percentile_ms(50):.3f}',
            'latency_p99_ms': f'{self._latency.percentile_ms(99):.3f}',
        }
        return convert.OK, f'{network.name}, version {self._pipeline.version[:8]}', values

    def _engine(self, engine: Reporting) -> Status:
        """Log what the engine has to say; the latest of it is the status."""
        news = engine.news()
        for sentence in news:
            self._node.get_logger().warning(sentence)
        figures = dict(engine.report())
        return (convert.WARN, news[-1], figures) if news else (convert.OK, 'it runs', figures)

    def _drift(self) -> Status:
        values = {
            'detector': self._node.parameter('detector'),
            'statistic': f'{self.statistic:.4f}',
            'threshold': '1',
        }
        if self.statistic > 1:
            return convert.WARN, 'the input has changed', values
        return convert.OK, 'the input is as the network knows it', values
