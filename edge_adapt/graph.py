"""
The node graph as plain data: what a scenario starts, and with which parameters.

The launch files and the starter for machines without `ros2 launch` both read it, so they cannot
differ. Only the standard library is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

Value = bool | int | float | str

# 640x480 RGB images do not fit Fast DDS's default shared-memory segment: two processes would lose
# most best-effort frames. This profile was tested not to lose any; other middlewares ignore it.
ENVIRONMENT = {
    'FASTRTPS_DEFAULT_PROFILES_FILE': str(Path(__file__).parent / 'transport.xml'),
}


@dataclass(frozen=True, slots=True, eq=False)
class NodeSpec:
    """
    One node: its executable, whose module is `edge_adapt.nodes.<executable>`, and how it starts.

    `name` is the node's own name where it is not that of the executable.
    """

    executable: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    remappings: Mapping[str, str] = field(default_factory=dict)
    name: str = ''

    @property
    def node_name(self) -> str:
        """Return the name of the node, without a namespace."""
        return self.name or self.executable

    def with_parameters(self, parameters: Mapping[str, Value]) -> NodeSpec:
        """Return the same node with some parameters changed."""
        return replace(self, parameters={**self.parameters, **parameters})

    def ros_arguments(self, namespace: str = '') -> list[str]:
        """Return the `--ros-args ...` that give the node its parameters, remaps and namespace."""
        own = ['-r', f'__node:={self.name}'] if self.name else []
        arguments = ['--ros-args', *_namespace(namespace), *own]
        for source, target in self.remappings.items():
            arguments += ['-r', f'{source}:={target}']
        return arguments + _settings(self.parameters)


@dataclass(frozen=True, slots=True)
class Program:
    """One process: the module `edge_adapt.nodes.<executable>` and its arguments."""

    name: str
    executable: str
    arguments: tuple[str, ...]


def programs(
    specs: Sequence[NodeSpec],
    namespace: str = '',
    *,
    together: bool = False,
    params_file: str = '',
    log_level: str = '',
    chosen: Mapping[str, Mapping[str, Value]] | None = None,
) -> tuple[Program, ...]:
    """
    Return the processes of a graph: one a node, or one for all of them.

    A file of parameters wins over what the scenario sets, and what was `chosen` for a node (its
    name -> parameters) wins over both.
    """
    level = ('--log-level', log_level) if log_level else ()
    arguments = {
        spec: [
            *spec.ros_arguments(namespace),
            *(('--params-file', params_file) if params_file else ()),
            *_settings((chosen or {}).get(spec.node_name, {})),
        ]
        for spec in specs
    }
    if not together:
        return tuple(
            Program(spec.node_name, spec.executable, (*own, *level))
            for spec, own in arguments.items()
        )
    everything = [text for s, own in arguments.items() for text in (s.executable, *own, '--')]
    return (Program('together', 'together', (*everything, '--ros-args', *level)),)


def with_image(specs: Sequence[NodeSpec], topic: str) -> tuple[NodeSpec, ...]:
    """Return the nodes that listen to another image topic: our camera stays away from it."""
    if topic in ('', 'image_raw'):
        return tuple(specs)
    listening = (spec for spec in specs if spec.executable != 'camera')
    return tuple(replace(s, remappings={**s.remappings, 'image_raw': topic}) for s in listening)


def _settings(parameters: Mapping[str, Value]) -> list[str]:
    return [text for n, v in parameters.items() for text in ('-p', f'{n}:={_yaml(v)}')]


def _namespace(namespace: str) -> list[str]:
    return ['-r', f'__ns:=/{namespace.strip("/")}'] if namespace else []


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
    'camera': Interface(
        publishes=('camera_info', 'image_raw', 'image_raw/compressed', 'label', 'truth')
    ),
    'inference': Interface(
        publishes=(
            *('/diagnostics', 'classification', 'drift', 'drift_score', 'label_info', 'model'),
            *('voted', '~/debug_image'),
        ),
        subscribes=('camera_info', 'image_raw', 'track', 'weights'),
        services=('~/reset_detector',),
    ),
    'adaptation': Interface(
        publishes=('/diagnostics', 'decisions', 'weights'),
        subscribes=('camera_info', 'drift', 'image_raw', 'label', 'offered_weights'),
        services=('~/freeze', '~/rollback', '~/save'),
    ),
    'comparison': Interface(
        publishes=('/diagnostics',),
        subscribes=('accelerator/classification', 'classification'),
    ),
    'signs': Interface(publishes=('label',), subscribes=('camera_info', 'pose')),
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

_SHOWN: dict[str, Value] = {'region': CARD}
_OPEN: dict[str, Value] = {**_SHOWN, 'allow_unsigned': True}  # one machine, one user
_SIMULATED: dict[str, Value] = {'use_sim_time': True}
_STREET: dict[str, Value] = {**_SIMULATED, 'reference': 'digits_street'}

SCENARIOS: dict[str, tuple[NodeSpec, ...]] = {
    # Beside a camera that is there already. Nothing is trusted that was not said to be.
    'robot': (NodeSpec('inference'), NodeSpec('adaptation')),
    'bringup': (
        NodeSpec('camera'),
        NodeSpec('inference', _OPEN),
        NodeSpec('adaptation', _SHOWN),
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
        NodeSpec('inference', _OPEN),
        NodeSpec('adaptation', _SHOWN),
    ),
    # The same images through the processor and through the simulated accelerator, compared live:
    # by a network of fully connected layers, which is what the accelerator runs.
    'accelerator': (
        NodeSpec('camera', {'rate_hz': 5.0, 'n_subscribers': 2}),
        NodeSpec('inference', {**_OPEN, 'model': 'digits_mlp'}),
        NodeSpec(
            'inference',
            {**_OPEN, 'model': 'digits_mlp', 'engine': 'rtl_cosim'},
            {
                name: f'accelerator/{name}'
                for name in ('classification', 'drift', 'drift_score', 'label_info', 'model')
            },
            name='accelerator',
        ),
        NodeSpec('comparison'),
    ),
    # A bag, in its own time: `camera.bag` names it.
    'replay': (
        NodeSpec('camera', {'publish_clock': True, 'rate_hz': 0.0, 'n_subscribers': 2}),
        NodeSpec('inference', {'allow_unsigned': True, **_SIMULATED}),
        NodeSpec('adaptation', _SIMULATED),
    ),
    # The street of signs, rendered here; topics, frames and clock as Gazebo's bridge has them.
    'mujoco': (
        NodeSpec(
            'camera',
            {
                'stream': 'mujoco',
                'schedule': 'day:300,dusk:450,day:300',
                'publish_clock': True,
                'publish_truth': False,
                'label_share': 0.5,
                'frame_id': 'rover/chassis/camera',
                'n_subscribers': 2,
            },
        ),
        NodeSpec('inference', {**_OPEN, **_STREET}),
        NodeSpec('adaptation', {**_SHOWN, **_STREET}),
    ),
    # What runs beside Gazebo, which launch/gazebo.launch.py starts with its bridges.
    'gazebo': (
        NodeSpec('signs', _SIMULATED),
        NodeSpec('inference', {**_OPEN, **_STREET}),
        NodeSpec('adaptation', {**_SHOWN, **_STREET}),
    ),
}
