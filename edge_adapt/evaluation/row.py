"""One contender in one row: what every report says of it, by the same names."""

from __future__ import annotations

from edge_adapt.evaluation.contest import Entry
from edge_adapt.evaluation.fields import checked, Row
from edge_adapt.evaluation.figures import Figures, figures
from edge_adapt.streams import CLEAN, DAY
import numpy as np


def row_of(entry: Entry, n_classes: int, model: str) -> Row:
    """Return the row of a contender of a network of `n_classes` whose digest is `model`."""
    timeline, result = entry.timeline, figures(entry.timeline)
    return checked(
        {
            'name': entry.name,
            'model': model,
            **{key: entry.settings.get(key, '') for key in ('updater', 'detector', 'engine')},
            'n_classes': n_classes,
            **_difficulty(entry, result),
            'accuracy': result.accuracy,
            'frozen_accuracy': result.frozen,
            'oracle_accuracy': result.oracle,
            **_drift(entry, result),
            **_transfer(entry),
            **_time(entry, result),
            **_cost(entry, result),
            'final_version': timeline.versions[-1] if timeline.versions else '',
            'digest': timeline.digest,
        }
    )


def _difficulty(entry: Entry, result: Figures) -> Row:
    known = [label for label in entry.timeline.labels if label >= 0]
    clean = [
        (segment.frozen, segment.n_frames)
        for segment in result.segments
        if segment.domain in (CLEAN, DAY) and segment.frozen is not None
    ]
    n_clean = sum(n for _, n in clean)
    return {
        'n_frames': result.n_frames,
        'n_labelled': len(known),
        'majority_share': float(np.bincount(known).max() / len(known)) if known else None,
        'clean_accuracy': sum(a * n for a, n in clean) / n_clean if n_clean else None,
        'n_changes': result.n_changes,
    }


def _drift(entry: Entry, result: Figures) -> Row:
    watches = entry.settings.get('detector') != ''  # the frozen network and the oracle do not
    changed = result.segments[1:] if result.n_changes is not None else []
    areas = [segment.loss_area for segment in changed if segment.loss_area is not None]
    return {
        'n_alarms': result.n_alarms,
        'false_alarms': result.false_alarms if watches else None,
        'missed_drifts': result.missed if watches else None,
        'delay_frames': _mean([segment.delay for segment in changed]),
        'recovery_frames': _mean([segment.recovery for segment in changed]),
        'loss_area': sum(areas) if areas else None,
        'n_updates': result.n_updates,
        'n_refusals': result.n_refusals,
        'n_swaps': result.n_swaps,
        'n_rollbacks': result.n_rollbacks,
    }


def _transfer(entry: Entry) -> Row:
    names = ('forgetting', 'backward_transfer', 'forward_transfer')
    return {
        'revisit_loss': figures(entry.timeline).forgetting,
        **{name: getattr(entry.transfer, name, None) for name in names},
    }


def _time(entry: Entry, result: Figures) -> Row:
    latency = np.array([v for v in entry.timeline.latency_ms if not np.isnan(v)])
    return {
        'batch_size': 1,
        'latency_p50_ms': result.latency_p50_ms,
        'latency_p99_ms': result.latency_p99_ms,
        'throughput_hz': float(1000 / latency.mean()) if latency.size else None,
        'n_dropped': result.n_dropped,
    }


def _cost(entry: Entry, result: Figures) -> Row:
    decisions, cost = [decision for _, decision in entry.decisions], entry.cost
    n_evaluations = sum(decision.n_evaluations for decision in decisions)
    n_passes = result.n_frames - result.n_dropped + n_evaluations
    operations = cost and cost.binary_operations + cost.int8_operations
    memory = cost and cost.bytes_read + cost.bytes_written
    return {
        'binary_operations': cost and cost.binary_operations,
        'int8_operations': cost and cost.int8_operations,
        'memory_bytes': memory,
        'storage_bytes': cost and cost.storage_bytes,
        'learned_bytes': sum(d.n_bytes for d in decisions if d.accepted),
        'n_evaluations': n_evaluations,
        'learning_seconds': float(sum(decision.seconds for decision in decisions)),
        'total_operations': operations and operations * n_passes,
        'total_memory_bytes': memory and memory * n_passes,
    }


def _mean(values: list[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
