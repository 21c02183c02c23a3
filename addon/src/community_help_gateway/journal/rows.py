"""How the model's values become rows, and what waits to be written."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from ..errors import JournalError
from ..model.state import INCIDENT_EVENTS, KINDS, Change, Event, EventKind, Put, Record

TYPES = {kind: cls for cls, kind in KINDS.items()}
"""The type of record that a word in the file stands for."""

type Told = Callable[[JournalError | None], None]
"""Called on the loop when something is on the disk, or with what was wrong with it."""

type Key = tuple[str, str]
"""A record's kind and id."""


class Row(NamedTuple):
    """An entry without its hash."""

    number: int
    at: float
    kind: str
    subject: str
    body: bytes
    incident: str


class Command(NamedTuple):
    """A command that was carried out: its key, when, and the answer as JSON."""

    key: str
    at: float
    outcome: str


@dataclass(slots=True)
class Batch:
    """What one decision writes: all of it or nothing."""

    events: Sequence[Event]
    records: Sequence[tuple[Key, Record | None]]
    command: Command | None
    told: Told


def incident_of(event: Event) -> str:
    """The id of the incident that an event concerns, or nothing."""
    if event.incident or event.about:
        return event.incident.id if event.incident else event.about
    return event.subject if event.kind in INCIDENT_EVENTS - {EventKind.REFUSED} else ""


def encode(value: Record | Event) -> bytes:
    """The body of a record or an entry. What is no Unicode (half a surrogate pair) becomes a question mark."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-8", "replace")


def clean(text: str) -> str:
    """The text as SQLite can keep it."""
    return text.encode("utf-8", "replace").decode()


def decode(kind: str, body: bytes) -> Record:
    """The record of a body; raises msgspec.DecodeError for what is none, also for an unknown kind."""
    if kind not in TYPES:
        message = f"unknown kind of record {kind!r}"
        raise msgspec.DecodeError(message)
    record: Record = msgspec.json.decode(body, type=TYPES[kind])
    return record


def keyed(change: Change) -> tuple[Key, Record | None]:
    """The record that a change leaves under its kind and id; raises KeyError for a type that is not in ``KINDS``."""
    if isinstance(change, Put):
        return (KINDS[type(change.record)], clean(change.id)), change.record
    return (KINDS[change.type], clean(change.id)), None


@dataclass(slots=True)
class Pending:
    """What is not on the disk yet, in the order of the calls.

    Of each record only the last change is kept, None being a drop, so a storm on one incident writes it once a
    commit. While the disk refuses, memory grows by the encoded events (about a kilobyte each, more for an incident
    of many members) and by the commands, and by nothing else. ``epoch`` is the one that begins, if another does.
    """

    rows: list[Row] = field(default_factory=list)
    records: dict[Key, Record | None] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    waiting: list[Told] = field(default_factory=list)
    epoch: str = ""

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.rows or self.records or self.commands or self.epoch)

    def add(self, batch: Batch) -> None:
        """Take one decision."""
        for e in batch.events:
            self.rows.append(Row(e.number, e.at, e.kind, clean(e.subject), encode(e), clean(incident_of(e))))
        self.records.update(batch.records)
        if batch.command:
            self.commands.append(batch.command)
        self.waiting.append(batch.told)

    def rebase(self, changes: Iterable[Change]) -> None:
        """``changes`` put every record there is: what was gathered so far is in them."""
        self.records = dict(keyed(change) for change in changes)

    def underlay(self, puts: Iterable[Put]) -> None:
        """Records that are older than all that was gathered."""
        for put in puts:
            self.records.setdefault(*keyed(put))

    def clear(self) -> None:
        """All of it is written. Who waits stays."""
        self.rows, self.records, self.commands, self.epoch = [], {}, [], ""
