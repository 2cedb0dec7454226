"""Seven shifts and some outside the search's list, without a label; and the label-free judge."""

from __future__ import annotations

from _damage import damaged, SHIFTS
import cv2
from edge_adapt.engines.popcount import Popcount
from edge_adapt.pipeline.explanation import Explanation
from edge_adapt.pipeline.health import health
from edge_adapt.pipeline.likeness import likeness, standardized
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Array, Samples, Weights
from edge_adapt.updaters import Updater
from edge_adapt.updaters.recalibration import Recalibration
from edge_adapt.updaters.tent import Tent
from edge_adapt.updaters.transform_search import TransformSearch
from learning.table import accuracy, last, line, Setting, Table
import numpy as np

N_TEST, N_FRAMES, N_WINDOW = 2000, 192, 64
UNLISTED = ('salt_and_pepper', 'fog', 'bright', 'rotation')
BARS = {'mnist': (70.0, 90.0), 'fashion_mnist': (59.0, 79.0)}
RECALIBRATION, SEARCH = 'recalibration 64', 'transform search 64'
Change = tuple[str, float, float, float, float]  # shift, gain; rise of each judge's signal
SIGNALS = ('rise of information', 'agreement with the clearest explanation', 'rise of likeness')


def label_free(setting: Setting) -> None:
    """Binary 784-256-256-10 on MNIST and Fashion-MNIST."""
    for data, bars in BARS.items():
        table, changes = Table(f'label-free {data}'), []
        for seed in setting.seeds:
            for shift in ('clean', *SHIFTS, *UNLISTED):
                changes += _try(table, setting, data, seed, shift)
        table.mean_over(SHIFTS, 'mean of seven')
        names = RECALIBRATION, SEARCH
        table.print({('mean of seven', n): b for n, b in zip(names, bars, strict=True)})
        losses = [
            searched - plain
            for shift in UNLISTED
            for plain, searched in zip(*(table.values[shift, name] for name in names), strict=True)
        ]
        case = f'label-free {data}'
        line(case, 'search less recalibration, outside its list', losses, 'points')
        line(case, 'the worst of them', [min(losses)], 'points', 'bar', -1.0)
        for hard in ((), ('shift', 'invert')):
            _judge(case, changes, hard)


def _try(table: Table, setting: Setting, data: str, seed: int, shift: str) -> list[Change]:
    """Add the accuracies of one shift and return what a judge may say of every candidate."""
    model = setting.network(data, seed)
    objective, shape = EngineObjective(Popcount(), model), model.network.input_shape
    frames = _shifted(data, 'adapt', shift, seed, N_FRAMES, shape)
    test = _shifted(data, 'test', shift, seed, N_TEST, shape)
    few, guard = frames.take(np.arange(N_WINDOW)), frames.take(np.arange(N_WINDOW, N_FRAMES))
    frozen = accuracy(objective, model.weights, test)
    table.add(shift, 'frozen', frozen)
    clearest = Explanation.of(objective, model.weights, guard.images)
    calm = damaged(data, 'adapt', 'clean', seed, N_FRAMES + N_WINDOW, shape)
    calm = calm.take(np.arange(N_FRAMES, N_FRAMES + N_WINDOW))
    features = standardized(objective, model.weights, calm.images)

    def signals(weights: Weights) -> Array:
        after = standardized(objective, weights, guard.images)
        return np.array(
            [
                health(objective, weights, guard.images).information,
                clearest.agreement(objective, weights),
                likeness(features, after),
            ]
        )

    before = signals(model.weights)
    updaters: dict[str, Updater] = {
        RECALIBRATION: Recalibration(),
        'mean only 64': Recalibration('mean'),
        'range 64': Recalibration('range'),
        'firing rate 64': Recalibration('rate'),
        'tent 64': Tent(seed),
        'tent 64, EATA filters': Tent(seed, filtered=True),
        SEARCH: TransformSearch(radius=4, both_axes=False),
    }
    changes = []
    for name, updater in updaters.items():
        better = last(updater, objective, model.weights, few)
        reached = accuracy(objective, better, test)
        table.add(shift, name, reached)
        changes.append((shift, reached - frozen, *(signals(better) - before).tolist()))
    return changes


def _shifted(
    data: str, part: str, shift: str, seed: int, n: int, shape: tuple[int, int, int]
) -> Samples:
    if shift != 'rotation':
        return damaged(data, part, shift, seed, n, shape)
    clean = damaged(data, part, 'clean', seed, n, shape)
    height, width = shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 15, 1)
    turned = [cv2.warpAffine(image, turn, (width, height)) for image in clean.images]
    return Samples(np.stack(turned).reshape(clean.images.shape), clean.labels)


def _judge(case: str, changes: list[Change], hard: tuple[str, ...]) -> None:
    """Print how well each label-free signal tells good candidates from bad ones."""
    known = [change for change in changes if change[0] not in hard]
    good = [change for change in known if change[1] > 1]
    bad = [change for change in known if change[1] < -1]
    scope = f'without {" and ".join(hard)}' if hard else 'all shifts'
    line(case, f'bad candidates, {scope}', [len(bad)], 'candidates')
    for at, name in enumerate(SIGNALS, start=2):
        if good and bad:
            wins = [(g[at] > b[at]) + 0.5 * (g[at] == b[at]) for g in good for b in bad]
            line(case, f'AUC of the {name}, {scope}', [float(np.mean(wins))], '', 'bar', 0.98)
