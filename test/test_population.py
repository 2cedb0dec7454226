from edge_adapt.population import score_heads, score_heads_in_numpy
from hypothesis import given, strategies
import numpy as np


@given(seed=strategies.integers(0, 2**32 - 1))
def test_scores_are_those_of_one_head_after_the_other(seed):
    rng = np.random.default_rng(seed)
    population, n_features, n = rng.integers(1, 7, 3)
    n_classes = rng.integers(2, 8)
    heads = rng.integers(-128, 128, (population, n_classes, n_features)).astype(np.int8)
    biases = rng.integers(-(2**30), 2**30, (population, n_classes)).astype(np.int32)
    features = rng.choice([-1, 1], (n, n_features)).astype(np.int8)
    labels = rng.integers(0, n_classes, n)
    correct, margins = score_heads(heads, biases, features, labels)
    for p in range(population):
        logits = features.astype(int) @ heads[p].astype(int).T + biases[p]
        assert correct[p] == sum(logits[i].argmax() == labels[i] for i in range(n))
        assert margins[p] == sum(
            logits[i, labels[i]] - max(np.delete(logits[i], labels[i])) for i in range(n)
        )


def test_a_tie_goes_to_the_first_class():
    heads = np.zeros((1, 3, 2), np.int8)
    biases, features = np.zeros((1, 3), np.int32), np.ones((2, 2), np.int8)
    correct, margins = score_heads(heads, biases, features, np.array([0, 2]))
    assert correct.tolist() == [1]
    assert margins.tolist() == [0]


def test_levels_are_multiplied_not_taken_for_signs():
    rng = np.random.default_rng(0)
    heads = rng.integers(-127, 128, (5, 4, 3000)).astype(np.int8)  # sums above 2^24
    levels = rng.integers(90, 128, (16, 3000)).astype(np.int8)
    labels = rng.integers(0, 4, 16)
    correct, _ = score_heads(heads, np.zeros((5, 4), np.int32), levels, labels)
    logits = np.einsum('pcf,nf->pnc', heads.astype(np.int64), levels.astype(np.int64))
    np.testing.assert_array_equal(correct, (logits.argmax(axis=2) == labels).sum(axis=1))


def test_levels_with_zeros_are_scored_like_any_others():
    rng = np.random.default_rng(0)
    heads = rng.integers(-128, 128, (3, 4, 8)).astype(np.int8)
    biases, labels = np.zeros((3, 4), np.int32), np.array([0, 3, 2, 1, 0])
    levels = rng.integers(-1, 2, (5, 8)).astype(np.int8)
    expected = score_heads_in_numpy(heads, biases, levels, labels)
    np.testing.assert_array_equal(score_heads(heads, biases, levels, labels), expected)
