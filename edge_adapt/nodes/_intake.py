"""The door for weights of a node, as its parameters have it."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.networks.model import Model
from edge_adapt.nodes._lifecycle import EdgeNode
from edge_adapt.store.intake import Intake, Rules
from edge_adapt.store.signing import PublicKey, Trust
from edge_adapt.store.weight_store import WeightStore


def intake_of(node: EdgeNode, model: Model) -> Intake:
    """Return the door; say loudly where it is open to anybody, or to nobody."""
    path, folder = node.parameter('trusted_key'), node.parameter('store')
    if node.parameter('allow_unsigned'):
        node.get_logger().warning(
            'allow_unsigned is true: weights are taken from ANYBODY who can reach this topic'
        )
    elif not path:
        node.get_logger().warning(
            'neither trusted_key nor allow_unsigned is set: every weight update is refused'
        )
    keys = [PublicKey.load(Path(path))] if path else []
    trust = Trust.of(keys, node.parameter('allow_unsigned'))
    sequence = WeightStore(folder, model).state.number if folder else 0
    return Intake(model, trust, sequence, Rules.at(node.parameter('max_updates_hz')))
