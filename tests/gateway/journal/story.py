"""What the journal's tests write: numbered entries, each with an incident that says which number it was."""

import asyncio
import sqlite3
from pathlib import Path

from community_help_gateway.journal.store import Journal
from community_help_gateway.model.incident import Deadline, DeadlineKind, Incident
from community_help_gateway.model.site import Hazard
from community_help_gateway.model.state import Change, Event, EventKind, PointRecord, Put, State

FOLDED = 7
"""So many incidents take turns, so records are overwritten all the time."""


def incident(number: int) -> Incident:
    """The incident that entry ``number`` concerns; its revision is the number."""
    name = f"i-{number % FOLDED}"
    return Incident(name, name, "qsw", "清水湾", Hazard.FIRE, f"{name}号楼", 1000.0, revision=number)


def event(number: int, kind: EventKind = EventKind.RAISED) -> Event:
    """Entry ``number``, a second after the one before it."""
    found = incident(number)
    return Event(number, float(number), kind, found.id, found)


def changes(number: int) -> tuple[Change, ...]:
    """What entry ``number`` changes: its incident, a point, a deadline."""
    found = incident(number)
    deadline = Deadline(DeadlineKind.ANSWER, found.id, float(number), 120.0)
    point = PointRecord(f"p-{number % FOLDED}", alarm=True, number=number)
    return Put(found.id, found), Put(point.id, point), Put(deadline.id, deadline)


def submit(journal: Journal, number: int) -> asyncio.Future[None]:
    """Write entry ``number`` with all that it changes, and a command."""
    return journal.submit([event(number)], changes(number), (f"k-{number}", float(number), f'{{"number": {number}}}'))


async def write(journal: Journal, first: int, last: int) -> None:
    """Write the entries of these numbers, each in a commit of its own."""
    for number in range(first, last + 1):
        await submit(journal, number)


def told(last: int) -> State:
    """The state after entry ``last``, by the simplest way to it."""
    state = State("")
    for number in range(1, last + 1):
        state.apply(changes(number), number)
    return state


def everything(last: int) -> tuple[Change, ...]:
    """A put of every record after entry ``last``: what the hub answers when it is asked to rebuild."""
    state = told(last)
    return tuple(
        Put(key, record)
        for records in (state.points, state.incidents, state.deadlines)
        for key, record in records.items()
    )


def holds(state: State, last: int, *, points: bool = True) -> bool:
    """Whether ``state`` is the one after entry ``last``; without points they must all be unknown."""
    expected = told(last)
    return (state.incidents, state.deadlines, state.points) == (
        expected.incidents,
        expected.deadlines,
        expected.points if points else {},
    )


def numbers(file: Path) -> list[int]:
    """The numbers of all entries in a file, read with SQLite alone."""
    with sqlite3.connect(file) as reader:
        found = [number for (number,) in reader.execute("SELECT number FROM entry ORDER BY number")]
    reader.close()
    return found


def beside(file: Path) -> dict[str, bytes]:
    """Every file that was set aside, by its name."""
    return {path.name: path.read_bytes() for path in file.parent.glob(f"{file.name}.*-*T*")}
