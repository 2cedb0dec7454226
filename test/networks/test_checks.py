"""A description of a network that was made to harm is refused in a sentence."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Convolution, Dense, Head, MaxPool, Threshold
from edge_adapt.networks.model import check_statistics
from edge_adapt.networks.network import Network
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

NETWORK = Network(
    'small',
    (8, 8, 1),
    (
        Convolution(name='conv', n_in=1, n_out=4),
        MaxPool(name='pool'),
        Threshold(name='bits', n=4),
        Dense(name='dense', n_in=64, n_out=6),
        Threshold(name='bits2', n=6),
        Head(name='head', n_in=6, n_classes=2),
    ),
    ('a', 'b'),
)
DESCRIPTION = NETWORK.to_dict()


def changed(path: tuple[Any, ...], value: object) -> dict[str, Any]:
    description = deepcopy(DESCRIPTION)
    place: Any = description
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return description


def test_an_honest_description_is_read():
    assert Network.from_dict(DESCRIPTION) == NETWORK


@pytest.mark.parametrize(
    ('path', 'value'),
    [
        (('layers', 0, 'stride'), 0),
        (('layers', 0, 'stride'), 1.0),
        (('layers', 0, 'kernel'), -3),
        (('layers', 0, 'kernel'), True),
        (('layers', 0, 'padding'), 1 << 40),
        (('layers', 0, 'border'), 2),
        (('layers', 0, 'n_out'), 1 << 60),
        (('layers', 0, 'n_out'), '4'),
        (('layers', 0, 'name'), 7),
        (('layers', 0, 'name'), ''),
        (('layers', 0, 'name'), 'a\nb'),
        (('layers', 0, 'name'), 'input'),
        (('layers', 0, 'kind'), 'Layer'),
        (('layers', 0, 'kind'), 'annotations'),
        (('layers', 0, 'kind'), None),
        (('layers', 0, 'colour'), 'red'),
        (('layers', 0, 'sources'), [7]),
        (('layers', 0, 'sources'), ['head']),
        (('layers', 0, 'sources'), 7),
        (('layers', 1, 'size'), 0),
        (('layers', 1, 'size'), 16),
        (('layers', 0), 'conv'),
        (('layers',), 3),
        (('input_shape',), [8, 8]),
        (('input_shape',), [8, -8, 1]),
        (('input_shape',), [1 << 20, 1 << 20, 1]),
        (('input_shape',), None),
        (('class_names',), [1, 2]),
        (('name',), None),
    ],
)
def test_a_harmful_description_is_refused(path, value):
    with pytest.raises(UsageError):
        Network.from_dict(changed(path, value))


PLACES = [
    (i, name) for i, layer in enumerate(DESCRIPTION['layers']) for name in layer if name != 'kind'
]


@given(st.sampled_from(PLACES), st.none() | st.integers() | st.floats() | st.text(max_size=5))
def test_any_value_in_any_field_is_read_or_refused(place, value):
    i, name = place
    try:
        network = Network.from_dict(changed(('layers', i, name), value))
    except UsageError:
        return
    assert all(min(shape) >= 1 for shape in network.shapes.values())


@pytest.mark.parametrize(
    'array', [np.zeros(3, np.float32), np.zeros(4, np.float64), np.full(4, np.nan, np.float32)]
)
def test_statistics_that_do_not_fit_are_refused(array):
    with pytest.raises(UsageError, match=r"statistic 'bits\.mean'"):
        check_statistics(NETWORK, {'bits.mean': array})
