"""Camera, inference and adaptation: the whole loop. `ros2 launch edge_adapt bringup.launch.py`."""

from __future__ import annotations

from edge_adapt.graph import ENVIRONMENT, SCENARIOS
from edge_adapt.parameters import NODES
from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchDescription

ARGUMENTS = ('stream', 'schedule', 'model', 'engine', 'detector', 'updater', 'autostart')


def generate_launch_description() -> LaunchDescription:
    """Return the graph of scenario `bringup`; arguments replace parameters of the same name."""
    specs = SCENARIOS['bringup']
    declared = {p.name: p for spec in specs for p in NODES[spec.executable]}
    actions = [SetEnvironmentVariable(name, value) for name, value in ENVIRONMENT.items()]
    actions += [
        DeclareLaunchArgument('namespace', default_value='', description='Namespace.'),
        DeclareLaunchArgument('image', default_value='image_raw', description='Image topic.'),
        DeclareLaunchArgument('log_level', default_value='info', description='Log level.'),
        DeclareLaunchArgument(
            'use_sim_time', default_value='false', description='Take the time from /clock.'
        ),
        DeclareLaunchArgument(
            'respawn', default_value='true', description='Start a node again when it ends.'
        ),
    ]
    actions += [
        DeclareLaunchArgument(
            name,
            default_value=str(declared[name].default).lower()
            if isinstance(declared[name].default, bool)
            else str(declared[name].default),
            description=declared[name].description,
            choices=list(declared[name].choices) or None,
        )
        for name in ARGUMENTS
    ]
    for spec in specs:
        names = {parameter.name for parameter in NODES[spec.executable]}
        actions.append(
            LifecycleNode(
                package='edge_adapt',
                executable=spec.executable,
                name=spec.executable,
                namespace=LaunchConfiguration('namespace'),
                parameters=[
                    {
                        **spec.parameters,
                        **{
                            name: ParameterValue(
                                LaunchConfiguration(name), value_type=type(declared[name].default)
                            )
                            for name in ARGUMENTS
                            if name in names
                        },
                        'use_sim_time': ParameterValue(
                            LaunchConfiguration('use_sim_time'), value_type=bool
                        ),
                    }
                ],
                remappings=[('image_raw', LaunchConfiguration('image')), *spec.remappings.items()],
                arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
                respawn=LaunchConfiguration('respawn'),
                output='screen',
            )
        )
    return LaunchDescription(actions)
