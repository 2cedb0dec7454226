"""An updater as a state and a step, so that a saved and resumed run is the same run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from edge_adapt.generators import generator_from_array, generator_to_array
from edge_adapt.networks.layers import Head
from edge_adapt.networks.network import Network
from edge_adapt.records import Samples, Weights
from edge_adapt.updaters import Objective, State
from edge_adapt.updaters._cache import Cache
import numpy as np

Run = TypeVar('Run', bound=tuple[Any, ...])
Task = TypeVar('Task')

_RUN = 'run.'


class Steps(ABC, Generic[Task, Run]):
    """
    Improves weights step by step.

    A task is what one call of `improve` was given, made ready; it follows from the arguments. A
    run is a NamedTuple of arrays and numbers: all that changes from step to step but the
    generator. The run ends when the caller drops the iterator.
    """

    def __init__(self, run_type: type[Run], seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self._run_type = run_type
        self._run: Run | None = None
        self._resumed = False

    @abstractmethod
    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> Task:
        """Return the task; UsageError where the samples cannot be learned from."""

    @abstractmethod
    def start(self, task: Task) -> Run:
        """Return the run before its first step."""

    @abstractmethod
    def step(self, task: Task, run: Run) -> Run | None:
        """Return the run after one bounded piece of work; None where it is done."""

    @abstractmethod
    def best(self, task: Task, run: Run) -> Weights:
        """Return the best weights so far."""

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        task = self.prepare(objective, weights, samples)
        run = self._run if self._resumed and self._run is not None else self.start(task)
        self._resumed = False
        try:
            while (following := self.step(task, run)) is not None:
                self._run = run = following
                yield self.best(task, run)
        finally:
            self._run = None

    @abstractmethod
    def run_bytes(self, head: Head, n_samples: int) -> int:
        """Return what a run on the features of n_samples keeps beside those and the labels."""

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return features, labels, and what the run itself keeps."""
        return Cache.planned_bytes(network, n_samples) + self.run_bytes(network.head, n_samples)

    def state(self) -> State:
        run = {} if self._run is None else self._run._asdict()  # type: ignore[attr-defined]
        return {
            'generator': generator_to_array(self.rng),
            **{_RUN + name: np.array(value) for name, value in run.items()},
        }

    def restore(self, state: State) -> None:
        self.rng = generator_from_array(state['generator'])
        values = {k[len(_RUN) :]: v.copy() for k, v in state.items() if k.startswith(_RUN)}
        self._run = self._run_type(**values) if values else None
        self._resumed = self._run is not None
