"""Declare parameters to ROS from the table, and refuse what is not legal with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edge_adapt.errors import UsageError
from edge_adapt.parameter import Parameter
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
)
from rclpy.parameter import Parameter as RosParameter

if TYPE_CHECKING:
    from edge_adapt.nodes._lifecycle import EdgeNode

LARGEST = 1e12  # stands for "no upper bound" where ROS wants a number


def declare(node: EdgeNode, table: Sequence[Parameter]) -> None:
    """
    Declare every parameter of the table, and answer those who want to set one.

    A live parameter may change at any time, the others while the node is unconfigured. Raises
    UsageError where a value given at start is not legal.
    """
    for parameter in table:
        _declare_one(node, parameter)
    by_name = {parameter.name: parameter for parameter in table}

    def check(changes: list[RosParameter]) -> SetParametersResult:
        for change in changes:
            parameter = by_name.get(change.name)
            reason = _reason(node, parameter, change) if parameter is not None else ''
            if reason:
                return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    def take_over(changes: list[RosParameter]) -> None:
        names = {change.name for change in changes} & set(by_name)
        if names and node.state != 'unconfigured':
            node.on_live(names)

    node.add_on_set_parameters_callback(check)
    node.add_post_set_parameters_callback(take_over)


def _declare_one(node: EdgeNode, parameter: Parameter) -> None:
    try:
        node.declare_parameter(parameter.name, parameter.default, descriptor(parameter))
    except InvalidParameterTypeException as error:
        kind = type(parameter.default).__name__
        raise UsageError(f'{parameter.name} must be a {kind}: {error}') from error
    except InvalidParameterValueException as error:
        raise UsageError(f'{parameter.name} is out of range: {error}') from error
    if reason := parameter.refusal(node.parameter(parameter.name)):
        raise UsageError(reason)


def _reason(node: EdgeNode, parameter: Parameter, change: RosParameter) -> str:
    """Return why a parameter cannot be changed so; '' where it can."""
    if reason := parameter.refusal(change.value):
        return reason
    if node.state == 'unconfigured':
        return ''
    if not parameter.live:
        return f'{parameter.name} is fixed while the node is {node.state}: clean the node up first'
    try:
        node.check_live(parameter.name, change.value)
    except UsageError as error:
        return str(error)
    return ''


def descriptor(parameter: Parameter) -> ParameterDescriptor:
    """Return what `ros2 param describe` shows."""
    result = ParameterDescriptor(
        description=parameter.description, read_only=parameter.name == 'autostart'
    )
    if parameter.choices:
        result.additional_constraints = f'one of: {", ".join(parameter.choices)}'
    low, high = parameter.minimum, parameter.maximum
    if low is None and high is None:
        return result
    low, high = (-LARGEST if low is None else low), (LARGEST if high is None else high)
    if isinstance(parameter.default, int):
        result.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    else:
        result.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    return result
