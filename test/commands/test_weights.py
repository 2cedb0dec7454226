"""`edge-adapt weights` as a person uses it."""

from __future__ import annotations

from edge_adapt.cli import main
from edge_adapt.records import Weights
from edge_adapt.store.container import Fact, WeightUpdate
import numpy as np
import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with keys 'k' and 'other', and an unsigned update 'u'."""
    monkeypatch.chdir(tmp_path)
    main(['keys', 'new', 'k'])
    main(['keys', 'new', 'other'])
    arrays = Weights({'head.bias': np.zeros(3, np.int32)})
    evidence: dict[str, Fact] = {'rung': 'head', 'gain': 0.25}
    update = WeightUpdate('ab' * 32, '0' * 16, arrays, 4, 'fleet', 0, evidence=evidence)
    (tmp_path / 'u').write_bytes(update.encode())
    return tmp_path


def test_what_was_signed_is_verified(folder, capsys):
    assert main(['weights', 'sign', 'u', '--key', 'k', '--out', 's']) == 0
    assert main(['weights', 'verify', 's', '--key', 'k.pub']) == 0
    assert 'intact, signed by key' in capsys.readouterr().out


def test_another_key_does_not_verify_it(folder, capsys):
    main(['weights', 'sign', 'u', '--key', 'k'])
    assert main(['weights', 'verify', 'u', '--key', 'other.pub']) == 2
    assert 'not trusted' in capsys.readouterr().err


def test_an_unsigned_update_is_not_verified(folder, capsys):
    assert main(['weights', 'verify', 'u', '--key', 'k.pub']) == 2
    assert 'is not signed' in capsys.readouterr().err


def test_a_damaged_update_is_not_verified(folder, capsys):
    main(['weights', 'sign', 'u', '--key', 'k'])
    data = bytearray((folder / 'u').read_bytes())
    data[-1] ^= 1
    (folder / 'u').write_bytes(bytes(data))
    assert main(['weights', 'verify', 'u', '--key', 'k.pub']) == 2
    assert 'wrong signature' in capsys.readouterr().err


def test_an_expired_update_is_not_verified(folder, capsys, monkeypatch):
    main(['weights', 'sign', 'u', '--key', 'k', '--days', '1'])
    assert main(['weights', 'verify', 'u', '--key', 'k.pub']) == 0
    monkeypatch.setattr('time.time_ns', lambda: 1 << 62)
    assert main(['weights', 'verify', 'u', '--key', 'k.pub']) == 2
    assert 'has expired' in capsys.readouterr().err


def test_an_update_for_another_model_does_not_fit(folder, capsys):
    main(['weights', 'sign', 'u', '--key', 'k'])
    assert main(['weights', 'verify', 'u', '--key', 'k.pub', '--model', 'none.model']) == 2
    assert 'none.model' in capsys.readouterr().err


def test_show_tells_the_papers_and_the_tensors(folder, capsys):
    assert main(['weights', 'show', 'u']) == 0
    told = capsys.readouterr().out
    for part in ('not signed', 'fleet', 'sequence     4', 'gain', '0.25', 'head.bias', 'never'):
        assert part in told


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['show', 'absent'], 'cannot be read'),
        (['show', 'k'], 'is not an edge_adapt file'),
        (['sign', 'u'], 'needs --key'),
        (['verify', 'u'], 'needs --key'),
        (['sign', 'u', '--key', 'k.pub'], 'secret key'),
        (['sign', 'u', '--key', 'k', '--days', '-1'], '--days must be'),
        (['sign', 'u', '--key', 'k', '--out', 'no/such/folder'], 'cannot be written'),
    ],
)
def test_a_mistake_is_a_sentence_and_status_2(folder, capsys, arguments, reason):
    assert main(['weights', *arguments]) == 2
    assert reason in capsys.readouterr().err
