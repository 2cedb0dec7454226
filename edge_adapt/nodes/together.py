"""
Several nodes in one process: `together camera --ros-args ... -- inference --ros-args ... --`.

All of them where none is named. What follows a name is for that node, other arguments are for
all. Nothing is copied between processes, but the nodes share one interpreter lock and one fate.
"""

from __future__ import annotations

from functools import partial
import sys

from edge_adapt.errors import UsageError
from edge_adapt.nodes._lifecycle import run
from edge_adapt.parameters import NODES
from edge_adapt.registry import load


def main() -> int:
    """Run the nodes; the exit status is the return value."""
    try:
        nodes, common = split(sys.argv[1:])
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201  there is no node yet whose log could say it
        return 2
    made = (partial(load('nodes', name), own) for name, own in nodes)
    return run(*made, arguments=common)


def split(arguments: list[str]) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Return the nodes with the arguments of each, and the arguments for all of them."""
    nodes: list[tuple[str, list[str]]] = []
    common: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word != '--ros-args' and word not in NODES:
            raise UsageError(f'there is no node {word!r}; there are: {", ".join(NODES)}')
        found = common
        if word != '--ros-args':
            found = []
            nodes.append((word, found))
            if rest[:1] != ['--ros-args']:
                continue
            rest.pop(0)
        end = rest.index('--') if '--' in rest else len(rest)
        found += ['--ros-args', *rest[:end]]
        rest = rest[end + 1 :]
    return nodes or [(name, []) for name in NODES], common


if __name__ == '__main__':
    sys.exit(main())
