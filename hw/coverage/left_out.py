"""
Bits that cannot move in any of the builds that are run, by construction, and why: the one table.

A bit stands here only where the RTL ties it, or where the geometry of every build bounds the
number that holds it, computed from the builds. What a test could move and did not is not here: it
counts as not covered. `untrue` tells of rows that a run disproves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
import re
from typing import NamedTuple

from edge_adapt.engines._accelerator import Geometry

from hw.coverage.points import Bit, bit_of, Point
from hw.coverage.runs import DEEP
from hw.tests.builds import (
    BITS,
    CONVOLUTIONS_INT8,
    CONVOLVED,
    LEVELS,
    N_DESCENDED,
    N_FLIPPED,
    N_SAMPLES,
    PIXELS_INT8,
    STAT_BITS,
)

GEOMETRIES = (BITS, PIXELS_INT8, LEVELS, CONVOLVED, DEEP)
FLIPPED = (BITS, PIXELS_INT8, DEEP)  # those with flips
CONVOLUTIONS = (CONVOLUTIONS_INT8, CONVOLVED.convolutions)


MOST = 1 << 16  # bits that no signal has
ALL = range(MOST)


class LeftOut(NamedTuple):
    """
    Bits of signals of some modules.

    `signal` is a regular expression of the whole name; a group in it is the entry of a memory,
    and then `bits` are entries.
    """

    modules: tuple[str, ...]
    signal: str
    bits: range
    reason: str

    def holds(self, module: str, bit: Bit) -> bool:
        """Return whether a module's bit is one of these."""
        if module not in self.modules or not (match := re.fullmatch(self.signal, bit.signal)):
            return False
        return (int(match[1]) if match.re.groups else bit.place) in self.bits


def above(largest: int) -> range:
    """Return the bits that the numbers 0..largest leave zero."""
    return range(largest.bit_length(), MOST)


def neuron_words(geometry: Geometry) -> list[int]:
    """Return the words of a neuron's inputs, layer by layer."""
    return [geometry.n_words(width) for width in geometry.widths[:-1]]


