"""Camera, inference and adaptation: the whole loop."""

from __future__ import annotations

from edge_adapt.launching import description

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return description('bringup')
