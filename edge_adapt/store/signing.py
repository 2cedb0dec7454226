"""
Ed25519 signatures (RFC 8032) around bytes, and whose signatures are trusted.

    magic      8 bytes   b'EDGESIGN'
    format     u16       1
    key        8 bytes   the first bytes of the SHA-256 of the public key
    signature  64 bytes  over 'edge_adapt container' 0x00, magic, format, key and content
    content              what was signed

The signature is checked before a byte of the content is interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import hashlib
import os
from pathlib import Path
import struct

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from edge_adapt.errors import UsageError

MAGIC = b'EDGESIGN'
FORMAT = 1
_CONTEXT = b'edge_adapt container\x00'  # a signature made for another purpose says nothing here
_HEAD = struct.Struct('<8sH8s')
_N_SIGNATURE = 64


@dataclass(frozen=True)
class PublicKey:
    """One half of a pair of keys: it tells who signed. `name` is its fingerprint."""

    _key: Ed25519PublicKey = field(repr=False)

    @staticmethod
    def load(path: Path) -> PublicKey:
        """Return the public key in PEM file `path`; of a private one, its public half."""
        data = _bytes_of(path)
        if b'PRIVATE' in data:
            return SigningKey.load(path).public
        try:
            key = serialization.load_pem_public_key(data)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise UsageError(f'{path} is not a public key in PEM form') from error
        if not isinstance(key, Ed25519PublicKey):
            raise UsageError(f'{path} must hold an Ed25519 key')
        return PublicKey(key)

    @property
    def fingerprint(self) -> bytes:
        """Return the 8 bytes that name the key in an envelope."""
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return hashlib.sha256(self._key.public_bytes(*raw)).digest()[:8]

    @property
    def name(self) -> str:
        """Return the fingerprint in 16 hexadecimal digits."""
        return self.fingerprint.hex()

    @property
    def pem(self) -> bytes:
        """Return the key as text for a file."""
        return self._key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def has_signed(self, signature: bytes, message: bytes) -> bool:
        """Return whether `signature` over `message` is of this key."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """The secret half of a pair of keys."""

    _key: Ed25519PrivateKey = field(repr=False)

    @staticmethod
    def new() -> SigningKey:
        """Return a fresh key from the operating system's randomness."""
        return SigningKey(Ed25519PrivateKey.generate())

    @staticmethod
    def load(path: Path) -> SigningKey:
        """Return the secret key in PEM file `path`."""
        try:
            key = serialization.load_pem_private_key(_bytes_of(path), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise UsageError(f'{path} is not an unencrypted secret key in PEM form') from error
        if not isinstance(key, Ed25519PrivateKey):
            raise UsageError(f'{path} must hold an Ed25519 key')
        return SigningKey(key)

    def save(self, path: Path) -> None:
        """Write the key to a new file that only its owner may read; never over another file."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'wb') as f:
                f.write(pem)
        except FileExistsError as error:
            raise UsageError(f'{path} exists already; a key is never overwritten') from error
        except OSError as error:
            raise UsageError(f'{path} cannot be written: {error.strerror}') from error

    @property
    def public(self) -> PublicKey:
        """Return the public half."""
        return PublicKey(self._key.public_key())

    def sign(self, content: bytes) -> bytes:
        """Return the signed envelope around `content`."""
        head = _HEAD.pack(MAGIC, FORMAT, self.public.fingerprint)
        return head + self._key.sign(_CONTEXT + head + content) + content


@dataclass(frozen=True)
class Trust:
    """
    Whose signatures count.

    Nobody's to begin with. `allow_unsigned` takes content that bears no signature at all; what is
    signed must be signed by one of the keys, always.
    """

    keys: Mapping[bytes, PublicKey] = field(default_factory=dict)
    allow_unsigned: bool = False

    @staticmethod
    def of(keys: Sequence[PublicKey], allow_unsigned: bool = False) -> Trust:
        """Return trust in `keys`."""
        return Trust({key.fingerprint: key for key in keys}, allow_unsigned)

    def open(self, data: bytes, source: str) -> tuple[bytes, str]:
        """
        Return the content and the name of the key that signed it, '' where nobody did.

        Raises UsageError where the signature is missing, unknown or wrong.
        """
        if not is_signed(data):
            if not self.allow_unsigned:
                raise UsageError(f'{source} is not signed')
            return data, ''
        fingerprint, signature, content = _parts(data, source)
        key = self.keys.get(fingerprint)
        if key is None:
            raise UsageError(
                f'{source} is signed by key {fingerprint.hex()}, which is not trusted'
            )
        if not key.has_signed(signature, _CONTEXT + data[: _HEAD.size] + content):
            raise UsageError(f'{source} bears a wrong signature: it was altered after signing')
        return content, key.name


ANYONE = Trust(allow_unsigned=True)


def is_signed(data: bytes) -> bool:
    """Return whether `data` is a signed envelope, by whomever."""
    return data.startswith(MAGIC)


def content_of(data: bytes, source: str) -> bytes:
    """Return what an envelope holds, or `data` itself where it is none. Nothing is verified."""
    return _parts(data, source)[2] if is_signed(data) else data


def _parts(data: bytes, source: str) -> tuple[bytes, bytes, bytes]:
    n_head = _HEAD.size + _N_SIGNATURE
    if len(data) < n_head:
        raise UsageError(f'{source} is truncated: it ends within its signature')
    _, version, fingerprint = _HEAD.unpack(data[: _HEAD.size])
    if version != FORMAT:
        raise UsageError(f'{source} is signed in format {version}, known is {FORMAT}')
    return fingerprint, data[_HEAD.size : n_head], data[n_head:]


def _bytes_of(path: Path) -> bytes:
    """Return the content of a small file."""
    try:
        with path.open('rb') as file:
            return file.read(1 << 14)
    except OSError as error:
        raise UsageError(f'key {path} cannot be read: {error.strerror}') from error
