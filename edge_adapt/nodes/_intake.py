"""The doors for weights of a node, as its parameters have them."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.networks.model import Model
from edge_adapt.nodes._lifecycle import EdgeNode
from edge_adapt.store.intake import Intake, Rules
from edge_adapt.store.signing import PublicKey, Trust
from edge_adapt.store.weight_store import WeightStore


def intake_of(node: EdgeNode, model: Model) -> Intake:
    """Return the door for `weights`; say loudly where it is open to anybody, or to nobody."""
    if not node.parameter('trusted_key') and not node.parameter('allow_unsigned'):
        node.get_logger().warning(
            'neither trusted_key nor allow_unsigned is set: every weight update is refused'
        )
    folder = node.parameter('store')
    said = WeightStore(folder, model).said if folder else 0
    rules = Rules.at(node.parameter('max_updates_hz'))
    return Intake(model, _trust_of(node, 'weights'), said, rules)


def offers_of(node: EdgeNode, store: WeightStore) -> Intake:
    """Return the door for what others offer: it leads to the judge, not to what runs."""
    return Intake(store.model, _trust_of(node, 'offered_weights'), store.state.offered)


def _trust_of(node: EdgeNode, topic: str) -> Trust:
    path, is_open = node.parameter('trusted_key'), node.parameter('allow_unsigned')
    if is_open:
        node.get_logger().warning(
            f'allow_unsigned is true: weights are taken from ANYBODY who can reach `{topic}`'
        )
    return Trust.of([PublicKey.load(Path(path))] if path else [], is_open)
