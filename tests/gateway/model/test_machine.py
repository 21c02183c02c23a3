"""The promises hold over random interleavings of the field, people, time, restarts and rebuilt sites.

Every step is judged by oracles of their own (``told``, ``history``, ``promises``), and replaying the record must give
the same state. The run is the same every time. For a long hunt with other seeds set COMMUNITY_HELP_HUNT to the number
of examples: ``COMMUNITY_HELP_HUNT=20000 pytest tests/gateway/model/test_machine.py --timeout=0``.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import precondition, rule

from community_help_gateway.model import bypass, lifecycle, people, selftest
from community_help_gateway.model.incident import Cause, Person
from community_help_gateway.model.roster import Shift, StaffMember
from community_help_gateway.model.state import Receipt
from tests.gateway.model.machine import (
    DAY,
    FIRE,
    HURRY,
    LANE,
    PERSONS,
    SECONDS,
    STAFF,
    person,
    seen_before,
    site,
    which,
)
from tests.gateway.model.machine_adopting import Adopting
from tests.gateway.model.machine_field import Field


class Interleavings(Field, Adopting):
    """People, time, restarts and rebuilt sites among it."""

    @precondition(lambda self: self.town.incidents)
    @rule(number=which, back=seen_before, person=person)
    def acknowledge(self, number: int, back: int, person: Person) -> None:
        """Somebody takes an incident, perhaps as it was a while ago."""
        incident = self.incident(number)
        revision = max(incident.revision - back, 1)
        self.act(lifecycle.acknowledge, incident.id, revision, person, "button", person=person, revision=revision)

    @precondition(lambda self: self.town.incidents)
    @rule(number=which, back=seen_before, person=person)
    def handle(self, number: int, back: int, person: Person) -> None:
        """Somebody is on the way, perhaps to what it was a while ago."""
        incident = self.incident(number)
        seen = max(incident.revision - back, 1)
        self.act(lifecycle.handle, incident.id, person, "button", seen, person=person, revision=seen)

    @precondition(lambda self: self.town.incidents)
    @rule(number=which, person=person, what=st.sampled_from((lifecycle.ask, lifecycle.declare_real)))
    def ask(self, number: int, person: Person, what: Callable[..., Any]) -> None:
        """Somebody wants help, or says that it is no drill."""
        self.act(what, self.incident(number).id, person, "button", person=person)

    @precondition(lambda self: self.town.incidents)
    @rule(number=which, back=seen_before, person=person, to=person)
    def hand_over(self, number: int, back: int, person: Person, to: Person) -> None:
        """Somebody gives it to somebody."""
        incident = self.incident(number)
        seen = max(incident.revision - back, 1)
        self.act(lifecycle.hand_over, incident.id, to, person, "button", seen, person=person, revision=seen)

    @precondition(lambda self: self.town.incidents)
    @rule(number=which, person=person)
    def write(self, number: int, person: Person) -> None:
        """Somebody writes something down."""
        self.act(lifecycle.add_note, self.incident(number).id, "words", person, "button", person=person)

    @precondition(lambda self: self.town.incidents)
    @rule(number=which, back=seen_before, person=person)
    def resolve(self, number: int, back: int, person: Person) -> None:
        """Somebody says that the danger is over, perhaps of what it was a while ago."""
        incident = self.incident(number)
        seen = max(incident.revision - back, 1)
        self.act(lifecycle.resolve, incident.id, "out", person, "button", seen, person=person, revision=seen)

    @precondition(lambda self: self.town.incidents)
    @rule(number=which, back=st.sampled_from((None, 0, 1, 2)), person=person, cause=st.sampled_from(Cause))
    def close(self, number: int, back: int | None, person: Person, cause: Cause) -> None:
        """Somebody ends it, all of it or as it was a while ago."""
        incident = self.incident(number)
        seen = 0 if back is None else max(incident.revision - back, 1)
        self.act(lifecycle.close, incident.id, cause, "", person, "button", seen, person=person, revision=seen or None)

    @rule(number=which, person=person, subject=st.sampled_from(("bay", "f201.smoke")))
    def refuse(self, number: int, person: Person, subject: str) -> None:
        """Somebody may not do what they want."""
        about = self.incident(number).id if self.town.incidents else ""
        self.act(lifecycle.not_permitted, "close", person, about, subject, person=person)

    @rule(compound=st.sampled_from(("bay", "bay", "hill", "nowhere")), person=person)
    def test_itself(self, compound: str, person: Person) -> None:
        """Somebody wants a self-test, perhaps while one runs."""
        self.act(selftest.start, compound, person, person=person)

    @rule(offset=st.sampled_from((-30.0, 0.0, 1800.0, 4000.0)), gone=st.booleans())
    def sleep(self, offset: float, gone: bool) -> None:
        """Time passes until the night's self-test, or somewhat beyond; perhaps nobody is there."""
        self.fall_asleep(offset, gone=gone)

    @rule(point=st.sampled_from((*FIRE, LANE, "septic-1.h2s")), seconds=st.sampled_from((40.0, 4000.0)), person=person)
    def silence(self, point: str, seconds: float, person: Person) -> None:
        """Somebody silences a point."""
        self.act(bypass.set_bypass, point, seconds, "painting", person, person=person)

    @precondition(lambda self: self.town.state.bypasses)
    @rule(number=which, person=person)
    def end_bypass(self, number: int, person: Person) -> None:
        """Somebody ends a bypass early."""
        points = sorted(self.town.state.bypasses)
        self.act(bypass.end_bypass, points[number % len(points)], person, person=person)

    @rule(
        compound=st.sampled_from(("bay", "bay", "hill", "nowhere")),
        seconds=st.sampled_from((50.0, 3000.0)),
        points=st.lists(st.sampled_from((*FIRE[:3], LANE)), max_size=2, unique=True),
        person=person,
    )
    def start_drill(self, compound: str, seconds: float, points: list[str], person: Person) -> None:
        """A rehearsal begins, perhaps while another one runs."""
        self.act(bypass.start_drill, compound, seconds, points, person, person=person)

    @precondition(lambda self: self.town.state.drills)
    @rule(point=st.sampled_from(FIRE), person=person)
    def inject(self, point: str, person: Person) -> None:
        """The drill lets a point alarm."""
        self.act(bypass.inject, point, person, person=person)

    @precondition(lambda self: self.town.state.drills)
    @rule(person=person)
    def end_drill(self, person: Person) -> None:
        """The rehearsal is over."""
        self.act(bypass.end_drill, min(self.town.state.drills), person, person=person)

    @precondition(lambda self: self.town.state.pages)
    @rule(
        number=which,
        step=st.sampled_from(("accepted", "failed", "seen", "unproven")),
        phone=st.sampled_from(("", "phone")),
    )
    def receipt(self, number: int, step: str, phone: str) -> None:
        """Proof about a page."""
        pages = sorted(self.town.state.pages)
        receipt = Receipt(pages[number % len(pages)], step, self.town.wall, phone)
        self.act(people.receive, receipt, person=PERSONS[0])

    @rule(staff=st.sampled_from(STAFF), begin=st.sampled_from((-60.0, 60.0)), until=st.sampled_from((None, 200.0)))
    def roster(self, staff: tuple[StaffMember, ...], begin: float, until: float | None) -> None:
        """A new roster, with shifts that are empty now or soon, and perhaps a near horizon."""
        now = self.town.wall
        shifts = (Shift("zhang", now + begin, now + begin + 100),)
        horizon = now + until if until else None
        self.act(people.set_roster, staff, shifts, horizon, person=PERSONS[0])

    @rule(back=st.sampled_from((300.0, 700.0, DAY)))
    def live_a_night_again(self, back: float) -> None:
        """After a night's self-test the clock is set back, and the site file is changed and changed again."""
        self.fall_asleep(1.0)
        self.town.jump(-back)
        self.rebuild(site("self_test: off\n"))
        self.rebuild(site(""))
        self.fall_asleep(1.0)

    @rule(holder=st.sampled_from(("one", "two")), version=st.sampled_from((2, 3, 3)))
    def lease(self, holder: str, version: int) -> None:
        """Another Home Assistant takes over, or the same one was updated."""
        self.town.decide(
            lambda draft: people.claim_lease(draft, holder, holder, force=True, version=version), PERSONS[0]
        )

    @rule(
        more=st.sampled_from(("", "", HURRY, "self_test: off\n")),
        gone=st.lists(st.sampled_from(("f201", "button", "septic-1", "lane", "hall")), max_size=2, unique=True),
        moved=st.sampled_from(("", "f201", "f202")),
    )
    def rebuilt(self, more: str, gone: list[str], moved: str) -> None:
        """Another site file: devices removed, moved, back again, and other policies."""
        self.rebuild(site(more, tuple(gone), moved))

    @rule(seconds=st.sampled_from(SECONDS))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.town.pass_(seconds)

    @rule(seconds=st.sampled_from(SECONDS))
    def outage(self, seconds: float) -> None:
        """Time passes unseen."""
        self.town.away(seconds)

    @rule(seconds=st.sampled_from((DAY, -DAY, 700.0, -700.0)))
    def jump(self, seconds: float) -> None:
        """The wall clock is set."""
        self.town.jump(seconds)

    @rule()
    def sweep(self) -> None:
        """A device that reports daily is silent."""
        self.town.sweep("f401")

    @rule(seconds=st.sampled_from((0.0, 0.0, 20.0, 500.0)))
    def restart(self, seconds: float) -> None:
        """The gateway is restarted, at once or after a while."""
        self.town.restart()
        self.town.away(seconds)

    def teardown(self) -> None:
        """Whatever happened, a restart keeps it."""
        self.town.restart()


HUNT = int(os.environ.get("COMMUNITY_HELP_HUNT", "0"))
Interleavings.TestCase.settings = settings(
    max_examples=HUNT or 250,
    stateful_step_count=50,
    derandomize=not HUNT,
    report_multiple_bugs=False,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestInterleavings = Interleavings.TestCase
