"""`edge-adapt run SCENARIO`: start a node graph where there is no `ros2 launch`."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
import os
import time
from typing import ClassVar

from edge_adapt.commands import _starter
from edge_adapt.errors import UsageError
from edge_adapt.graph import Program, programs, SCENARIOS, with_image
from edge_adapt.parameter import Value
from edge_adapt.parameters import known

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
            '--image',
            default='image_raw',
            help='image topic of another camera; ours is not started then [image_raw]',
        )
        parser.add_argument('--params-file', default='', help='file of parameters, as ROS has it')
        parser.add_argument('--log-level', default='', help='least severe level that is logged')
        parser.add_argument('--together', action='store_true', help='all nodes in one process')
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
        started = _programs(arguments)
        print(f'ROS_DOMAIN_ID={domain}')
        with _starter.Processes(started, domain, _say) as processes:
            while not processes.ended:
                time.sleep(POLL_S)
            statuses = processes.ended
        _say('run', ', '.join(f'{name} ended with status {n}' for name, n in statuses.items()))
        return max(statuses.values(), key=abs)


def _say(name: str, text: str) -> None:
    print(f'{name}: {text}', flush=True)


def _programs(arguments: Namespace) -> tuple[Program, ...]:
    specs = SCENARIOS[arguments.scenario]
    chosen: dict[str, dict[str, Value]] = {spec.node_name: {} for spec in specs}
    for name, parameter, text in arguments.parameters:
        executable = next((s.executable for s in specs if s.node_name == name), None)
        if executable is None:
            raise UsageError(
                f'this scenario starts no node {name!r}; it starts: {", ".join(chosen)}'
            )
        table = known(executable)
        if parameter not in table:
            raise UsageError(f'{name} has no parameter {parameter!r}; it has: {", ".join(table)}')
        chosen[name][parameter] = table[parameter].parse(text)
    return programs(
        with_image(specs, arguments.image),
        arguments.namespace,
        together=arguments.together,
        params_file=arguments.params_file,
        log_level=arguments.log_level,
        chosen=chosen,
    )


def _assignment(text: str) -> tuple[str, str, str]:
    """Return node, parameter and value in 'node.parameter=value'."""
    left, equals, value = text.partition('=')
    node, dot, name = left.partition('.')
    if not equals or not dot:
        raise ArgumentTypeError(f'{text!r} is not NODE.PARAMETER=VALUE')
    return node, name, value
