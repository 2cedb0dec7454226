import math

from edge_adapt import native
from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters._integer_loss import row_differences
from edge_adapt.updaters._row_generation import generation, generation_in_numpy, Rule
from edge_adapt.updaters.row_es import RowEs
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest


@pytest.fixture
def objective(toy):
    return EngineObjective(Reference(), toy)


def loss(logits, label):
    """Return the base-2 cross-entropy of logits in 1/1024, in 1/256."""
    powers = [2.0 ** (value / 1024) for value in logits]
    return 256 * (math.log2(sum(powers)) - logits[label] / 1024)


def test_row_differences_are_those_of_the_cross_entropy():
    rng = np.random.default_rng(1)
    logits = rng.integers(-4000, 4000, (20, 10))
    moves = rng.integers(-900, 900, (3, 20))
    labels = rng.integers(0, 10, 20)
    got = row_differences(logits.T.copy(), moves, labels)
    for p in range(3):
        for j in range(10):
            exact = 0.0
            for z, d, y in zip(logits, moves[p], labels, strict=True):
                up, down = z.copy(), z.copy()
                up[j] += d
                down[j] -= d
                exact += loss(up, y) - loss(down, y)
            # Two table look-ups of a sample are off by at most 1/256 of an octave each way.
            assert abs(got[p, j] - exact) <= 3 * len(labels)


@pytest.mark.parametrize(('form', 'reached'), [('int16', 0.7), ('int8', 0.65)])
def test_learns_inverted_digits(form, reached, toy, objective, digits):
    train, rest = digits.take(np.arange(1000, 1400)), digits.take(np.arange(1400, 1797))
    inverted = Samples(255 - train.images, train.labels)
    *_, better = RowEs(form=form, n_evaluations=400_000).improve(objective, toy.weights, inverted)
    hits = objective.logits(better, 255 - rest.images).argmax(axis=1) == rest.labels
    frozen = objective.logits(toy.weights, 255 - rest.images).argmax(axis=1) == rest.labels
    assert frozen.mean() < 0.2
    assert hits.mean() > reached


def test_spends_no_more_than_it_was_planned_for(toy, objective, digits):
    samples = digits.take(np.arange(1000, 1200))
    for _ in RowEs(n_evaluations=50_000).improve(objective, toy.weights, samples):
        pass
    # The features of 200 samples are computed once, beside the planned evaluations.
    assert 45_000 < objective.n_evaluations <= 50_000 + 200


def test_deploys_the_head_it_trained(toy, objective, digits):
    """Without a single generation the head that comes out is the head that went in."""
    updater = RowEs(n_evaluations=1)
    task = updater.prepare(objective, toy.weights, digits.take(np.arange(300)))
    weights = updater.best(task, updater.start(task))
    assert weights.version == toy.weights.version


@pytest.mark.parametrize('labels', [[3] * 20, [-1] * 20])
def test_refuses_fewer_than_two_classes(labels, toy, objective, digits):
    samples = Samples(digits.images[:20], np.array(labels))
    with pytest.raises(UsageError, match='at least 2 classes'):
        next(RowEs().improve(objective, toy.weights, samples))


def test_refuses_an_unknown_form():
    with pytest.raises(UsageError, match='int16, int8'):
        RowEs(form='float')


@pytest.mark.skipif(native.module() is None, reason='the native kernels are not built')
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    n_classes=st.integers(1, 44),
    n_in=st.integers(1, 150),
    n_directions=st.integers(1, 5),
    rule=st.builds(
        Rule,
        unit=st.sampled_from([1, 16]),
        reach=st.sampled_from([4, 8, 64]),
        shift=st.integers(-4, 6),
        grid=st.sampled_from([1, 256]),
        step=st.sampled_from([1, 8, 256]),
        needed=st.sampled_from([0.0, 1.0, 2.5]),
    ),
)
def test_the_native_generation_moves_rows_as_the_plain_one(
    seed, n_classes, n_in, n_directions, rule
):
    rng = np.random.default_rng(seed)
    limit = 127 * rule.grid
    values = rng.integers(-limit, limit + 1, (n_classes, n_in + 1)).astype(np.float32)
    values[:, -1] *= 3
    bits = (2 * rng.integers(0, 2, (20, n_in)) - 1).astype(np.int8)
    levels = rng.integers(0, 256, (20, n_in)).astype(rng.choice(['i1', 'u1']))
    features = levels if rule.unit == 1 else bits
    mean = rng.integers(-16, 17, n_in).astype(np.int16)
    labels = rng.integers(0, n_classes + 1, 20)  # one class is not known
    directions = (2 * rng.integers(0, 2, (n_directions, n_in + 1)) - 1).astype(np.int8)
    plain, fast = values.copy(), values.copy()
    generation_in_numpy(plain, features, mean, labels, directions, rule)
    generation(fast, features, mean, labels, directions, rule)
    np.testing.assert_array_equal(fast, plain)
    assert (plain != values).any() or rule.needed or not rule.step


@pytest.mark.parametrize('form', ['int16', 'int8'])
def test_kernels_do_not_change_what_is_learned(form, toy, objective, digits, monkeypatch):
    samples = digits.take(np.arange(1000, 1200))

    def learned(kernel):
        monkeypatch.setenv(native.VARIABLE, kernel)
        updater = RowEs(form=form, n_evaluations=30_000, n_directions=3)
        *_, better = updater.improve(objective, toy.weights, samples)
        return better.version

    assert learned(native.kernels()[0]) == learned(native.NUMPY)


@pytest.mark.skipif(native.module() is None, reason='the native kernels are not built')
@pytest.mark.parametrize(
    ('index', 'wrong'),
    [
        (0, np.zeros((3, 5))),
        (0, np.zeros((3, 4), np.float32)),
        (1, np.zeros((7, 4), np.int8)),
        (3, np.zeros(6, np.int64)),
        (4, np.zeros((2, 10), np.int8)[:, ::2]),
        (5, (16, 4, 0, 256)),
        (5, (16, 1 << 15, 0, 256, 1)),
        (7, np.zeros(0, np.int32)),
    ],
)
def test_the_native_generation_refuses_what_does_not_fit(index, wrong):
    whole = (16, 4, 0, 256, 1)
    arguments = [
        *(np.zeros((3, 5), np.float32), np.zeros((7, 4), np.int16), np.zeros(4, np.int16)),
        *(np.zeros(7, np.int64), np.ones((2, 5), np.int8), whole, 0.0),
        *(np.ones(9, np.int32), np.ones(9, np.int32)),
    ]
    module = native.module()
    assert module is not None
    module.row_generation(*arguments)
    arguments[index] = wrong
    with pytest.raises(ValueError, match=r'must be|needs'):
        module.row_generation(*arguments)
