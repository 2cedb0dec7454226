"""A bag in its own time: `bag:=/path/to/bag`."""

from __future__ import annotations

from edge_adapt.launching import description

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return description('replay')
