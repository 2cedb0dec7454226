"""
False alarms, delays and cost of the drift detectors, on streams drawn from real images.

usage: python benchmarks/drift.py [--data NAMES] [--cases NAMES] [--seeds N] [--frames N]

Prints JSON lines; `ratio` above 1 is better than the peer. The networks are those shipped; but
for `digits` the data sets need EDGE_ADAPT_DATA. Every seed splits the images that the network did
not learn from into a reference and a report half; thresholds come from the reference half alone.
Streams of a million frames draw from some hundred or thousand distinct images, so the figures
describe recombination.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable

from _cases import among
from _drift_bench import Bench, SPLITS
from _drift_cost import cost
from _drift_domains import domains, left_out, no_information
from _drift_peers import peers
from _drift_runs import bad_frames, delay, ensemble, false_alarms, ramps, severities
from _drift_scenes import scenes
from _drift_settled import settled
from _drift_still import still

CASES: dict[str, Callable[[Bench], None]] = {
    function.__name__: function
    for function in (
        *(false_alarms, ensemble, delay, severities, bad_frames, ramps, still, settled),
        *(domains, left_out, scenes, no_information, peers, cost),
    )
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--data', default='digits', help=f'of {", ".join(SPLITS)}')
    parser.add_argument('--cases', type=among(CASES), default=list(CASES))
    parser.add_argument('--seeds', type=int, default=1)
    parser.add_argument('--first-seed', type=int, default=0)
    parser.add_argument('--frames', type=int, default=1_000_000)
    arguments = parser.parse_args()
    for name in arguments.data.split(','):
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            bench = Bench(name, seed, arguments.frames)
            for case in arguments.cases:
                CASES[case](bench)


if __name__ == '__main__':
    main()
