"""Build the two paths from names and numbers: the nodes and the command line do it alike."""

from __future__ import annotations

from collections.abc import Callable
import tempfile
from typing import Any

from edge_adapt import registry
from edge_adapt.drift import DriftDetector, Reference
from edge_adapt.errors import UsageError
from edge_adapt.images import Region, WHOLE
from edge_adapt.networks.model import Model, reference_path_of
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.inference import Inference
from edge_adapt.pipeline.ladder import ladder_from, Rung
from edge_adapt.pipeline.learner import Learner
from edge_adapt.pipeline.limits import Limits
from edge_adapt.pipeline.tools import Settings
from edge_adapt.pipeline.voting import Voting
from edge_adapt.store.files import Files, ScratchFiles
from edge_adapt.store.weight_store import WeightStore

Get = Callable[[str], Any]  # the value of a parameter, by its name


def region_from(text: str) -> Region:
    """Return the region in 'x,y,width,height'; '' is the whole image. UsageError for others."""
    if not text:
        return WHOLE
    try:
        x, y, width, height = (int(part) for part in text.split(','))
    except ValueError as error:
        raise UsageError(
            f"region must be 'x,y,width,height' in pixels or empty, got {text!r}"
        ) from error
    return Region(x, y, width, height)


def inference_from(get: Get) -> Inference:
    """
    Return the fast path that the parameters describe, warm: it has run once.

    Raises UsageError where a file is missing or damaged, or does not belong to the model.
    """
    name = get('model')
    model = Model.load(name)
    detector = detector_from(get('detector'), get, model)
    engine = registry.load('engines', get('engine'))()
    inference = Inference(model, engine, detector, region_from(get('region')))
    if get('store'):
        inference.use(WeightStore(get('store'), model).running_weights())
    return inference


def voting_from(get: Get) -> Voting | None:
    """Return who votes over tracks; None where nobody asked for it."""
    return Voting(get('vote_frames'), get('tracks')) if get('vote_frames') else None


def detector_from(detector: str, get: Get, model: Model) -> DriftDetector:
    """Return a detector that knows what is normal for the model, as the parameters say."""
    made: DriftDetector = registry.load('drift', detector)(
        reference_of(get('model'), model, get('reference'))
    )
    return made


def adaptation_from(
    get: Get, clock_ns: Callable[[], int], *, is_scratch: bool = False
) -> Adaptation:
    """
    Return the learning path that the parameters describe.

    A scratch store, or one without a name, is not kept: its files wait for no disk.

    Raises UsageError as `inference_from` does, and where the store cannot be used.
    """
    name = get('model')
    model = Model.load(name)
    folder = get('store')
    if not folder:
        folder, is_scratch = tempfile.mkdtemp(prefix='edge_adapt_store_'), True
    return Adaptation(
        WeightStore(folder, model, files=ScratchFiles() if is_scratch else Files()),
        registry.load('engines', get('engine'))(),
        reference_of(name, model, get('reference')),
        rungs_from(get, model),
        Gate(min_gain=get('min_gain')),
        clock_ns,
        Settings(max_new_classes=get('max_new_classes'), seed=get('seed')),
        Limits(get('max_step'), get('max_updates_per_hour')),
    )


def rungs_from(get: Get, model: Model) -> tuple[Rung, ...]:
    """Return the ladder that the parameters describe. Raises UsageError where it is none."""
    return ladder_from(get('ladder'), get('updater'), get('seed'), model.network)


def learner_of(model: Model) -> Learner:
    """Return an accelerator that learns; it starts with its first work. UsageError: it cannot."""
    learner: Learner = registry.load('engines', 'rtl_cosim')().learner(
        model.network, model.weights
    )
    return learner


def reference_of(name: str, model: Model, reference_name: str = '') -> Reference:
    """Return the clean reference that is named, or lies beside the model; UsageError if none."""
    reference = Reference.load(reference_path_of(reference_name, name))
    reference.check(model.weights.version)
    return reference
