"""What every node shares: a lifecycle that starts itself, says its state and ends quietly."""

from __future__ import annotations

from collections.abc import Callable
import signal
import sys
import threading
from typing import Any, ClassVar

from edge_adapt.errors import UsageError
from edge_adapt.nodes._parameters import declare
from edge_adapt.parameters import NODES
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

OK = TransitionCallbackReturn.SUCCESS
FAILED = TransitionCallbackReturn.FAILURE
LOOK_UP_S = 0.2  # a signal is noticed this soon


class EdgeNode(LifecycleNode):
    """
    A lifecycle node whose work is four verbs: `configure`, `activate`, `deactivate`, `cleanup`.

    `configure` loads and warms up and may raise UsageError, which is logged as the reason;
    `activate` begins to listen, `deactivate` stops, `cleanup` lets go of everything.
    """

    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(self.kind)
        declare(self, NODES[self.kind], self.on_live_parameter)

    def parameter(self, name: str) -> Any:
        """Return the value of a declared parameter."""
        return self.get_parameter(name).value

    def start(self) -> bool:
        """Configure and activate; whether both succeeded."""
        return bool(self.trigger_configure() == OK and self.trigger_activate() == OK)

    def configure(self) -> None:
        """Load and warm up."""

    def activate(self) -> None:
        """Begin to listen."""

    def deactivate(self) -> None:
        """Stop listening; what was loaded stays."""

    def cleanup(self) -> None:
        """Let go of what `configure` made."""

    def on_live_parameter(self) -> None:
        """React to a changed live parameter."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        return self._go(self.configure, 'inactive: loaded and warm')

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        answer = super().on_activate(state)
        return self._go(self.activate, 'active') if answer == OK else answer

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        self.deactivate()
        return self._go(lambda: super(EdgeNode, self).on_deactivate(state), 'inactive')

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        return self._go(self.cleanup, 'unconfigured')

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        return self._go(self._let_go, 'finalized')

    def _let_go(self) -> None:
        self.deactivate()
        self.cleanup()

    def _go(self, step: Callable[[], object], state: str) -> TransitionCallbackReturn:
        try:
            step()
        except UsageError as error:
            self.get_logger().error(str(error))
            return FAILED
        self.get_logger().info(f'{self.kind} is {state}')
        return OK


def run(make: Callable[[], EdgeNode]) -> int:
    """
    Run one node until Ctrl-C or SIGTERM; the return value is the exit status.

    2 where a parameter or what it names is wrong, with one sentence on standard error.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    # rclpy's own handlers would end the context before the node could say its last words.
    try:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        node = make()
    except (UsageError, _rclpy.RCLError) as error:
        # There is no node yet whose log could say it. With ROS_SECURITY_STRATEGY=Enforce and no
        # keys, or no secure middleware, this is where a node fails closed.
        print(f'the node cannot start: {error}', file=sys.stderr)  # noqa: T201
        rclpy.try_shutdown()
        return 2
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    is_up = not node.parameter('autostart') or node.start()
    while is_up and not stop.is_set():
        executor.spin_once(timeout_sec=LOOK_UP_S)
    node.deactivate()
    node.cleanup()
    executor.shutdown()
    node.destroy_node()
    rclpy.try_shutdown()
    return 0 if is_up else 2


class Worker:
    """A thread that calls `step` again and again until it is stopped."""

    def __init__(self, step: Callable[[], None]) -> None:
        self._step = step
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._step()

    def stop(self) -> None:
        """Let the step under way end, and wait for it."""
        self._stop.set()
        self._thread.join()
