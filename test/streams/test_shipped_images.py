"""The images inside the wheels, read without importing the libraries."""

from __future__ import annotations

from importlib.util import find_spec as real_find_spec
import subprocess
import sys
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.streams import _shipped_images
import numpy as np
import pytest


def test_the_digits_are_those_of_scikit_learn() -> None:
    datasets = pytest.importorskip('sklearn.datasets')
    values, labels = datasets.load_digits(return_X_y=True)
    images, found = _shipped_images.digits()
    np.testing.assert_array_equal(images.reshape(-1, 64), np.rint(values * 255 / 16))
    np.testing.assert_array_equal(found, labels)


def test_the_photographs_fill_the_frame() -> None:
    scenes = _shipped_images.photographs(320, 240)
    assert len(scenes) == 6
    assert all(scene.shape == (240, 320, 3) and scene.std() > 20 for scene in scenes)


def test_the_libraries_are_not_imported() -> None:
    code = (
        'import sys; from edge_adapt.streams.digits import Digits; Digits("clean:1")[0];'
        'print([name for name in ("sklearn", "skimage", "scipy") if name in sys.modules])'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == '[]'


@pytest.mark.parametrize('missing', ['sklearn', 'skimage'])
def test_a_missing_library_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> Any:
        return None if name == missing else real_find_spec(name)

    monkeypatch.setattr(_shipped_images, 'find_spec', find_spec)
    with pytest.raises(UsageError, match=f"package '{missing}', which is not installed"):
        _shipped_images.photographs(321, 240)
