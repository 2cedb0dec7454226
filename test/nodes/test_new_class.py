"""A class-incremental robot over DDS: a labelled new class is answered by its name in the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ros

from edge_adapt.networks.model import Model  # noqa: E402
from edge_adapt.nodes import convert  # noqa: E402
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE  # noqa: E402
from edge_adapt.nodes.adaptation import Adaptation  # noqa: E402
from edge_adapt.nodes.inference import Inference  # noqa: E402
from edge_adapt.registry import load  # noqa: E402
import numpy as np  # noqa: E402
from rclpy.node import Node  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from vision_msgs.msg import Classification, LabelInfo  # noqa: E402

NEW, SIDE = 'frame', 128
OUTLINE = np.zeros((SIDE, SIDE), np.uint8)
OUTLINE[16:112, 16:112] = 220
OUTLINE[40:88, 40:88] = 0


class Teacher(Node):
    """A camera with a person beside it, who tells the class of every frame."""

    def __init__(self) -> None:
        super().__init__('teacher')
        self.names: list[str] = []
        self.answers: list[str] = []
        self._images = self.create_publisher(Image, 'image_raw', image_qos(reliable=True))
        self._labels = self.create_publisher(Classification, 'label', RELIABLE)
        self.create_subscription(Classification, 'classification', self._on_answer, RELIABLE)
        self.create_subscription(LabelInfo, 'label_info', self._on_names, LATCHED)

    @property
    def is_heard(self) -> bool:
        return bool(
            self.names
            and self._images.get_subscription_count() == 2
            and self._labels.get_subscription_count()
        )

    def show(self, image: np.ndarray, name: str, stamp_ns: int) -> None:
        self._images.publish(convert.image_from(image, stamp_ns, 'camera'))
        self._labels.publish(convert.label_from(0, [name], stamp_ns))

    def _on_answer(self, message: Classification) -> None:
        self.answers.append(message.results[0].class_id)

    def _on_names(self, message: LabelInfo) -> None:
        self.names = [entry.class_name for entry in message.class_map]


def test_a_labelled_new_class_is_answered_by_its_name(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    model = Model.load('digits')
    pool = load('streams', 'digits').pool('adapt')
    arguments = ('allow_unsigned:=true', f'store:={tmp_path}', 'max_new_classes:=1')
    with start(*(word for text in arguments for word in ('-p', text))) as graph:
        runner, learner, teacher = (graph.add(node()) for node in (Inference, Adaptation, Teacher))
        assert runner.start()
        assert learner.start()
        graph.wait(lambda: teacher.is_heard, 'discovery')
        assert teacher.names == list(model.network.class_names)
        stamp_ns = 0
        for i in range(320):
            stamp_ns += 33_000_000
            digit = np.kron(pool.images[i, ..., 0], np.ones((16, 16), np.uint8))
            is_new = i % 5 == 0
            name = NEW if is_new else model.network.class_names[pool.labels[i]]
            teacher.show(OUTLINE if is_new else digit, name, stamp_ns)
            graph.wait(lambda n=i: len(teacher.answers) > n, 'the answer')
            if NEW in teacher.names:
                break
        graph.wait(lambda: NEW in teacher.names, 'the new name')
        assert teacher.names == [*model.network.class_names, NEW]
        n_before = len(teacher.answers)
        teacher.show(OUTLINE, NEW, stamp_ns + 33_000_000)
        graph.wait(lambda: len(teacher.answers) > n_before, 'the answer')
        assert teacher.answers[-1] == NEW
        assert not runner.refusals
