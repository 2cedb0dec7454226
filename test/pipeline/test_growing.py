"""A class nobody trained on is learned on the way, proved, stored, and forgotten on roll-back."""

from __future__ import annotations

from pathlib import Path

from edge_adapt import registry
from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import ADDED
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.assembly import reference_of
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.inference import Inference
from edge_adapt.pipeline.ladder import ladder_from
from edge_adapt.pipeline.tools import Settings
from edge_adapt.records import Frame, Samples, Weights
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.weight_store import WeightStore
import numpy as np
import pytest

MODEL = Model.load('digits')
NEW = 'frame'  # a square outline, which is no digit


@pytest.fixture(scope='module')
def pool() -> Samples:
    """Digits, and one in six of the new class, label 10."""
    samples = registry.load('streams', 'digits').pool('adapt').samples(MODEL.network.input_shape)
    rng = np.random.default_rng(0)
    samples = samples.take(rng.permutation(len(samples)))
    images, labels = samples.images.copy(), samples.labels.copy()
    outline = np.zeros(images.shape[1:], np.int16)
    outline[2:14, 2:14] = 220
    outline[5:11, 5:11] = 0
    for i in np.flatnonzero(rng.random(len(images)) < 1 / 6):
        noise = rng.integers(-30, 31, outline.shape)
        images[i] = (outline + noise).clip(0, 255).astype(np.uint8)
        labels[i] = 10
    return Samples(images, labels)


def robot(folder: Path, max_new_classes: int = 4) -> Adaptation:
    return Adaptation(
        WeightStore(folder, MODEL),
        registry.load('engines', 'popcount')(),
        reference_of('digits', MODEL),
        ladder_from('bank,recalibration', 'row_es', 0, MODEL.network),
        Gate(),
        clock_ns=lambda: 0,
        settings=Settings(max_new_classes=max_new_classes),
    )


def show(path: Adaptation, samples: Samples) -> list[Decision]:
    names = (*MODEL.network.class_names, NEW)
    decisions = []
    for i, (image, label) in enumerate(zip(samples.images, samples.labels, strict=True)):
        path.on_frame(i, image)
        path.on_label(i, path.label_of(names[label]))
        decisions.append(path.step())
    return [decision for decision in decisions if decision is not None]


def hits(fast: Inference, samples: Samples) -> tuple[float, float]:
    """Return the accuracy on digits and on the new class."""
    right = fast.classes_of(samples.images) == samples.labels
    return float(right[samples.labels < 10].mean()), float(right[samples.labels == 10].mean())


def fast_path(weights: Weights | None = None) -> Inference:
    engine = registry.load('engines', 'popcount')()
    detector = registry.load('drift', 'class_conditional')(reference_of('digits', MODEL))
    fast = Inference(MODEL, engine, detector)
    if weights is not None:
        fast.use(weights)
    return fast


def test_a_labelled_new_class_is_learned_proved_and_confirmed(
    tmp_path: Path, pool: Samples
) -> None:
    path = robot(tmp_path)
    decisions = show(path, pool.take(np.arange(250)))
    assert [(d.rung, d.accepted) for d in decisions] == [('new_class', True), ('trial', True)]
    assert decisions[0].reason.startswith('frame: accuracy')
    fast, test = fast_path(path.weights), pool.take(np.arange(250, 397))
    assert fast.class_names == (*MODEL.network.class_names, NEW)
    on_digits, on_new = hits(fast, test)
    assert on_digits > 0.95
    assert on_new > 0.95
    outline = test.images[test.labels == 10][:9]
    known = outline[fast.classes_of(outline) == 10][0]
    result = fast.on_input(Frame(known, 1), known)
    assert result.class_names[result.prediction.label] == NEW


def test_weights_that_never_heard_of_a_learned_class_are_not_asked(
    tmp_path: Path, pool: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = robot(tmp_path)
    show(path, pool.take(np.arange(250)))
    monkeypatch.setattr(path._homing, 'ask', lambda *_: pytest.fail('they were asked'))
    digits = pool.take(np.flatnonzero(pool.labels < 10))
    for i, image in enumerate(digits.images):
        path.on_frame(1000 + i, image)
        assert path.step() is None


def test_it_is_known_after_a_restart_and_unknown_after_a_roll_back(
    tmp_path: Path, pool: Samples
) -> None:
    show(robot(tmp_path), pool.take(np.arange(250)))
    again = robot(tmp_path)
    assert again.class_names[-1] == NEW
    again.roll_back('ordered by a person')
    assert fast_path(again.weights).class_names == MODEL.network.class_names


def test_without_room_a_new_class_is_refused(tmp_path: Path) -> None:
    path = robot(tmp_path, max_new_classes=1)
    assert path.label_of(NEW) == 10
    assert path.label_of(NEW) == 10
    with pytest.raises(UsageError, match="there is no class 'moon'"):
        path.label_of('moon')


def test_it_travels_as_an_update(tmp_path: Path, pool: Samples) -> None:
    path = robot(tmp_path)
    show(path, pool.take(np.arange(250)))
    update = WeightUpdate.decode(path.update(0).encode(), path.store._trust)
    assert update.apply(MODEL) == path.weights


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({ADDED: np.frombuffer(b'\xff', np.uint8)}, 'must be UTF-8'),
        ({ADDED: np.frombuffer(b'3', np.uint8)}, 'classes that are new'),
        ({ADDED: np.frombuffer(b'a\na', np.uint8)}, 'classes that are new'),
        ({ADDED: np.frombuffer(b'', np.uint8)}, 'names of networks and classes'),
        ({ADDED: np.frombuffer(b'moon', np.uint8)}, 'a head for these classes'),
        ({ADDED: np.frombuffer(b'moon\nsun', np.uint8)}, 'a head for these classes'),
    ],
)
def test_names_that_are_none_are_refused(change: dict[str, np.ndarray], reason: str) -> None:
    update = WeightUpdate.between(MODEL, MODEL.weights.replace(change), 1, 0)
    with pytest.raises(UsageError, match=reason):
        update.apply(MODEL)
