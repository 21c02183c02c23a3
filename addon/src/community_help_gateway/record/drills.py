"""A month's report about drills and self-tests: that they were held, and whom they reached."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import tzinfo

from ..model.incident import GATEWAY, Incident
from ..model.kinds import Hazard
from ..model.state import Event, EventKind
from .naming import Telling, span
from .proof import Ladders, of_person
from .sheet import Foot, Pairs, foot_lines
from .trace import BEGINNINGS, TAKEN, local_month

NEEDED = (
    BEGINNINGS
    | TAKEN
    | {
        EventKind.JOINED,
        EventKind.SELF_TEST,
        EventKind.DRILL_STARTED,
        EventKind.DRILL_ENDED,
        EventKind.CLOSED,
        EventKind.PAGED,
        EventKind.OVERDUE,
        EventKind.ACCEPTED,
        EventKind.RECEIPT,
    }
)
"""The kinds of events that the report is made of."""

MAX_HELD = 5_000
"""Drills and self-tests of a month; what is more is left out, and the report says so (project's choice)."""

MAX_POINTS = 500
"""Points that are named of one drill (project's choice)."""

LADDER = ("acted", "seen", "received", "handed_over", "failed", "nothing")
"""How far a self-test may have come to a person, the best first."""


@dataclass(slots=True)
class SelfTestHeld:
    """One self-test: when, by whom, whether Home Assistant took its page over, and how far it came to each person."""

    incident: str
    compound: str
    at: float
    begun_by: str = GATEWAY.id
    accepted_at: float | None = None
    ended_at: float | None = None
    people: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class DrillHeld:
    """One drill: when, by whom, which points alarmed in it, and how soon somebody took what they raised."""

    compound: str
    at: float
    begun_by: str
    ended_at: float | None = None
    ended_by: str = ""
    points: dict[str, None] = field(default_factory=dict)
    first_taken: float | None = None
    taken_by: str = ""


class Exercises:
    """Follows what began in ``month`` through a stream of events in their order, to its end."""

    def __init__(self, zone: tzinfo, month: str) -> None:
        """Nothing was held yet."""
        self.tests: dict[str, SelfTestHeld] = {}
        self.drills: list[DrillHeld] = []
        self.cut = False
        self._zone = zone
        self._month = month
        self._ladders = Ladders()
        self._running: dict[str, DrillHeld] = {}
        self._raised: dict[str, tuple[DrillHeld, float]] = {}

    @property
    def all_over(self) -> bool:
        """Whether nothing more can come for what is followed."""
        tests = all(test.ended_at is not None for test in self.tests.values())
        return tests and all(drill.ended_at is not None for drill in self.drills)

    def add(self, event: Event) -> None:
        """One more event."""
        incident = event.incident
        if incident and incident.hazard is Hazard.SELF_TEST:
            self._about_test(event, incident)
        elif event.kind is EventKind.SELF_TEST and event.about in self.tests:
            self.tests[event.about].begun_by = event.person
        elif event.kind is EventKind.RECEIPT:
            self._ladders.add(event)
        elif event.kind in (EventKind.DRILL_STARTED, EventKind.DRILL_ENDED):
            self._about_drill(event)
        elif incident:
            self._about_alarm(event, incident)

    def finish(self) -> None:
        """How far each self-test came to each person, now that all proofs are there."""
        for ladder in self._ladders.found.values():
            test = self.tests[ladder.page.incident]
            test.people |= {person: of_person(ladder, person) for person in ladder.page.people}

    def _begins(self, at: float) -> bool:
        """Whether something that begins now is followed."""
        if local_month(at, self._zone) != self._month:
            return False
        full = len(self.tests) + len(self.drills) >= MAX_HELD
        self.cut |= full
        return not full

    def _about_test(self, event: Event, incident: Incident) -> None:
        if event.kind is EventKind.RAISED and self._begins(event.at):
            self.tests[incident.id] = SelfTestHeld(incident.id, incident.compound, event.at)
        test = self.tests.get(incident.id)
        if test is None:
            return
        self._ladders.add(event)
        if event.kind is EventKind.ACCEPTED:
            test.accepted_at = test.accepted_at or event.at
        elif event.kind is EventKind.CLOSED:
            test.ended_at = event.at

    def _about_drill(self, event: Event) -> None:
        running = self._running.get(event.subject)
        if event.kind is EventKind.DRILL_ENDED:
            self._running.pop(event.subject, None)
            if running:
                running.ended_at, running.ended_by = event.at, event.person
        elif running is None and self._begins(event.at):  # one that is prolonged is still the same
            self._running[event.subject] = drill = DrillHeld(event.subject, event.at, event.person)
            self.drills.append(drill)

    def _about_alarm(self, event: Event, incident: Incident) -> None:
        """An alarm that is drill belongs to the drill that runs in its compound."""
        drill = self._running.get(incident.compound)
        if drill and incident.drill and event.kind in (EventKind.RAISED, EventKind.JOINED):
            self._raised.setdefault(incident.id, (drill, event.at))
            if event.member and len(drill.points) < MAX_POINTS:
                drill.points[event.member.point] = None
        held, raised_at = self._raised.get(incident.id, (None, 0.0))
        if held and held.first_taken is None and event.kind in TAKEN and event.person != GATEWAY.id:
            held.first_taken, held.taken_by = max(event.at - raised_at, 0.0), event.person


@dataclass(frozen=True, slots=True)
class DrillSection:
    """One compound's tables: a title each, heads first."""

    title: str
    tables: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]


