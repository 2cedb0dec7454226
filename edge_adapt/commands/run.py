"""`edge-adapt run SCENARIO`: start a node graph where there is no `ros2 launch`."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
import os
import time
from typing import ClassVar

from edge_adapt.commands import _starter
from edge_adapt.errors import UsageError
from edge_adapt.graph import NodeSpec, SCENARIOS
from edge_adapt.parameters import NODES, Parameter, Value

POLL_S = 0.2


class Run:
    """
    Start the nodes of a scenario, print their logs, and end them all at Ctrl-C.

    The launch files start the same nodes with the same parameters: both read the same graph.
    Parameters are given as NODE.PARAMETER=VALUE: `edge-adapt run bringup camera.rate_hz=10`.
    """

    help: ClassVar[str] = 'start the nodes of a scenario without ros2 launch'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('scenario', choices=sorted(SCENARIOS), help='what to start')
        parser.add_argument(
            'parameters',
            nargs='*',
            type=_assignment,
            metavar='NODE.PARAMETER=VALUE',
            help='parameters other than the scenario sets',
        )
        parser.add_argument('--namespace', default='', help='namespace of all nodes')
        parser.add_argument(
            '--domain', type=int, help='ROS domain id [ROS_DOMAIN_ID, else the first free one]'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Start, wait for Ctrl-C or for a node that ends, end all."""
        inherited = os.environ.get('ROS_DOMAIN_ID')
        if arguments.domain is None and inherited is not None:
            domain = int(inherited)  # the user's own graph: others may be in it already
        else:
            domain = _starter.check_machine(arguments.domain)
        specs = _with(list(SCENARIOS[arguments.scenario]), arguments.parameters)
        print(f'ROS_DOMAIN_ID={domain}')
        with _starter.Processes(specs, domain, _say, arguments.namespace) as processes:
            while not processes.ended:
                time.sleep(POLL_S)
            statuses = processes.ended
        _say('run', ', '.join(f'{name} ended with status {n}' for name, n in statuses.items()))
        return max(statuses.values(), key=abs)


def _say(name: str, text: str) -> None:
    print(f'{name}: {text}', flush=True)


def _with(
    specs: list[NodeSpec], assignments: list[tuple[Parameter, str, Value]]
) -> list[NodeSpec]:
    for parameter, node, value in assignments:
        if node not in {spec.executable for spec in specs}:
            raise UsageError(f'this scenario starts no node {node!r}')
        specs = [
            spec.with_parameters({parameter.name: value}) if spec.executable == node else spec
            for spec in specs
        ]
    return specs


def _assignment(text: str) -> tuple[Parameter, str, Value]:
    """Return parameter, node and value in 'node.parameter=value'."""
    left, equals, value = text.partition('=')
    node, _, name = left.partition('.')
    if not equals or node not in NODES:
        raise ArgumentTypeError(
            f'{text!r} is not NODE.PARAMETER=VALUE with one of the nodes {", ".join(NODES)}'
        )
    known = {parameter.name: parameter for parameter in NODES[node]}
    if name not in known:
        raise ArgumentTypeError(f'{node} has no parameter {name!r}; it has: {", ".join(known)}')
    try:
        return known[name], node, known[name].parse(value)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from error
