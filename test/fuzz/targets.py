"""
What is fuzzed: functions that take any bytes and must answer with a value or a UsageError.

Each target's corpus is the folder of its name in `corpus/`. `test_targets.py` replays the corpora
and their mutations; `run.py` lets atheris search for more.
"""

from __future__ import annotations

import hashlib
import json

from edge_adapt import archive, encodings
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Dense, Head, Threshold
from edge_adapt.networks.model import KIND as MODEL
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
from edge_adapt.store.container import KIND as WEIGHTS
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.intake import Intake, Rules
from edge_adapt.store.signing import ANYONE, PublicKey, SigningKey, Trust
from edge_adapt.store.state import State
import numpy as np

TINY = Model(
    Network(
        'tiny',
        (2, 2, 1),
        (
            Dense(name='dense', n_in=4, n_out=8),
            Threshold(name='bits', n=8),
            Head(name='head', n_in=8, n_classes=2),
        ),
        ('a', 'b'),
    ),
    Weights(
        {
            'dense.weights': np.ones((8, 4), np.int8),
            'bits.thresholds': np.zeros(8, np.int32),
            'bits.flips': np.zeros(8, np.uint8),
            'head.weights': np.full((2, 8), 3, np.int8),
            'head.bias': np.zeros(2, np.int32),
            'head.scale': np.array(0.5, np.float32),
        }
    ),
    digest='ab' * 32,
)
_STRANGER: PublicKey = SigningKey.new().public
_INTAKE = Intake(TINY, Trust.of([_STRANGER]), rules=Rules(attempts_hz=1e12))


def update(data: bytes) -> None:
    """Return an unsigned update with a correct digest: what gets past it must still fit."""
    found = WeightUpdate.decode(_sealed(data), ANYONE)
    assert found.apply(TINY).version == found.version


def message(data: bytes) -> None:
    """Return a message on the `weights` topic, where only one key is trusted: none gets in."""
    assert _INTAKE.offer(data, TINY.weights, 0, 0).weights is None


def model(data: bytes) -> None:
    """Return a model file with a correct digest."""
    found = Model.from_archive(archive.decode(_sealed(data), MODEL), 'fuzzed')
    assert found.network.shapes


def state(data: bytes) -> None:
    """Return the state file of a store with a correct digest."""
    assert State.decode(_sealed(data), 'fuzzed').running is not None


def image(data: bytes) -> None:
    """Return the fields of an image message: JSON up to the first zero byte, then the pixels."""
    header, _, pixels = data.partition(b'\0')
    try:
        fields = json.loads(header)
    except (ValueError, RecursionError):
        return
    names = {'height': int, 'width': int, 'encoding': str, 'is_bigendian': int, 'step': int}
    if not isinstance(fields, dict) or any(type(fields.get(n)) is not t for n, t in names.items()):
        return  # the message's types are checked by the middleware
    found = encodings.to_array(**{name: fields[name] for name in names}, data=pixels)
    assert found.shape[:2] == (fields['height'], fields['width'])


def compressed(data: bytes) -> None:
    """Return the bytes of a compressed image."""
    found = encodings.decompress('jpeg', data, max_pixels=1 << 16)
    assert found.size <= 3 << 16


TARGETS = {
    target.__name__: target for target in (update, message, model, state, image, compressed)
}


def run(name: str, data: bytes) -> bool:
    """Return whether the target took the bytes; any exception but UsageError is a finding."""
    try:
        TARGETS[name](data)
    except UsageError:
        return False
    return True


def seeds() -> dict[str, list[bytes]]:
    """Return for each target the bytes that its corpus begins with."""
    better = TINY.weights.replace({'head.bias': np.array([1, 2], np.int32)})
    good = WeightUpdate.between(TINY, better, 1, 1, evidence={'rung': 'head', 'gain': 0.5})
    signed = good.encode(SigningKey.new())
    about = {'network': TINY.network.to_dict(), 'about': {}}
    arrays = {f'weights/{name}': array for name, array in TINY.weights.items()}
    fields = {'height': 2, 'width': 2, 'encoding': 'rgb8', 'is_bigendian': 0, 'step': 6}
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    return {
        'update': [good.encode()[:-32], archive.encode(WEIGHTS, {}, {})[:-32]],
        'message': [signed, good.encode(), signed[:40]],
        'model': [archive.encode(MODEL, about, arrays)[:-32]],
        'state': [State.new('0' * 16).encode()[:-32]],
        'image': [
            json.dumps({**fields, 'encoding': encoding}).encode() + b'\0' + bytes(12)
            for encoding in encodings.ENCODINGS
        ],
        'compressed': [
            encodings.compress(np.stack([grey] * 3, -1) if colour else grey, kind)[1]
            for kind in ('jpeg', 'png')
            for colour in (False, True)
        ],
    }


def _sealed(data: bytes) -> bytes:
    return data + hashlib.sha256(data).digest()
