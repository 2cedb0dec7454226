"""What a run leaves on the disk: the page, the figures for machines, the picture, the curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
import json
from pathlib import Path
import platform
import shlex
import shutil
import sys

from edge_adapt.errors import UsageError
from edge_adapt.evaluation._sections import confusion
from edge_adapt.evaluation.fields import SCHEMA
from edge_adapt.evaluation.figures import figures
from edge_adapt.evaluation.report import html, Run
import numpy as np

PACKAGES = ('edge_adapt', 'numpy', 'opencv-python-headless', 'onnxruntime', 'ros-jazzy-rclpy')
METRICS = 'metrics'


def write_report(folder: Path, run: Run, debug_images: Iterable[tuple[int, bytes]] = ()) -> Path:
    """
    Write report.html, report.json, report.png and the bag `metrics`; return the path of the page.

    The bag has `debug_images` too: stamps and JPEGs, taken one by one.

    Raises UsageError where the folder cannot be written. Every file appears whole: what was
    written before, by this run or an earlier one, stays readable.
    """
    run = replace(run, environment=environment(), command=command())
    page = folder / 'report.html'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _whole(folder / 'report.json', lambda path: path.write_text(json.dumps(document(run))))
        _whole(page, lambda path: path.write_text(html(run)))
        _whole(folder / 'report.png', lambda path: run.picture(run.title).savefig(path))
        if find_spec('rosbags') and find_spec('mcap'):
            _whole(folder / METRICS, lambda path: _write_metrics(path, run, debug_images))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f'the report cannot be written into {folder}: {reason}') from error
    return page


def write_picture(path: Path, run: Run, note: str) -> None:
    """Write the picture of a run alone. Raises UsageError where it cannot be written."""
    try:
        run.picture(f'{run.title} ({note})').savefig(path)
    except (OSError, ValueError) as error:
        raise UsageError(f'the picture cannot be written into {path}: {error}') from error


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file, or a folder, beside its place, and put it there when it is complete."""
    drafts = path.parent / '.draft'
    shutil.rmtree(drafts, ignore_errors=True)
    drafts.mkdir()
    try:
        write(drafts / path.name)
        if path.is_dir():
            shutil.rmtree(path)
        (drafts / path.name).replace(path)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def _write_metrics(path: Path, run: Run, debug_images: Iterable[tuple[int, bytes]]) -> None:
    # Imported on use: who has no library for bags can use everything else.
    from edge_adapt.evaluation import metrics

    metrics.write(path, run.timelines, run.snapshots, debug_images)


def document(run: Run) -> dict[str, object]:
    """
    Return the report for machines; numbers that nobody knows are null.

    schema        2                      rows        one a contender: `row.FIELDS`, none missing
    class_names   in the order of labels decisions   with the frame they were taken at
    confusion     frozen and adapted: rows are true classes, shares 0..1
    figures       of the first contender, as `evaluate --json` prints them
    transfer      accuracy on held-out frames of each domain after each segment, or null
    timeline      of the first contender: segments, events, and one entry a frame: labels,
                  predicted, frozen, oracle, statistic, latency_ms, versions, stamps_ns
    """
    timeline = run.timeline
    labels = np.asarray(timeline.labels)
    transfer = run.entries[0].transfer if run.entries else None
    return {
        'schema': SCHEMA,
        'title': run.title,
        'command': run.command,
        'environment': dict(run.environment),
        'class_names': list(run.class_names),
        'rows': run.rows,
        'figures': figures(timeline).to_dict(),
        'decisions': [_known({'frame': f, **d.to_dict()}) for f, d in run.decisions],
        'confusion': {
            name: confusion(labels, np.asarray(predicted), len(run.class_names)).tolist()
            for name, predicted in (
                ('frozen', timeline.frozen),
                ('adapted', timeline.predicted),
            )
        },
        'transfer': transfer and transfer.to_dict(),
        'timeline': {name: _known(value) for name, value in timeline.to_dict().items()},
    }


def environment() -> dict[str, str]:
    """Return the versions that a run depends on, and the machine's kind."""
    found = {'Python': platform.python_version(), 'machine': platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = 'not installed'
    return found


def command() -> str:
    """Return the command line that repeats this run."""
    return shlex.join(['edge-adapt', *sys.argv[1:]])


def _known(value: object) -> object:
    """Return plain values with null in place of NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {name: _known(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
