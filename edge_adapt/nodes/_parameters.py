"""Declare parameters to ROS from the table, and refuse what is out of range with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edge_adapt.errors import UsageError
from edge_adapt.parameters import Parameter
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

LARGEST = 1e12  # stands for "no upper bound" where ROS wants a number


def declare(node: Node, table: Sequence[Parameter], on_live: Callable[[], None]) -> None:
    """
    Declare every parameter of the table; `on_live` is called after a live one has changed.

    Raises UsageError where a value given at start is not legal.
    """
    for parameter in table:
        node.declare_parameter(parameter.name, parameter.default, descriptor(parameter))
        reason = parameter.refusal(node.get_parameter(parameter.name).value)
        if reason:
            raise UsageError(reason)
    by_name = {parameter.name: parameter for parameter in table}

    def check(changes: list[RosParameter]) -> SetParametersResult:
        for change in changes:
            parameter = by_name.get(change.name)
            if parameter is None:
                continue
            reason = parameter.refusal(change.value)
            if not reason and not parameter.live:
                reason = f'{change.name} is fixed while the node runs; set it at start'
            if reason:
                return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(check)
    node.add_post_set_parameters_callback(lambda _: on_live())


def descriptor(parameter: Parameter) -> ParameterDescriptor:
    """Return what `ros2 param describe` shows."""
    result = ParameterDescriptor(description=parameter.description)
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
