"""
Detector B: a linear score for each corruption expected, with the statistic of detector A.

A score is the direction in which a corruption moves the features, over the spread of clean and
corrupted frames (Fisher's discriminant). A bank is selective: what it was not given it may not
see, so it runs beside detector A, whose power it exceeds where frames of a scene are alike.
"""

from __future__ import annotations

from edge_adapt.drift._normal import Normal
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._run_watcher import RunWatcher
from edge_adapt.errors import UsageError


class CorruptionBank(RunWatcher):
    """Alarms where the frames move towards a corruption of the bank; the group is its name."""

    def _normal_of(self, reference: Reference) -> Normal:
        if reference.bank is None:
            raise UsageError(
                'the reference holds no bank of corruptions: make one with `edge-adapt calibrate'
                ' --bank noise,invert,...`'
            )
        return reference.bank
