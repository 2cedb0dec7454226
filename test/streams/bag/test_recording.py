"""A bag gives back what was recorded; what is wrong with it is told, and the rest is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.images import Region
from edge_adapt.records import Frame, UNKNOWN
from edge_adapt.streams import Segment
from edge_adapt.streams.bag._rosbags import RawWriter
from edge_adapt.streams.bag.recording import Recording
from edge_adapt.streams.bag.writing import START_NS, write
from edge_adapt.streams.digits import Digits
from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
import pytest

KINDS = [
    ('mcap', 'none', 'raw'),
    ('mcap', 'storage', 'raw'),
    ('mcap', 'message', 'png'),
    ('mcap', 'file', 'raw'),
    ('sqlite3', 'none', 'raw'),
    ('sqlite3', 'message', 'raw'),
    ('sqlite3', 'file', 'png'),
]
NAMES = Digits.class_names


def _same(frames: list[Frame], expected: list[Frame]) -> None:
    assert len(frames) == len(expected)
    for frame, other in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.image, other.image)
        assert frame.stamp_ns == START_NS + other.stamp_ns
        assert frame.label == other.label


@pytest.mark.parametrize(('storage', 'compression', 'image_format'), KINDS)
def test_what_was_recorded_comes_back(
    storage: str, compression: str, image_format: str, stream: Any, tmp_path: Path
) -> None:
    path = tmp_path / 'bag'
    n_frames = write(
        stream,
        path,
        storage=storage,
        compression=compression,
        image_format=image_format,
        schedule='clean:20,contrast:20',
    )
    assert n_frames == 40
    recording = Recording(path)
    _same(list(recording), list(stream))
    assert len(recording) == 40
    assert recording.class_names == stream.class_names
    assert recording.segments == stream.segments
    assert recording.region == stream.region
    assert recording.rate_hz == pytest.approx(30)
    assert recording.tally.sentences() == []


def test_it_can_be_read_again_and_again(bags: Path) -> None:
    recording = Recording(bags / 'mcap')
    assert [f.stamp_ns for f in recording] == [f.stamp_ns for f in recording]
    assert recording.tally.n_frames == 40


@pytest.mark.parametrize('name', ['mcap/mcap.mcap', 'sqlite3/sqlite3.db3'])
def test_a_single_file_is_a_bag(name: str, bags: Path, stream: Any) -> None:
    recording = Recording(bags / name, class_names=NAMES)
    _same(list(recording), list(stream))
    assert recording.segments == (Segment('recorded', 0, 40),)
    assert recording.region == Region()


@pytest.mark.parametrize('kind', ['mcap', 'sqlite3'])
def test_a_folder_without_metadata_is_read_file_by_file(
    kind: str, bags: Path, stream: Any
) -> None:
    (bags / kind / 'metadata.yaml').unlink()
    recording = Recording(bags / kind, class_names=NAMES)
    _same(list(recording), list(stream))
    assert any('is not complete' in text for text in recording.tally.sentences())


@pytest.mark.parametrize('share', [0.3, 0.6, 0.9, 0.999])
def test_a_truncated_mcap_gives_its_beginning(share: float, bags: Path, stream: Any) -> None:
    file = bags / 'mcap' / 'mcap.mcap'
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    recording = Recording(bags / 'mcap', class_names=NAMES)
    frames = list(recording)
    # A chunk holds about four frames, and one that is cut is lost: there the last label was.
    assert len(frames) >= 40 * share - 5
    _same(frames[:-1], list(stream)[: len(frames) - 1])
    assert any('is not complete' in text for text in recording.tally.sentences())


def test_a_damaged_chunk_costs_its_frames_only(stream: Any, tmp_path: Path) -> None:
    write(stream, tmp_path / 'bag', compression='storage')
    file = tmp_path / 'bag' / 'bag.mcap'
    content = bytearray(file.read_bytes())
    start = content.index(b'\x28\xb5\x2f\xfd', len(content) // 2)  # of a Zstandard frame
    content[start : start + 4] = bytes(4)
    file.write_bytes(content)
    recording = Recording(tmp_path / 'bag')
    frames = list(recording)
    assert 25 <= len(frames) < 40
    expected = {START_NS + frame.stamp_ns: frame for frame in stream}
    for frame in frames:
        np.testing.assert_array_equal(frame.image, expected[frame.stamp_ns].image)
    assert frames[-1].stamp_ns == max(expected)
    assert any('is damaged' in text for text in recording.tally.sentences())


def test_a_truncated_sqlite3_file_gives_frames_or_a_sentence(bags: Path, stream: Any) -> None:
    file = bags / 'sqlite3' / 'sqlite3.db3'
    content = file.read_bytes()
    for share in (0.1, 0.5, 0.9):
        file.write_bytes(content[: int(share * len(content))])
        recording = None
        try:
            recording = Recording(bags / 'sqlite3', class_names=NAMES)
            frames = list(recording)
        except UsageError:
            continue
        assert len(frames) < 40
        assert recording.tally.sentences()


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    kind=st.sampled_from(['mcap/mcap.mcap', 'sqlite3/sqlite3.db3', 'mcap/metadata.yaml']),
    at=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=64),
)
def test_no_damage_breaks_it(kind: str, at: float, junk: bytes, bags: Path) -> None:
    file = bags / kind
    content = file.read_bytes()
    start = int(at * len(content))
    file.write_bytes(content[:start] + junk + content[start + len(junk) :])
    try:
        for frame in Recording(file.parent, class_names=NAMES):
            assert frame.image.dtype == np.uint8
    except UsageError:
        pass
    finally:
        file.write_bytes(content)


def _write(path: Path, fill: Callable[[RawWriter], None], storage: str = 'mcap') -> Path:
    writer = RawWriter(path, storage, 'none', {})
    fill(writer)
    writer.close()
    return path


def _image(
    writer: RawWriter,
    stamp_ns: int,
    topic: str = '/camera',
    log_ns: int | None = None,
    **changes: Any,
) -> None:
    fields = {
        'height': 2,
        'width': 3,
        'encoding': 'mono8',
        'is_bigendian': 0,
        'step': 3,
        'data': np.full(6, stamp_ns % 256, np.uint8),
    }
    writer.write_image(topic, stamp_ns, 'camera', {**fields, **changes}, log_ns)


def test_malformed_images_are_counted_and_left_out(tmp_path: Path) -> None:
    def fill(writer: RawWriter) -> None:
        _image(writer, 1)
        _image(writer, 2, step=1)
        _image(writer, 3, encoding='32FC1')
        _image(writer, 4, data=np.zeros(0, np.uint8))
        _image(writer, 5, height=2**32 - 1, width=2**32 - 1)
        _image(writer, 6)

    recording = Recording(_write(tmp_path / 'bag', fill))
    assert [frame.stamp_ns for frame in recording] == [1, 6]
    assert recording.tally.n_malformed == 4
    assert any("'32FC1' is depth" in text for text in recording.tally.sentences())


def test_frames_come_in_the_order_of_their_stamps(tmp_path: Path) -> None:
    stamps = [10, 30, 20, 40, 40, *range(50, 90), 5]

    def fill(writer: RawWriter) -> None:
        for log_ns, stamp in enumerate(stamps):
            _image(writer, stamp, log_ns=log_ns)

    recording = Recording(_write(tmp_path / 'bag', fill))
    assert [frame.stamp_ns for frame in recording] == [10, 20, 30, 40, *range(50, 90)]
    assert recording.tally.n_out_of_order == 2  # the second 40, and 5, which came 40 too late


def test_a_label_may_come_after_its_frame(tmp_path: Path) -> None:
    def fill(writer: RawWriter) -> None:
        for stamp in range(1, 101):
            _image(writer, stamp)
            if stamp > 20:
                writer.write_label('/label', stamp - 20, '', str(stamp % 10))

    recording = Recording(_write(tmp_path / 'bag', fill), class_names=NAMES)
    labels = [frame.label for frame in recording]
    assert labels == [(stamp + 20) % 10 for stamp in range(1, 81)] + [UNKNOWN] * 20


def _fill_two(writer: RawWriter) -> None:
    _image(writer, 1, '/left')
    _image(writer, 1, '/right')


def test_a_topic_can_be_named(tmp_path: Path) -> None:
    path = _write(tmp_path / 'bag', _fill_two)
    assert len(list(Recording(path, image_topic='right'))) == 1


@pytest.mark.parametrize(
    ('fill', 'options', 'sentence'),
    [
        (_fill_two, {}, r'several image topics, name one: /left \(sensor_msgs/msg/Image, 1\)'),
        (_fill_two, {'image_topic': '/up'}, "no image topic '/up'; there are: /left"),
        (_fill_two, {'image_topic': '/left', 'label_topic': '/x'}, "no label topic '/x'"),
        (lambda w: None, {}, 'has no images; its topics are: none'),
        (lambda w: w.write_label('/label', 1, '', '3'), {}, 'no images; its topics are: /label'),
        (lambda w: _image(w, 1, step=0), {}, 'no image of /camera .* can be used: .*step must be'),
    ],
)
def test_a_bag_of_no_use_is_told(
    fill: Callable[[RawWriter], None], options: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    path = _write(tmp_path / 'bag', fill)
    with pytest.raises(UsageError, match=sentence):
        list(Recording(path, class_names=NAMES, **options))


@pytest.mark.parametrize(
    ('label', 'options', 'sentence'),
    [
        ((1, 'zebra'), {'class_names': NAMES}, "none of 1 labels .* there is no class 'zebra'"),
        ((2, '3'), {'class_names': NAMES}, 'none of 1 labels belongs to a frame'),
        ((1, '3'), {}, 'the names of the classes are needed'),
    ],
)
def test_labels_of_no_use_are_told(
    label: tuple[int, str], options: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    def fill(writer: RawWriter) -> None:
        _image(writer, 1)
        writer.write_label('/label', label[0], '', label[1])

    path = _write(tmp_path / 'bag', fill)
    with pytest.raises(UsageError, match=sentence):
        list(Recording(path, **options))


def test_what_a_network_said_is_no_label(tmp_path: Path) -> None:
    def fill(writer: RawWriter) -> None:
        _image(writer, 1)
        writer.write_label('/edge/classification', 1, '', '7')
        writer.write_label('/edge/truth', 1, '', '3')
        writer.write_label('/edge/label', 1, '', '3')

    path = _write(tmp_path / 'bag', fill)
    assert [frame.label for frame in Recording(path, class_names=NAMES)] == [3]


@pytest.mark.parametrize('name', ['nothing', 'empty', 'text.txt', 'broken.mcap', 'broken.db3'])
def test_what_is_not_a_bag_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / 'empty').mkdir()
    for file in ('text.txt', 'broken.mcap', 'broken.db3'):
        (tmp_path / file).write_bytes(b'no bag at all')
    with pytest.raises(UsageError, match=name):
        Recording(tmp_path / name)
