"""The weights a node is sent: judged and made ready beside the frames, then used between two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
import time
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.nodes._inbox import Inbox
from edge_adapt.nodes._intake import intake_of
from edge_adapt.nodes._lifecycle import EdgeNode
from edge_adapt.nodes._qos import LATCHED
from edge_adapt.nodes._worker import Worker
from edge_adapt.pipeline.inference import Inference
from edge_adapt.store.intake import Answer
from std_msgs.msg import UInt8MultiArray

WAIT_S = 0.2
MAX_WAITING = 2  # updates; more come only from somebody who floods the topic


class WeightsInput:
    """
    Listens to `weights`, in a thread of its own.

    Signature, content and step are checked and the engine is made ready there; the frames see one
    reference replaced.
    """

    def __init__(self, node: EdgeNode, pipeline: Inference, steady_ns: Callable[[], int]) -> None:
        self._node, self._pipeline, self._steady_ns = node, pipeline, steady_ns
        self._intake = intake_of(node, pipeline.model)
        self._inbox = Inbox(MAX_WAITING)

    @property
    def n_accepted(self) -> int:
        """Return how many updates were taken."""
        return self._intake.n_accepted

    @property
    def refusals(self) -> Mapping[str, int]:
        """Return how many updates were refused, by cause."""
        return dict(self._intake.refusals)

    def open(self, until: ExitStack) -> None:
        """Begin to listen, `until` is closed."""
        worker = Worker(self._work, self._node.fail)
        until.callback(worker.stop)
        self._node.create_subscription(UInt8MultiArray, 'weights', self._on_weights, LATCHED)

    def _on_weights(self, message: Any) -> None:
        """Leave an update to the worker; one that is too large is not even kept."""
        refused = self._intake.too_large(len(message.data))
        if refused is not None:
            self._tell(refused)
            return
        self._inbox.put(partial(self._judge, message))

    def _work(self) -> None:
        self._inbox.wait(WAIT_S)
        for job in self._inbox.jobs():
            job()

    def _judge(self, message: Any) -> None:
        answer = self._intake.offer(
            message.data, self._pipeline.weights, time.time_ns(), self._steady_ns()
        )
        self._tell(answer)
        if answer.weights is None or answer.weights.version == self._pipeline.version:
            return
        try:
            self._pipeline.use(answer.weights)
        except UsageError as error:
            self._intake.refusals['engine'] += 1
            self._node.get_logger().error(
                f'weights refused by the engine, the running ones stay: {error}'
            )

    def _tell(self, answer: Answer) -> None:
        if answer.is_first:
            self._node.get_logger().error(
                f'weights refused, the running ones stay: {answer.reason} (more for this cause,'
                f' {answer.cause}, are only counted)'
            )
