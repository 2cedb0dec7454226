"""Inference and adaptation beside a robot's own camera."""

from __future__ import annotations

from edge_adapt.launching import description

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return description('robot')
