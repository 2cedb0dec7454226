"""
Scenarios for `ros2 launch`: arguments, and the programs of the graph as actions.

The one door to launch and launch_ros, which come with a ROS installation and not from PyPI. The
files in launch/ only name a scenario, so that they and `edge-adapt run` start the same programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge_adapt.graph import ENVIRONMENT, NodeSpec, programs, SCENARIOS, with_image
from edge_adapt.parameters import chosen_for, known
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import EnvironmentVariable
from launch_ros.actions import Node

from launch import LaunchDescription

COMMON = {
    'namespace': ('', 'Namespace of all nodes.', ()),
    'params_file': ('', 'File of parameters: it wins over the scenario.', ()),
    'image': ('image_raw', 'Image topic of another camera: ours is not started then.', ()),
    'log_level': (
        'info',
        'Least severe level that is logged.',
        ('debug', 'info', 'warn', 'error'),
    ),
    'respawn': ('true', 'Start a node again when it ends.', ('true', 'false')),
    'together': ('false', 'All nodes in one process.', ('true', 'false')),
}
PARAMETERS = (
    *('autostart', 'use_sim_time', 'model', 'reference', 'region', 'engine', 'detector'),
    *('updater', 'store', 'signing_key', 'trusted_key', 'offers_key'),
    *('allow_unsigned', 'allow_unsigned_offers'),
    *('stream', 'schedule', 'rate_hz', 'bag', 'loop'),
)
RESPAWN_DELAY_S = 2.0


def description(scenario: str, others: Sequence[Any] = ()) -> LaunchDescription:
    """Return the launch description of a scenario; `others` are started besides."""
    specs = SCENARIOS[scenario]

    def start(context: Any) -> list[Node]:
        return nodes(specs, dict(context.launch_configurations))

    return LaunchDescription(
        [
            *(
                SetEnvironmentVariable(name, EnvironmentVariable(name, default_value=value))
                for name, value in ENVIRONMENT.items()
            ),
            *(
                DeclareLaunchArgument(
                    name,
                    default_value=default,
                    description=text,
                    choices=list(choices) or None,
                )
                for name, (default, text, choices) in {**COMMON, **parameters_of(specs)}.items()
            ),
            OpaqueFunction(function=start),
            *others,
        ]
    )


def parameters_of(specs: Sequence[NodeSpec]) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Return the arguments that set a parameter; '' leaves what the scenario sets."""
    table = {name: p for spec in specs for name, p in known(spec.executable).items()}
    return {
        name: (
            '',
            f'{table[name].description} Empty: as the scenario has it.',
            ('', *table[name].choices) if table[name].choices else (),
        )
        for name in PARAMETERS
        if name in table
    }


def nodes(specs: Sequence[NodeSpec], values: dict[str, str]) -> list[Node]:
    """Return an action for each program that the values of the launch arguments ask for."""
    set_values = {name: values[name] for name in PARAMETERS if values.get(name)}
    started = programs(
        with_image(specs, values['image']),
        values['namespace'],
        together=values['together'] == 'true',
        params_file=values['params_file'],
        log_level=values['log_level'],
        chosen={s.node_name: chosen_for(s.executable, set_values) for s in specs},
    )
    return [
        Node(
            package='edge_adapt',
            executable=program.executable,
            arguments=list(program.arguments),
            respawn=values['respawn'] == 'true',
            respawn_delay=RESPAWN_DELAY_S,
            output='screen',
        )
        for program in started
    ]