def convolution_words() -> list[tuple[int, int]]:
    """Return (words of a neuron, words of a bank and lane) of each convolution."""
    found = []
    for front in CONVOLUTIONS:
        assert front is not None
        for layer, (n_in, n_out) in enumerate(
            zip(front.channels, front.channels[1:], strict=False)
        ):
            words = -(-9 * n_in // front.lanes_of(layer))
            planes = 9 if layer == 0 and front.first_weight_bits > 1 else 1
            found.append((words, n_out * words * planes))
    return found


def depths(geometry: Geometry) -> list[int]:
    """Return how deep a bank's memories are: weights, thresholds, biases, head."""
    planes = 9 if geometry.first_weight_bits > 1 else 1
    counts = [
        words * (planes if at == 0 else 1) for at, words in enumerate(neuron_words(geometry))
    ]
    widths = geometry.widths
    weights = sum(n * width for n, width in zip(counts, widths[1:], strict=True))
    return [weights, sum(widths[1:]), geometry.n_classes, widths[-1]]


@cache
def table() -> tuple[LeftOut, ...]:
    """Return all that is left out."""
    fronts = [front for front in CONVOLUTIONS if front is not None]
    words = max(max(neuron_words(geometry)) for geometry in GEOMETRIES)
    conv_words, conv_depths = (max(column) for column in zip(*convolution_words(), strict=True))
    weights = max(depths(geometry)[0] for geometry in GEOMETRIES)
    deepest = above(max(*(max(depths(geometry)) for geometry in GEOMETRIES), conv_depths) - 1)
    swept = above(max(depths(geometry)[0] for geometry in FLIPPED) - 1)
    flipped = max(geometry.lanes for geometry in FLIPPED)
    lanes = above(max(max(g.lanes // 32, -(-g.n_classes // 4)) for g in GEOMETRIES) - 1)
    layers = above(max(len(front.pools) for front in fronts) - 1)
    label = above(max(geometry.n_classes for geometry in GEOMETRIES) - 1)
    step, image = (
        r'(?:step\w*|read_i|write_i)\.',
        r'(?:port|access|access_i|conv_access\w*|mem)[._]',
    )
    sweep, answer = r'(?:sweep|access_i|access_o)\.', '(?:m_answer_o|answer|result_answer_i)'
    ports = ('accelerator', 'learning_engine', 'parameter_store', 'parameter_port', 'conv_stage')
    sweeps = ('accelerator', 'learning_engine', 'parameter_store', 'flip_stage')
    engines = ('network_engine', 'activation_store', 'bnn_engine', 'qnn_engine')
    units = ('learning_engine', 'learning_units', 'flip_stage')
    rows = (
        # Steps of the pipeline
        (engines, step + 'word', above(words - 1), 'no layer has more words'),
        (('conv_layer',), step + 'word', above(conv_words - 1), 'no window has more words'),
        (('conv_layer',), step + 'parity', ALL, 'a convolution is one layer'),
        (('qnn_engine',), step + '(?:plane|add|ones)', ALL, 'levels have no planes'),
        (('qnn_engine',), step + 'shift', range(1, 4), 'levels have no planes'),
        # Words of parameters
        (ports, f'(?:{image}|last_)addr(?:_o)?', deepest, 'no memory is deeper'),
        (ports, f'(?:{image}|last_)lane(?:_o)?', lanes, 'no memory has more lanes'),
        (ports, f'{image}layer(?:_o)?', layers, 'there are no more convolutions'),
        (('parameter_port',), 'addr_q', deepest, 'no memory is deeper'),
        (('parameter_port',), 'lane_q', lanes, 'no memory has more lanes'),
        (sweeps, sweep + 'addr', swept, 'a sweep is over the binary weights'),
        (sweeps, sweep + 'lane', above(flipped // 32 - 1), 'a sweep is over the binary weights'),
        (sweeps, sweep + 'region', range(1, 4), 'a sweep is over the weights: tied to 0'),
        (sweeps, sweep + '(?:layer|convolution)', ALL, 'no flips with convolutions: tied to 0'),
        (('flip_stage',), 'weight_addr_i', above(2 * weights - 1), 'no memory is deeper'),
        (
            ('flip_stage',),
            r'gen_flips\.weight_addr_q',
            above(2 * weights - 1),
            'no memory is deeper',
        ),
        (
            ('learning_engine', 'flip_stage'),
            'mask(?:_o)?',
            range(flipped, MOST),
            'no flips of levels',
        ),
        # Samples, runs, classes
        (('es_unit',), 'n_samples_o', above(N_SAMPLES), 'there is no room for more'),
        (('sgd_unit',), r'status_o\.n_samples', above(N_DESCENDED), 'there is no room for more'),
        (('sgd_unit',), 'n_steps_q', above(N_DESCENDED), 'longer runs are refused'),
        (
            units,
            r'(?:flip|flip_i|status_o)\.n_samples',
            above(N_FLIPPED),
            'there is no room for more',
        ),
        (('sgd_unit',), r'command_i\.(?:flip|stat)_\w+', ALL, 'levels have neither'),
        (('sgd_unit',), r'tap_i\.stat_(?:sum|reached)', ALL, 'levels have no statistics'),
        (
            ('learning_units',),
            r'gen_stat\.pass_q',
            range(20 + STAT_BITS, 32),
            'longer windows are refused',
        ),
        (('learning_units',), r'gen_stat\.pass_q', range(18, 20), 'reserved: others are refused'),
        (
            (*units, 'network_engine', 'sgd_head'),
            answer + r'\.label',
            label,
            'there are no more classes',
        ),
        (
            ('accelerator',),
            'm_axis_result_tuser',
            range(2 + label.start, 10),
            'there are no more classes',
        ),
        (
            ('learning_engine',),
            'm_user_o',
            range(2 + label.start, 10),
            'there are no more classes',
        ),
        # Sizes
        (
            ('line_buffer',),
            r'lines\[(\d+)\]',
            range(max(f.width for f in fronts) + 1, MOST),
            'no row is longer',
        ),
        (
            ('flip_mask',),
            'word_q',
            range(15, 16),
            'at most 18432 words: 65535 inputs, 9 of 32 lanes',
        ),
        # Tied
        (('log2_unit',), '(?:place|coarse_place_q)', range(3), 'decided a stage later: tied to 0'),
        (('register_file',), '(?:s_axil_)?[br]resp(?:_q)?', range(1), 'OKAY is 0, SLVERR is 2'),
        (('accelerator',), 's_axil_[br]resp', range(1), 'OKAY is 0, SLVERR is 2'),
        (('register_file',), '(?:es|sgd|flip)_status', range(1, 16), 'tied to 0'),
        (('accelerator', 'parameter_store'), r'(?:banks|status_o)\.unused', ALL, 'tied to 0'),
        (('conv_stage',), r'gen_convolutions\.(?:user|next_user)\.own', ALL, 'tied to 0'),
        (('sgd_head',), r'm_answer_o\.(?:own|probe|bank)', ALL, 'tied to 0'),
    )
    return tuple(LeftOut(*row) for row in rows)


def is_unused(point: Point) -> bool:
    """Return whether it is of a net that only tells the linter that its inputs are not read."""
    bit = bit_of(point)
    return bit is not None and re.search(r'(^|\.)unused_', bit.signal) is not None


def reason_of(point: Point) -> str:
    """Return why a point is left out; '' where it counts."""
    bit = bit_of(point)
    if bit is None:
        return ''
    if is_unused(point):
        return 'nothing reads it'
    return next((row.reason for row in table() if row.holds(point[0], bit)), '')


def without(hits: Mapping[Point, int]) -> tuple[dict[Point, int], dict[str, dict[str, int]]]:
    """Return the points that count, and of each module reason -> how many do not."""
    counting: dict[Point, int] = {}
    reasons: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for point, n in hits.items():
        if reason := reason_of(point):
            reasons[point[0]][reason] += 1
        else:
            counting[point] = n
    return counting, {module: dict(of_module) for module, of_module in reasons.items()}


def untrue(hits: Mapping[Point, int]) -> list[str]:
    """Return bits that are said not to move, and did."""
    moved = (point for point, n in hits.items() if n and reason_of(point))
    return sorted({f'{point[0]} {bit_of(point)}' for point in moved if not is_unused(point)})


def unmatched(hits: Mapping[Point, int]) -> list[str]:
    """Return rows of the table that name no bit there is: signals that are gone, or renamed."""
    bits = [(point[0], bit) for point in hits if (bit := bit_of(point)) is not None]
    rows = (row for row in table() if not any(row.holds(*named) for named in bits))
    return [f'{", ".join(row.modules)}: {row.signal}' for row in rows]
