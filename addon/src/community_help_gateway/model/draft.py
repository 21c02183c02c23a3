"""How a decision is put together: it reads the state, and only collects what shall happen."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .incident import Bypass, Deadline, DeadlineKind, Drill, Incident, Member, Name, Page, Person, SelfTest
from .policy import Policy, PolicySet
from .roster import Roster
from .site import Site
from .state import Change, DeviceRecord, Drop, Event, EventKind, PointRecord, Put, Receipt, Record, State

type Result = dict[str, str | int | bool]
type Decide = Callable[[Draft], Decision]
"""A person's or an integration's command, ready to be decided."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from one input.

    ``events`` go into the record and ``changes`` with them, in one transaction. ``volatile`` are point records
    whose signals did not change (a new reading): shown, not journalled. ``touched`` are the points whose
    visible state may differ. ``refusal`` is an error key when a person's command cannot be carried out.
    """

    events: tuple[Event, ...] = ()
    changes: tuple[Change, ...] = ()
    volatile: tuple[PointRecord, ...] = ()
    touched: tuple[str, ...] = ()
    result: Result = field(default_factory=dict)
    refusal: str = ""


@dataclass(slots=True)
class Draft:
    """Collects events and changes against a state that it never alters; ``now`` is wall time."""

    state: State
    site: Site
    now: float
    events: list[Event] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    _over: dict[tuple[type[Record], str], Record | None] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The journal number that the next event gets."""
        return self.state.number + len(self.events) + 1

    @property
    def roster(self) -> Roster:
        """The journalled roster, or the site file's while no integration has sent one."""
        return self.state.roster or Roster(0, self.site.staff)

    def identify(self) -> str:
        """An id for a record that the next event brings into the world; unique over all epochs."""
        return f"{self.state.epoch}-{self.number}"

    def policy(self, incident: Incident) -> Policy:
        """The policy that an incident keeps, for the severity that it has now."""
        return self.rules(incident).find(incident.compound, incident.hazard, incident.severity)

    def rules(self, incident: Incident | None) -> PolicySet:
        """The policies that an incident was raised under; those in force where there is none."""
        kept = self.state.policies.get(incident.policy) if incident else None
        return kept or self.site.policies

    def keep_policies(self) -> str:
        """Journal the policies that are in force, unless they are there; their id. Those that nobody needs go."""
        current = self.site.policies
        if current.id not in self.state.policies and (PolicySet, current.id) not in self._over:
            used = {incident.policy for incident in self.state.incidents.values()}
            for unused in self.state.policies.keys() - used:
                self.drop(unused, PolicySet)
            self.note(EventKind.POLICIES, current.id)
            self.put(current.id, current)
        return current.id

    def remember(self, person: Person) -> str:
        """Keep a person's name apart from the record; their id."""
        if person.name and self.state.name(person.id) != person.name:
            self.put(person.id, Name(person.id, person.name))
        return person.id

    def put(self, key: str, record: Record) -> None:
        """Keep a record."""
        self.changes.append(Put(key, record))
        self._over[type(record), key] = record
        if isinstance(record, Incident):
            self._keys[record.key] = key

    def drop(self, key: str, kind: type[Record]) -> None:
        """Forget a record."""
        self.changes.append(Drop(key, kind))
        self._over[kind, key] = None

    def incident(self, incident_id: str) -> Incident | None:
        """An incident that is not closed, as this decision leaves it so far."""
        found = self._over.get((Incident, incident_id), self.state.incidents.get(incident_id))
        return found if isinstance(found, Incident) else None

    def incident_for(self, key: str) -> Incident | None:
        """The incident that takes what folds under ``key``, as this decision leaves it so far."""
        found = self.state.incident_for(key)
        return self.incident(self._keys.get(key) or (found.id if found else ""))

    def member(self, incident_id: str, point: str) -> Member | None:
        """A member of an incident, as this decision leaves it so far."""
        known = self.state.members.get(incident_id, {}).get(point)
        found = self._over.get((Member, f"{incident_id}/{point}"), known)
        return found if isinstance(found, Member) else None

    def page(self, page_id: str) -> Page | None:
        """An unsettled page, as this decision leaves it so far."""
        found = self._over.get((Page, page_id), self.state.pages.get(page_id))
        return found if isinstance(found, Page) else None

    def deadline(self, kind: DeadlineKind, subject: str) -> Deadline | None:
        """A running wait, as this decision leaves it so far."""
        key = f"{kind}:{subject}"
        found = self._over.get((Deadline, key), self.state.deadlines.get(key))
        return found if isinstance(found, Deadline) else None

    def point(self, point_id: str) -> PointRecord:
        """What is known of a point, as this decision leaves it so far."""
        found = self._over.get((PointRecord, point_id), self.state.points.get(point_id))
        return found if isinstance(found, PointRecord) else PointRecord(point_id)

    def alarming(self, key: str) -> tuple[str, ...]:
        """The points in live alarm that fold into ``key``, as this decision leaves them so far."""
        return self._grouped(self.state.alarming.get(key, {}), key)

    def loose(self, key: str) -> tuple[str, ...]:
        """Those of them that may be in no open incident; usually none, however many are in alarm."""
        return self._grouped(self.state.loose.get(key, {}), key)

    def _grouped(self, known: dict[str, None], key: str) -> tuple[str, ...]:
        written = [record for record in self._over.values() if isinstance(record, PointRecord)]
        found = dict.fromkeys(known)
        for record in written:
            found.pop(record.id, None)
        return (*found, *(record.id for record in written if record.alarm and record.fold == key))

    def drill(self, compound: str) -> Drill | None:
        """The rehearsal that runs in a compound, as this decision leaves it so far."""
        found = self._over.get((Drill, compound), self.state.drills.get(compound))
        return found if isinstance(found, Drill) else None

    def bypass(self, point_id: str) -> Bypass | None:
        """What silences a point, as this decision leaves it so far."""
        found = self._over.get((Bypass, point_id), self.state.bypasses.get(point_id))
        return found if isinstance(found, Bypass) else None

    def self_test(self, compound: str) -> SelfTest | None:
        """The newest self-test of a compound, as this decision leaves it so far."""
        found = self._over.get((SelfTest, compound), self.state.self_tests.get(compound))
        return found if isinstance(found, SelfTest) else None

    def causes(self, subject: str) -> dict[str, str]:
        """What is wrong with a device or link, and the incident of each, as this decision leaves it so far."""
        found = self._over.get((DeviceRecord, subject), self.state.devices.get(subject))
        return dict(found.causes) if isinstance(found, DeviceRecord) else {}

    def wait(self, kind: DeadlineKind, subject: str, length: float) -> None:
        """Let something fall due after ``length`` seconds; an earlier wait of that kind is replaced."""
        deadline = Deadline(kind, subject, self.now + length, length)
        self.put(deadline.id, deadline)

    def stop(self, kinds: Iterable[DeadlineKind], subject: str) -> None:
        """End waits that no longer matter."""
        for kind in kinds:
            if self.deadline(kind, subject):
                self.drop(f"{kind}:{subject}", Deadline)

    def about_point(self, record: PointRecord, kind: EventKind = EventKind.POINT, detail: str = "") -> None:
        """Put a point's signals into the record."""
        self.events.append(Event(self.number, self.now, kind, record.id, point=record, detail=detail))
        self.put(record.id, record)
        self.touched.append(record.id)

    def about_member(
        self, kind: EventKind, incident: Incident, member: Member, point: PointRecord | None, detail: str = ""
    ) -> None:
        """Put into the record that an episode joined or restored: incident, member and point in one row."""
        self.events.append(
            Event(self.number, self.now, kind, incident.id, incident, None, point, member, detail=detail)
        )
        self.put(incident.id, incident)
        self.put(member.id, member)
        if point:
            self.put(point.id, point)
            self.touched.append(point.id)

    def about_incident(self, kind: EventKind, incident: Incident, *, person: str = "", detail: str = "") -> None:
        """Put what happened to an incident into the record, and keep the incident."""
        self.events.append(Event(self.number, self.now, kind, incident.id, incident, person=person, detail=detail))
        if kind is EventKind.CLOSED:
            self.drop(incident.id, Incident)
        else:
            self.put(incident.id, incident)

    def about_page(self, kind: EventKind, page: Page, incident: Incident | None, detail: str = "") -> None:
        """Put what happened to a page into the record; a settled page is forgotten."""
        self.events.append(Event(self.number, self.now, kind, page.id, incident, page, detail=detail))
        if page.settled:
            self.drop(page.id, Page)
        else:
            self.put(page.id, page)

    def note(
        self,
        kind: EventKind,
        subject: str,
        *,
        receipt: Receipt | None = None,
        person: str = "",
        detail: str = "",
        about: str = "",
    ) -> None:
        """Put anything else into the record."""
        event = Event(self.number, self.now, kind, subject, person=person, receipt=receipt, detail=detail, about=about)
        self.events.append(event)

    def decision(self, result: Result | None = None) -> Decision:
        """What was collected."""
        return Decision(tuple(self.events), tuple(self.changes), (), tuple(self.touched), result or {})
