"""
The ladder: rungs of ever dearer remedies, as text.

    ladder    = rung {',' rung}
    rung      = name {'+' name} ['@' count]
    name      = 'bank' (look up known domains) | 'head' (the updater of labels) | an updater

Updaters joined by '+' compete on the same frames. `count` is what a rung waits for since the
alarm: labels to learn from where it needs labels, else frames. A rung whose frames or labels are
not there yet lets the next one go first.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
import re

from edge_adapt import registry
from edge_adapt.errors import UsageError
from edge_adapt.networks.network import Network
from edge_adapt.updaters import Updater

LOOK_UP, HEAD = 'bank', 'head'
WITHOUT_LABELS = (
    *('foa', 'frozen', 'rdumb', 'recalibration'),
    *('reset', 'restoration_search', 'tent', 'transform_search'),
)
SEARCHES = ('transform_search', 'restoration_search')
FRAMES, LABELS, LOOK_UP_FRAMES = 96, 64, 16  # where no count is given
MAX_COUNT = 512  # frames a window holds
_RUNG = re.compile(r'([a-z][a-z0-9_+]*)(?:@(\d{1,4}))?')


@dataclass(frozen=True, slots=True)
class Rung:
    """
    One step of the ladder: the updaters that compete, and what they wait for.

    `n_frames` counts all frames since the alarm, `n_labels` those with a label that may be
    learned from (the gate wants labels of its own besides); `max_evaluations` bounds the work of
    each updater. A rung without updaters looks up the known domains.
    """

    name: str
    updaters: tuple[tuple[str, Updater], ...] = ()
    n_frames: int = FRAMES
    n_labels: int = 0
    max_evaluations: int = 1_000_000


def ladder_from(text: str, head: str, seed: int, network: Network) -> tuple[Rung, ...]:
    """Return the rungs in `text`; `head` is the updater called so. UsageError for others."""
    return tuple(_rung(part, head, seed, network) for part in text.replace(' ', '').split(','))


def check(text: str) -> None:
    """Raise UsageError where `text` is no ladder."""
    for part in text.replace(' ', '').split(','):
        _parsed(part)


def _parsed(text: str) -> tuple[list[str], int]:
    """Return the names of a rung and its count, 0 where there is none."""
    match = _RUNG.fullmatch(text)
    if match is None:
        raise UsageError(f'rung {text!r} is not like recalibration@96, head@64 or bank')
    names, count = match[1].split('+'), int(match[2] or 0)
    known = [LOOK_UP, HEAD, *registry.names('updaters')]
    for name in names:
        if name not in known:
            raise UsageError(f'there is no rung {name!r}; there are: {", ".join(known)}')
    if len({_kind(name) for name in names}) > 1 or (LOOK_UP in names and len(names) > 1):
        raise UsageError(f'rung {text!r} joins what does not wait for the same: split it')
    if match[2] and not 1 <= count <= MAX_COUNT:
        raise UsageError(f'rung {text!r} must wait for 1..{MAX_COUNT} frames or labels')
    return names, count


def _kind(name: str) -> str:
    if name == LOOK_UP:
        return LOOK_UP
    return 'frames' if name in WITHOUT_LABELS else 'labels'


def _rung(text: str, head: str, seed: int, network: Network) -> Rung:
    names, count = _parsed(text)
    match _kind(names[0]):
        case 'bank':
            return Rung(LOOK_UP, n_frames=count or LOOK_UP_FRAMES)
        case 'frames':
            limits = {'n_frames': count or FRAMES}
        case _:
            limits = {'n_frames': FRAMES, 'n_labels': count or LABELS}
    chosen = [head if name == HEAD else name for name in names]
    updaters = tuple((name, _updater(name, seed, network)) for name in chosen)
    return Rung('+'.join(chosen), updaters, **limits)


def _updater(name: str, seed: int, network: Network) -> Updater:
    """Return an updater as the ladder uses it."""
    kind = registry.load('updaters', name)
    options: dict[str, int] = {}
    if 'seed' in signature(kind).parameters:
        options['seed'] = seed
    if name == 'transform_search':
        # A mount that gave way further than an eighth of the image needs a person.
        options['radius'] = max(1, min(network.input_shape[:2]) // 8)
    if name in SEARCHES:
        options['n_choose'] = 32  # of many candidates; the gate looks at other frames
    updater: Updater = kind(**options)
    return updater
