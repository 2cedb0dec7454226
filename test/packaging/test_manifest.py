"""package.xml, setup.py and the files they install say the same."""

from __future__ import annotations

import ast
from importlib.metadata import entry_points
from pathlib import Path
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]

# catkin_pkg's own pattern: with another address colcon takes the package for plain Python.
ADDRESS = r'[-a-zA-Z0-9_%+]+(\.[-a-zA-Z0-9_%+]+)*@[-a-zA-Z0-9%]+(\.[-a-zA-Z0-9%]+)*\.[a-zA-Z]{2,}'

# rosdep's names for what Python calls otherwise.
ROSDEP_KEYS = {
    'cryptography': 'python3-cryptography',
    'cv2': 'python3-opencv',
    'matplotlib': 'python3-matplotlib',
    'numpy': 'python3-numpy',
    'skimage': 'python3-skimage',
    'sklearn': 'python3-sklearn',
    'tqdm': 'python3-tqdm',
    'yaml': 'python3-yaml',
}
# Optional, behind one door each, and without a rosdep key: pip installs them (see setup.py).
PIP_ONLY = {
    *('cmaes', 'cocotb', 'cocotb_tools', 'dask', 'distributed', 'joblib', 'mcap', 'mujoco'),
    *('onnxruntime', 'optuna', 'river', 'rosbags'),
}


@pytest.fixture(scope='module')
def manifest() -> ElementTree.Element:
    return ElementTree.parse(ROOT / 'package.xml').getroot()


def test_manifest_is_format_three_and_ament_python(manifest: ElementTree.Element) -> None:
    assert manifest.get('format') == '3'
    assert manifest.findtext('export/build_type') == 'ament_python'
    assert manifest.find('buildtool_depend') is None


def test_maintainer_address_is_one_that_colcon_accepts(manifest: ElementTree.Element) -> None:
    maintainer = manifest.find('maintainer')
    assert maintainer is not None
    assert re.fullmatch(ADDRESS, maintainer.get('email', ''))


def test_version_and_name_are_those_of_setup(manifest: ElementTree.Element) -> None:
    setup = (ROOT / 'setup.py').read_text()
    assert f"version='{manifest.findtext('version')}'" in setup
    assert f"NAME = '{manifest.findtext('name')}'" in setup


def test_every_import_is_a_dependency_of_the_manifest(manifest: ElementTree.Element) -> None:
    declared = {element.text for element in manifest if element.tag in ('depend', 'exec_depend')}
    wanted = {
        ROSDEP_KEYS.get(name, name)
        for folder in ('edge_adapt', 'launch')
        for path in (ROOT / folder).rglob('*.py')
        for name in imported(path)
        if name not in sys.stdlib_module_names | PIP_ONLY | {'edge_adapt'}
    }
    assert wanted <= declared


def test_node_graph_imports_the_standard_library_only() -> None:
    assert imported(ROOT / 'edge_adapt' / 'graph.py') <= sys.stdlib_module_names


def test_colcon_sees_an_ament_python_package() -> None:
    # And nothing else: the interfaces for machines without ROS must stay out of its sight.
    listed = subprocess.run(
        [sys.executable, '-m', 'colcon', 'list', '--base-paths', ROOT],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert [line.split('\t')[::2] for line in listed] == [['edge_adapt', '(ros.ament_python)']]


def scripts() -> dict[str, str]:
    """Return the console scripts of the installed package: name -> module:function."""
    found = entry_points(group='console_scripts')
    return {e.name: e.value for e in found if e.value.startswith('edge_adapt.')}


def test_there_is_a_command_and_one_executable_a_node() -> None:
    nodes = (ROOT / 'edge_adapt' / 'nodes').glob('*.py')
    executables = [path.stem for path in nodes if 'def main()' in path.read_text()]
    assert sorted(scripts()) == sorted(['edge-adapt', *executables])


@pytest.mark.parametrize('name', sorted(scripts()))
def test_entry_point_resolves(name: str) -> None:
    (entry_point,) = entry_points(group='console_scripts', name=name)
    assert callable(entry_point.load())


def imported(path: Path) -> set[str]:
    """Return the top-level names of the modules that a file imports anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition('.')[0])
    return names
