"""What every data-set stream promises."""

from __future__ import annotations

from functools import cache
import os
from typing import Any

from edge_adapt import registry
from edge_adapt.errors import UsageError
from edge_adapt.images import network_input
import numpy as np
import pytest

SHIPPED = ('digits',)
SCHEDULE = 'clean:40,contrast@0..1:40,blur+noise@0.5:20,dead:10,stuck:10'


def _member(name: str) -> Any:
    marks = () if name in SHIPPED else (pytest.mark.data,)
    return pytest.param(name, marks=marks)


@pytest.fixture(
    params=[_member(name) for name in registry.names('streams') if name != 'mujoco'],
    scope='module',
)
def kind(request: pytest.FixtureRequest) -> Any:
    name = request.param
    if name not in SHIPPED and 'EDGE_ADAPT_DATA' not in os.environ:
        pytest.skip('EDGE_ADAPT_DATA is not set')
    member = registry.load('streams', name)
    # Reading a data set takes seconds: each part is read once for all tests.
    return type(member.__name__, (member,), {'pool': staticmethod(cache(member.pool))})


@pytest.fixture(scope='module')
def stream(kind: Any) -> Any:
    return kind(SCHEDULE, seed=3, order='runs')


def test_iterating_equals_indexing_in_any_order(stream: Any) -> None:
    backwards = [stream[i] for i in reversed(range(len(stream)))][::-1]
    for iterated, indexed in zip(stream, backwards, strict=True):
        np.testing.assert_array_equal(iterated.image, indexed.image)
        assert iterated.stamp_ns == indexed.stamp_ns
        assert (iterated.label, iterated.track) == (indexed.label, indexed.track)


def test_the_seed_decides_the_stream(kind: Any, stream: Any) -> None:
    again, other = kind(SCHEDULE, seed=3, order='runs'), kind(SCHEDULE, seed=4, order='runs')
    for i in (0, 50, 90, 105):
        np.testing.assert_array_equal(stream[i].image, again[i].image)
    assert any(np.any(stream[i].image != other[i].image) for i in (0, 50, 90, 105))


def test_frames_are_camera_images_with_labels(stream: Any) -> None:
    assert len(stream) == stream.segments[-1].stop == 120
    for i, frame in enumerate(stream):
        assert frame.image.shape == (240, 320, 3)
        assert frame.image.dtype == np.uint8
        assert frame.stamp_ns == round(i * 1e9 / 30)
        assert 0 <= frame.label < len(stream.class_names)
    with pytest.raises(IndexError):
        stream[120]


def test_the_network_sees_the_card_as_the_data_set_has_it(kind: Any) -> None:
    stream, pool = kind('clean:5', seed=1), kind.pool('adapt+test')
    for frame in stream:
        seen = network_input(frame.image, pool.images.shape[1:], stream.region)
        candidates = pool.images[(pool.labels == frame.label) & (pool.tracks == frame.track)]
        assert np.any(np.all(candidates == seen, axis=(1, 2, 3)))


def test_parts_share_no_image_and_no_track(kind: Any) -> None:
    parts = {name: kind.pool(name) for name in ('train', 'adapt', 'test')}
    tracks = [set(part.tracks.tolist()) for part in parts.values()]
    assert not tracks[0] & tracks[1]
    assert not tracks[2] & (tracks[0] | tracks[1])
    both = kind.pool('adapt+test')
    assert len(both) == len(parts['adapt']) + len(parts['test'])
    for part in parts.values():
        assert set(part.labels.tolist()) == set(range(len(kind.class_names)))


def test_samples_are_what_the_camera_shows(kind: Any) -> None:
    stream, pool = kind('clean:3', seed=1), kind.pool('adapt+test')
    shape = (16, 16, pool.images.shape[3])
    for frame in stream:
        chosen = (pool.labels == frame.label) & (pool.tracks == frame.track)
        samples = pool.take(chosen).samples(shape)
        seen = network_input(frame.image, shape, stream.region)
        assert np.any(np.all(samples.images == seen, axis=(1, 2, 3)))


def test_segments_are_damaged_as_scheduled(kind: Any) -> None:
    clean, damaged = kind('clean:120', seed=3), kind(SCHEDULE, seed=3)
    for i in (0, 39, 40):  # the ramp of contrast begins at severity 0
        np.testing.assert_array_equal(clean[i].image, damaged[i].image)
    spread = [float(damaged[i].image.std()) / float(clean[i].image.std()) for i in (50, 65, 79)]
    assert spread == sorted(spread, reverse=True)
    assert np.any(clean[85].image != damaged[85].image)
    np.testing.assert_array_equal(damaged[110].image, damaged[119].image)


def test_jitter_and_sensor_noise_disturb_without_moving_the_labels(kind: Any) -> None:
    plain, rough = kind('clean:9', seed=3), kind('clean:9', seed=3, jitter=6, sensor_noise=4)
    assert [frame.label for frame in plain] == [frame.label for frame in rough]
    assert np.any(plain[2].image != rough[2].image)
    np.testing.assert_array_equal(rough[2].image, rough[2].image)


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        ({'rate_hz': 0}, 'rate_hz must be'),
        ({'seed': -1}, 'seed must not be negative'),
        ({'sensor_noise': -1}, 'sensor_noise must be'),
        ({'jitter': 13}, 'jitter must be'),
        ({'order': 'sorted'}, 'there is no order'),
        ({'hold': 0}, 'hold must be'),
        ({'part': 'validation'}, 'there is no part'),
        ({'schedule': 'rain:5'}, 'there is no corruption'),
    ],
)
def test_a_wrong_option_is_told(kind: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        kind(**options)
