"""Where there is no C++ compiler the package is built all the same, and NumPy does the work."""

import os
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[2]
INFER = """
from edge_adapt import native
from edge_adapt.engines.popcount import NativeInfer, Popcount
from edge_adapt.engines.reference import Reference
from edge_adapt.networks.model import Model
import numpy as np
model = Model.load('digits_mlp')
images = np.random.default_rng(0).integers(0, 256, (3, *model.network.input_shape), np.uint8)
expected = Reference().prepare(model.network, model.weights)(images).logits
for _ in range(3):
    infer = Popcount().prepare(model.network, model.weights)
    assert not isinstance(infer, NativeInfer)
    assert np.array_equal(infer(images).logits, expected)
print(native.__file__, native.kernel())
"""


@pytest.fixture(scope='module')
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package with nothing on the path that compiles."""
    folder = tmp_path_factory.mktemp('without_compiler')
    nothing = folder / 'bin'
    nothing.mkdir()
    hidden = {'PATH': str(nothing), 'CC': 'no-such-compiler', 'CXX': 'no-such-compiler'}
    command = [sys.executable, 'setup.py', '--quiet', 'build', '--build-base', str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **hidden}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert 'no-such-compiler' in done.stdout + done.stderr  # it was asked for, and missed
    (library,) = folder.glob('lib*')
    return library


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_package_is_built_without_kernels_and_numpy_serves(built: Path) -> None:
    assert not list(built.rglob('_native*.so'))
    done = subprocess.run(
        [sys.executable, '-c', INFER], cwd=built, capture_output=True, text=True, check=True
    )
    where, kernel = done.stdout.split()
    assert Path(where).is_relative_to(built)
    assert kernel == 'numpy'
    assert done.stderr.count('the native kernels are not built') == 1
