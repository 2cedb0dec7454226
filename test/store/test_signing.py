"""Keys live in files that only their owner reads; they are never overwritten."""

from __future__ import annotations

import stat

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from edge_adapt.errors import UsageError
from edge_adapt.store.signing import PublicKey, SigningKey, Trust
import pytest


def test_a_key_comes_back_from_its_file(tmp_path):
    key = SigningKey.new()
    key.save(tmp_path / 'robot.key')
    assert SigningKey.load(tmp_path / 'robot.key').public.name == key.public.name
    assert PublicKey.load(tmp_path / 'robot.key').name == key.public.name


def test_a_public_key_comes_back_from_its_file(tmp_path):
    key = SigningKey.new()
    (tmp_path / 'robot.pub').write_bytes(key.public.pem)
    assert PublicKey.load(tmp_path / 'robot.pub').name == key.public.name


def test_only_the_owner_may_read_a_secret_key(tmp_path):
    SigningKey.new().save(tmp_path / 'robot.key')
    assert stat.S_IMODE((tmp_path / 'robot.key').stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path):
    SigningKey.new().save(tmp_path / 'robot.key')
    with pytest.raises(UsageError, match='never overwritten'):
        SigningKey.new().save(tmp_path / 'robot.key')


def test_signs_as_rfc_8032_says():
    # RFC 8032, 7.1, test 1: the secret key and the start of its public key.
    secret = bytes.fromhex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(secret))
    raw = key.public._key.public_bytes_raw().hex()
    assert raw == 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'


def test_a_signature_for_another_purpose_is_refused():
    secret = Ed25519PrivateKey.generate()
    key = SigningKey(secret)
    head = key.sign(b'weights')[:18]
    forged = head + secret.sign(b'weights') + b'weights'
    with pytest.raises(UsageError, match='wrong signature'):
        Trust.of([key.public]).open(forged, 'update')


@pytest.mark.parametrize('content', [b'', b'hello', b'-----BEGIN PRIVATE KEY-----\nx\n'])
def test_a_file_that_is_no_key_is_told_in_a_sentence(tmp_path, content):
    (tmp_path / 'k').write_bytes(content)
    with pytest.raises(UsageError, match='in PEM form'):
        PublicKey.load(tmp_path / 'k')
    with pytest.raises(UsageError, match='in PEM form'):
        SigningKey.load(tmp_path / 'k')


def test_a_missing_key_is_told_in_a_sentence(tmp_path):
    with pytest.raises(UsageError, match='cannot be read'):
        PublicKey.load(tmp_path / 'none')
