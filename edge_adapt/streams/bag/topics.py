"""Which topics of a bag are meant: guessed where only one can be, listed where not."""

from __future__ import annotations

from collections.abc import Sequence

from edge_adapt.errors import UsageError
from edge_adapt.streams.bag._rosbags import CLASSIFICATION, COMPRESSED_IMAGE, IMAGE, Topic


def image_topic(topics: Sequence[Topic], wanted: str = '') -> Topic:
    """Return the topic of images. UsageError lists the topics where it is not clear which."""
    images = [topic for topic in topics if topic.kind in (IMAGE, COMPRESSED_IMAGE)]
    chosen = _named(images, wanted, 'image') if wanted else [t for t in images if t.n_messages]
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        raise UsageError(f'the bag has several image topics, name one: {_list(chosen)}')
    raise UsageError(f'the bag has no images; its topics are: {_list(topics)}')


def label_topic(topics: Sequence[Topic], wanted: str = '') -> Topic | None:
    """Return the topic of labels, or None. UsageError lists them where it is not clear which."""
    labels = [topic for topic in topics if topic.kind == CLASSIFICATION and topic.n_messages]
    if wanted:
        return _named(labels, wanted, 'label')[0]
    # What a network said is a Classification too, but no label. All labels are better than some.
    labels = [topic for topic in labels if not topic.name.endswith('classification')]
    labels = [t for t in labels if t.name.endswith('truth')] or labels
    if len(labels) > 1:
        raise UsageError(f'the bag has several label topics, name one: {_list(labels)}')
    return labels[0] if labels else None


def _named(topics: Sequence[Topic], wanted: str, purpose: str) -> list[Topic]:
    found = [topic for topic in topics if topic.name.strip('/') == wanted.strip('/')]
    if not found:
        raise UsageError(f'there is no {purpose} topic {wanted!r}; there are: {_list(topics)}')
    return found[:1]


def _list(topics: Sequence[Topic]) -> str:
    return ', '.join(f'{t.name} ({t.kind}, {t.n_messages})' for t in topics) or 'none'
