"""What each memory chooses to keep."""

from edge_adapt.replay.class_balanced import ClassBalanced
from edge_adapt.replay.recent import Recent
from edge_adapt.replay.reservoir import Reservoir
import numpy as np


def values(memory):
    return memory.samples.images[:, 0, 0, 0]


def pixel(value):
    return np.full((1, 1, 1), value, np.uint8)


def test_recent_keeps_the_last():
    memory = Recent(5)
    for i in range(13):
        memory.add(pixel(i), 0)
    assert sorted(values(memory)) == [8, 9, 10, 11, 12]


def test_reservoir_keeps_early_and_late_alike():
    kept = np.zeros(100)
    for seed in range(400):
        memory = Reservoir(10, seed)
        for i in range(100):
            memory.add(pixel(i), 0)
        kept[values(memory)] += 1
    # 400 draws of 10 of 100: each is kept 40 times on average, deviation 6; halves average it.
    assert abs(kept[:50].mean() - 40) < 3
    assert abs(kept[50:].mean() - 40) < 3


def test_a_run_of_one_class_cannot_flood_the_balanced_memory():
    memory = ClassBalanced(40)
    for i in range(400):
        memory.add(pixel(i % 256), i % 4)
    for i in range(1000):
        memory.add(pixel(i % 256), 3)
    assert np.bincount(memory.samples.labels).tolist() == [10, 10, 10, 10]


def test_a_new_class_gets_its_places():
    memory = ClassBalanced(40)
    for i in range(400):
        memory.add(pixel(i % 256), i % 2)
    for i in range(100):
        memory.add(pixel(i), 2)
    counts = np.bincount(memory.samples.labels)
    assert counts.max() - counts.min() <= 1


def test_balances_by_group_where_it_is_told():
    memory = ClassBalanced(10)
    for i in range(100):
        memory.add(pixel(i), -1, group=0 if i < 90 else 1)
    assert np.bincount(memory.groups).tolist() == [5, 5]
    assert set(memory.samples.labels) == {-1}
