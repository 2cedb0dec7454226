"""`edge-adapt weights`: sign, verify and show weight updates in files."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from datetime import datetime, UTC
from pathlib import Path
import time
from typing import ClassVar

from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.store import container
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.files import Files, replace_file
from edge_adapt.store.signing import ANYONE, content_of, is_signed, PublicKey, SigningKey, Trust

DAY_NS = 86_400 * 1_000_000_000


class Weights:
    """
    Sign, verify or show a weight update.

    `sign FILE --key SECRET` writes the signed update to --out, or over FILE. `verify FILE --key
    PUBLIC` says whether it is signed by that key, intact and in time, and with --model whether it
    fits. `show FILE` prints what is inside, and trusts nobody.
    """

    help: ClassVar[str] = 'sign, verify or show a weight update'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('action', choices=('sign', 'verify', 'show'))
        parser.add_argument('file', type=Path, help='the weight update')
        parser.add_argument('--key', type=Path, metavar='FILE', help='the key file')
        parser.add_argument('--out', type=Path, metavar='FILE', help='where `sign` writes')
        parser.add_argument(
            '--days', type=int, default=0, metavar='N', help='`sign`: it expires after N days'
        )
        parser.add_argument(
            '--model', metavar='NAME', help='`verify`: the model it is for, by name or path'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Do it; UsageError where the update is not what it should be."""
        data = _read(arguments.file)
        actions = {'sign': _sign, 'verify': _verify, 'show': _show}
        actions[arguments.action](data, arguments)
        return 0


def _sign(data: bytes, arguments: Namespace) -> None:
    if arguments.key is None:
        raise UsageError(
            'weights sign needs --key with a secret key; `edge-adapt keys new` makes one'
        )
    if not 0 <= arguments.days <= 36_500:
        raise UsageError(f'--days must be 0 (never expires) to 36500, got {arguments.days}')
    key = SigningKey.load(arguments.key)
    update = _unverified(data, arguments.file)
    if arguments.days:
        update = replace(update, expires_ns=time.time_ns() + arguments.days * DAY_NS)
    path = arguments.out or arguments.file
    try:
        replace_file(Files(), path, update.encode(key))
    except OSError as error:
        raise UsageError(f'{path} cannot be written: {error.strerror}') from error
    print(f'{path}: version {update.version}, signed by key {key.public.name}')


def _verify(data: bytes, arguments: Namespace) -> None:
    if arguments.key is None:
        raise UsageError('weights verify needs --key with a public key')
    trust = Trust.of([PublicKey.load(arguments.key)])
    update = WeightUpdate.decode(data, trust, str(arguments.file))
    if update.expires_ns and time.time_ns() >= update.expires_ns:
        raise UsageError(f'{arguments.file} has expired: {_date(update.expires_ns)}')
    told = f'{arguments.file}: version {update.version}, intact, signed by key {update.signer}'
    if arguments.model:
        update.apply(Model.load(arguments.model))
        told += f', fits {arguments.model}'
    print(told)


def _show(data: bytes, arguments: Namespace) -> None:
    update = _unverified(data, arguments.file)
    signed = 'signed, not verified here' if is_signed(data) else 'not signed'
    print(f'{arguments.file}: {len(data)} bytes, {signed}')
    expires = _date(update.expires_ns) if update.expires_ns else 'never'
    papers = {
        'version': update.version,
        'model': update.base,
        'sequence': update.sequence,
        'producer': update.producer,
        'created': _date(update.created_ns),
        'expires': expires,
        **update.evidence,
    }
    for name, value in papers.items():
        print(f'  {name:<12} {value}')
    for name, array in update.arrays.items():
        print(f'  {name:<28} {array.dtype!s:<8} {array.shape}')


def _unverified(data: bytes, path: Path) -> WeightUpdate:
    return WeightUpdate.decode(content_of(data, str(path)), ANYONE, str(path))


def _date(stamp_ns: int) -> str:
    return datetime.fromtimestamp(stamp_ns // 1_000_000_000, UTC).isoformat(sep=' ')


def _read(path: Path) -> bytes:
    try:
        return Files().read(path, container.MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f'{path} cannot be read: {error.strerror}') from error
