"""
A weight update as bytes: the tensors that differ from a model's, and where they are from.

An update belongs to one model file (`base`, its digest), has a place in an order (`sequence`) and
an end (`expires_ns`). It holds arrays and a few plain values, nothing that could be executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import math
import re
from typing import Any

from edge_adapt import archive, front_end
from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import ADDED, network_of
from edge_adapt.networks.layers import Head, Quantize, Threshold
from edge_adapt.networks.model import expected_tensors, Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, Weights
from edge_adapt.signals import N_IMAGE_FEATURES
from edge_adapt.store.signing import SigningKey, Trust
import numpy as np

KIND = 'weights'
MAX_BYTES = 8 << 20
MAX_EVIDENCE = 64
MAX_TEXT = 200
_WORD = re.compile(r'[\w.:+/-]{1,64}', re.ASCII)
_VERSION = re.compile(r'[0-9a-f]{16}')
_BASE = re.compile(r'([0-9a-f]{64})?')  # a model that was never saved has no digest
_BESIDE = ('arrays', 'signer')  # fields that are not in the header
_MAX_BIAS = 1 << 30  # bias + 127 * n_in stays within int32 for every head there is
_EXTRA = re.compile(
    r'domain\.(mean|deviation)|front_end\.[a-z0-9_]{1,32}|classes\.added', re.ASCII
)

Fact = str | int | float | bool


@dataclass(frozen=True)
class WeightUpdate:
    """
    Tensors for one model, and their papers.

    `base` is the digest of the model they belong to, `version` the name of the whole weights they
    make there. `sequence` starts at 1 and only grows; `expires_ns` is 0 for never. `evidence` says
    why: the rung of the ladder, scores before and after. `signer` is the key's name, '' unsigned.
    """

    base: str
    version: str
    arrays: Weights
    sequence: int
    producer: str
    created_ns: int
    expires_ns: int = 0
    evidence: Mapping[str, Fact] = field(default_factory=dict)
    signer: str = ''

    def __post_init__(self) -> None:
        """Refuse fields outside their ranges."""
        _check_fields(self)

    @staticmethod
    def between(
        model: Model, weights: Weights, sequence: int, created_ns: int, **papers: Any
    ) -> WeightUpdate:
        """
        Return the update that turns the model's weights into `weights`.

        Evidence that is not a finite number is left out, and long text is cut.
        """
        papers.setdefault('producer', 'edge_adapt')
        papers['evidence'] = _tellable(papers.get('evidence', {}))
        return WeightUpdate(
            model.digest,
            weights.version,
            Weights(changes(model, weights)),
            sequence,
            created_ns=created_ns,
            **papers,
        )

    def groups(self, network: Network) -> tuple[str, ...]:
        """Return the parameter groups it touches: body, head, thresholds and those beside."""
        return tuple(sorted({_group(network, name) for name in self.arrays}))

    def apply(self, model: Model) -> Weights:
        """
        Return the model's weights with this update.

        Raises UsageError where the update is for another model, does not fit the network, holds
        values outside their ranges, or makes other weights than it says.
        """
        if self.base != model.digest:
            raise UsageError(
                f'update {self.version} is for model {self.base[:16]}, not {model.digest[:16]}'
            )
        check_arrays(model, self.arrays)
        weights = model.weights.replace(self.arrays)
        if weights.version != self.version:
            raise UsageError(f'update {self.version} makes other weights, {weights.version}')
        return weights

    def encode(self, key: SigningKey | None = None) -> bytes:
        """Return the container, signed where there is a key."""
        about = {name: value for name, value in vars(self).items() if name not in _BESIDE}
        about['evidence'] = dict(self.evidence)
        content = archive.encode(KIND, about, self.arrays)
        return content if key is None else key.sign(content)

    @staticmethod
    def decode(data: bytes, trust: Trust, source: str = 'weight update') -> WeightUpdate:
        """
        Return the update in a container.

        Raises UsageError where it is too large, not signed as `trust` wants it, or damaged.
        """
        if len(data) > MAX_BYTES:
            raise UsageError(f'{source} has {len(data)} bytes, at most {MAX_BYTES} are read')
        return WeightUpdate.unsealed(*trust.open(data, source), source)

    @staticmethod
    def unsealed(content: bytes, signer: str, source: str) -> WeightUpdate:
        """Return the update in a container whose signature was checked already."""
        found = archive.decode(content, KIND, source)
        try:
            return WeightUpdate(arrays=Weights(found.arrays), signer=signer, **found.about)
        except TypeError as error:
            raise UsageError(f'{source} has other fields than a weight update: {error}') from error


def changes(model: Model, weights: Weights) -> dict[str, Array]:
    """Return the tensors of `weights` that the model's own weights lack or have otherwise."""
    return {
        name: array
        for name, array in weights.items()
        if name not in model.weights or not _equal(array, model.weights[name])
    }


def checked_version(version: str) -> str:
    """Return a version's name if it is one: it may become the name of a file."""
    if not _VERSION.fullmatch(version):
        raise UsageError(f'a version is 16 hexadecimal digits, got {version!r}')
    return version


