"""Everything that the gateway knows, as records that the journal keeps one by one.

A decision never changes a state; it names events (what happened, for the record) and changes (which records
are put or dropped). ``State.apply`` carries changes out, so the same changes give the same state after a restart.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from .incident import Deadline, Incident, Lease, Page, Person
from .site import Hazard, StaffMember


@dataclass(frozen=True, slots=True)
class PointRecord:
    """What is known of a point. ``alarm`` is live; latched is whether ``incident`` is still open."""

    id: str
    alarm: bool | None = None
    fault: bool | None = None
    tamper: bool | None = None
    test: bool | None = None
    value: float | None = None
    on: bool | None = None
    state: str = ""
    episode: int = 0
    incident: str = ""
    changed_at: float | None = None
    device_at: float | None = None
    alarm_device_at: float | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Roster:
    """The journalled copy of who is in which tier."""

    version: int
    staff: tuple[StaffMember, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """One recorded proof about one page."""

    page: str
    step: str
    at: float
    phone: str = ""
    person: str = ""
    detail: str = ""


class EventKind(StrEnum):
    """What happened; the journal keeps one row for each."""

    POINT = "point"
    RAISED = "raised"
    JOINED = "joined"
    RESTORED = "restored"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    PAGED = "paged"
    ACCEPTED = "accepted"
    OVERDUE = "overdue"
    SETTLED = "settled"
    RECEIPT = "receipt"
    ROSTER = "roster"
    LEASE = "lease"
    SWITCHED = "switched"


INCIDENT_EVENTS = frozenset(
    {
        EventKind.RAISED,
        EventKind.JOINED,
        EventKind.RESTORED,
        EventKind.ESCALATED,
        EventKind.ACKNOWLEDGED,
        EventKind.CLOSED,
    }
)
"""The events that an integration is told as incident events."""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the record; ``incident``, ``page`` … hold the record as it was right after the event."""

    number: int
    at: float
    kind: EventKind
    subject: str
    incident: Incident | None = None
    page: Page | None = None
    point: PointRecord | None = None
    person: Person | None = None
    receipt: Receipt | None = None
    detail: str = ""


type Record = PointRecord | Incident | Page | Deadline | Roster | Lease


@dataclass(frozen=True, slots=True)
class Put:
    """Keep this record under its kind and id, replacing the older one."""

    id: str
    record: Record


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget the record of this type with this id."""

    id: str
    type: type[Record]


type Change = Put | Drop


@dataclass(slots=True)
class State:
    """The records by id. ``number`` is the journal's last number, ``epoch`` the journal's epoch."""

    epoch: str
    number: int = 0
    points: dict[str, PointRecord] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    roster: Roster | None = None
    lease: Lease | None = None
    links_up: set[tuple[str, str]] = field(default_factory=set)
    by_key: dict[str, str] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)
    unplaced: set[str] = field(default_factory=set)

    def apply(self, changes: tuple[Change, ...], number: int) -> None:
        """Carry out ``changes``, which bring the journal to ``number``."""
        for change in changes:
            if isinstance(change, Put):
                self._put(change.id, change.record)
            else:
                self._drop(change.id, change.type)
        self.number = max(self.number, number)

    def _put(self, key: str, record: Record) -> None:
        match record:
            case PointRecord():
                self.points[key] = record
                (self.live.add if record.alarm else self.live.discard)(key)
            case Incident():
                self.incidents[key] = record
                self.by_key[record.key] = key
                if record.hazard is Hazard.UNPLACED:
                    self.unplaced.add(key)
            case Page():
                self.pages[key] = record
            case Deadline():
                self.deadlines[key] = record
            case Roster():
                self.roster = record
            case Lease():
                self.lease = record

    def _drop(self, key: str, kind: type[Record]) -> None:
        if kind is Incident:
            incident = self.incidents.pop(key, None)
            if incident and self.by_key.get(incident.key) == key:
                del self.by_key[incident.key]
            self.unplaced.discard(key)
        elif kind is Page:
            self.pages.pop(key, None)
        elif kind is Deadline:
            self.deadlines.pop(key, None)

    def incident_for(self, key: str) -> Incident | None:
        """The incident that is not closed and takes what folds under ``key``."""
        found = self.by_key.get(key)
        return self.incidents.get(found) if found else None
