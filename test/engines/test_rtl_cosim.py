"""The engine on the simulated accelerator: right, watched, and replaced by the CPU in time."""

from collections.abc import Iterator
import os
import signal

from edge_adapt.engines import _simulator, _supervised, Reporting
from edge_adapt.engines._accelerator import geometry_of
from edge_adapt.engines.reference import Reference
from edge_adapt.engines.rtl_cosim import RtlCosim
from edge_adapt.errors import UsageError
import numpy as np
import pytest

from hw.cosim.build import build, missing
from hw.tests.networks import network_of, random_images, random_weights

NETWORK = network_of((40, 48, 33), 1)
FIRST, SECOND, THIRD = (random_weights(NETWORK, seed) for seed in (1, 2, 3))
LANES = 32
PATIENT_S = 20.0  # an answer may take that long on a busy machine

pytestmark = [
    pytest.mark.rtl,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(missing()), reason='; '.join(missing())),
]


@pytest.fixture(scope='module')
def built() -> None:
    build('accelerator', geometry_of(NETWORK, FIRST, LANES).parameters, 'serving')


@pytest.fixture
def engine(built: None) -> Iterator[RtlCosim]:
    made = RtlCosim(LANES, PATIENT_S)
    yield made
    made.close()


def signal_to(engine: RtlCosim, number: signal.Signals) -> None:
    process_id = engine.accelerator.process_id
    assert process_id is not None
    os.killpg(process_id, number)


def assert_right(infer, weights, seed: int = 0) -> None:
    images = random_images(NETWORK, 5, seed)
    taps = [layer.name for layer in NETWORK.layers]
    outcome, expected = infer(images, taps), Reference().prepare(NETWORK, weights)(images, taps)
    np.testing.assert_array_equal(outcome.logits, expected.logits)
    for name in taps:
        np.testing.assert_array_equal(outcome.taps[name], expected.taps[name], name)


def test_it_reports_to_whoever_asks(engine: RtlCosim) -> None:
    assert isinstance(engine, Reporting)
    assert engine.report() == {}


def test_logits_and_taps_equal_the_reference(engine: RtlCosim) -> None:
    assert_right(engine.prepare(NETWORK, FIRST), FIRST)
    assert engine.report()['accelerator'] == 'simulated'
    assert engine.news() == []


def test_versions_take_turns_in_two_banks(engine: RtlCosim) -> None:
    infers = [engine.prepare(NETWORK, weights) for weights in (FIRST, SECOND, THIRD)]
    for infer in (*infers, *reversed(infers)):
        assert_right(infer, infer.weights)
    assert engine.news() == []


def test_a_killed_simulator_is_replaced_by_the_cpu_and_comes_back(engine: RtlCosim) -> None:
    infer = engine.prepare(NETWORK, FIRST)
    assert_right(infer, FIRST)
    accelerator = engine.accelerator
    signal_to(engine, signal.SIGKILL)
    assert_right(infer, FIRST, seed=1)
    assert 'the CPU answers' in engine.news()[0]
    accelerator.wait()
    assert accelerator.is_running
    assert_right(infer, FIRST, seed=2)
    assert engine.news() == ['the accelerator is back, its parameters written and checked']
    assert int(engine.report()['frames']) > 0


@pytest.mark.usefixtures('built')
def test_a_hanging_simulator_is_replaced_by_the_cpu() -> None:
    engine = RtlCosim(LANES, PATIENT_S)
    infer = engine.prepare(NETWORK, FIRST)
    accelerator = engine.accelerator
    accelerator.set_timeout(0.2)
    signal_to(engine, signal.SIGSTOP)
    assert_right(infer, FIRST)
    assert 'the simulator hangs: no answer to' in engine.news()[0]
    engine.close()


def test_a_wrong_answer_ends_the_simulator(
    engine: RtlCosim, monkeypatch: pytest.MonkeyPatch
) -> None:
    infer = engine.prepare(NETWORK, FIRST)
    right = _simulator.Simulator.infer

    def wrong(*args, **kwargs):
        answer = right(*args, **kwargs)
        return answer._replace(logits=answer.logits + 1)

    monkeypatch.setattr(_simulator.Simulator, 'infer', wrong)
    assert_right(infer, FIRST)
    assert 'the accelerator gave a wrong answer' in engine.news()[0]


@pytest.mark.usefixtures('built')
def test_three_failures_within_a_minute_leave_the_cpu_in_charge() -> None:
    engine = RtlCosim(LANES, PATIENT_S, clock_s=lambda: 0.0)
    infer = engine.prepare(NETWORK, FIRST)
    for _ in range(_supervised.MAX_FAILURES):
        engine.accelerator.fail(_simulator.SimulatorLostError('it fell over'))
        engine.accelerator.wait()
    assert 'the CPU stays in charge' in engine.news()[-1]
    assert not engine.accelerator.is_running
    assert_right(infer, FIRST)
    engine.close()


def test_a_network_that_is_not_built_is_refused_with_the_command_that_builds_it() -> None:
    network = network_of((9, 7), 1)
    with pytest.raises(UsageError, match=r'not built .*python -m hw.cosim.prebuild'):
        RtlCosim(LANES).prepare(network, random_weights(network, 1))
