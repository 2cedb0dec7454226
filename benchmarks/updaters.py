"""
What the updaters recover, keep and cost.

usage: python benchmarks/updaters.py [--cases NAMES] [--seeds N] [--first-seed N] [--networks DIR]

Prints JSON lines: mean and standard deviation over seeds, the bar where there is one as the peer,
and ratio = value / peer for what should be high, peer / value for what should be low. `digits`,
`incremental` and `memory` need nothing; the others need EDGE_ADAPT_DATA. Networks that a case
trains itself are kept in --networks. Nothing was tuned on seeds 0 and up: that is what seeds 100
and up are for. The cases are in `learning/`.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from _cases import among
from learning.forward_only import row_es
from learning.incremental import incremental, split
from learning.label_free import label_free
from learning.memory import memory
from learning.shifts import digits
from learning.table import Setting
from learning.tracks import tracks

CASES: dict[str, Callable[[Setting], None]] = {
    case.__name__: case
    for case in (digits, incremental, split, row_es, label_free, tracks, memory)
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--cases', type=among(CASES), default=list(CASES))
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--first-seed', type=int, default=0)
    parser.add_argument('--networks', type=Path, default=Path('build/networks'))
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for name in options.cases:
        CASES[name](Setting(seeds, options.networks))


if __name__ == '__main__':
    main()
