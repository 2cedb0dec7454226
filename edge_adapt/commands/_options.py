"""Command-line options made from the table of parameters, so that both have the same names."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.parameter import Parameter


def add(parser: ArgumentParser, table: Sequence[Parameter], names: Sequence[str]) -> None:
    """Add an option for each named parameter, in the order of the names."""
    by_name = {parameter.name: parameter for parameter in table}
    for name in names:
        parameter = by_name[name]
        flag = '--' + name.replace('_', '-')
        text = f'{parameter.description} [{parameter.default}]'.replace('%', '%%')
        if isinstance(parameter.default, bool):
            parser.add_argument(
                flag, action=BooleanOptionalAction, default=parameter.default, help=text
            )
            continue
        parser.add_argument(
            flag,
            type=_checked(parameter),
            default=parameter.default,
            metavar=name.rpartition('_')[2].upper(),
            help=text + (f' One of: {", ".join(parameter.choices)}.' if parameter.choices else ''),
        )


def add_lists(parser: ArgumentParser, table: Sequence[Parameter], names: Sequence[str]) -> None:
    """Add an option for each named parameter that takes several values, joined by commas."""
    by_name = {parameter.name: parameter for parameter in table}
    for name in names:
        parameter = by_name[name]
        parser.add_argument(
            f'--{name}',
            type=_checked_list(parameter),
            default=parameter.default,
            metavar=f'{name.upper()}[,...]',
            help=f'{parameter.description} [{parameter.default}] One or more of:'
            f' {", ".join(parameter.choices)}.',
        )


def getter(arguments: Namespace, others: Mapping[str, Any]) -> Callable[[str], Any]:
    """Return a look-up of parameters by name: `others` first, then the arguments."""
    return lambda name: others[name] if name in others else getattr(arguments, name)


def _checked_list(parameter: Parameter) -> Callable[[str], str]:
    """Return a converter that refuses a list with a value the parameter does not allow."""
    check = _checked(parameter)

    def convert(text: str) -> str:
        words = [str(check(word.strip())) for word in text.split(',')]
        return ','.join(dict.fromkeys(words))

    return convert


def _checked(parameter: Parameter) -> Callable[[str], Any]:
    """Return a converter that refuses what the parameter does not allow, with a sentence."""

    def convert(text: str) -> Any:
        try:
            return parameter.parse(text)
        except UsageError as error:
            raise ArgumentTypeError(str(error)) from error

    return convert
