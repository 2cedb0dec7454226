"""What `edge-adapt doctor --security` looks at: signing, who can reach the topics, enforcement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
import os
from pathlib import Path
import subprocess
import sys
import tempfile

from edge_adapt.commands._finding import Finding
from edge_adapt.errors import UsageError
from edge_adapt.store.signing import SigningKey, Trust

_NO_SECURITY = "doesn't have the security libraries"
_START_A_NODE = 'import rclpy; rclpy.init(); rclpy.create_node("doctor")'


def _signing() -> Iterator[Finding]:
    """Sign, verify, and see an altered bit refused, with a key that is thrown away."""
    key = SigningKey.new()
    trust = Trust.of([key.public])
    signed = key.sign(b'weights')
    accepted = trust.open(signed, 'test') == (b'weights', key.public.name)
    try:
        trust.open(signed[:-1] + bytes([signed[-1] ^ 1]), 'test')
        refused = False
    except UsageError:
        refused = True
    yield Finding(
        accepted and refused,
        f'cryptography {version("cryptography")} signs with Ed25519, and an altered bit is'
        ' refused.',
        is_needed=True,
    )


def _reach() -> Iterator[Finding]:
    """Say who can reach the topics, as far as the environment tells."""
    local = os.environ.get('ROS_AUTOMATIC_DISCOVERY_RANGE') == 'LOCALHOST'
    yield Finding(
        local,
        'ROS_AUTOMATIC_DISCOVERY_RANGE is LOCALHOST: only processes of this machine are found.'
        if local
        else 'ROS_AUTOMATIC_DISCOVERY_RANGE is not LOCALHOST: everybody on the network can publish'
        ' here. Set it, or enforce ROS 2 security; sign weights in any case.',
    )


def _enforcement() -> Iterator[Finding]:
    """Say whether ROS 2's own security is asked for, and whether it could be had."""
    enforced = (
        os.environ.get('ROS_SECURITY_ENABLE') == 'true'
        and os.environ.get('ROS_SECURITY_STRATEGY') == 'Enforce'
    )
    keystore = Path(os.environ.get('ROS_SECURITY_KEYSTORE', ''))
    if enforced and not (keystore / 'enclaves').is_dir():
        yield Finding(False, f'security is enforced, but {keystore}/enclaves is not there.', True)
    else:
        state = 'enforced' if enforced else 'not enforced (ROS_SECURITY_ENABLE, _STRATEGY)'
        yield Finding(enforced, f'ROS 2 security is {state}.')
    if find_spec('rclpy') is not None:
        there = _middleware_has_security()
        yield Finding(
            there,
            'the middleware was built with security.'
            if there
            else 'the middleware was built without security: nodes that must enforce it end with'
            ' a sentence instead of starting. ROS installations have it, the wheels do not.',
        )


def _middleware_has_security() -> bool:
    """Start a node that must enforce security without keys: the reason why it fails tells."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'enclaves').mkdir()
        environment = {
            **os.environ,
            'ROS_SECURITY_ENABLE': 'true',
            'ROS_SECURITY_STRATEGY': 'Enforce',
            'ROS_SECURITY_KEYSTORE': folder,
        }
        done = subprocess.run(
            [sys.executable, '-c', _START_A_NODE],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    return _NO_SECURITY not in done.stderr


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (_signing, _reach, _enforcement)
