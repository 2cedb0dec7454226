"""`tools/train` answers a wrong name with the recipes there are."""

from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).parent.parent.parent


def test_a_recipe_that_does_not_exist_is_a_sentence_and_status_2() -> None:
    command = [sys.executable, str(ROOT / 'tools' / 'train'), 'nothing']
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "no recipe 'nothing'; there are digits, digits_mlp" in run.stderr


def test_every_pin_is_exact() -> None:
    lines = (ROOT / 'training' / 'requirements.txt').read_text().splitlines()
    pins = [line for line in lines if not line.startswith('#')]
    assert all(line.count('==') == 1 for line in pins)
    assert {'larq==0.14.0', 'tensorflow-cpu==2.15.1', 'numpy==1.26.4'} <= set(pins)
