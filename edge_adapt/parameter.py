"""One parameter of a node, as plain data: its type, its range, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt import registry
from edge_adapt.errors import UsageError

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    One parameter: its default gives its type; a `live` one may change while the node runs.

    Where a `room` is named, its members are the choices.
    """

    name: str
    default: Value
    description: str
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    room: str = ''
    live: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """Return the legal values, or nothing where they are not listed."""
        return tuple(registry.names(self.room)) if self.room else self.values

    def refusal(self, value: Value) -> str:
        """Return why a value of the right type is not legal; '' where it is."""
        if self.choices and value not in self.choices:
            return f'{self.name} is {value!r}; there are: {", ".join(self.choices)}'
        low, high = self.minimum, self.maximum
        if isinstance(value, str) or (low is None and high is None):
            return ''
        # asked so that NaN, which is neither below nor above, is refused
        if not (low is None or value >= low) or not (high is None or value <= high):
            bounds = f'>= {low:g}' if high is None else f'within {low:g}..{high:g}'
            return f'{self.name} must be {bounds}, got {value}'
        return ''

    def parse(self, text: str) -> Value:
        """Return the value in `text`. Raises UsageError where it is none, or not legal."""
        kind = type(self.default)
        if kind is bool and text not in ('true', 'false'):
            raise UsageError(f'{self.name} is true or false, got {text!r}')
        try:
            value = text == 'true' if kind is bool else kind(text)
        except ValueError as error:
            raise UsageError(f'{self.name} must be a {kind.__name__}, got {text!r}') from error
        if reason := self.refusal(value):
            raise UsageError(reason)
        return value
