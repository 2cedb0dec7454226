"""Holds two inference nodes against each other, frame by frame, while they run."""

from __future__ import annotations

from collections import OrderedDict
import sys
from typing import ClassVar

from edge_adapt.nodes import convert
from edge_adapt.nodes._diagnostics import Diagnostics, Status
from edge_adapt.nodes._lifecycle import EdgeNode, run
from edge_adapt.nodes._qos import RELIABLE
from vision_msgs.msg import Classification

MAX_WAITING = 256  # frames only one of the two has answered
Answer = tuple[tuple[str, float], ...]


class Comparison(EdgeNode):
    """Counts frames on which `classification` and `accelerator/classification` are the same."""

    kind: ClassVar[str] = 'comparison'

    def configure(self) -> None:
        """Begin to count."""
        self.n_equal = self.n_different = 0
        self._waiting: tuple[OrderedDict[int, Answer], ...] = (OrderedDict(), OrderedDict())
        self._diagnostics = Diagnostics(self, 'edge_adapt', {'accelerator': self._status})

    def activate(self) -> None:
        """Begin to listen."""
        for side, topic in enumerate(('classification', 'accelerator/classification')):

            def take(message: Classification, side: int = side) -> None:
                self._take(side, message)

            self.create_subscription(Classification, topic, take, RELIABLE)

    def _take(self, side: int, message: Classification) -> None:
        stamp = convert.stamp_ns(message.header.stamp)
        answer = tuple((result.class_id, result.score) for result in message.results)
        other = self._waiting[1 - side].pop(stamp, None)
        if other is None:
            self._waiting[side][stamp] = answer
            if len(self._waiting[side]) > MAX_WAITING:
                self._waiting[side].popitem(last=False)
        elif other == answer:
            self.n_equal += 1
        else:
            self.n_different += 1
            self.get_logger().error(f'frame {stamp}: {other[:1]} here, {answer[:1]} there')

    def _status(self) -> Status:
        values = {'equal': str(self.n_equal), 'different': str(self.n_different)}
        if self.n_different:
            return convert.ERROR, f'{self.n_different} frames differ', values
        return convert.OK, f'{self.n_equal} frames agree', values


def main() -> int:
    """Run the node; the exit status is the return value."""
    return run(Comparison)


if __name__ == '__main__':
    sys.exit(main())
