"""The one door to the package `cmaes`."""

from __future__ import annotations

from cmaes import CMA, SepCMA

__all__ = ['CMA', 'SepCMA']
