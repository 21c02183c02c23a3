"""What is gathered for one commit has the same effect as one change after the other; groups share commits."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from community_help_gateway.journal import rows
from community_help_gateway.journal.database import ROWS_AT_ONCE
from community_help_gateway.journal.rows import Batch, Pending, incident_of, keyed
from community_help_gateway.journal.store import Journal
from community_help_gateway.model.incident import Deadline, DeadlineKind, Incident
from community_help_gateway.model.state import Change, Drop, Event, EventKind, PointRecord, Put, Record
from tests.gateway.journal.story import event, holds, incident, submit

IDS = st.sampled_from("abc")
PUTS = st.one_of(
    st.builds(lambda key, number: Put(key, PointRecord(key, number=number)), IDS, st.integers(0, 9)),
    st.builds(lambda key, due: Put(key, Deadline(DeadlineKind.ANSWER, key, due, 1.0)), IDS, st.floats(0, 9)),
)
CHANGES = st.lists(st.one_of(PUTS, st.builds(Drop, IDS, st.sampled_from([PointRecord, Deadline]))), max_size=12)


def naive(changes: list[Change]) -> dict[tuple[type[Record], str], Record]:
    """One after the other."""
    state: dict[tuple[type[Record], str], Record] = {}
    for change in changes:
        if isinstance(change, Put):
            state[type(change.record), change.id] = change.record
        else:
            state.pop((change.type, change.id), None)
    return state


@given(st.lists(CHANGES, max_size=6), CHANGES)
def test_the_last_change_wins(batches: list[list[Change]], before: list[Change]) -> None:
    """On top of any state, what is gathered leaves what single steps leave, with one write per record."""
    pending = Pending()
    for batch in batches:
        pending.add(Batch((), [keyed(change) for change in batch], None, None))  # type: ignore[arg-type]
    state = {(rows.KINDS[kind], key): record for (kind, key), record in naive(before).items()}
    state |= {key: record for key, record in pending.records.items() if record is not None}
    for key, record in pending.records.items():
        if record is None:
            state.pop(key, None)
    expected = naive([*before, *(change for batch in batches for change in batch)])
    assert state == {(rows.KINDS[kind], key): record for (kind, key), record in expected.items()}


@given(CHANGES, CHANGES, CHANGES)
def test_a_rebuilt_state_replaces_what_came_before_it(old: list[Change], full: list[Change], new: list[Change]) -> None:
    """What the hub answered holds, later changes come on top, and salvaged records fill only what nobody spoke of."""
    pending = Pending()
    pending.add(Batch((), [keyed(change) for change in old], None, None))  # type: ignore[arg-type]
    puts = [Put(key, record) for (_, key), record in naive(full).items()]
    pending.rebase(puts)
    pending.add(Batch((), [keyed(change) for change in new], None, None))  # type: ignore[arg-type]
    expected = {(rows.KINDS[kind], key): record for (kind, key), record in naive([*puts, *new]).items()}
    assert {key: record for key, record in pending.records.items() if record is not None} == expected
    pending.underlay([Put("z", PointRecord("z"))])
    assert pending.records["point", "z"] == PointRecord("z")


@settings(max_examples=30, deadline=None)
@given(CHANGES)
async def test_the_file_holds_what_single_steps_leave(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Change]
) -> None:
    """The same through the real file: changes handed over at once, each in a batch of its own."""
    journal = Journal.open(tmp_path_factory.mktemp("rows") / "j.sqlite")
    await asyncio.gather(*(journal.submit((), [change]) for change in changes))
    state = journal.load()
    await journal.close()
    found = {(type(record), key): record for key, record in (*state.points.items(), *state.deadlines.items())}
    assert found == naive(changes)


async def test_a_storm_on_one_incident_writes_it_once_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """400 joins in one turn of the loop cost one commit and one write of the incident, with 400 entries."""
    written: list[Record] = []
    original = rows.encode

    def count(value: Record | Event) -> bytes:
        written.extend([value] if isinstance(value, Incident) else [])
        return original(value)

    monkeypatch.setattr("community_help_gateway.journal.database.encode", count)
    journal = Journal.open(tmp_path / "j.sqlite")
    one = incident(1)
    batches = [journal.submit([event(number)], [Put(one.id, one)]) for number in range(1, 401)]
    await asyncio.gather(*batches)
    assert journal.commits == len(written) == 1
    assert journal.check().entries == 400
    await journal.close()


async def test_a_group_shares_commits(tmp_path: Path) -> None:
    """What arrives during a commit is written by the next one, all of it."""
    journal = Journal.open(tmp_path / "j.sqlite")
    written = []
    for number in range(1, 1001):
        written.append(submit(journal, number))
        await asyncio.sleep(0)
    await asyncio.gather(*written)
    assert journal.commits < 500
    assert holds(journal.load(), 1000)
    await journal.close()


@pytest.mark.parametrize("count", [1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE - 1])
async def test_a_statement_takes_many_rows(tmp_path: Path, count: int) -> None:
    """Entries, records, drops and commands are all there, however many come together."""
    names = [f"p{number}" for number in range(count)]
    journal = Journal.open(tmp_path / "j.sqlite")
    for number, name in enumerate(names, 1):
        change, put = Event(number, 1.0, EventKind.POINT, name), Put(name, PointRecord(name, number=number))
        written = journal.submit([change], [put], (name, float(number), f"{number}"))
    await written
    assert (journal.commits, journal.check().entries) == (1, count)
    assert journal.load().points == {name: PointRecord(name, number=number) for number, name in enumerate(names, 1)}
    assert journal.commands() == {name: f"{number}" for number, name in enumerate(names, 1)}
    await journal.submit((), [Drop(name, PointRecord) for name in names[1:]])
    assert list(journal.load().points) == names[:1]
    await journal.close()


async def test_what_is_on_the_disk_is_shown_before_anybody_who_waits_goes_on(tmp_path: Path) -> None:
    """Durable, then visible, then acknowledged; one that cannot be shown keeps nothing else back."""
    journal, log = Journal.open(tmp_path / "j.sqlite"), list[str]()

    def show(number: int) -> None:
        log.append(f"shown {number}")
        if number == 1:
            raise ValueError

    async def wait(number: int) -> None:
        await journal.submit([event(number)], (), None, lambda _: show(number))
        log.append(f"over {number}")

    await asyncio.gather(wait(1), wait(2))
    assert log == ["shown 1", "shown 2", "over 1", "over 2"]
    await journal.close()


async def test_a_request_stays_behind_what_was_submitted_in_the_same_turn(tmp_path: Path) -> None:
    """Old entries are deleted, and another epoch begins, in order with what is written."""
    journal = Journal.open(tmp_path / "j.sqlite")
    journal.submit([Event(1, 1.0, EventKind.POINT, "p")], ())
    assert await journal.retain(2.0, 2) == 1
    journal.submit([Event(2, 1.0, EventKind.POINT, "p")], ())
    epoch = journal.renew()
    await journal.close()
    journal = Journal.open(tmp_path / "j.sqlite")
    assert (journal.load().epoch, journal.load().number) == (epoch, 2)
    await journal.close()


async def test_a_record_of_an_unknown_type_is_refused_where_it_is_submitted(tmp_path: Path) -> None:
    """A type that was forgotten in KINDS fails loudly in the caller and stops nobody else."""
    journal = Journal.open(tmp_path / "j.sqlite")
    with pytest.raises(KeyError):
        journal.submit((), [Put("x", object())])  # type: ignore[arg-type]
    await submit(journal, 1)
    await journal.close()


async def test_text_that_is_no_unicode_stops_nothing(tmp_path: Path) -> None:
    """Half a surrogate pair, which JSON can carry, becomes a question mark (promise 12)."""
    bad = "no\ud800te"
    journal = Journal.open(tmp_path / "j.sqlite")
    point = PointRecord(bad, state=bad)
    await journal.submit([Event(1, 1.0, EventKind.RAISED, bad, detail=bad)], [Put(bad, point)], (bad, 1.0, '"\\ud800"'))
    (found,) = await journal.history(0, 10)
    assert (found.subject, found.detail) == ("no?te", "no?te")
    assert journal.load().points == {"no?te": PointRecord("no?te", state="no?te")}
    await journal.close()


def test_an_entry_knows_its_incident() -> None:
    """By the incident it carries, or by its subject when that is one."""
    assert incident_of(event(3)) == "i-3"
    assert incident_of(Event(1, 1.0, EventKind.CLOSED, "i-9")) == "i-9"
    assert incident_of(Event(1, 1.0, EventKind.POINT, "p-1")) == ""
    assert incident_of(Event(1, 1.0, EventKind.REFUSED, "p-1")) == ""
    assert incident_of(Event(1, 1.0, EventKind.REFUSED, "i-9", about="i-9")) == "i-9"
