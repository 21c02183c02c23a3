"""How a decision is put together: it reads the state, and only collects what shall happen."""

from dataclasses import dataclass, field

from .incident import Incident, Page, Person
from .site import Site
from .state import Change, Drop, Event, EventKind, PointRecord, Put, Receipt, Record, State

type Result = dict[str, str | int | bool]


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

    @property
    def number(self) -> int:
        """The journal number that the next event gets."""
        return self.state.number + len(self.events) + 1

    def identify(self) -> str:
        """An id for a record that the next event brings into the world; unique over all epochs."""
        return f"{self.state.epoch}-{self.number}"

    def put(self, key: str, record: Record) -> None:
        """Keep a record."""
        self.changes.append(Put(key, record))

    def drop(self, key: str, kind: type[Record]) -> None:
        """Forget a record."""
        self.changes.append(Drop(key, kind))

    def about_point(self, record: PointRecord, detail: str = "") -> None:
        """Put a point's signals into the record."""
        self.events.append(Event(self.number, self.now, EventKind.POINT, record.id, point=record, detail=detail))
        self.put(record.id, record)
        self.touched.append(record.id)

    def about_incident(
        self, kind: EventKind, incident: Incident, *, person: Person | None = None, detail: str = ""
    ) -> None:
        """Put what happened to an incident into the record, and keep the incident."""
        self.events.append(Event(self.number, self.now, kind, incident.id, incident, person=person, detail=detail))
        if kind is EventKind.CLOSED:
            self.drop(incident.id, Incident)
        else:
            self.put(incident.id, incident)

    def about_page(self, kind: EventKind, page: Page, incident: Incident | None) -> None:
        """Put what happened to a page into the record; a settled page is forgotten."""
        self.events.append(Event(self.number, self.now, kind, page.id, incident, page))
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
        person: Person | None = None,
        detail: str = "",
    ) -> None:
        """Put anything else into the record."""
        self.events.append(Event(self.number, self.now, kind, subject, person=person, receipt=receipt, detail=detail))

    def decision(self, result: Result | None = None) -> Decision:
        """What was collected."""
        return Decision(tuple(self.events), tuple(self.changes), (), tuple(self.touched), result or {})
