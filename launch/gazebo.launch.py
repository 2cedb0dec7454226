"""
A rover drives past signs in Gazebo (Harmonic): `ros2 launch edge_adapt gazebo.launch.py`.

The clock has a bridge of its own: behind images it would come late (gazebosim/ros_gz#581).
"""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from edge_adapt.launching import description
from launch.actions import ExecuteProcess
from launch_ros.actions import Node

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    config = Path(get_package_share_directory('edge_adapt')) / 'config'
    simulator = ExecuteProcess(
        cmd=['gz', 'sim', '-r', str(config / 'worlds' / 'street.sdf')], output='screen'
    )
    bridges = [
        Node(
            package='ros_gz_bridge',
            executable='parameter_bridge',
            name=f'bridge_{what}',
            parameters=[{'config_file': str(config / f'bridge_{what}.yaml')}],
            output='screen',
        )
        for what in ('camera', 'clock')
    ]
    return description('gazebo', [simulator, *bridges])
