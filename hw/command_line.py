"""The command line of a module of this folder: its docstring is its help."""

from __future__ import annotations

import argparse


def parser_of(module: str, doc: str | None, epilog: str = '') -> argparse.ArgumentParser:
    """Return a parser for `python -m <module>` that prints the docstring as it stands."""
    return argparse.ArgumentParser(
        prog=f'python -m {module}',
        description=doc,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
