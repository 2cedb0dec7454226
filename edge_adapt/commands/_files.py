"""What a run leaves on the disk: the page, the figures for machines, the picture."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
import json
from pathlib import Path
import platform
import shlex
import sys

from edge_adapt.errors import UsageError
from edge_adapt.evaluation.figures import figures
from edge_adapt.evaluation.picture import draw
from edge_adapt.evaluation.report import confusion, html, Run
import numpy as np

PACKAGES = ('edge_adapt', 'numpy', 'opencv-python-headless', 'onnxruntime', 'ros-jazzy-rclpy')
SCHEMA = 1


def write_report(folder: Path, run: Run) -> Path:
    """
    Write report.html, report.json and report.png and return the path of the page.

    Raises UsageError where the folder cannot be written; what was written before stays readable.
    """
    run = replace(run, environment=environment(), command=command())
    page = folder / 'report.html'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'report.json').write_text(json.dumps(document(run)))
        page.write_text(html(run))
        draw(run.timeline, folder / 'report.png', run.title)
    except OSError as error:
        raise UsageError(
            f'the report cannot be written into {folder}: {error.strerror}'
        ) from error
    return page


def document(run: Run) -> dict[str, object]:
    """
    Return the report for machines; numbers that nobody knows are null.

    schema        1                      figures     as `evaluate --json` prints them
    class_names   in the order of labels decisions   with the frame they were taken at
    confusion     frozen and adapted: rows are true classes, shares 0..1
    timeline      segments, events, and one entry a frame: labels, predicted, frozen, statistic,
                  latency_ms, versions
    """
    timeline = run.timeline
    labels = np.asarray(timeline.labels)
    return {
        'schema': SCHEMA,
        'title': run.title,
        'command': run.command,
        'environment': dict(run.environment),
        'class_names': list(run.class_names),
        'figures': figures(timeline).to_dict(),
        'decisions': [_known({'frame': f, **d.to_dict()}) for f, d in run.decisions],
        'confusion': {
            name: confusion(labels, np.asarray(predicted), len(run.class_names)).tolist()
            for name, predicted in (
                ('frozen', timeline.frozen),
                ('adapted', timeline.predicted),
            )
        },
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
