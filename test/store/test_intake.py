"""Nothing gets in that should not, whatever is sent; and refusing costs nothing that grows."""

from __future__ import annotations

from dataclasses import replace
import hashlib
import json
import struct
import tracemalloc

from edge_adapt import archive
from edge_adapt.store.container import KIND, WeightUpdate
from edge_adapt.store.intake import Intake, Rules
from edge_adapt.store.signing import SigningKey, Trust
from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
import pytest

KEY = SigningKey.new()
FREE = Rules(attempts_hz=1e9, accepted_hz=1e9, n_burst=1_000_000)
SECOND = 1_000_000_000


@pytest.fixture
def intake(model):
    return Intake(model, Trust.of([KEY.public]), sequence=10, rules=FREE)


def offer(intake, data, model, now_ns=5_000, steady_ns=SECOND):
    return intake.offer(data, model.weights, now_ns, steady_ns)


def hand_made(update, **changes):
    """Return a container whose papers or arrays no honest writer would have made."""
    about = {k: v for k, v in vars(update).items() if k not in ('arrays', 'signer')}
    arrays = changes.pop('arrays', update.arrays)
    return KEY.sign(archive.encode(KIND, {**about, **changes}, arrays))


def test_a_good_update_is_taken(intake, improve, model):
    update = improve(1, sequence=11)
    answer = offer(intake, update.encode(KEY), model)
    assert answer.weights == update.apply(model)
    assert (intake.sequence, intake.n_accepted, intake.refusals) == (11, 1, {})


def attacks(improve, model):
    """Return name, cause and bytes of each listed attack."""
    good = improve(1, sequence=11)
    signature = {name: np.zeros(4, np.float32) for name in ('domain.mean', 'domain.deviation')}
    shape = {**good.arrays, 'head.bias': np.zeros(4, np.int32)}
    nan = {**good.arrays, 'domain.mean': np.full(32, np.nan, np.float32)}
    infinite = {**good.arrays, 'domain.mean': np.full(32, np.inf, np.float32)}
    path = {**good.arrays, '../../../etc/passwd': np.zeros(1, np.int8)}
    body = {'dense.weights': -model.weights['dense.weights']}
    leap = {'head.weights': np.full((3, 12), 127, np.int8)}
    weights = model.weights.replace
    signed = good.encode(KEY)
    return {
        'unsigned': ('signature', good.encode()),
        'signed by a stranger': ('signature', good.encode(SigningKey.new())),
        'bad signature': ('signature', signed[:30] + bytes([signed[30] ^ 1]) + signed[31:]),
        'content exchanged': ('signature', signed[:-1] + bytes([signed[-1] ^ 1])),
        'replayed': ('sequence', improve(1, sequence=10).encode(KEY)),
        'older': ('sequence', improve(1, sequence=9).encode(KEY)),
        'expired': ('expiry', improve(1, sequence=11, expires_ns=5_000).encode(KEY)),
        'wrong base': ('base', hand_made(good, base='cd' * 32)),
        'wrong version': ('arrays', hand_made(good, version='0' * 16)),
        'path as a version': ('content', hand_made(good, version='../../../../x')),
        'path in a name': ('arrays', hand_made(good, arrays=path)),
        'wrong shape': ('arrays', hand_made(good, arrays=shape)),
        'wrong signature of a domain': ('arrays', hand_made(good, arrays=signature)),
        'NaN': ('arrays', hand_made(good, arrays=nan)),
        'infinite': ('arrays', hand_made(good, arrays=infinite)),
        'size bomb': ('size', bytes(FREE.max_bytes + 1)),
        'lying shape': ('content', KEY.sign(lying_archive([1 << 40]))),
        'negative shape': ('content', KEY.sign(lying_archive([-1]))),
        'deep header': ('content', KEY.sign(raw_archive(b'[' * 100_000))),
        'not a header': ('content', KEY.sign(raw_archive(b'7'))),
        'empty': ('signature', b''),
        'the body': ('groups', WeightUpdate.between(model, weights(body), 11, 1).encode(KEY)),
        'a leap': ('step', WeightUpdate.between(model, weights(leap), 11, 1).encode(KEY)),
    }


ATTACKS = (
    *('unsigned', 'signed by a stranger', 'bad signature', 'content exchanged', 'replayed'),
    *('older', 'expired', 'wrong base', 'wrong version', 'path as a version', 'path in a name'),
    *(
        'wrong shape',
        'wrong signature of a domain',
        'NaN',
        'infinite',
        'size bomb',
        'lying shape',
        'negative shape',
    ),
    *('deep header', 'not a header', 'empty', 'the body', 'a leap'),
)


def lying_archive(shape: list[int]) -> bytes:
    header = f'{{"about":{{}},"arrays":[["head.bias","<i4",{shape}]]}}'
    return raw_archive(header.encode())


def raw_archive(header: bytes) -> bytes:
    """Return an archive with a correct digest around any header."""
    body = struct.pack('<8sHH', b'EDGEADPT', 1, len(KIND)) + KIND.encode()
    body += struct.pack('<I', len(header)) + header
    return body + hashlib.sha256(body).digest()


