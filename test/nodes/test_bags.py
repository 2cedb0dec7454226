"""Bags and topics: what is played is what was recorded, and offline is what was live."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import threading
from typing import Any

from edge_adapt.cli import main
from edge_adapt.parameters import NODES
from edge_adapt.pipeline.assembly import inference_from
from edge_adapt.streams.bag.recording import Recording
from edge_adapt.streams.bag.series import Series
from edge_adapt.streams.bag.writing import START_NS
from edge_adapt.streams.digits import Digits
import numpy as np
import pytest

pytestmark = pytest.mark.ros

from edge_adapt.nodes import convert, player, recorder  # noqa: E402
from edge_adapt.nodes._qos import RELIABLE  # noqa: E402
from edge_adapt.nodes.camera import Camera  # noqa: E402
from edge_adapt.nodes.inference import Inference  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

SCHEDULE = 'clean:30,invert:30'
CARD = '80,40,160,160'


def test_a_recording_of_running_nodes_is_classified_alike_offline(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    parameters = (
        *(
            '-p',
            f'schedule:={SCHEDULE}',
            '-p',
            'publish_truth:=true',
            '-p',
            'image_reliable:=true',
        ),
        *('-p', f"region:='{CARD}'", '-p', 'n_subscribers:=2', '-p', 'rate_hz:=10.0'),
    )
    series = Series(tmp_path / 'bag')
    with start(*parameters) as graph:
        node = graph.add(recorder.Recorder(series))
        inference, camera = graph.add(Inference()), graph.add(Camera())
        assert inference.start()
        assert camera.start()
        graph.wait(lambda: series.n_messages['/classification'] >= 55, 'classification')
        assert '/image_raw' in node.heard
        series.close()

    recording = Recording(tmp_path / 'bag', class_names=Digits.class_names)
    live = _classifications(tmp_path / 'bag')
    defaults = {parameter.name: parameter.default for parameter in NODES['inference']}
    offline = inference_from({**defaults, 'region': CARD}.__getitem__)
    n_compared = 0
    for frame in recording:
        label = offline.on_frame(frame).prediction.label
        if frame.stamp_ns in live:
            assert Digits.class_names[label] == live[frame.stamp_ns]
            n_compared += 1
    assert n_compared >= 50
    assert recording.tally.n_labelled >= 50


def _classifications(path: Path) -> dict[int, str]:
    """Return what the node said in the bag: stamp -> class."""
    answers = Recording(path, class_names=Digits.class_names, label_topic='/classification')
    return {
        frame.stamp_ns: Digits.class_names[frame.label] for frame in answers if frame.label >= 0
    }


class Listener(Node):
    """Keeps what is played."""

    def __init__(self) -> None:
        super().__init__('listener')
        self.images: list[Image] = []
        self.clocks: list[int] = []
        self.create_subscription(Image, '/seen', self.images.append, RELIABLE)
        self.create_subscription(
            Clock, '/clock', lambda m: self.clocks.append(convert.stamp_ns(m.clock)), RELIABLE
        )


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('played') / 'bag'
    assert main(['bag', 'make', str(path), '--schedule', 'clean:20']) == 0
    return path


def test_what_is_played_is_what_was_recorded(start: Callable[..., Any], bag: Path) -> None:
    expected = list(Digits('clean:20'))
    with start('-r', '/image_raw:=/seen') as graph:
        listener, node = graph.add(Listener()), player.Player(bag, rate=4.0)
        graph.nodes.append(node)  # to be destroyed; it spins itself
        graph.wait(lambda: node.senders['/image_raw'].get_subscription_count() == 1, 'discovery')
        sent: list[int] = []
        thread = threading.Thread(target=lambda: sent.append(node.play()))
        thread.start()
        last_ns = START_NS + expected[-1].stamp_ns
        graph.wait(lambda: len(listener.images) == 20 and last_ns in listener.clocks, 'playing')
        thread.join()
        assert sent == [40]
    for message, frame in zip(listener.images, expected, strict=True):
        assert convert.stamp_ns(message.header.stamp) == START_NS + frame.stamp_ns
        np.testing.assert_array_equal(convert.frame_from(message).image, frame.image)
    assert listener.clocks == sorted(listener.clocks)


def test_a_pause_holds_the_bag(start: Callable[..., Any], bag: Path) -> None:
    with start() as graph:
        node = player.Player(bag, rate=100.0)
        graph.nodes.append(node)
        node._is_paused = True
        looks = iter([False] * 6 + [True] * 9)
        assert node.play(lambda: next(looks)) == 0
        node._is_paused = False
        assert node.play(start_s=0.3) == 2 * (20 - 9)


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['play', 'nowhere'], 'there is no bag nowhere'),
        (['play', 'BAG', '/up'], 'has no topic /up'),
        (['play', 'BAG', '--rate', '0'], 'rate must be above 0'),
        (['record', 'BAG'], 'exists already'),
        (['record', 'new', '--storage', 'x'], "there is no storage 'x'"),
        (['record', 'new', '--max-mb', '0'], '--max-mb must be at least 1'),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    arguments: list[str],
    sentence: str,
    domain: int,
    bag: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(bag) if text == 'BAG' else text for text in arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_bags_are_split_by_size(tmp_path: Path) -> None:
    series = Series(tmp_path / 'bag', max_bytes=2500)
    for stamp in range(6):
        series.write('/words', 'std_msgs/msg/String', stamp, bytes(1000))
    series.close()
    assert [path.name for path in series.paths] == ['bag', 'bag_1', 'bag_2']
    assert series.n_messages == {'/words': 6}


def test_a_topic_on_which_nobody_speaks_is_told(
    domain: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['record', str(tmp_path / 'bag'), 'silence', '--seconds', '0.5']) == 0
    assert '/silence is left out: nobody says anything there' in capsys.readouterr().err
