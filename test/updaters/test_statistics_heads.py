"""Class means, streaming LDA, and LDA in integers: heads that follow from sums."""

from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import with_class
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters import pca_lda
from edge_adapt.updaters.class_means import ClassMeans
from edge_adapt.updaters.pca_lda import PcaLda
from edge_adapt.updaters.streaming_lda import StreamingLda
import numpy as np
import pytest

HEADS = [ClassMeans, StreamingLda, PcaLda]


@pytest.fixture
def objective(toy):
    return EngineObjective(Reference(), toy)


def learned(updater, objective, weights, parts):
    for part in parts:
        *_, weights = updater.improve(objective, weights, part)
    return weights


@pytest.mark.parametrize('head', HEADS)
def test_the_order_of_the_samples_does_not_matter(head, toy, objective, digits):
    train = digits.take(np.arange(1000))
    by_class = train.take(np.argsort(train.labels, kind='stable'))
    whole = learned(head(), objective, toy.weights, [train])
    parts = [by_class.take(np.arange(i, i + 250)) for i in range(0, 1000, 250)]
    pieces = learned(head(), objective, toy.weights, parts)
    # Sums in another order differ in their last bits, the int8 head by a step at most.
    difference = whole['head.weights'].astype(int) - pieces['head.weights']
    assert np.abs(difference).max() <= 1


def test_streaming_lda_is_linear_discriminant_analysis(toy, objective, digits):
    discriminant_analysis = pytest.importorskip('sklearn.discriminant_analysis')
    train, rest = digits.take(np.arange(1000)), digits.take(np.arange(1000, 1797))
    bits = [objective.value(toy.weights, part.images, 'head') for part in (train, rest)]
    peer = discriminant_analysis.LinearDiscriminantAnalysis(solver='lsqr', shrinkage=0.1)
    expected = peer.fit(bits[0], train.labels).score(bits[1], rest.labels)
    ours = learned(StreamingLda(shrinkage=0.1), objective, toy.weights, [train])
    hits = objective.logits(ours, rest.images).argmax(axis=1) == rest.labels
    # The peer scales the features before it shrinks, and its head is not rounded to int8.
    assert abs(hits.mean() - expected) < 0.02


@pytest.mark.parametrize('head', HEADS)
def test_a_class_never_seen_never_wins(head, toy, objective, digits):
    some = digits.take(np.isin(digits.labels, [1, 4, 7]))
    weights = learned(head(), objective, toy.weights, [some])
    assert set(objective.logits(weights, digits.images).argmax(axis=1)) == {1, 4, 7}


def test_one_class_makes_no_head(toy, objective, digits):
    ones = Samples(digits.images[:9], np.ones(9, np.int64))
    with pytest.raises(UsageError, match='2 classes'):
        learned(ClassMeans(), objective, toy.weights, [ones])


def test_in_integers_any_order_gives_the_same_bits(toy, objective, digits):
    train = digits.take(np.arange(1000))
    by_class = train.take(np.argsort(train.labels, kind='stable'))
    whole, pieces = PcaLda(), PcaLda()
    learned(whole, objective, toy.weights, [train])
    parts = [by_class.take(np.arange(i, i + 125)) for i in range(0, 1000, 125)]
    # The head is stretched to the samples at hand, so the last part decides its scale.
    learned(pieces, objective, toy.weights, parts)
    for name, array in whole.state().items():
        np.testing.assert_array_equal(pieces.state()[name], array)


def test_sums_in_integers_do_not_overflow_but_forget(monkeypatch, toy, objective, digits):
    monkeypatch.setattr(pca_lda, 'MOST', 3000)
    updater, train = PcaLda(), digits.take(np.arange(1000))
    weights = toy.weights
    for _ in range(6):
        weights = learned(updater, objective, weights, [train])
    assert updater.state()['counts'].sum() < 4000
    assert updater.state()['triangle'].max() < 4000
    hits = objective.logits(weights, train.images).argmax(axis=1) == train.labels
    assert hits.mean() > 0.9


def test_lda_in_integers_is_streaming_lda(toy, objective, digits):
    train, rest = digits.take(np.arange(1000)), digits.take(np.arange(1000, 1797))
    hits = [
        objective.logits(learned(head, objective, toy.weights, [train]), rest.images).argmax(
            axis=1
        )
        == rest.labels
        for head in (PcaLda(), StreamingLda())
    ]
    # They shrink towards different diagonals.
    assert abs(hits[0].mean() - hits[1].mean()) < 0.02


@pytest.mark.parametrize('head', HEADS)
def test_a_class_named_later_is_learned(head, toy, digits):
    updater, train = head(), digits.take(np.arange(500))
    *_, _known = updater.improve(EngineObjective(Reference(), toy), toy.weights, train)
    grown = with_class(toy, 'moon')
    objective = EngineObjective(Reference(), grown)
    striped = digits.images[:100].copy()
    striped[:, :, ::2] = 255
    moons = Samples(striped, np.full(100, 10))
    *_, weights = updater.improve(objective, grown.weights, moons.take(np.arange(50)))
    assert (objective.logits(weights, moons.images[50:]).argmax(axis=1) == 10).mean() > 0.8


@pytest.mark.parametrize('head', [StreamingLda, PcaLda])
def test_refuses_no_shrinkage(head):
    with pytest.raises(UsageError, match='shrinkage'):
        head(shrinkage=0)
