"""requirements/lock.txt pins everything setup.py asks for, within its ranges, and is installed."""

from __future__ import annotations

import ast
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
import pytest

ROOT = Path(__file__).resolve().parents[2]


def pins() -> dict[str, str]:
    """Return the pinned version of each package of the lock."""
    lines = (ROOT / 'requirements' / 'lock.txt').read_text().splitlines()
    pairs = (line.split('==') for line in lines if line and not line.startswith('#'))
    return {canonicalize_name(name): pinned for name, pinned in pairs}


def ranges() -> list[Requirement]:
    """Return every requirement of setup.py: all the strings in its two requirement arguments."""
    tree = ast.parse((ROOT / 'setup.py').read_text())
    call = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == 'setup'
    )
    arguments = {
        keyword.arg: ast.literal_eval(keyword.value)
        for keyword in call.keywords
        if keyword.arg in ('install_requires', 'extras_require')
    }
    # MuJoCo is installed by whoever wants it: nothing but one optional scenario needs it.
    extras = [texts for name, texts in arguments['extras_require'].items() if name != 'sim']
    groups = [arguments['install_requires'], *extras]
    return [Requirement(text) for group in groups for text in group]


@pytest.mark.parametrize('requirement', ranges(), ids=str)
def test_range_of_setup_is_pinned_by_the_lock(requirement: Requirement) -> None:
    pinned = pins().get(canonicalize_name(requirement.name))
    assert pinned is not None
    assert pinned in requirement.specifier


def test_lock_names_each_package_once_and_exactly() -> None:
    lines = (ROOT / 'requirements' / 'lock.txt').read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith('#')]
    assert all(line.count('==') == 1 and ' ' not in line for line in wanted)
    assert len(pins()) == len(wanted)


def test_environment_has_the_pinned_versions() -> None:
    chosen = [name for name in pins() if not name.startswith('ros-')]
    assert {name: version(name) for name in chosen} == {name: pins()[name] for name in chosen}
