"""The domains a robot has learned: versions in the store that carry a signature."""

from __future__ import annotations

from dataclasses import replace

from edge_adapt.drift import Reference, Signature
from edge_adapt.pipeline.decisions import Decision, DOMAIN
from edge_adapt.records import U8, Weights
from edge_adapt.signals import gather_images
from edge_adapt.store import container
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.weight_store import WeightStore

PRODUCER = 'adaptation'


class Domains:
    """Looks up, signs and keeps weights by the domain they were learned in."""

    def __init__(self, store: WeightStore, reference: Reference) -> None:
        self._store, self._reference = store, reference

    def nearest(self, images: U8) -> Weights | None:
        """
        Return the weights of the known domain that network inputs (n, h, w, c) come from.

        The clean domain, that of the model's own weights, is always known. None where no
        signature is within the reference's limit.
        """
        signatures = {}
        for version in self._store.banks():  # the latest first: it wins where two are as near
            signature = Signature.in_weights(self._store.get(version))
            if signature is not None:
                signatures[version] = signature
        signatures[self._store.model.weights.version] = self._reference.signature
        found = self._reference.nearest(signatures, gather_images(images))
        return None if found is None else self._store.get(found)

    def signed(self, weights: Weights, images: U8) -> Weights:
        """Return the weights with the signature of the domain that images come from."""
        return weights.replace(Signature.of_images(images).tensors())

    def is_home(self, weights: Weights) -> bool:
        """Whether weights of the store proved themselves in their domain: answers are trusted."""
        if weights.version == self._store.model.weights.version:
            return True
        return bool(self._store.update(weights.version).evidence.get('rung') != DOMAIN)

    def keep(self, weights: Weights, decision: Decision) -> Decision:
        """Put weights into the store as a candidate; return the decision with their size."""
        model = self._store.model
        changed = container.changes(model, weights)
        decision = replace(decision, n_bytes=sum(array.nbytes for array in changed.values()))
        update = WeightUpdate.between(
            model,
            weights,
            self._store.next_sequence,
            decision.stamp_ns,
            producer=PRODUCER,
            evidence=decision.evidence,
        )
        self._store.put(update)
        return decision
