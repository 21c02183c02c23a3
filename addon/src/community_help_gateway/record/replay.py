"""A recorded journal under another policy, in virtual time: who would have been paged, when and why. Pure.

What the field said, bypasses, drills and what was wrong with devices come from the record as they were. The endings
of incidents come from it too; people's other decisions only when asked for.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..model import bypass, lifecycle, supervision
from ..model.alarms import inject
from ..model.draft import Decision, Draft
from ..model.incident import GATEWAY, Cause, Deadline, Incident, Page, Person
from ..model.kinds import Hazard, Severity
from ..model.observation import Observation
from ..model.paging import hurry
from ..model.people import set_roster
from ..model.policy import PolicySet
from ..model.reduce import commit, due, field_input
from ..model.roster import Roster
from ..model.site import Site
from ..model.state import Event, EventKind, Put, State
from .hearing import said_by_point, said_by_stranger

DAY = 86400.0
MAX_PAGES = 20_000
"""A replay ends there: so many pages answer the question (project's choice)."""

FIELD = frozenset({EventKind.POINT, EventKind.RAISED, EventKind.JOINED, EventKind.RESTORED, EventKind.BYPASSED_ALARM})
DECISIONS = frozenset(
    {
        EventKind.ACKNOWLEDGED,
        EventKind.HANDLING,
        EventKind.HANDED_OVER,
        EventKind.NOTED,
        EventKind.ASKED,
        EventKind.RESOLVED,
        EventKind.DECLARED_REAL,
    }
)


@dataclass(frozen=True, slots=True)
class Called:
    """One page: when, which tier, who (nobody: everybody), why; and what it was about."""

    at: float
    tier: int
    people: tuple[str, ...]
    reason: str
    why: str
    place: str
    hazard: Hazard
    severity: Severity
    compound: str
    incident: str
    drill: bool = False

    def same(self, other: Called) -> bool:
        """Whether the same people were told the same, within a second."""
        alike = (self.tier, self.people, self.reason, self.compound) == (
            other.tier,
            other.people,
            other.reason,
            other.compound,
        )
        return alike and self.hazard is other.hazard and abs(self.at - other.at) < 1.0

    @classmethod
    def of(cls, page: Page, incident: Incident, at: float) -> Called:
        """A page as it was demanded."""
        return cls(
            at=at,
            tier=page.tier,
            people=page.people,
            reason=page.reason,
            why=page.why,
            place=incident.place,
            hazard=incident.hazard,
            severity=incident.severity,
            compound=incident.compound,
            incident=incident.id,
            drill=incident.drill,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """``then`` was recorded, ``now`` would be. After ``ends_at`` the record says nothing, so there is only ``now``.

    ``unknown``: points of the record that the new site does not have. ``cut``: it ended at ``MAX_PAGES``.
    """

    then: tuple[Called, ...]
    now: tuple[Called, ...]
    ends_at: float
    unknown: tuple[str, ...] = ()
    cut: bool = False


class Replay:
    """Takes recorded events in their order; ``finish`` lets what is still waiting fall due."""

    def __init__(
        self,
        site: Site,
        *,
        decisions: bool = False,
        policies: Mapping[str, PolicySet] | None = None,
        roster: Roster | None = None,
    ) -> None:
        """``site`` with the policies to try; ``policies`` of the record, by id; ``roster``: the one to use, if any."""
        self.state = State("replay")
        self.state.links_up = set(site.links())
        self._site = site
        self._decisions = decisions
        self._policies = policies or {}
        self._then = PolicySet()
        self._now = 0.0
        self._waits: list[tuple[float, str]] = []
        self._told: list[Called] = []
        self._recorded: dict[str, Called] = {}
        self._points: dict[str, dict[str, None]] = {}
        self._unknown: dict[str, None] = {}
        if roster:
            commit(self.state, set_roster(self._draft(), roster.staff, roster.shifts, roster.until))

    @property
    def full(self) -> bool:
        """Whether there were so many pages that the rest does not matter."""
        return len(self._told) >= MAX_PAGES

    def add(self, event: Event) -> None:
        """One more recorded event: first what fell due before it, then what it says."""
        self._pass_until(event.at)
        self._now = max(self._now, event.at)
        if event.incident and event.incident.hazard is Hazard.SELF_TEST:  # another policy changes nothing about it
            return
        if event.kind is EventKind.PAGED and event.page and event.incident:
            called = Called.of(event.page, event.incident, event.at)
            self._recorded.setdefault(event.page.id, called)
        if event.member and event.incident:
            self._points.setdefault(event.incident.id, {})[event.member.point] = None
        if event.kind in FIELD:
            self._hear(event)
        elif event.kind in _FACTS:
            _FACTS[event.kind](self, event)
        elif event.kind is EventKind.CLOSED or (self._decisions and event.kind in DECISIONS):
            self._decide(event)

    def finish(self, length: float = DAY) -> Outcome:
        """Let deadlines fall due for ``length`` after the last event; what was paged."""
        ends_at = self._now
        self._pass_until(ends_at + length)
        return Outcome(tuple(self._recorded.values()), tuple(self._told), ends_at, tuple(self._unknown), self.full)

    def _pass_until(self, end: float) -> None:
        """Every deadline up to ``end``, in order and at its own time."""
        while self._waits and self._waits[0][0] <= end and not self.full:
            due_at, key = heapq.heappop(self._waits)
            deadline = self.state.deadlines.get(key)
            if deadline and deadline.due_at == due_at:
                self._now = max(self._now, due_at)
                self._carry_out(due(self.state, self._site, deadline, self._now))

    def _draft(self) -> Draft:
        return Draft(self.state, self._site, self._now)

    def _carry_out(self, decision: Decision) -> None:
        commit(self.state, decision)
        for change in decision.changes:
            if isinstance(change, Put) and isinstance(change.record, Deadline):
                heapq.heappush(self._waits, (change.record.due_at, change.id))
        for event in decision.events:
            if event.kind is EventKind.PAGED and event.page and event.incident:
                self._told.append(Called.of(event.page, event.incident, event.at))

    def _hear(self, event: Event) -> None:
        for seen in self._said(event):
            self._carry_out(field_input(self.state, self._site, seen, self._now))

    def _said(self, event: Event) -> list[Observation]:
        record = event.point
        if record:
            point = self._site.points.get(record.id)
            if point is None:
                self._unknown[record.id] = None
                return []
            return said_by_point(self._site, self._then, point, record, event.at)
        if event.incident and event.incident.drill and event.kind in (EventKind.RAISED, EventKind.JOINED):
            self._inject(event)
        elif event.incident and event.incident.hazard is Hazard.UNPLACED:
            seen = said_by_stranger(event)
            return [seen] if seen else []
        return []

    def _inject(self, event: Event) -> None:
        point = self._site.points.get(event.member.point) if event.member else None
        if point:
            draft = self._draft()
            inject(draft, point)
            self._carry_out(draft.decision())

    def policies(self, event: Event) -> None:
        """From here on the record was made under other policies."""
        self._then = self._policies.get(event.subject, PolicySet())

    def device(self, event: Event) -> None:
        """Something came to be wrong with a device or link, or is right again ("+cause", "-cause")."""
        wrong, cause = event.detail.startswith("+"), event.detail[1:]
        draft = self._draft()
        if event.subject.startswith("link:"):
            _, link, name = event.subject.split(":", 2)
            subject = supervision.of_link(draft, link, name)
            if cause == "link_lost":
                (self.state.links_up.discard if wrong else self.state.links_up.add)((link, name))
        else:
            device = self._site.devices.get(event.subject)
            subject = supervision.of_device(draft, device) if device else None
        if subject is None or cause not in supervision.CAUSES:
            return
        supervision.judge(draft, subject, cause, wrong=wrong)
        self._carry_out(draft.decision())

    def bypassed(self, event: Event) -> None:
        """A point was silenced; its end comes from the record too."""
        person = Person(event.person, "")
        decision = bypass.set_bypass(self._draft(), event.subject, bypass.MAX_BYPASS_SECONDS, event.detail, person)
        self._carry_out(decision)

    def bypass_ended(self, event: Event) -> None:
        """A bypass was over."""
        if event.subject in self.state.bypasses:
            draft = self._draft()
            bypass.lift(draft, event.subject, event.person)
            self._carry_out(draft.decision())

    def drill_started(self, event: Event) -> None:
        """A rehearsal began; points that the new site does not have are left out."""
        points = tuple(point for point in event.detail.split(",") if point in self._site.points)
        person = Person(event.person, "")
        self._carry_out(
            bypass.start_drill(self._draft(), event.subject, bypass.MAX_DRILL_SECONDS, points, person),
        )

    def drill_ended(self, event: Event) -> None:
        """A rehearsal was over."""
        if event.subject in self.state.drills:
            draft = self._draft()
            bypass.finish_drill(draft, event.subject, event.person)
            self._carry_out(draft.decision())

    def unproven(self, event: Event) -> None:
        """No phone had shown a page: the same tier would have been as hard to reach."""
        now = self._incident_with(event.incident) if event.incident else None
        page = self.state.pages.get(now.page) if now else None
        if now and page and event.page and page.tier == event.page.tier:
            draft = self._draft()
            hurry(draft, page, now)
            self._carry_out(draft.decision())

    def _decide(self, event: Event) -> None:
        """What a person decided, about the incident that holds the same points; the gateway decides for itself."""
        then = event.incident
        now = self._incident_with(then) if then and event.person != GATEWAY.id else None
        if then and now:
            decision = _decision(self._draft(), event, then, now)
            if decision:
                self._carry_out(decision)

    def _incident_with(self, then: Incident) -> Incident | None:
        """The youngest open incident with a point of that one."""
        points = self._points.get(then.id, {})
        found = [
            incident
            for incident in self.state.incidents.values()
            if not points.keys().isdisjoint(self.state.members.get(incident.id, {}))
            and (incident.hazard is Hazard.SUPERVISION) is (then.hazard is Hazard.SUPERVISION)
        ]
        return max(found, key=lambda incident: (incident.opened_at, incident.id), default=None)


_FACTS: dict[EventKind, Callable[[Replay, Event], None]] = {
    EventKind.POLICIES: Replay.policies,
    EventKind.DEVICE: Replay.device,
    EventKind.BYPASSED: Replay.bypassed,
    EventKind.BYPASS_ENDED: Replay.bypass_ended,
    EventKind.DRILL_STARTED: Replay.drill_started,
    EventKind.DRILL_ENDED: Replay.drill_ended,
    EventKind.UNPROVEN: Replay.unproven,
}


def _decision(draft: Draft, event: Event, then: Incident, now: Incident) -> Decision | None:
    who = Person(event.person, "")
    way = event.detail.partition(":")[0]
    match event.kind:
        case EventKind.ACKNOWLEDGED:
            # what they saw was all there was, or only a part of it: revisions of the two worlds differ
            revision = now.revision if then.answered else min(then.acknowledged_revision, now.revision)
            return lifecycle.acknowledge(draft, now.id, revision, who, way)
        case EventKind.HANDLING:
            return lifecycle.handle(draft, now.id, who, way)
        case EventKind.HANDED_OVER:
            return lifecycle.hand_over(draft, now.id, Person(then.owner, ""), who, way)
        case EventKind.NOTED:
            return lifecycle.add_note(draft, now.id, event.detail, who, way)
        case EventKind.ASKED:
            return lifecycle.ask(draft, now.id, who, way)
        case EventKind.RESOLVED:
            return lifecycle.resolve(draft, now.id, then.note, who, way)
        case EventKind.DECLARED_REAL:
            return lifecycle.declare_real(draft, now.id, who, way)
        case EventKind.CLOSED:
            return lifecycle.close(draft, now.id, then.cause or Cause.UNKNOWN, then.note, who, way)
    return None


NEEDED = FIELD | DECISIONS | frozenset(_FACTS) | {EventKind.PAGED, EventKind.CLOSED}
"""The kinds of events that a replay needs."""


def replay(events: Iterable[Event], run: Replay, length: float = DAY) -> Outcome:
    """All of a recorded journal, and ``length`` more."""
    for event in events:
        if run.full:
            break
        run.add(event)
    return run.finish(length)
