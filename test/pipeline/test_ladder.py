"""The ladder as text: what is written is what is climbed, and mistakes are told."""

from __future__ import annotations

from edge_adapt import registry
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.parameters import LADDER
from edge_adapt.pipeline.ladder import check, ladder_from, WITHOUT_LABELS
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples, UNKNOWN
import numpy as np
import pytest

NETWORK = Model.load('digits').network


def test_the_default_ladder_is_climbed_as_it_is_written() -> None:
    rungs = ladder_from(LADDER, 'cwr_star', 0, NETWORK)
    assert [(r.name, r.n_frames, r.n_labels) for r in rungs] == [
        ('bank', 16, 0),
        ('recalibration+transform_search+restoration_search', 96, 0),
        ('cwr_star', 96, 64),
        ('cwr_star', 96, 192),
        ('recalibration+restoration_search', 288, 0),
        ('reset', 384, 0),
    ]


def test_the_order_is_free_and_counts_have_defaults() -> None:
    rungs = ladder_from('reset,head,bank', 'class_means', 0, NETWORK)
    assert [(r.name, r.n_frames, r.n_labels) for r in rungs] == [
        ('reset', 96, 0),
        ('class_means', 96, 64),
        ('bank', 16, 0),
    ]


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', "rung '' is not like"),
        ('bank@', 'is not like'),
        ('banc', "there is no rung 'banc'; there are: bank, head, "),
        ('recalibration@0', 'must wait for 1..512'),
        ('recalibration@513', 'must wait for 1..512'),
        ('recalibration+head', 'joins what does not wait for the same'),
        ('bank+bank', 'joins what does not wait for the same'),
    ],
)
def test_mistakes_are_told(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        check(text)


@pytest.mark.parametrize('name', registry.names('updaters'))
def test_what_is_said_to_need_no_labels_needs_none(name: str) -> None:
    model = Model.load('digits')
    [rung] = ladder_from(name, name, 0, NETWORK)
    images = np.random.default_rng(0).integers(0, 256, (8, *NETWORK.input_shape), np.uint8)
    samples = Samples(images, np.full(8, UNKNOWN))
    objective = EngineObjective(registry.load('engines', 'popcount')(), model)
    run = rung.updaters[0][1].improve(objective, model.weights, samples)
    if name in WITHOUT_LABELS:
        next(run)
    else:
        with pytest.raises(UsageError):
            next(run)
