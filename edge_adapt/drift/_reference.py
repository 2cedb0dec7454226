"""The clean reference of one model version: what a detector holds against a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from edge_adapt import archive
from edge_adapt.drift import _signature
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._odds import Odds
from edge_adapt.drift._scene_changes import SceneChanges
from edge_adapt.drift._signature import Signature
from edge_adapt.errors import UsageError
from edge_adapt.records import Array, F32
import numpy as np

KIND = 'reference'
_Known = TypeVar('_Known', SceneChanges, Odds)
_ONE_RUN = 2.2  # how much farther a domain may be whose signature saw one run of one class


@dataclass(frozen=True)
class Reference:
    """
    What is normal, from clean frames that were recorded in the order the camera delivers them.

    `clean` holds for the weights of `version`: class-conditional, all feature groups. `domain`
    holds about any signature and for any weights: image features only. `match_limit` bounds the
    distance at which frames still belong to the clean domain. `bank` has the scores of the
    corruptions expected, `changes` what they do to a scene that is held, `odds` what scenes look
    like under them. `entropy_quantiles` (n_classes, 33) are of the logarithm of clean entropy, for
    each predicted class. `about` says how it was made.
    """

    version: str
    clean: Normal
    domain: Normal
    match_limit: float
    entropy_quantiles: F32
    bank: Normal | None = None
    changes: SceneChanges | None = None
    odds: Odds | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def signature(self) -> Signature:
        """Return the signature of the clean domain."""
        return Signature(self.domain.centre, self.domain.scale)

    def about_domain(self, signature: Signature) -> Normal:
        """Return what is normal in the domain of `signature`: centre and scale are its own."""
        if signature.mean.shape != self.domain.centre.shape:
            raise UsageError(
                f'a signature must have {self.domain.centre.shape} features,'
                f' got {signature.mean.shape}'
            )
        scale = np.maximum(self.domain.scale, signature.deviation)
        return replace(self.domain, centre=signature.mean, scale=scale)

    def nearest(self, signatures: Mapping[str, Signature], features: Array) -> str | None:
        """
        Return the name of the signature that frames with image features (n, 32) match, or None.

        Some 32 frames tell; give the clean domain's own `signature` among the others.
        """
        limits = {name: self._limit(signature) for name, signature in signatures.items()}
        return _signature.nearest(self.domain, limits, signatures, features)

    def _limit(self, signature: Signature) -> float:
        # The clean signature is of all clean frames; any other may be of a single run.
        is_clean = np.array_equal(signature.mean, self.domain.centre)
        return self.match_limit * (1.0 if is_clean else _ONE_RUN)

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
        parts = {'clean': self.clean, 'domain': self.domain}
        if self.bank is not None:
            parts['bank'] = self.bank
        about: dict[str, Any] = {
            'version': self.version,
            'match_limit': self.match_limit,
            'about': dict(self.about),
            'parts': {name: _described(normal) for name, normal in parts.items()},
        }
        arrays: dict[str, Array] = {'entropy_quantiles': self.entropy_quantiles}
        for name, normal in parts.items():
            arrays |= {f'{name}/{key}': getattr(normal, key) for key in _arrays_of(Normal)}
        for name, known in (('changes', self.changes), ('odds', self.odds)):
            if known is not None:
                about[name] = list(known.names)
                arrays |= {f'{name}/{key}': getattr(known, key) for key in _arrays_of(type(known))}
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
                entropy_quantiles=content.arrays['entropy_quantiles'],
                bank=_normal('bank', content) if 'bank' in content.about['parts'] else None,
                changes=_known('changes', SceneChanges, content),
                odds=_known('odds', Odds, content),
                about=content.about['about'],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f'{path} is not a reference of this version ({error}): make it anew with'
                ' `edge-adapt calibrate`'
            ) from error


def _arrays_of(kind: type[Normal | SceneChanges | Odds]) -> list[str]:
    return [field.name for field in fields(kind) if field.type == 'F32']


def _described(normal: Normal) -> dict[str, Any]:
    """Return what is not an array, as plain values."""
    return {
        'sources': list(normal.sources),
        'groups': list(normal.groups.items()),
        'limit': normal.limit,
        'norm_limit': normal.norm_limit,
        'is_one_sided': normal.is_one_sided,
    }


def _normal(name: str, content: archive.Archive) -> Normal:
    plain = content.about['parts'][name]
    return Normal(
        sources=tuple(plain['sources']),
        groups=dict(plain['groups']),
        limit=float(plain['limit']),
        norm_limit=float(plain['norm_limit']),
        is_one_sided=bool(plain.get('is_one_sided', False)),
        **{key: content.arrays[f'{name}/{key}'] for key in _arrays_of(Normal)},
    )


def _known(name: str, kind: type[_Known], content: archive.Archive) -> _Known | None:
    if name not in content.about:
        return None
    arrays = {key: content.arrays[f'{name}/{key}'] for key in _arrays_of(kind)}
    return kind(tuple(content.about[name]), **arrays)
