"""What the doctor says: one sentence, and whether it is good news."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence; `is_needed` ones that are not `ok` make the doctor's exit status 1."""

    ok: bool
    text: str
    is_needed: bool = False
