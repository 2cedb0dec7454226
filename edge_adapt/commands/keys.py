"""`edge-adapt keys`: the pair of keys that signs weights and proves who signed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import ClassVar

from edge_adapt.errors import UsageError
from edge_adapt.store.signing import PublicKey, SigningKey


class Keys:
    """
    Make or show an Ed25519 key.

    `new FILE` writes the secret key to FILE, readable by its owner only, and the public one to
    FILE.pub: the robot gets FILE.pub, the machine that signs keeps FILE. `show FILE` prints the
    public half of either.
    """

    help: ClassVar[str] = 'make or show the keys that sign weights'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('action', choices=('new', 'show'))
        parser.add_argument('file', type=Path, help='the key file')

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Do it and print the key's name."""
        path: Path = arguments.file
        if arguments.action == 'new':
            _write_pair(path)
        key = PublicKey.load(path)
        print(f'{path}: key {key.name}')
        print(key.pem.decode(), end='')
        return 0


def _write_pair(path: Path) -> None:
    public_path = path.with_name(f'{path.name}.pub')
    if public_path.exists():
        raise UsageError(f'{public_path} exists already; a key is never overwritten')
    key = SigningKey.new()
    key.save(path)
    try:
        public_path.write_bytes(key.public.pem)
    except OSError as error:
        raise UsageError(f'{public_path} cannot be written: {error.strerror}') from error
