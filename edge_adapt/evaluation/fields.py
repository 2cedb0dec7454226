"""
The fields of a report's row, and what they mean.

They follow what surveys of learning on devices ask of a report: accuracy beside the difficulty of
the task, latency and throughput at a stated batch size, operations and memory traffic, storage.
A row with a field missing is no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from edge_adapt.errors import UsageError

SCHEMA = 2  # of report.json
Row = dict[str, Any]


class Field(NamedTuple):
    """One field: its type, whether null may stand there (nobody knows), and what it says."""

    kind: type
    may_be_null: bool
    text: str


FIELDS: Mapping[str, Field] = {
    'name': Field(str, False, 'the contender'),
    'model': Field(str, False, 'the network, by its digest'),
    'updater': Field(str, False, 'what retrains the head'),
    'detector': Field(str, False, 'what notices drift'),
    'engine': Field(str, False, 'what runs the network'),
    'n_frames': Field(int, False, 'frames of the stream'),
    'n_labelled': Field(int, False, 'frames whose true class is known'),
    'n_classes': Field(int, False, 'classes of the network: difficulty of the task'),
    'majority_share': Field(float, True, 'share of the most frequent class: difficulty'),
    'clean_accuracy': Field(float, True, 'of the frozen network on undamaged frames: difficulty'),
    'n_changes': Field(int, True, 'changes of the world in the stream: difficulty'),
    'accuracy': Field(float, True, 'share of right answers, test-then-train'),
    'frozen_accuracy': Field(float, True, 'the same for the network that learns nothing'),
    'oracle_accuracy': Field(float, True, 'the same for one that knew all labels of a segment'),
    'n_alarms': Field(int, False, 'detections'),
    'false_alarms': Field(int, True, 'detections where nothing had changed since the one before'),
    'missed_drifts': Field(int, True, 'changes without a detection'),
    'delay_frames': Field(float, True, 'mean frames from a change to its detection'),
    'recovery_frames': Field(
        float, True, 'mean frames from a change to the accuracy it ends with'
    ),
    'loss_area': Field(float, True, 'right answers that the changes cost: area under the loss'),
    'revisit_loss': Field(float, True, 'first visit of a domain less the last, mean'),
    'forgetting': Field(float, True, 'on held-out frames of domains seen before (Avalanche)'),
    'backward_transfer': Field(float, True, 'its negative (Avalanche)'),
    'forward_transfer': Field(float, True, 'gain on domains not seen yet (Avalanche)'),
    'n_updates': Field(int, False, 'candidates accepted'),
    'n_refusals': Field(int, False, 'candidates refused'),
    'n_swaps': Field(int, False, 'changes of the running weights'),
    'n_rollbacks': Field(int, False, 'returns to the weights before'),
    'batch_size': Field(int, False, 'frames answered at once where time was taken'),
    'latency_p50_ms': Field(float, True, 'image to answer, on the machine of the report'),
    'latency_p99_ms': Field(float, True, 'the same'),
    'throughput_hz': Field(float, True, 'frames a second at that batch size'),
    'n_dropped': Field(int, False, 'frames without an answer'),
    'binary_operations': Field(int, True, 'multiply-adds on signs, an image'),
    'int8_operations': Field(int, True, 'multiply-adds on 8-bit weights, an image'),
    'memory_bytes': Field(int, True, 'bytes read and written, an image'),
    'storage_bytes': Field(int, True, 'packed tensors of the network'),
    'learned_bytes': Field(int, False, 'tensors changed by accepted candidates, summed'),
    'n_evaluations': Field(int, False, 'passes of one candidate over one frame, for learning'),
    'learning_seconds': Field(float, False, 'time spent on decisions, on the same machine'),
    'total_operations': Field(int, True, 'multiply-adds of answers and evaluations: energy proxy'),
    'total_memory_bytes': Field(int, True, 'bytes moved by both: energy proxy'),
    'final_version': Field(str, False, 'hash of the weights in use at the end'),
    'digest': Field(str, False, 'hash of all answers, versions and events; times are not in it'),
}


# What differs between two runs of the same thing.
TIMES = ('latency_p50_ms', 'latency_p99_ms', 'throughput_hz', 'learning_seconds')


def checked(row: Mapping[str, Any]) -> Row:
    """Return the row with its fields in order; UsageError where one is missing, alien or wrong."""
    missing, alien = FIELDS.keys() - row.keys(), row.keys() - FIELDS.keys()
    if missing or alien:
        words = [f'misses {", ".join(sorted(missing))}'] if missing else []
        words += [f'has {", ".join(sorted(alien))}, which nobody knows'] if alien else []
        raise UsageError(f'a row of a report {" and ".join(words)}')
    for name, field in FIELDS.items():
        value = row[name]
        if value is None and field.may_be_null:
            continue
        allowed = (int, float) if field.kind is float else (field.kind,)
        if not isinstance(value, allowed) or isinstance(value, bool):
            raise UsageError(
                f'{name} of a row must be {field.kind.__name__}'
                f'{" or null" if field.may_be_null else ""}, got {value!r}'
            )
    return {name: row[name] for name in FIELDS}
