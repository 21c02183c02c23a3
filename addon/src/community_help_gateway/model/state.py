"""Everything that the gateway knows, as records that the journal keeps one by one.

A decision never changes a state; it names events (what happened, for the record) and changes (which records
are put or dropped). ``State.apply`` carries changes out, so the same changes give the same state after a restart.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from .adopted import Adopted
from .incident import Bypass, Deadline, Drill, Incident, Lease, Member, Name, Page, SelfTest
from .kinds import Hazard
from .policy import PolicySet
from .roster import Roster


class PointRecord(msgspec.Struct, frozen=True):
    """What is known of a point. ``alarm`` is live; latched is whether ``incident`` is still open.

    ``fold`` is what its alarm folds into, ``level`` the level of a gas or of an occupied lane, ``rising`` how many
    samples in a row were above that level (not journalled by itself). ``alarm_source`` is the peer that said the alarm.
    """

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
    battery_low: bool | None = None
    fold: str = ""
    level: int = 0
    rising: int = 0
    since: float | None = None
    alarm_source: str = ""


class DeviceRecord(msgspec.Struct, frozen=True):
    """What is wrong with a device or a link ("link:PROTOCOL:DEVICE"), apart from its alarms: cause and incident."""

    id: str
    causes: dict[str, str]


class Heard(msgspec.Struct, frozen=True):
    """When devices with a reporting period were last heard (wall time); written now and then, not per report."""

    times: dict[str, float]


class Receipt(msgspec.Struct, frozen=True):
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
    WORSENED = "worsened"
    RESTORED = "restored"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    HANDLING = "handling"
    HANDED_OVER = "handed_over"
    NOTED = "noted"
    ASKED = "asked"
    OWNER_SILENT = "owner_silent"
    NEEDS_REVIEW = "needs_review"
    DECLARED_REAL = "declared_real"
    RESOLVED = "resolved"
    CLOSED = "closed"
    PAGED = "paged"
    NOT_PAGED = "not_paged"
    ACCEPTED = "accepted"
    OVERDUE = "overdue"
    SETTLED = "settled"
    RECEIPT = "receipt"
    ROSTER = "roster"
    LEASE = "lease"
    SWITCHED = "switched"
    BYPASSED = "bypassed"
    BYPASS_ENDED = "bypass_ended"
    BYPASSED_ALARM = "bypassed_alarm"
    DRILL_STARTED = "drill_started"
    DRILL_ENDED = "drill_ended"
    DEVICE = "device"
    POLICIES = "policies"
    EPOCH = "epoch"
    NAME_ERASED = "name_erased"
    REFUSED = "refused"
    UNPROVEN = "unproven"
    SELF_TEST = "self_test"
    ADOPTED = "adopted"
    ORDERED = "ordered"
    VERIFIED = "verified"
    SESSION = "session"
    FILTER = "filter"


INCIDENT_EVENTS = frozenset(
    {
        EventKind.RAISED,
        EventKind.JOINED,
        EventKind.WORSENED,
        EventKind.RESTORED,
        EventKind.ESCALATED,
        EventKind.ACKNOWLEDGED,
        EventKind.HANDLING,
        EventKind.HANDED_OVER,
        EventKind.NOTED,
        EventKind.ASKED,
        EventKind.OWNER_SILENT,
        EventKind.NEEDS_REVIEW,
        EventKind.DECLARED_REAL,
        EventKind.RESOLVED,
        EventKind.CLOSED,
        EventKind.REFUSED,
    }
)
"""The events that an integration is told as incident events, where they have an incident."""


class Event(msgspec.Struct, frozen=True):
    """One row of the record; ``incident``, ``page`` … hold the record as it was right after the event.

    ``person`` is an id: names are kept apart, so that they can be erased without touching the record. ``about`` is the
    incident that it concerns, where that is not in it.
    """

    number: int
    at: float
    kind: EventKind
    subject: str
    incident: Incident | None = None
    page: Page | None = None
    point: PointRecord | None = None
    member: Member | None = None
    receipt: Receipt | None = None
    person: str = ""
    detail: str = ""
    about: str = ""


type Record = (
    PointRecord
    | DeviceRecord
    | Heard
    | Incident
    | Member
    | Page
    | Deadline
    | Roster
    | PolicySet
    | Lease
    | Drill
    | Bypass
    | Name
    | SelfTest
    | Adopted
)

KINDS: dict[type[Record], str] = {
    PointRecord: "point",
    DeviceRecord: "device",
    Heard: "heard",
    Incident: "incident",
    Member: "member",
    Page: "page",
    Deadline: "deadline",
    Roster: "roster",
    PolicySet: "policies",
    Lease: "lease",
    Drill: "drill",
    Bypass: "bypass",
    Name: "name",
    SelfTest: "self_test",
    Adopted: "adopted",
}
"""How the journal names the sorts of records."""


class Put(msgspec.Struct, frozen=True):
    """Keep this record under its kind and id, replacing the older one."""

    id: str
    record: Record


class Drop(msgspec.Struct, frozen=True):
    """Forget the record of this type with this id."""

    id: str
    type: type[Record]


type Change = Put | Drop


@dataclass(slots=True)
class State:
    """The records by id. ``number`` is the journal's last number, ``epoch`` the journal's epoch.

    ``members`` holds an incident's members by point; ``alarming`` the points in live alarm by what they fold into,
    ``loose`` those of them that may be in no open incident (a bypass held them back, or their incident was closed),
    ``by_key`` the open incidents by the same.
    """

    epoch: str
    number: int = 0
    points: dict[str, PointRecord] = field(default_factory=dict)
    devices: dict[str, DeviceRecord] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    members: dict[str, dict[str, Member]] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    policies: dict[str, PolicySet] = field(default_factory=dict)
    drills: dict[str, Drill] = field(default_factory=dict)
    bypasses: dict[str, Bypass] = field(default_factory=dict)
    names: dict[str, Name] = field(default_factory=dict)
    self_tests: dict[str, SelfTest] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)
    roster: Roster | None = None
    lease: Lease | None = None
    adopted: Adopted | None = None
    links_up: set[tuple[str, str]] = field(default_factory=set)
    by_key: dict[str, dict[str, None]] = field(default_factory=dict)
    alarming: dict[str, dict[str, None]] = field(default_factory=dict)
    loose: dict[str, dict[str, None]] = field(default_factory=dict)
    unplaced: set[str] = field(default_factory=set)

    def apply(self, changes: tuple[Change, ...], number: int) -> None:
        """Carry out ``changes``, which bring the journal to ``number``."""
        for change in changes:
            if isinstance(change, Put):
                self._put(change.id, change.record)
            else:
                self._drop(change.id, change.type)
        self.number = max(self.number, number)

    def show(self, record: PointRecord) -> None:
        """Take a point's new reading, which is not journalled."""
        self.points[record.id] = record

    def _put(self, key: str, record: Record) -> None:
        match record:
            case PointRecord():
                self._put_point(key, record)
            case Incident():
                self._put_incident(key, record)
            case Page():
                self.pages[key] = record
            case Deadline():
                self.deadlines[key] = record
            case Member():
                self.members.setdefault(record.incident, {})[record.point] = record
            case Roster():
                self.roster = record
            case Lease():
                self.lease = record
            case Adopted():
                self.adopted = record
            case Heard():
                self.heard = dict(record.times)
            case _:
                self._kept(type(record))[key] = record

    def _put_incident(self, key: str, record: Incident) -> None:
        old = self.incidents.get(key)
        if old and old.key != record.key:
            _leave(self.by_key, old.key, key)
        self.incidents[key] = record
        self.by_key.setdefault(record.key, {})[key] = None
        if record.hazard is Hazard.UNPLACED:
            self.unplaced.add(key)

    def _put_point(self, key: str, record: PointRecord) -> None:
        old = self.points.get(key)
        if old and old.alarm and old.fold and (not record.alarm or record.fold != old.fold):
            _leave(self.alarming, old.fold, key)
            _leave(self.loose, old.fold, key)
        if record.alarm and record.fold:
            self.alarming.setdefault(record.fold, {})[key] = None
            if record.incident in self.incidents:
                _leave(self.loose, record.fold, key)
            else:
                self.loose.setdefault(record.fold, {})[key] = None
        self.points[key] = record

    def _loosen(self, incident: str) -> None:
        """An incident is closed: what is still in alarm in it is in none."""
        for point in self.members.get(incident, {}):
            record = self.points.get(point)
            if record and record.alarm and record.fold:
                self.loose.setdefault(record.fold, {})[point] = None

    def _drop(self, key: str, kind: type[Record]) -> None:
        if kind is Incident:
            incident = self.incidents.pop(key, None)
            if incident:
                _leave(self.by_key, incident.key, key)
            self.unplaced.discard(key)
            self._loosen(key)
        elif kind is Member:
            incident_id, _, point = key.partition("/")
            group = self.members.get(incident_id, {})
            group.pop(point, None)
            if not group:
                self.members.pop(incident_id, None)
        else:
            self._kept(kind).pop(key, None)

    def _kept(self, kind: type[Record]) -> dict[str, Record]:
        """The dictionary that holds records of a plain sort by their key."""
        found: object = {
            DeviceRecord: self.devices,
            Page: self.pages,
            Deadline: self.deadlines,
            PolicySet: self.policies,
            Drill: self.drills,
            Bypass: self.bypasses,
            Name: self.names,
            SelfTest: self.self_tests,
        }[kind]
        return found  # type: ignore[return-value] # each holds its own sort only

    def records(self) -> tuple[Put, ...]:
        """Everything as changes: what a new journal needs to hold the same."""
        found: list[Put] = []
        for kept in (self.incidents, self.points, self.devices, self.pages, self.deadlines, self.policies):
            found += [Put(key, record) for key, record in kept.items()]
        for others in (self.drills, self.bypasses, self.names, self.self_tests):
            found += [Put(key, record) for key, record in others.items()]
        found += [Put(item.id, item) for group in self.members.values() for item in group.values()]
        found += [Put("roster", self.roster)] if self.roster else []
        found += [Put("lease", self.lease)] if self.lease else []
        found += [Put("adopted", self.adopted)] if self.adopted else []
        found += [Put("heard", Heard(dict(self.heard)))] if self.heard else []
        return tuple(found)

    def incident_for(self, key: str) -> Incident | None:
        """The incident that is not closed and takes what folds under ``key``: of several, the youngest."""
        return self.incidents.get(max(self.by_key.get(key, ()), key=_age, default=""))

    def has_cause(self, subject: str, cause: str) -> bool:
        """Whether something is known to be wrong with a device or link."""
        record = self.devices.get(subject)
        return record is not None and cause in record.causes

    def name(self, person: str) -> str:
        """How a person is called; empty where that was erased or never known."""
        found = self.names.get(person)
        return found.name if found else ""


def _age(incident: str) -> tuple[int, str]:
    """By the number of their journal, which never goes back, as a clock may."""
    epoch, _, number = incident.rpartition("-")
    return int(number) if number.isdecimal() else 0, epoch


def _leave(groups: dict[str, dict[str, None]], group: str, key: str) -> None:
    """Take a key out of its group; an empty group goes."""
    members = groups.get(group, {})
    members.pop(key, None)
    if not members:
        groups.pop(group, None)
