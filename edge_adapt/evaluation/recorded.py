"""A bag as the stream of an evaluation: its labels by the classes of the network, its region."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.networks.model import Model
from edge_adapt.streams.bag.recording import Recording


def recorded(
    path: Path,
    model: str,
    *,
    image_topic: str = '',
    label_topic: str = '',
    labels: str = '',
    region: str = '',
) -> tuple[Recording, str]:
    """
    Return the bag and where in its images to look: `region`, or what the bag notes about itself.

    Raises UsageError as `Recording` does; `labels` is a CSV file in place of a topic.
    """
    recording = Recording(
        path,
        class_names=Model.load(model).network.class_names,
        image_topic=image_topic,
        label_topic=label_topic,
        label_file=labels,
    )
    if not region and recording.region.width:
        region = ','.join(map(str, recording.region))
    return recording, region
