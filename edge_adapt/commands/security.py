"""`edge-adapt security`: access rules for ROS 2's own security, made from the node graph."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import ClassVar

from edge_adapt.commands import _sros2


class Security:
    """
    Print the SROS2 policy of the node graph.

    Only the adaptation enclave may publish `weights`. With a Fast DDS that has security:

        edge-adapt security policy > policy.xml
        ros2 security create_keystore keys
        ros2 security create_enclave keys /edge_adapt/inference       (and so on for each node)
        ros2 security create_permission keys /edge_adapt/inference policy.xml
    """

    help: ClassVar[str] = 'print the SROS2 policy of the node graph'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('action', choices=('policy',))
        parser.add_argument('--namespace', default='', help='namespace of all nodes')
        parser.add_argument(
            '--use-sim-time', action='store_true', help='let every node hear /clock'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Print the policy."""
        print(_sros2.policy(arguments.namespace, arguments.use_sim_time), end='')
        return 0
