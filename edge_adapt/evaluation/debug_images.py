"""Every frame with the answer drawn in, for who wants to look at a run frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import cv2
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.images import Region
from edge_adapt.overlay import AMBER, GREEN, overlay, RED
from edge_adapt.records import Frame, UNKNOWN

QUALITY = 80  # of the JPEG, 0..100


def debug_images(
    frames: Iterable[Frame], timeline: Timeline, class_names: Sequence[str], region: Region
) -> Iterator[tuple[int, bytes]]:
    """
    Yield stamp and JPEG of each frame: green where the answer was right, red where it was wrong.

    Amber has no label. `frames` are those of the timeline, read once more: none is kept.
    """
    for index, frame in zip(range(len(timeline)), frames):  # noqa: B905 (a bag may have grown)
        label, said = timeline.labels[index], timeline.predicted[index]
        colour = AMBER if label == UNKNOWN else GREEN if said == label else RED
        lines = [
            _name_of(said, class_names),
            f'version {timeline.versions[index][:8]}',
            f'drift {timeline.statistic[index]:.2f}',
        ]
        if colour is RED:
            lines.insert(1, f'it is {_name_of(label, class_names)}')
        picture = overlay(frame.image, lines, colour, region)
        _, data = cv2.imencode('.jpg', picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        yield frame.stamp_ns, bytes(data)


def _name_of(label: int, class_names: Sequence[str]) -> str:
    """Return the name of a class; a network may know more classes than the stream has names."""
    if label == UNKNOWN:
        return 'no answer'
    return class_names[label] if label < len(class_names) else f'class {label}'
