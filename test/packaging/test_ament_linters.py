"""The linters of ROS 2 have nothing to say; they come with a ROS installation."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [str(ROOT / name) for name in ('edge_adapt', 'launch', 'test', 'setup.py')]


@pytest.mark.parametrize(
    ('linter', 'options'),
    [
        ('ament_flake8', ['--config', str(ROOT / 'tools' / 'ament_flake8.ini')]),
        ('ament_pep257', []),
        ('ament_copyright', []),
        ('ament_xmllint', []),
    ],
)
def test_an_ament_linter_finds_nothing(linter: str, options: list[str]) -> None:
    pytest.importorskip(f'{linter}.main', reason=f'{linter} comes with a ROS installation')
    paths = [str(ROOT / 'package.xml')] if linter == 'ament_xmllint' else FOLDERS
    assert import_module(f'{linter}.main').main([*options, *paths]) == 0
