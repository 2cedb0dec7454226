"""
The engine of onnxruntime: layer records as exact float32 graphs, and backbones that are ONNX.

It is the only door to onnxruntime. One thread and no spinning, so that it shares a small robot
with others. A backbone comes from somebody else: its graph is read by our own reader first, then
loaded in a child process, where a crash of the library is a sentence instead of a dead node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
import hashlib
import subprocess
import sys

from edge_adapt.conversion.from_network import graph_of
from edge_adapt.engines import DTYPES, Infer, Outcome, reference
from edge_adapt.errors import UsageError
from edge_adapt.graphs.reader import read
from edge_adapt.graphs.writer import write
from edge_adapt.networks.layers import Backbone
from edge_adapt.networks.model import check_weights
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import Array, U8, Weights
import numpy as np
import onnxruntime

CPU = 'CPUExecutionProvider'
_CHILD_TIMEOUT_S = 120


class OnnxRuntime:
    """
    The same integers as the reference, and the only engine that runs a backbone.

    Float layers are summed in another order than the reference's: their values differ by rounding,
    and a sign of a float that close to 0 may differ.

    Raises UsageError for a provider that this onnxruntime does not have.
    """

    def __init__(self, n_threads: int = 1, provider: str = CPU) -> None:
        available = onnxruntime.get_available_providers()
        if provider not in available:
            raise UsageError(
                f'there is no provider {provider!r}; there are {", ".join(available)}'
            )
        self.n_threads, self.provider = n_threads, provider
        self._backbones: dict[str, onnxruntime.InferenceSession] = {}

    def prepare(self, network: Network, weights: Weights) -> Infer:
        """Return a runner; UsageError where the weights do not fit the network."""
        check_weights(network, weights)
        first = network.layers[0]
        if isinstance(first, Backbone):
            data = weights[f'{first.name}.graph'].tobytes()
            return BackboneInfer(network, weights, first, self.backbone(data))
        return LayersInfer(network, weights, self)

    def session(self, data: bytes) -> onnxruntime.InferenceSession:
        """Return a session that runs the model in `data`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.n_threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(data, options, providers=[self.provider])

    def features(self, data: bytes, images: U8, n_out: int) -> Array:
        """Return what somebody else's graph gives, (n, n_out) float32."""
        return features(self.backbone(data), images, n_out)

    def backbone(self, data: bytes) -> onnxruntime.InferenceSession:
        """Return the session of somebody else's graph, tried in a child process before."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._backbones:
            read(data)  # refuses external data and whatever is no ONNX
            load_in_child(data, self.provider)
            self._backbones[digest] = self.session(data)
        return self._backbones[digest]


@dataclass(frozen=True)
class LayersInfer:
    """A network of layer records; one session for each set of taps that was asked for."""

    network: Network
    weights: Weights
    engine: OnnxRuntime
    _sessions: dict[tuple[str, ...], onnxruntime.InferenceSession] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the session without taps, so that the first frame does not wait for it."""
        self._session((self.network.head.name,))

    @property
    def provider(self) -> str:
        """Return what onnxruntime really runs on."""
        return str(self._session((self.network.head.name,)).get_providers()[0])

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        """Run images (n, height, width, channels) uint8."""
        reference.check_images(self.network, images)
        reference.check_taps(self.network, taps)
        head = self.network.head.name
        names = tuple(dict.fromkeys([head, *taps]))
        outputs = self._session(names).run(list(names), {INPUT: images})
        values = {name: self._plain(name, x) for name, x in zip(names, outputs, strict=True)}
        return Outcome(values[head], {name: values[name] for name in taps})

    def _session(self, outputs: tuple[str, ...]) -> onnxruntime.InferenceSession:
        if outputs not in self._sessions:
            data = write(graph_of(self.network, self.weights, outputs))
            self._sessions[outputs] = self.engine.session(data)
        return self._sessions[outputs]

    def _plain(self, name: str, value: Array) -> Array:
        """Return a value as the reference gives it: integers, channels last, with the bias."""
        plain = value.astype(DTYPES[self.network.kinds[name]])
        if name == self.network.head.name:
            plain += self.weights[f'{name}.bias']
        return np.ascontiguousarray(np.moveaxis(plain, 1, -1)) if plain.ndim == 4 else plain


@dataclass(frozen=True)
class BackboneInfer:
    """A backbone in onnxruntime, the layers after it as the reference has them."""

    network: Network
    weights: Weights
    backbone: Backbone
    session: onnxruntime.InferenceSession

    @property
    def provider(self) -> str:
        """Return what onnxruntime really runs on."""
        return str(self.session.get_providers()[0])

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        """Run images (n, height, width, channels) uint8."""
        reference.check_images(self.network, images)
        reference.check_taps(self.network, taps)
        known = {self.backbone.name: features(self.session, images, self.backbone.n_out)}
        return reference.run(self.network, self.weights, images, taps, known)


def features(session: onnxruntime.InferenceSession, images: U8, n_out: int) -> Array:
    """Return what a backbone gives, (n, n_out) float32, image by image if it wants that."""
    (entry,) = session.get_inputs()
    n_at_once = entry.shape[0] if isinstance(entry.shape[0], int) else max(1, len(images))
    chunks = [
        session.run(None, {entry.name: images[i : i + n_at_once]})[0].reshape(-1, n_out)
        for i in range(0, len(images), n_at_once)
    ]
    return np.concatenate([np.empty((0, n_out), np.float32), *chunks])


def load_in_child(data: bytes, provider: str) -> None:
    """Load and run a graph in another process; UsageError with its last words if that fails."""
    command = [sys.executable, '-m', __name__, provider]
    try:
        child = subprocess.run(
            command, input=data, capture_output=True, timeout=_CHILD_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(f'onnxruntime did not load the graph in {error.timeout:.0f} s') from error
    if child.returncode:
        words = child.stderr.decode(errors='replace').strip().splitlines()
        reason = words[-1] if words else f'it ended with status {child.returncode}'
        raise UsageError(f'onnxruntime cannot run this graph: {reason}')


def _try_graph(provider: str, data: bytes) -> None:
    """Load the graph and run it once on grey images."""
    session = OnnxRuntime(provider=provider).session(data)
    (entry,) = session.get_inputs()
    shape = [size if isinstance(size, int) else 1 for size in entry.shape]
    session.run(None, {entry.name: np.full(shape, 128, np.uint8)})


if __name__ == '__main__':
    _try_graph(sys.argv[1], sys.stdin.buffer.read())
