"""What every node shares: a lifecycle that starts itself, says its state and ends quietly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
import signal
import sys
import threading
import traceback
from typing import Any, ClassVar

from edge_adapt.errors import UsageError
from edge_adapt.nodes._executor import executor
from edge_adapt.nodes._parameters import declare
from edge_adapt.nodes._process import settle, tune
from edge_adapt.nodes._watchdog import Watchdog
from edge_adapt.parameter import Value
from edge_adapt.parameters import NODES
import rclpy
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

OK = TransitionCallbackReturn.SUCCESS
FAILED = TransitionCallbackReturn.FAILURE
BROKEN = TransitionCallbackReturn.ERROR
LOOK_UP_S = 0.2  # a signal is noticed this soon
TRANSITION_S = 60.0  # that loading, or the end of a step, may take beyond a callback


class EdgeNode(LifecycleNode):
    """
    A lifecycle node whose work is two verbs: `configure` and `activate`.

    `configure` loads and warms up and may raise UsageError, which is logged as the reason;
    `activate` begins to listen. Publishers, subscriptions, services and timers need no care: what
    a verb created is destroyed by its opposite. What else has to end is said where it begins, to
    `until_inactive` or `until_unconfigured`: the last that began ends first.
    """

    kind: ClassVar[str]

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        super().__init__(self.kind, cli_args=list(arguments))
        self.failure = ''  # why this process must end; '' while all is well
        self.state = 'unconfigured'
        self.watchdog = Watchdog(0)
        self.until_unconfigured, self.until_inactive = ExitStack(), ExitStack()
        self._configured: list[Any] = []
        self._activated: list[Any] = []
        declare(self, NODES[self.kind])
        _refuse_wrong_transitions(self)

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

    @property
    def busy_s(self) -> float:
        """Return for how many seconds a worker that should be quick has been at one step."""
        return 0.0

    def check_live(self, name: str, value: Value) -> None:
        """Raise UsageError where a live parameter cannot become `value`."""

    def on_live(self, names: Iterable[str]) -> None:
        """Take over live parameters that have changed; the node is configured."""

    def close(self) -> None:
        """Stop and let go, in whatever state."""
        self._stop()
        self.until_unconfigured.close()
        self._destroy(self._configured)

    def fail(self, error: BaseException) -> None:
        """Say what broke, and let the process end: whoever started it may start it again."""
        self.failure = ''.join(traceback.format_exception(error))
        self.get_logger().fatal(self.failure)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        self.watchdog.allow(TRANSITION_S)
        answer = self._go(
            self.configure, 'inactive', self._configured, 'inactive: loaded and warm'
        )
        settle()
        self.watchdog.alive()
        return answer

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        return self._go(self.activate, 'active', self._activated)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        return self._go(self._stop, 'inactive')

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        return self._go(self.close, 'unconfigured')

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        return self._go(self.close, 'finalized')

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of everything: after an error, the node can be configured anew."""
        return self._go(self.close, 'unconfigured', told='unconfigured after an error')

    def _stop(self) -> None:
        """Stop listening; what was loaded stays. A step under way comes to its end."""
        self.watchdog.allow(TRANSITION_S)
        self.until_inactive.close()
        self._destroy(self._activated)

    def _go(
        self,
        step: Callable[[], object],
        state: str,
        made: list[Any] | None = None,
        told: str = '',
    ) -> TransitionCallbackReturn:
        """Take a step to `state`; `made` collects what it creates, and it is undone on failure."""
        before = {id(entity) for entity in self._entities()}
        try:
            step()
        except UsageError as error:
            self.get_logger().error(str(error))
            self._undo(before)
            return FAILED
        except Exception:  # noqa: BLE001  rclpy would pass over it without a word
            self.get_logger().fatal(traceback.format_exc())
            self._undo(before)
            return BROKEN
        if made is not None:
            made[:] = [entity for entity in self._entities() if id(entity) not in before]
        self.state = state
        self.get_logger().info(f'{self.kind} is {told or state}')
        return OK

    def _undo(self, before: set[int]) -> None:
        self.until_inactive.close()
        if self.state == 'unconfigured':
            self.until_unconfigured.close()
        self._destroy([entity for entity in self._entities() if id(entity) not in before])

    def _entities(self) -> list[Any]:
        return [*self.publishers, *self.subscriptions, *self.services, *self.timers]

    def _destroy(self, entities: list[Any]) -> None:
        """Destroy entities; those that are gone already are passed over."""
        for entity in entities:
            for destroy in (
                *(self.destroy_publisher, self.destroy_subscription),
                *(self.destroy_service, self.destroy_timer),
            ):
                if destroy(entity):
                    break
        entities.clear()


def _refuse_wrong_transitions(node: EdgeNode) -> None:
    """
    Answer a transition that the state does not allow with `success: false`.

    rclpy lets it end the executor, and with it the process: anybody could end a node so.
    """
    service = node._service_change_state
    answer = service.callback

    def guarded(request: Any, response: Any) -> Any:
        try:
            return answer(request, response)
        except RuntimeError:
            wanted = request.transition.label or request.transition.id
            node.get_logger().warning(f'no transition {wanted} from state {node.state}')
            response.success = False
            return response

    service.callback = guarded


def run(*kinds: Callable[[], EdgeNode], arguments: Sequence[str] | None = None) -> int:
    """
    Run nodes in this process until Ctrl-C or SIGTERM; the return value is the exit status.

    `arguments` are for all of them, those of the command line where it is None. The status is
    2 where a parameter or what it names is wrong, with one sentence on standard error; 1 where a
    node broke.
    """
    tune()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        # rclpy's own handlers would end the context before the nodes could say their last words.
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        return _run([kind() for kind in kinds], stop)
    except (UsageError, _rclpy.RCLError) as error:
        # There is no node yet whose log could say it. With ROS_SECURITY_STRATEGY=Enforce and no
        # keys, or no secure middleware, this is where a node fails closed.
        print(f'the node cannot start: {error}', file=sys.stderr)  # noqa: T201
        return 2
    finally:
        rclpy.try_shutdown()


def _run(nodes: list[EdgeNode], stop: threading.Event) -> int:
    spinner = executor()
    watchdog = Watchdog(min(filter(None, (x.parameter('watchdog_s') for x in nodes)), default=0))
    for node in nodes:
        spinner.add_node(node)
        node.watchdog = watchdog
    is_up = all(node.start() for node in nodes if node.parameter('autostart'))
    while is_up and not stop.is_set() and not any(node.failure for node in nodes):
        watchdog.alive(max(node.busy_s for node in nodes))
        try:
            spinner.spin_once(timeout_sec=LOOK_UP_S)
        except Exception as error:  # noqa: BLE001  of a callback; nobody else would say it
            nodes[0].fail(error)
    for node in nodes:
        node.close()
    spinner.shutdown()
    for node in nodes:
        node.destroy_node()
    watchdog.rest()
    if not is_up:
        return 2
    return int(any(node.failure for node in nodes))
