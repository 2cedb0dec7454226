"""The oracle knows the labels of its segment, and is a bound to look up to."""

from __future__ import annotations

from edge_adapt import registry
from edge_adapt.evaluation import oracle as module
from edge_adapt.evaluation.oracle import Oracle
from edge_adapt.networks.model import Model
from edge_adapt.records import UNKNOWN
from edge_adapt.streams.digits import Digits
import numpy as np
import pytest

MODEL = Model.load('digits')


def oracle() -> Oracle:
    return Oracle(registry.load('engines', 'popcount')(), MODEL)


def seen(schedule: str) -> tuple[list, list[int]]:
    from edge_adapt.images import network_input

    stream = Digits(schedule)
    shape = MODEL.network.input_shape
    frames = list(stream)
    return [network_input(f.image, shape, stream.region) for f in frames], [
        f.label for f in frames
    ]


def test_oracle_is_better_than_frozen_on_a_damaged_segment() -> None:
    images, labels = seen('contrast:150')
    one = oracle()
    one.see(np.stack(images), labels)
    one.finish()
    infer = registry.load('engines', 'popcount')().prepare(MODEL.network, MODEL.weights)
    frozen = infer(np.stack(images)).logits.argmax(axis=1)
    assert np.mean(np.equal(one.answers, labels)) >= np.mean(frozen == labels) + 0.3


def test_a_long_segment_is_taken_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, 'MAX_FRAMES', 16)
    images, labels = seen('clean:40')
    one = oracle()
    for image, label in zip(images, labels, strict=True):
        one.see(image[np.newaxis], [label])
        assert len(one._images) < 16
    one.finish()
    assert len(one.answers) == 40


def test_without_labels_it_has_no_answer() -> None:
    images, _ = seen('clean:5')
    one = oracle()
    one.see(np.stack(images), [UNKNOWN] * 5)
    one.finish()
    assert one.answers == [UNKNOWN] * 5