@pytest.mark.parametrize('attack', ATTACKS)
def test_an_attack_is_refused_for_its_cause(model, improve, attack):
    rules = replace(FREE, max_step=1.0) if attack == 'a leap' else FREE
    intake = Intake(model, Trust.of([KEY.public]), sequence=10, rules=rules)
    cause, data = attacks(improve, model)[attack]
    answer = offer(intake, data, model)
    assert (answer.weights, answer.cause) == (None, cause), answer.reason
    assert (intake.sequence, intake.n_accepted) == (10, 0)


def test_the_list_of_attacks_is_whole(improve, model):
    assert set(ATTACKS) == set(attacks(improve, model))


def test_a_cause_is_told_once_and_counted_for_ever(intake, model):
    answers = [offer(intake, b'x', model) for _ in range(100)]
    assert [answer.is_first for answer in answers].count(True) == 1
    assert intake.refusals == {'signature': 100}


def test_of_two_publishers_that_fight_the_higher_sequence_wins_once(intake, improve, model):
    one, other = improve(1, sequence=11).encode(KEY), improve(2, sequence=12).encode(KEY)
    taken = [offer(intake, data, model).update for data in [one, other] * 50]
    assert [update.sequence for update in taken if update] == [11, 12]


def test_repeated_and_reordered_messages_change_nothing(intake, improve, model):
    updates = [improve(i, sequence=10 + i).encode(KEY) for i in (3, 1, 2, 3, 3, 4)]
    taken = [offer(intake, data, model).update for data in updates]
    assert [update.sequence for update in taken if update] == [13, 14]


def test_accepted_updates_are_limited_in_rate(model, improve):
    intake = Intake(model, Trust.of([KEY.public]), rules=Rules(attempts_hz=1e9, n_burst=2))
    answers = [offer(intake, improve(i).encode(KEY), model) for i in range(1, 6)]
    assert [answer.cause for answer in answers] == ['', '', 'rate', 'rate', 'rate']
    late = offer(intake, improve(9).encode(KEY), model, steady_ns=2 * SECOND)
    assert late.update is not None


def test_a_flood_is_not_even_opened(model, improve):
    intake = Intake(model, Trust.of([KEY.public]))
    for i in range(1000):
        offer(intake, b'x', model, steady_ns=SECOND + i * 1_000_000)  # a message a millisecond
    assert intake.refusals['signature'] <= 10 + 10
    assert intake.refusals['attempts'] >= 1000 - 20
    good = offer(intake, improve(1).encode(KEY), model, steady_ns=4 * SECOND)
    assert good.update is not None


def test_a_steady_clock_that_stands_still_opens_no_door(model, improve):
    intake = Intake(model, Trust.of([KEY.public]))
    answers = [offer(intake, b'x', model) for _ in range(50)]
    assert [answer.cause for answer in answers].count('signature') == 10


def test_where_unsigned_is_allowed_the_other_rules_hold(model, improve):
    intake = Intake(model, Trust(allow_unsigned=True), sequence=10, rules=FREE)
    assert offer(intake, improve(1, sequence=10).encode(), model).cause == 'sequence'
    assert offer(intake, improve(1, sequence=11).encode(), model).update is not None


def test_refusing_keeps_no_memory(intake, model):
    data = bytes(200_000)
    offer(intake, data, model)
    tracemalloc.start()
    for _ in range(500):
        offer(intake, data, model)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 20_000  # a tenth of one of the 500 messages


def mutations(data: bytes) -> st.SearchStrategy[bytes]:
    """Return bytes that differ from `data`: overwritten, cut, doubled, spliced."""
    place = st.integers(0, len(data) - 1)
    overwritten = st.builds(
        lambda at, new: data[:at] + new + data[at + len(new) :], place, st.binary(max_size=9)
    )
    spliced = st.builds(lambda a, b: data[:a] + data[b:], place, place)
    inserted = st.builds(lambda a, x: data[:a] + x + data[a:], place, st.binary(max_size=40))
    return st.one_of(overwritten, spliced, inserted, st.binary(max_size=400)).filter(
        lambda changed: changed != data
    )


def check_fuzzed(intake, model, good: bytes, n_examples: int) -> None:
    @settings(max_examples=n_examples, deadline=None, database=None, derandomize=True)
    @given(mutations(good))
    def nothing_fuzzed_gets_in(data: bytes) -> None:
        assert offer(intake, data, model).weights is None

    nothing_fuzzed_gets_in()
    assert intake.n_accepted == 0
    assert sum(intake.refusals.values()) >= n_examples


def test_fuzzed_messages_are_refused(intake, improve, model):
    check_fuzzed(intake, model, improve(1, sequence=11).encode(KEY), 500)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_20_000_fuzzed_messages_are_refused(intake, improve, model, report):
    check_fuzzed(intake, model, improve(1, sequence=11).encode(KEY), 20_000)
    report('weight messages fuzzed by hypothesis', 20_000, 20_000)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    header=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(['about', 'arrays', 'x']), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_a_well_signed_header_of_any_form_is_refused(model, header):
    intake = Intake(model, Trust.of([KEY.public]), rules=FREE)
    data = KEY.sign(raw_archive(json.dumps(header).encode()))
    assert offer(intake, data, model).cause == 'content'