@dataclass(frozen=True, slots=True)
class DrillSheet:
    """The report of a month."""

    title: str
    sections: tuple[DrillSection, ...]
    foot: Pairs
    cut: bool


def drill_sheet(month: str, held: Exercises, names: dict[str, str], telling: Telling, foot: Foot) -> DrillSheet:
    """The report in a language; ``names`` are those of the compounds."""
    others = [test.compound for test in held.tests.values()] + [drill.compound for drill in held.drills]
    found = dict.fromkeys([*names, *others])
    sections = (_section(compound, held, names.get(compound, compound), telling) for compound in found)
    return DrillSheet(
        title=telling.say("sheet_drills", month=month),
        sections=tuple(section for section in sections if section.tables),
        foot=foot_lines(foot, telling),
        cut=held.cut,
    )


def _section(compound: str, held: Exercises, title: str, telling: Telling) -> DrillSection:
    tests = [test for test in held.tests.values() if test.compound == compound]
    drills = [drill for drill in held.drills if drill.compound == compound]
    tables = []
    if tests:
        tables.append((telling.say("self_tests"), (_heads(_TEST_HEADS, telling), *(_test(t, telling) for t in tests))))
        tables.append((telling.say("people"), tuple(_people(tests, telling))))
    if drills:
        tables.append((telling.say("drills"), (_heads(_DRILL_HEADS, telling), *(_drill(d, telling) for d in drills))))
    return DrillSection(title, tuple(tables))


_TEST_HEADS = ("time", "by_whom", "taken_over_ha", "proven_for")
_DRILL_HEADS = ("time", "by_whom", "ended", "points", "first_taken", "taken_by")


def _heads(keys: Iterable[str], telling: Telling) -> tuple[str, ...]:
    return tuple(map(telling.say, keys))


def _test(test: SelfTestHeld, telling: Telling) -> tuple[str, ...]:
    """Its people are grouped by how far it came to them, the best first."""
    groups = [(step, [person for person, reached in test.people.items() if reached == step]) for step in LADDER]
    proven = (f"{telling.say(f'proof_{step}')}: {telling.people(people)}" for step, people in groups if people)
    taken = "no" if test.accepted_at is None else "after"
    after = span(max((test.accepted_at or test.at) - test.at, 0.0))
    return (
        telling.clock(test.at),
        telling.who(test.begun_by),
        telling.say(taken, span=after),
        "; ".join(proven) or "-",
    )


def _people(tests: list[SelfTestHeld], telling: Telling) -> Iterable[tuple[str, ...]]:
    """A row for each person: of how many self-tests, how far they came."""
    yield telling.say("person"), telling.say("times_paged"), *(telling.say(f"proof_{step}") for step in LADDER)
    for person in dict.fromkeys(person for test in tests for person in test.people):
        reached = [test.people[person] for test in tests if person in test.people]
        yield telling.who(person), str(len(reached)), *(str(reached.count(step)) for step in LADDER)


def _drill(drill: DrillHeld, telling: Telling) -> tuple[str, ...]:
    return (
        telling.clock(drill.at),
        telling.who(drill.begun_by),
        telling.clock(drill.ended_at) if drill.ended_at is not None else "-",
        ", ".join(drill.points) or "-",
        span(drill.first_taken),
        telling.who(drill.taken_by) if drill.taken_by else "-",
    )
