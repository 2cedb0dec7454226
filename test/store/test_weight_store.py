"""What a store promises: never half, never none, never back by itself, never without bound."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edge_adapt.errors import UsageError
from edge_adapt.store.signing import SigningKey, Trust
from edge_adapt.store.weight_store import Retention, WeightStore
import numpy as np
import pytest


@pytest.fixture
def store(tmp_path, model):
    return WeightStore(tmp_path, model, clock_ns=lambda: 5_000)


def activate(store, update):
    version = store.put(update)
    store.promote(version)
    store.confirm()
    return version


def test_an_empty_store_runs_the_model_itself(store, model):
    assert store.running == model.weights.version
    assert store.running_weights() == model.weights


def test_an_empty_store_writes_nothing(store):
    assert store.state.number == 0
    assert not store.folder.exists()


def test_gives_back_what_was_put(store, improve, model):
    update = improve(1)
    version = store.put(update)
    assert store.get(version) == update.apply(model)
    assert store.update(version).arrays == update.arrays


def test_another_store_on_the_folder_sees_the_same(store, improve, model, tmp_path):
    version = activate(store, improve(1))
    assert WeightStore(tmp_path, model).running_weights().version == version


def test_two_models_share_a_folder_without_meeting(store, improve, model, tmp_path):
    activate(store, improve(1))
    other = WeightStore(tmp_path, replace(model, digest='cd' * 32))
    assert other.running == model.weights.version
    with pytest.raises(UsageError, match='is for model'):
        other.put(improve(2))


def test_banks_are_proven_versions_that_know_their_domain(store, improve):
    first, second = activate(store, improve(1)), activate(store, improve(2))
    candidate = store.put(improve(3))
    assert store.banks() == [second, first]
    assert candidate not in store.banks()


def test_a_sequence_number_is_taken_once(store, improve):
    store.put(improve(1, sequence=7))
    assert store.next_sequence == 8
    with pytest.raises(UsageError, match='is not above 7'):
        store.put(improve(2, sequence=7))


def test_an_expired_update_is_refused(store, improve):
    with pytest.raises(UsageError, match='has expired'):
        store.put(improve(1, expires_ns=5_000))


def test_a_foreign_update_that_does_not_fit_leaves_no_trace(store, improve):
    with pytest.raises(UsageError):
        store.put(replace(improve(1), base='cd' * 32))
    assert not store.folder.exists()


def test_keeps_a_bounded_number_of_versions(tmp_path, model, improve):
    store = WeightStore(tmp_path, model, retention=Retention(max_versions=5))
    for i in range(1, 30):
        activate(store, improve(i))
    assert len(list(store.folder.glob('*.weights'))) == 5
    assert store.banks()[0] == store.active


def test_the_journal_says_who_what_from_where_and_why(store, improve):
    version = activate(store, improve(1, producer='fleet', evidence={'gain': 0.5}))
    store.roll_back('worse on the guard set')
    lines = store.journal()
    assert [line['event'] for line in lines] == ['put', 'promote', 'confirm', 'roll back']
    assert lines[0]['facts'] == {'producer': 'fleet', 'signer': '', 'gain': 0.5}
    assert (lines[3]['from'], lines[3]['runs']) == (version, store.base)
    assert lines[3]['facts'] == {'reason': 'worse on the guard set'}
    assert [line['number'] for line in lines] == [1, 2, 3, 4]


def test_the_journal_is_bounded(store, improve, monkeypatch):
    monkeypatch.setattr(store._journal, '_max_bytes', 4_000)
    for i in range(1, 40):
        activate(store, improve(i))
    n_bytes = sum(path.stat().st_size for path in store.folder.glob('journal*'))
    assert n_bytes <= 8_000
    assert store.journal()[-1]['number'] == store.state.number


@pytest.mark.parametrize('name', ['../../x', 'ab', '0' * 17, '', '/etc/passwd'])
def test_a_name_that_is_no_version_never_becomes_a_path(store, name):
    with pytest.raises(UsageError):
        store.get(name)
    with pytest.raises(UsageError):
        store.promote(name)


def test_a_damaged_trial_is_passed_over_counted_and_told(store, improve):
    first = activate(store, improve(1))
    second = store.put(improve(2))
    store.promote(second)
    damage(store.folder / f'{second}.weights')
    assert store.running_weights().version == first
    assert store.n_skipped == 1
    assert 'is damaged' in store.problems[second]


def test_a_damaged_version_cannot_be_promoted(store, improve):
    version = store.put(improve(1))
    damage(store.folder / f'{version}.weights')
    with pytest.raises(UsageError, match='is damaged'):
        store.promote(version)
    assert store.running == store.base


def test_where_every_file_is_damaged_the_model_itself_runs(store, improve, model):
    for i in range(1, 4):
        activate(store, improve(i))
    for path in store.folder.iterdir():
        damage(path)
    assert store.running_weights() == model.weights


def test_a_damaged_state_costs_one_decision(store, improve):
    first = activate(store, improve(1))
    store.promote(store.put(improve(2)))
    damage(store.folder / f'state.{store.state.number % 2}')
    assert store.running == first
    assert activate(store, improve(3)) == store.running


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[len(data) // 2] ^= 4
        path.write_bytes(bytes(data))


def test_a_file_under_another_name_is_refused(store, improve):
    first, second = store.put(improve(1)), store.put(improve(2))
    (store.folder / f'{first}.weights').replace(store.folder / f'{second}.weights')
    with pytest.raises(UsageError, match='holds another version'):
        store.get(second)


def test_a_signing_store_trusts_no_file_of_others(tmp_path, model, improve):
    key = SigningKey.new()
    store = WeightStore(tmp_path, model, key=key, trust=Trust.of([key.public]))
    version = activate(store, improve(1))
    assert store.update(version).signer == key.public.name
    (store.folder / f'{version}.weights').write_bytes(improve(1).encode())
    with pytest.raises(UsageError, match='is not signed'):
        store.get(version)
    assert store.running_weights() == model.weights


def test_learning_the_same_again_is_the_same_version(store, improve):
    first = activate(store, improve(1))
    assert store.put(improve(1, sequence=2)) == first
    assert store.active == first
    assert store.banks() == [first]


def scenario(store, improve, n_rounds=8):
    """Yield after every decision of some lives of versions."""
    for i in range(1, n_rounds + 1):
        version = store.put(improve(i))
        yield
        store.promote(version)
        yield
        if i % 3 == 0:
            store.roll_back('worse')
        else:
            store.confirm()
        yield
        if i % 4 == 0 and store.banks()[1:]:
            store.promote(store.banks()[1])
            yield
            store.confirm()
            yield


LOSSES = {
    'nothing more is lost': lambda rng: (lambda: True, lambda inode: inode.content),
    'all that was not synced is lost': lambda rng: (lambda: False, lambda inode: inode.synced),
    'names are kept, contents are lost': lambda rng: (lambda: True, lambda inode: b''),
    'by chance': lambda rng: (
        lambda: rng.random() < 0.5,
        lambda inode: inode.content[: rng.integers(len(inode.content) + 1)],
    ),
}


@pytest.mark.parametrize('loss', LOSSES)
def test_after_a_cut_at_any_operation_there_is_the_old_version_or_the_new(
    loss, model, improve, cut_files, report
):
    rng = np.random.default_rng(5)
    files = cut_files()
    files.records = True
    retention = Retention(max_versions=4)
    store = WeightStore('/disk', model, files=files, retention=retention)
    store._journal._max_bytes = 3_000
    before, n_points = store.state, 0
    for _ in scenario(store, improve):
        after, cuts = store.state, files.snapshots
        files.snapshots = []
        for operation, disk in cuts:
            survived = cut_files(disk.after_cut(*LOSSES[loss](rng)))
            boot = WeightStore('/disk', model, files=survived, retention=retention)
            assert boot.running in (before.running, after.running), operation
            assert boot.running_weights().version == boot.running, operation
            assert boot.n_skipped == 0, operation
            activate(boot, improve(1_000, sequence=boot.next_sequence))
            numbers = [line['number'] for line in boot.journal()]
            last = boot.state.number  # three decisions of this boot, and the one before the cut
            assert numbers[-4:] == list(range(max(1, last - 3), last + 1)), operation
            assert not [name for name in survived.names(boot.folder) if name.endswith('.tmp')]
            n_points += 1
        before = after
    assert n_points >= 200
    report(f'power cut in the store: {loss}', n_points, n_points)


def test_a_full_disk_is_told_and_changes_nothing(model, improve, cut_files):
    rehearsal = cut_files()
    store = WeightStore('/disk', model, files=rehearsal)
    activate(store, improve(1))
    n_before = rehearsal.n_operations
    activate(store, improve(2))
    for n_allowed in range(rehearsal.n_operations - n_before):
        files = cut_files()
        store = WeightStore('/disk', model, files=files)
        first = activate(store, improve(1))
        files.fail_after = files.n_operations + n_allowed
        with pytest.raises(UsageError, match='No space left on device'):
            activate(store, improve(2))
        assert store.running_weights().version in (first, improve(2).version)
        assert store.n_skipped == 0
        files.fail_after = None
        assert activate(store, improve(3, sequence=store.next_sequence)) == store.running


def test_a_read_only_folder_is_told(model, improve, tmp_path):
    (tmp_path / model.digest[:16]).write_text('in the way')
    with pytest.raises(UsageError, match='cannot be changed'):
        WeightStore(tmp_path, model).put(improve(1))
    assert WeightStore(tmp_path, model).running_weights() == model.weights


def test_a_new_store_speaks_after_any_store_before_it(tmp_path, model, improve):
    clock = iter(range(10**9, 10**10, 10**6))
    old = WeightStore(tmp_path / 'old', model, clock_ns=lambda: next(clock))
    assert old.said == 0
    for seed in range(1, 5):
        old.put(improve(seed))
    new = WeightStore(tmp_path / 'new', model, clock_ns=lambda: next(clock))
    assert new.next_said > old.next_said > old.said
    again = WeightStore(tmp_path / 'old', model, clock_ns=lambda: next(clock))
    assert again.next_said == old.next_said  # the same store goes on counting


def test_notes_are_lines_that_change_nothing(tmp_path, model, improve):
    store = WeightStore(tmp_path, model)
    store.put(improve(1))
    before = store.state
    store.note('decision', {'rung': 'bank'})
    assert store.state == before
    assert store.journal()[-1]['facts'] == {'rung': 'bank'}
    store.put(improve(2))
    assert [line['event'] for line in store.journal()] == ['put', 'decision', 'put']
