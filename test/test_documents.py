"""The documents say what the code says."""

from __future__ import annotations

from pathlib import Path
import re
import subprocess
import sys

from edge_adapt.registry import names
import pytest

ROOT = Path(__file__).parent.parent


def test_architecture_names_every_room_and_every_file_beside_them() -> None:
    text = (ROOT / 'ARCHITECTURE.md').read_text()
    package = ROOT / 'edge_adapt'
    rooms = [f'{path.parent.name}/' for path in package.glob('*/__init__.py')]
    files = [path.name for path in package.glob('*.py') if path.name != '__init__.py']
    missing = [name for name in (*rooms, *files) if f'`{name}`' not in text]
    assert not missing


def test_parameter_tables_of_the_readme_are_those_of_the_code() -> None:
    status = subprocess.run([sys.executable, 'tools/tables', '--check'], cwd=ROOT, check=False)
    assert status.returncode == 0, 'run tools/tables'


def test_commands_of_the_readme_exist() -> None:
    text = (ROOT / 'README.md').read_text()
    used = set(re.findall(r'^edge-adapt (\w+)', text, re.MULTILINE))
    assert used
    assert used <= set(names('commands'))


def test_make_targets_of_the_readme_exist() -> None:
    text = (ROOT / 'README.md').read_text()
    targets = set(re.findall(r'^(\w+):', (ROOT / 'Makefile').read_text(), re.MULTILINE))
    assert set(re.findall(r'make ([a-z]+)\b(?=[` ])', text)) - {'g'} <= targets


@pytest.mark.parametrize('path', ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'])
def test_links_lead_somewhere(path: str) -> None:
    for target in re.findall(r'\]\(([\w./]+)\)', (ROOT / path).read_text()):
        assert (ROOT / target).exists(), target
