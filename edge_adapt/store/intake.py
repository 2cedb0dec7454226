"""
The door for weight updates from a topic: everything that arrives here may be hostile.

    size, attempts, signature, content, base, sequence, expiry, rate, arrays, groups, step

The cheap checks come first. The first one that fails is the cause of the refusal; what runs stays.
An accepted update raises the sequence number, so of two publishers that fight the higher number
wins once, and repeated or reordered messages change nothing.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.records import Weights
from edge_adapt.store import container
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.signing import Trust
from edge_adapt.store.step import check_step

T = TypeVar('T')
GROUPS = ('classes', 'domain', 'front_end', 'head', 'thresholds')


@dataclass(frozen=True, slots=True)
class Rules:
    """
    What is taken in.

    `max_bytes` of a message; `attempts_hz` messages a second are opened and `accepted_hz` of them
    taken, `n_burst` at once after a calm time; `groups` are the parameter groups that may change;
    `max_step` is the largest relative change of a tensor (see step.py).
    """

    max_bytes: int = container.MAX_BYTES
    attempts_hz: float = 10.0
    accepted_hz: float = 1.0
    n_burst: int = 5
    groups: tuple[str, ...] = GROUPS
    max_step: float = 4.0

    @staticmethod
    def at(accepted_hz: float) -> Rules:
        """Return the rules that take so many updates a second; two messages opened for each."""
        return Rules(accepted_hz=accepted_hz, attempts_hz=max(10.0, 2 * accepted_hz))


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What became of a message: the weights to use, or the cause of the refusal.

    `is_first` is true the first time a cause appears: that is when to log `reason`.
    """

    weights: Weights | None = None
    update: WeightUpdate | None = None
    cause: str = ''
    reason: str = ''
    is_first: bool = False


class RefusalError(UsageError):
    """A refusal with the name of its cause."""

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


class Intake:
    """
    Judges messages one at a time; it keeps a few numbers and no message.

    `sequence` is the last number accepted: start it with the one the device has stored, so that a
    restart does not reopen the door to what is old. `refusals` counts by cause; the causes are
    those of this file, so it cannot grow.
    """

    def __init__(
        self, model: Model, trust: Trust, sequence: int = 0, rules: Rules | None = None
    ) -> None:
        self.sequence, self.n_accepted = sequence, 0
        self.refusals: Counter[str] = Counter()
        self._model, self._trust, self._rules = model, trust, rules or Rules()
        self._attempts = _Bucket(self._rules.attempts_hz, self._rules.attempts_hz)
        self._accepted = _Bucket(self._rules.accepted_hz, self._rules.n_burst)

    def offer(
        self, data: bytes | array[int], running: Weights, now_ns: int, steady_ns: int
    ) -> Answer:
        """
        Judge one message against the `running` weights.

        `now_ns` is the wall clock, for expiry; `steady_ns` a clock that never jumps, for rates.
        """
        if (refused := self.too_large(len(data))) is not None:  # before it is copied
            return refused
        try:
            update = self._opened(bytes(data), steady_ns)
            self._check_order(update, now_ns, steady_ns)
            weights = self._applied(update, running)
        except RefusalError as refusal:
            return self._refused(refusal.cause, str(refusal))
        self.sequence = update.sequence
        self.n_accepted += 1
        return Answer(weights, update)

    def too_large(self, n_bytes: int) -> Answer | None:
        """Return the refusal of a message of so many bytes; None where it may be read."""
        most = self._rules.max_bytes
        if n_bytes <= most:
            return None
        return self._refused('size', f'the update has {n_bytes} bytes, at most {most} are read')

    def _refused(self, cause: str, reason: str) -> Answer:
        self.refusals[cause] += 1
        return Answer(cause=cause, reason=reason, is_first=self.refusals[cause] == 1)

    def _opened(self, data: bytes, steady_ns: int) -> WeightUpdate:
        """Return the update in a message if the message is worth opening and well signed."""
        if not self._attempts.take(steady_ns):
            raise RefusalError(
                'attempts', f'more than {self._rules.attempts_hz:g} messages a second'
            )
        content, signer = _or_refuse('signature', lambda: self._trust.open(data, 'the update'))
        return _or_refuse('content', lambda: WeightUpdate.unsealed(content, signer, 'the update'))

    def _check_order(self, update: WeightUpdate, now_ns: int, steady_ns: int) -> None:
        """Check that the update is newer than all before, in time, and not too soon."""
        if update.base != self._model.digest:
            raise RefusalError(
                'base', f'the update is for model {update.base[:16]}, another one runs'
            )
        if update.sequence <= self.sequence:
            raise RefusalError(
                'sequence', f'sequence {update.sequence} is not above {self.sequence}: it is old'
            )
        if update.expires_ns and now_ns >= update.expires_ns:
            raise RefusalError('expiry', f'the update {update.version} has expired')
        if not self._accepted.take(steady_ns):
            raise RefusalError('rate', f'more than {self._rules.accepted_hz:g} updates a second')

    def _applied(self, update: WeightUpdate, running: Weights) -> Weights:
        """Return the weights if they fit, touch only what may change, and not too much."""
        weights = _or_refuse('arrays', lambda: update.apply(self._model))
        others = set(update.groups(self._model.network)) - set(self._rules.groups)
        if others:
            raise RefusalError('groups', f'the update changes {", ".join(sorted(others))}')
        step = self._rules.max_step
        _or_refuse('step', lambda: check_step(self._model, running, weights, step))
        return weights


class _Bucket:
    """`rate_hz` tokens a second, at most `n_burst` saved up."""

    def __init__(self, rate_hz: float, n_burst: float) -> None:
        self._rate_hz, self._n_burst = rate_hz, n_burst
        self._tokens, self._last_ns = n_burst, 0

    def take(self, steady_ns: int) -> bool:
        """Take a token if there is one."""
        grown = self._tokens + (steady_ns - self._last_ns) / 1e9 * self._rate_hz
        self._tokens, self._last_ns = min(self._n_burst, grown), steady_ns
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _or_refuse(cause: str, step: Callable[[], T]) -> T:
    try:
        return step()
    except UsageError as error:
        raise RefusalError(cause, str(error)) from error
