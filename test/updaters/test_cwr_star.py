from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters._hybrid import forward_copy, grid_of, onto_grid
from edge_adapt.updaters.cwr_star import CwrStar
import numpy as np
import pytest

EXPERIENCES = ([0, 1, 2, 3, 4], [5], [6], [7], [8], [9])
N_EPOCHS, N_BATCH = 10, 32


@pytest.fixture
def objective(toy):
    return EngineObjective(Reference(), toy)


@pytest.fixture(scope='module')
def train(digits):
    return digits.take(np.arange(1000))


@pytest.fixture(scope='module')
def rest(digits):
    return digits.take(np.arange(1000, 1797))


def of_classes(samples, classes):
    return samples.take(np.isin(samples.labels, classes))


def learn(objective, weights, train, learner):
    for classes in EXPERIENCES:
        *_, weights = learner.improve(objective, weights, of_classes(train, classes))
    return weights


def accuracy(objective, weights, samples):
    return (objective.logits(weights, samples.images).argmax(axis=1) == samples.labels).mean()


def plain_cwr_star(x, y, seed):
    """CWR* as published, in floating point, without a class or a bit more than it needs."""
    rng = np.random.default_rng(seed)
    unit = 4 / np.sqrt(x.shape[1])
    cw, past = np.zeros((10, x.shape[1])), np.zeros(10)
    for classes in EXPERIENCES:
        mine = np.isin(y, classes)
        inputs, labels = x[mine], y[mine]
        tw = np.zeros_like(cw)
        tw[classes] = cw[classes]
        for _ in range(N_EPOCHS):
            order = rng.permutation(len(labels))
            for start in range(0, len(order), N_BATCH):
                batch = order[start : start + N_BATCH]
                logits = unit * inputs[batch] @ tw.T
                p = np.exp(logits - logits.max(axis=1, keepdims=True))
                p /= p.sum(axis=1, keepdims=True)
                p[np.arange(len(batch)), labels[batch]] -= 1
                tw -= unit / N_BATCH * p.T @ inputs[batch]
        w = tw[classes] - tw[classes].mean()
        for j, w_j in zip(classes, w, strict=True):
            n = np.sum(labels == j)
            r = np.sqrt(past[j] / n)
            cw[j] = (r * cw[j] + w_j) / (r + 1)
            past[j] += n
    return cw


def test_is_the_published_algorithm(toy, objective, train, rest):
    """Against plain floating point: 8 bits forward and 32 back give the same but for 8 bits."""
    learner = CwrStar(seed=4, q_b=32, known_count=0, replay_per_class=0, stochastic=False)
    weights = learn(objective, toy.weights, train, learner)
    bits = objective.value(toy.weights, train.images, 'head').astype(float)
    plain = plain_cwr_star(bits, train.labels, seed=4)
    unit = 4 / np.sqrt(bits.shape[1])
    ours = weights['head.weights'] * float(weights['head.scale']) / unit
    # The forward copy and the deployed head step by 1/64 to 1/32; the weights reach 3.
    assert np.abs(ours - plain).mean() < 1 / 64
    assert np.corrcoef(ours.ravel(), plain.ravel())[0, 1] > 0.99
    bits = objective.value(toy.weights, rest.images, 'head').astype(float)
    expected = np.mean((bits @ plain.T).argmax(axis=1) == rest.labels)
    assert abs(accuracy(objective, weights, rest) - expected) < 0.01


def test_learns_class_after_class_and_keeps_the_first(toy, objective, train, rest):
    learner = CwrStar(known_count=0)
    weights = learn(objective, toy.weights, train, learner)
    assert accuracy(objective, weights, rest) > 0.8
    assert accuracy(objective, weights, of_classes(rest, EXPERIENCES[0])) > 0.8


def test_a_class_never_seen_never_wins(toy, objective, train, rest):
    learner = CwrStar(known_count=0)
    *_, weights = learner.improve(objective, toy.weights, of_classes(train, [2, 3]))
    assert set(objective.logits(weights, rest.images).argmax(axis=1)) == {2, 3}


def test_eight_bits_backward_need_stochastic_rounding(toy, objective, train, rest):
    plain, stochastic = (
        accuracy(
            objective,
            learn(
                objective,
                toy.weights,
                train,
                CwrStar(
                    q_b=8, learning_rate=0.1, known_count=0, replay_per_class=0, stochastic=chance
                ),
            ),
            rest,
        )
        for chance in (False, True)
    )
    assert stochastic > plain + 0.02


def test_a_few_latents_keep_old_classes(toy, objective, train):
    learner = CwrStar(replay_per_class=20, known_count=0)
    learn(objective, toy.weights, train, learner)
    state = learner.state()
    assert np.bincount(state['memory.latent_labels']).tolist() == [20] * 10
    assert state['memory.latents'].nbytes == 200 * 128 // 8


def test_goes_on_from_another_head_after_a_rollback(toy, objective, train):
    learner, fresh = CwrStar(seed=2), CwrStar(seed=2)
    some, others = train.take(np.arange(100)), train.take(np.arange(100, 200))
    *_, _refused = learner.improve(objective, toy.weights, some)
    *_, again = learner.improve(objective, toy.weights, others)
    *_, direct = fresh.improve(objective, toy.weights, others)
    # The generators are at different places, the heads both come from the trained one.
    difference = again['head.weights'].astype(int) - direct['head.weights']
    assert np.abs(difference).mean() < 5


def test_stochastic_rounding_keeps_the_mean():
    x = np.full(100_000, 0.3)
    rounded = onto_grid(x, 1.0, np.random.default_rng(1))
    assert set(rounded) == {0.0, 1.0}
    assert abs(rounded.mean() - 0.3) < 0.006  # 4 standard errors
    assert grid_of(16) == 2.0**-13


def test_the_forward_copy_is_a_shift_away():
    weights = np.array([[0.9, -1.7], [0.01, 0.0]])
    copy, step = forward_copy(weights, 8)
    assert np.log2(step) == np.rint(np.log2(step))
    assert np.abs(copy * step - weights).max() <= step / 2
    assert forward_copy(np.zeros((2, 2)), 8)[0].tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [({'q_f': 9}, '2..8'), ({'q_b': 1}, '2..32'), ({'ratio': 'two'}, "'one', got 'two'")],
)
def test_refuses_wrong_options(options, sentence):
    with pytest.raises(UsageError, match=sentence):
        CwrStar(**options)


def test_refuses_labels_the_head_has_no_row_for(toy, objective, train):
    strange = Samples(train.images[:10], np.full(10, 12))
    with pytest.raises(UsageError, match=r'0\.\.9, got 12'):
        next(CwrStar().improve(objective, toy.weights, strange))
