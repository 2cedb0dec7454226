"""
The node graph as plain data: what a scenario starts, and with which parameters.

The launch files and the starter for machines without `ros2 launch` both read it, so they cannot
differ. Only the standard library is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Value = bool | int | float | str

# 640x480 RGB images do not fit Fast DDS's default shared-memory segment: two processes would lose
# most best-effort frames. This is the built-in transport that was tested not to lose any.
ENVIRONMENT = {
    'FASTDDS_BUILTIN_TRANSPORTS': (
        'LARGE_DATA?max_msg_size=4MB&sockets_size=4MB&non_blocking=true'
    ),
}


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node: its executable is also its name; its module is `edge_adapt.nodes.<executable>`."""

    executable: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    remappings: Mapping[str, str] = field(default_factory=dict)

    def with_parameters(self, parameters: Mapping[str, Value]) -> NodeSpec:
        """Return the same node with some parameters changed."""
        return replace(self, parameters={**self.parameters, **parameters})

    def ros_arguments(self, namespace: str = '') -> list[str]:
        """Return the `--ros-args ...` that give the node its parameters, remaps and namespace."""
        arguments = ['--ros-args']
        if namespace:
            arguments += ['-r', f'__ns:=/{namespace.strip("/")}']
        for source, target in self.remappings.items():
            arguments += ['-r', f'{source}:={target}']
        for name, value in self.parameters.items():
            arguments += ['-p', f'{name}:={_yaml(value)}']
        return arguments


def _yaml(value: Value) -> str:
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


@dataclass(frozen=True, slots=True)
class Interface:
    """What one node says and hears beside what every node does; names as in its code."""

    publishes: tuple[str, ...] = ()
    subscribes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


INTERFACES: dict[str, Interface] = {
    'camera': Interface(publishes=('image_raw', 'label', 'truth')),
    'inference': Interface(
        publishes=('/diagnostics', 'classification', 'drift', 'drift_score', 'model'),
        subscribes=('image_raw', 'weights'),
        services=('~/reset_detector',),
    ),
    'adaptation': Interface(
        publishes=('/diagnostics', 'decisions', 'weights'),
        subscribes=('drift', 'image_raw', 'label'),
        services=('~/freeze', '~/rollback'),
    ),
}
# What rclpy gives to every lifecycle node.
COMMON = Interface(
    publishes=('/parameter_events', '/rosout', '~/transition_event'),
    services=(
        *('~/change_state', '~/get_state', '~/get_available_states'),
        *('~/get_available_transitions', '~/get_transition_graph', '~/get_type_description'),
        *('~/describe_parameters', '~/get_parameters', '~/get_parameter_types'),
        *('~/list_parameters', '~/set_parameters', '~/set_parameters_atomically'),
    ),
)


# Where the digits streams show their card in a 320x240 frame.
CARD = '80,40,160,160'

SCENARIOS: dict[str, tuple[NodeSpec, ...]] = {
    'bringup': (
        NodeSpec('camera'),
        NodeSpec('inference', {'region': CARD, 'allow_unsigned': True}),
        NodeSpec('adaptation', {'region': CARD}),
    ),
    'demo': (
        NodeSpec(
            'camera',
            {
                'schedule': 'clean:300,contrast:450,clean:300,dead:450,clean:150',
                'publish_truth': True,
                'label_share': 0.5,
                'n_subscribers': 2,
            },
        ),
        NodeSpec('inference', {'region': CARD, 'allow_unsigned': True}),
        NodeSpec('adaptation', {'region': CARD}),
    ),
}
