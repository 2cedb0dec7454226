"""What every node's executable runs first: it ends quietly even before its node is imported."""

from __future__ import annotations

from importlib import import_module
import os
from pathlib import Path
import signal
import sys


def main() -> int:
    """
    Run the node that this executable is named after; the exit status is the return value.

    Until the node has its own handlers, Ctrl-C and SIGTERM end the process with status 0: there
    is nothing yet that would have to be put in order, and no traceback that would help anybody.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    node = import_module(f'edge_adapt.nodes.{Path(sys.argv[0]).stem}')
    return int(node.main())
