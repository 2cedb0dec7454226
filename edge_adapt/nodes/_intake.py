"""The doors for weights of a node, as its parameters have them."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.nodes._lifecycle import EdgeNode
from edge_adapt.store.intake import Intake, Rules
from edge_adapt.store.signing import PublicKey, SigningKey, Trust
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
    keys = _keys(node.parameter('trusted_key'))
    return Intake(model, _trust(node, 'weights', keys, 'allow_unsigned'), said, rules)


def offers_of(node: EdgeNode, store: WeightStore, signing_key: SigningKey | None) -> Intake:
    """
    Return the door for what others offer: it leads to the judge, not to what runs.

    Raises UsageError where who offers has the key that signs here: what runs would take their
    weights from `weights` itself, and nobody would have judged them.
    """
    keys = _keys(node.parameter('offers_key'))
    if signing_key is not None and signing_key.public.name in {key.name for key in keys}:
        raise UsageError(
            'offers_key is the public half of signing_key: whoever offers weights could have them'
            ' run unjudged. Make another pair for them with `edge-adapt keys new`'
        )
    trust = _trust(node, 'offered_weights', keys, 'allow_unsigned_offers')
    return Intake(store.model, trust, store.state.offered)


def _keys(path: str) -> list[PublicKey]:
    return [PublicKey.load(Path(path))] if path else []


def _trust(node: EdgeNode, topic: str, keys: list[PublicKey], opening: str) -> Trust:
    is_open = node.parameter(opening)
    if is_open:
        node.get_logger().warning(
            f'{opening} is true: weights are taken from ANYBODY who can reach `{topic}`'
        )
    return Trust.of(keys, is_open)
