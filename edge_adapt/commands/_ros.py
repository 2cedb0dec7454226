"""The way to the nodes for commands that most users run without ROS."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from edge_adapt.errors import UsageError


def load(module: str) -> Any:
    """Return a module of the package that needs ROS; UsageError says what is missing for it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or '').partition('.')[0]
        raise UsageError(
            f'this needs ROS 2: {missing} is not installed. Run `make setup`, or source a ROS 2'
            ' installation'
        ) from error
