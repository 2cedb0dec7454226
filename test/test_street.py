"""The street of signs: one description, a world that Gazebo's own parser takes strictly."""

from __future__ import annotations

from pathlib import Path
import shutil
import subprocess
import sys

from edge_adapt import street
import pytest

ROOT = Path(__file__).parent.parent
WORLD = ROOT / 'config' / 'worlds' / 'street.sdf'
CHECKER = """
#include <iostream>
#include <sdf/sdf.hh>
int main(int, char **arguments) {
  sdf::ParserConfig config = sdf::ParserConfig::GlobalConfig();
  config.SetWarningsPolicy(sdf::EnforcementPolicy::ERR);
  config.SetUnrecognizedElementsPolicy(sdf::EnforcementPolicy::ERR);
  config.SetDeprecatedElementsPolicy(sdf::EnforcementPolicy::ERR);
  sdf::Root root;
  sdf::Errors errors = root.Load(arguments[1], config);
  for (const auto &error : errors) std::cerr << error.Message() << std::endl;
  return errors.empty() && root.WorldCount() == 1 ? 0 : 1;
}
"""


def test_world_and_signs_are_what_the_street_says() -> None:
    status = subprocess.run([sys.executable, 'tools/world', '--check'], cwd=ROOT, check=False)
    assert status.returncode == 0, 'run tools/world'


@pytest.fixture(scope='module')
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program that loads a world with every warning an error."""
    found = shutil.which('pkg-config') and shutil.which('g++')
    if not found or subprocess.run(['pkg-config', 'sdformat12'], check=False).returncode:
        pytest.skip('libsdformat is not installed: apt-get install libsdformat-dev sdformat-sdf')
    folder = tmp_path_factory.mktemp('sdf')
    (folder / 'check.cpp').write_text(CHECKER)
    flags = subprocess.run(
        ['pkg-config', '--cflags', '--libs', 'sdformat12'],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    names = [str(folder / 'check'), str(folder / 'check.cpp')]
    command = ['g++', '-std=c++17', '-o', *names, *flags]
    subprocess.run(command, check=True)
    return folder / 'check'


def test_libsdformat_takes_the_world_without_a_warning(checker: Path) -> None:
    done = subprocess.run([checker, WORLD], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ('right', 'wrong'),
    [
        ('type="camera"', ''),
        ('<width>320</width>', '<width>wide</width>'),
        ('<shadows>false</shadows>', '<shadow>false</shadow>'),
    ],
)
def test_libsdformat_refuses_a_world_with_a_mistake(
    right: str, wrong: str, checker: Path, tmp_path: Path
) -> None:
    text = WORLD.read_text()
    assert right in text
    broken = tmp_path / 'broken.sdf'
    broken.write_text(text.replace(right, wrong))
    assert subprocess.run([checker, broken], capture_output=True, check=False).returncode


def test_a_sign_is_faced_only_near_its_middle() -> None:
    assert street.sign_in_view(0.0) == 0
    assert street.sign_in_view(street.SPACING + 0.04) == 1
    assert street.sign_in_view(street.SPACING / 2) is None
    assert street.sign_in_view(street.N_SIGNS * street.SPACING) is None


def test_the_light_changes_along_the_street() -> None:
    levels = [street.light_over(i) for i in range(street.N_SIGNS)]
    assert levels[0] == 1.0
    assert levels[street.N_SIGNS // 2] == 0.3
    assert set(levels[-2:]) == {0.3, 1.0}
