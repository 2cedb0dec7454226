"""Message classes by the names that topics have for them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from edge_adapt.errors import UsageError


def message_class(kind: str) -> Any:
    """Return the class of 'sensor_msgs/msg/Image'; UsageError where it is not installed."""
    package, _, name = kind.partition('/msg/')
    try:
        return getattr(import_module(f'{package}.msg'), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f'messages of type {kind!r} are not installed') from error
