"""`edge-adapt keys` as a person uses it."""

from __future__ import annotations

from edge_adapt.cli import main
from edge_adapt.store.signing import PublicKey, SigningKey
import pytest


def test_new_writes_a_pair_that_belongs_together(tmp_path, capsys):
    assert main(['keys', 'new', str(tmp_path / 'fleet.key')]) == 0
    secret = SigningKey.load(tmp_path / 'fleet.key')
    public = PublicKey.load(tmp_path / 'fleet.key.pub')
    assert secret.public.name == public.name
    assert public.name in capsys.readouterr().out


def test_show_never_prints_the_secret(tmp_path, capsys):
    main(['keys', 'new', str(tmp_path / 'fleet.key')])
    capsys.readouterr()
    assert main(['keys', 'show', str(tmp_path / 'fleet.key')]) == 0
    told = capsys.readouterr().out
    assert 'PUBLIC KEY' in told
    assert 'PRIVATE' not in told


@pytest.mark.parametrize('existing', ['fleet.key', 'fleet.key.pub'])
def test_no_key_is_overwritten(tmp_path, capsys, existing):
    (tmp_path / existing).write_text('precious')
    assert main(['keys', 'new', str(tmp_path / 'fleet.key')]) == 2
    assert 'never overwritten' in capsys.readouterr().err
    assert (tmp_path / existing).read_text() == 'precious'


def test_a_file_that_is_no_key_is_a_sentence_and_status_2(tmp_path, capsys):
    (tmp_path / 'x').write_text('hello')
    assert main(['keys', 'show', str(tmp_path / 'x')]) == 2
    assert 'is not a public key in PEM form' in capsys.readouterr().err
