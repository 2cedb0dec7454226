"""The clean reference of one model version: what a detector holds against a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_adapt import archive
from edge_adapt.drift import _signature
from edge_adapt.drift._fit import replaced
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._signature import Signature
from edge_adapt.errors import UsageError
from edge_adapt.records import Array
import numpy as np

KIND = 'reference'


@dataclass(frozen=True)
class Reference:
    """
    What is normal, from clean frames that were recorded in the order the camera delivers them.

    `clean` holds for the weights of `version`: class-conditional, all feature groups. `domain`
    holds about any signature and for any weights: image features only. `match_limit` bounds the
    distance at which frames still belong to a domain. `about` says how it was made.
    """

    version: str
    clean: Normal
    domain: Normal
    match_limit: float
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def signature(self) -> Signature:
        """The signature of the clean domain."""
        return Signature(self.domain.centre, self.domain.scale)

    def about_domain(self, signature: Signature) -> Normal:
        """Return what is normal in the domain of `signature`: centre and scale are its own."""
        if signature.mean.shape != self.domain.centre.shape:
            raise UsageError(
                f'a signature must have {self.domain.centre.shape} features,'
                f' got {signature.mean.shape}'
            )
        scale = np.maximum(self.domain.scale, signature.deviation)
        return replaced(self.domain, centre=signature.mean, scale=scale)

    def nearest(self, signatures: Mapping[str, Signature], features: Array) -> str | None:
        """
        Return the name of the signature that frames with image features (n, 32) match, or None.

        Some 32 frames tell; give the clean domain's own `signature` among the others.
        """
        return _signature.nearest(self.domain, self.match_limit, signatures, features)

    def check(self, version: str) -> None:
        """Raise UsageError where this reference was not made for weights `version`."""
        if version != self.version:
            raise UsageError(
                f'the reference was made for weights {self.version}, not for {version}: make one'
                ' with `edge-adapt calibrate`'
            )

    def save(self, path: Path) -> None:
        """Write the reference file."""
        path.write_bytes(self.encode())

    def encode(self) -> bytes:
        """Return the bytes of the reference file."""
        about = {
            'version': self.version,
            'match_limit': self.match_limit,
            'about': dict(self.about),
            'groups': {
                'clean': list(self.clean.groups.items()),
                'domain': list(self.domain.groups.items()),
            },
        }
        arrays = _tensors('clean', self.clean) | _tensors('domain', self.domain)
        return archive.encode(KIND, about, arrays)

    @staticmethod
    def load(path: Path) -> Reference:
        """Return the reference in a file. Raises UsageError where it is absent or damaged."""
        if not path.exists():
            raise UsageError(
                f'there is no reference {path}: make one from clean frames with'
                ' `edge-adapt calibrate`'
            )
        content = archive.read(path, KIND)
        try:
            return Reference(
                version=str(content.about['version']),
                clean=_normal('clean', content),
                domain=_normal('domain', content),
                match_limit=float(content.about['match_limit']),
                about=content.about['about'],
            )
        except (KeyError, TypeError) as error:
            raise UsageError(f'{path} is not a reference: {error} is missing') from error


def _tensors(name: str, normal: Normal) -> dict[str, Array]:
    fields = [key for key in normal.__dataclass_fields__ if key != 'groups']
    return {f'{name}/{key}': getattr(normal, key) for key in fields}


def _normal(name: str, content: archive.Archive) -> Normal:
    prefix = f'{name}/'
    arrays = {k[len(prefix) :]: v for k, v in content.arrays.items() if k.startswith(prefix)}
    return Normal(dict(content.about['groups'][name]), **arrays)
