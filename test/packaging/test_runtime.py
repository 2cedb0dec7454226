"""The runtime set has the versions of the lock, and a hash for every wheel."""

from __future__ import annotations

from pathlib import Path
import re

ROOT = Path(__file__).parents[2]
PIN = re.compile(r'^([\w.-]+)==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})*)$', re.MULTILINE)


def test_versions_are_those_of_the_lock():
    locked = re.findall(r'^([\w.-]+)==(\S+)$', (ROOT / 'requirements/lock.txt').read_text(), re.M)
    versions = {name.lower(): version for name, version in locked}
    pins = PIN.findall((ROOT / 'requirements/runtime.txt').read_text())
    assert {name: version for name, version, _ in pins} == {n: versions[n] for n, *_ in pins}


def test_everything_that_is_required_is_there_with_hashes():
    required = re.search(r'install_requires=\[(.*?)\]', (ROOT / 'setup.py').read_text(), re.DOTALL)
    assert required is not None
    names = {re.split(r'[<>=]', text)[0] for text in re.findall(r"'([^']+)'", required[1])}
    pins = {
        name: hashes
        for name, _, hashes in PIN.findall((ROOT / 'requirements/runtime.txt').read_text())
    }
    assert names <= pins.keys()
    assert all(pins.values())
