"""`edge-adapt model` shows what is in a file and converts, or says why not and exits with 2."""

from pathlib import Path

from edge_adapt.cli import main
from edge_adapt.networks.layers import Backbone
from edge_adapt.networks.model import Model
from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
import pytest

LARQ = Path(__file__).parent.parent / 'conversion' / 'larq.onnx'
NORMALIZATION = ('--mean', '128', '--scale', '0.0078125')


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    path = tmp_path / 'clean.npz'
    np.savez(path, images=np.random.default_rng(0).integers(0, 256, (50, 10, 10, 3), np.uint8))
    return path


def test_inspect_shows_layers_bits_bytes_and_operations(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(['model', 'inspect', 'digits']) == 0
    said = capsys.readouterr().out
    linear2 = next(line for line in said.splitlines() if line.startswith('linear2'))
    # 3x3 over 64 channels to 64, at 8x8: one bit a weight, one operation a product
    assert linear2.split()[-3:] == ['1', str(9 * 64 * 64 // 8), str(9 * 64 * 64 * 64)]
    assert Model.load('digits').digest in said


def test_inspect_shows_the_operations_and_the_digest_of_an_onnx_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(['model', 'inspect', str(LARQ)]) == 0
    said = capsys.readouterr().out
    assert 'BatchNormalization' in said
    assert "input 'image': float32 (n, 10, 10, 3)" in said


def test_convert_packs_and_keeps_statistics_of_clean_images(
    tmp_path: Path, clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / 'larq.model'
    arguments = ['model', 'convert', str(LARQ), str(target), *NORMALIZATION]
    assert main([*arguments, '--clean', str(clean)]) == 0
    model = Model.load(str(target))
    for layer in model.network.thresholds:
        assert model.statistics[f'{layer.name}.rate'].shape == (layer.n,)
    assert model.about['source'] == 'larq.onnx'
    assert main(arguments) == 0
    assert 'without --clean there are no statistics' in capsys.readouterr().out


def test_convert_keeps_the_graph_as_a_backbone(tmp_path: Path, clean: Path) -> None:
    target = tmp_path / 'kept.model'
    arguments = ['model', 'convert', str(LARQ), str(target), '--backbone', *NORMALIZATION]
    assert main([*arguments, '--clean', str(clean), '--classes', *'abcde']) == 0
    model = Model.load(str(target))
    assert isinstance(model.network.layers[0], Backbone)
    assert model.about['labels_kept_by_rounding'] == 1.0  # its features are bits
    assert model.network.class_names == tuple('abcde')


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['inspect', 'none.onnx'], 'none.onnx cannot be read'),
        (['convert', 'none.onnx', 'out.model'], 'none.onnx cannot be read'),
        (['convert', str(LARQ), 'out.model'], 'does not say the mean'),
        (['convert', str(LARQ), 'out.model', '--backbone', *NORMALIZATION], 'needs --clean'),
        (
            ['convert', str(LARQ), 'out.model', *NORMALIZATION, '--clean', 'nothing'],
            "there is no 'nothing' in streams",
        ),
        (
            ['convert', str(LARQ), 'no/such/folder/out.model', *NORMALIZATION],
            'out.model cannot be written',
        ),
        (['convert', __file__, 'out.model', *NORMALIZATION], 'not an ONNX file'),
    ],
)
def test_a_mistake_is_a_sentence_and_status_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['model', *arguments]) == 2
    assert sentence in capsys.readouterr().err


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.dictionaries(st.integers(0, 25_000), st.integers(0, 255), max_size=3))
def test_an_altered_onnx_file_converts_or_is_a_sentence(
    tmp_path: Path, changes: dict[int, int]
) -> None:
    data = bytearray(LARQ.read_bytes())
    for at, value in changes.items():
        data[at] = value
    path = tmp_path / 'altered.onnx'
    path.write_bytes(data)
    arguments = ['model', 'convert', str(path), str(tmp_path / 'out.model'), *NORMALIZATION]
    with np.errstate(all='ignore'):
        assert main(arguments) in (0, 2)
