"""What every replay memory promises; a new file in the room is tested by existing."""

from edge_adapt import registry
from edge_adapt.errors import UsageError
import numpy as np
import pytest

CAPACITY = 12


@pytest.fixture(params=registry.names('replay'))
def make(request):
    return registry.load('replay', request.param)


def image(value):
    return np.full((2, 3, 1), value % 256, np.uint8)


def fill(memory, n, start=0, n_classes=4):
    for i in range(start, start + n):
        memory.add(image(i), i % n_classes)


def test_holds_all_until_it_is_full(make):
    memory = make(CAPACITY)
    fill(memory, 5)
    assert len(memory) == 5
    np.testing.assert_array_equal(memory.samples.images[:, 0, 0, 0], np.arange(5))
    np.testing.assert_array_equal(memory.samples.labels, [0, 1, 2, 3, 0])


def test_never_holds_more_than_its_capacity(make):
    memory = make(CAPACITY)
    fill(memory, 500)
    assert len(memory) == memory.capacity == len(memory.samples) == CAPACITY


def test_keeps_image_and_label_together(make):
    memory = make(CAPACITY)
    fill(memory, 200)
    samples = memory.samples
    np.testing.assert_array_equal(samples.images[:, 0, 0, 0] % 4, samples.labels)


def test_copies_what_it_is_given(make):
    memory, frame = make(CAPACITY), image(7)
    memory.add(frame, 1)
    frame[:] = 0
    assert memory.samples.images[0, 0, 0, 0] == 7


def test_what_it_gave_does_not_change_later(make):
    memory = make(CAPACITY)
    fill(memory, CAPACITY)
    before = memory.samples
    copy = before.images.copy()
    fill(memory, 100, start=100)
    np.testing.assert_array_equal(before.images, copy)


def test_a_saved_memory_is_the_same_memory(make):
    whole, saved = make(CAPACITY, seed=3), make(CAPACITY, seed=3)
    fill(whole, 80)
    fill(saved, 30)
    restored = make(CAPACITY, seed=99)
    restored.restore(saved.state())
    fill(saved, 7)  # the state is a copy: what happens later to its giver does not matter
    fill(restored, 50, start=30)
    np.testing.assert_array_equal(restored.samples.images, whole.samples.images)
    np.testing.assert_array_equal(restored.samples.labels, whole.samples.labels)


def test_clear_forgets(make):
    memory = make(CAPACITY)
    fill(memory, 30)
    memory.clear()
    assert len(memory) == 0
    fill(memory, 3, start=200)
    np.testing.assert_array_equal(memory.samples.images[:, 0, 0, 0], [200, 201, 202])


def test_an_empty_memory_says_so(make):
    with pytest.raises(UsageError, match='empty'):
        _ = make(CAPACITY).samples


def test_refuses_no_room_and_another_shape_and_another_capacity(make):
    with pytest.raises(UsageError, match='>= 1, got 0'):
        make(0)
    memory = make(CAPACITY)
    fill(memory, 1)
    with pytest.raises(ValueError, match=r'\(2, 3, 1\), got \(3, 2, 1\)'):
        memory.add(np.zeros((3, 2, 1), np.uint8), 0)
    with pytest.raises(UsageError, match='holds 13 samples'):
        make(CAPACITY + 1).restore(memory.state())