def check_arrays(model: Model, arrays: Mapping[str, Array]) -> None:
    """Raise UsageError for a tensor that is unknown, misshapen, or outside its legal range."""
    network = network_of(model.network, arrays)
    expected = expected_tensors(network)
    _check_added(network, arrays)
    for name, array in arrays.items():
        if name in expected:
            dtype, shape = expected[name]
            if array.dtype != dtype or array.shape != shape:
                raise UsageError(
                    f'{name!r} must be {dtype} {shape}, got {array.dtype} {array.shape}'
                )
        elif not _EXTRA.fullmatch(name):
            raise UsageError(f'network {model.network.name!r} has no tensor {name!r}')
        if not np.all(np.isfinite(array)):
            raise UsageError(f'{name!r} holds NaN or infinite values')
    _check_ranges(model.network, arrays)
    _check_signature(arrays)
    front_end.check(front_end.named(arrays), model.network.input_shape)
    _check_signs(model, arrays)


def _check_signs(model: Model, arrays: Mapping[str, Array]) -> None:
    """Check that what is +1 or -1 stays so."""
    for name in set(arrays) & set(model.weights):
        if _is_signs(model.weights[name]) and not _is_signs(arrays[name]):
            raise UsageError(f'{name!r} must be +1 or -1 throughout')


def _check_added(network: Network, arrays: Mapping[str, Array]) -> None:
    """Check that added classes come with a head for them."""
    if ADDED not in arrays:
        return
    missing = {f'{network.head.name}.{tensor}' for tensor in ('weights', 'bias')} - set(arrays)
    if missing or arrays[ADDED].ndim != 1 or arrays[ADDED].dtype != np.uint8:
        raise UsageError(f'{ADDED!r} must be bytes, and a head for these classes must be beside')


def _check_ranges(network: Network, arrays: Mapping[str, Array]) -> None:
    """Check what the arithmetic relies on: flips are bits, sums fit, the scale is positive."""
    ranges = {'domain.deviation': (0.0, math.inf)}
    for layer in network.layers:
        if isinstance(layer, Threshold):
            ranges[f'{layer.name}.flips'] = (0, 1)
        if isinstance(layer, Quantize):
            ranges[f'{layer.name}.steps'] = (1e-30, 1e30)
        if isinstance(layer, Head):
            ranges[f'{layer.name}.bias'] = (-_MAX_BIAS, _MAX_BIAS)
            ranges[f'{layer.name}.scale'] = (1e-9, 1e9)
    for name in arrays.keys() & ranges.keys():
        low, high = ranges[name]
        if np.any(arrays[name] < low) or np.any(arrays[name] > high):
            raise UsageError(f'{name!r} must be in {low}..{high}')


def _check_signature(arrays: Mapping[str, Array]) -> None:
    """Check that the signature of a domain is two vectors of image features, or absent."""
    if ('domain.mean' in arrays) != ('domain.deviation' in arrays):
        raise UsageError("'domain.mean' and 'domain.deviation' come together or not at all")
    if 'domain.mean' in arrays:
        for name in ('domain.mean', 'domain.deviation'):
            if arrays[name].shape != (N_IMAGE_FEATURES,) or arrays[name].dtype.kind != 'f':
                raise UsageError(
                    f'{name!r} must be {N_IMAGE_FEATURES} floats, got {arrays[name].dtype}'
                    f' {arrays[name].shape}'
                )


def _check_fields(update: WeightUpdate) -> None:
    texts = {'base': _BASE, 'version': _VERSION, 'producer': _WORD}
    for name, pattern in texts.items():
        value = getattr(update, name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise UsageError(f'{name} of a weight update must be {pattern.pattern}, got {value!r}')
    for name, least in {'sequence': 1, 'created_ns': 0, 'expires_ns': 0}.items():
        value = getattr(update, name)
        if type(value) is not int or not least <= value < 1 << 63:
            raise UsageError(f'{name} of a weight update must be an integer >= {least}')
    evidence: Any = update.evidence  # from outside it may be anything
    if not isinstance(evidence, Mapping) or len(evidence) > MAX_EVIDENCE:
        raise UsageError(f'the evidence of a weight update must be <= {MAX_EVIDENCE} named facts')
    for name, fact in evidence.items():
        if not isinstance(name, str) or not _WORD.fullmatch(name) or not _is_fact(fact):
            raise UsageError('the evidence of a weight update must be words, numbers, yes or no')


def _tellable(evidence: Mapping[str, Fact]) -> dict[str, Fact]:
    cut = {
        name: fact[:MAX_TEXT] if isinstance(fact, str) else fact for name, fact in evidence.items()
    }
    return {name: fact for name, fact in cut.items() if _is_fact(fact)}


def _is_fact(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT and value.isprintable()
    return isinstance(value, bool | int | float) and abs(value) < 2**63  # NaN is below nothing


def _group(network: Network, name: str) -> str:
    layer, _, tensor = name.rpartition('.')
    if _EXTRA.fullmatch(name):
        return layer
    if tensor in ('thresholds', 'flips', 'offsets', 'steps'):
        return 'thresholds'
    return 'head' if layer == network.head.name else 'body'


def _equal(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and bool(np.array_equal(a, b))


def _is_signs(array: Array) -> bool:
    return array.dtype == np.int8 and bool(np.all(np.abs(array) == 1))
