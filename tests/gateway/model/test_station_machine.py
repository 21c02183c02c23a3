"""A love station in a random life: sessions, switches at the box, water, a relay that does not follow, restarts.

Judged as in ``test_machine``; in a machine of its own, because orders that are given again cost many steps.
"""

import os

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import invariant, precondition, rule

from community_help_gateway.model import guard, lifecycle
from community_help_gateway.model.draft import Decision, Draft
from community_help_gateway.model.incident import Cause, DeadlineKind, Person
from community_help_gateway.model.observation import LinkState
from community_help_gateway.model.state import EventKind
from tests.gateway.model.machine import DAY, PERSONS, Machine, which

STATION = """\
  - id: microwave
    name: 微波炉
    kind: microwave
    compound: bay
    station: love
    at: { modbus: box, relay: 2 }
    max_on: 30
    session: 5
  - { id: leak, name: 水浸, kind: leak, compound: bay, station: love, at: { modbus: box, input: 3 } }
stations:
  - { id: love, name: 爱心驿站, compound: bay, hours: [["07:00", "12:00"], ["13:00", "21:30"]] }
"""
RELAY, LEAK = "microwave.relay", "leak.leak"
ENDS = {DeadlineKind.MAX_ON, DeadlineKind.SESSION, DeadlineKind.VERIFY}
"""What turns a relay off."""


class Serving(Machine):
    """What may happen in the room."""

    more = STATION

    @rule(person=st.sampled_from(PERSONS), follows=st.booleans(), seconds=st.sampled_from((1.0, 200.0, 301.0)))
    def serve(self, person: Person, follows: bool, seconds: float) -> None:
        """Somebody begins a session; the relay follows, or it is said that it did not."""
        self.act(guard.start_session, RELAY, person, person=person)
        if follows:
            self.observe(RELAY, on=True)
        else:
            self.act(guard.session_failed, RELAY, person=person)
        self.town.pass_(seconds)

    @rule(on=st.booleans(), seconds=st.sampled_from((1.0, 11.0, 1801.0)))
    def switch(self, on: bool, seconds: float) -> None:
        """The relay is seen, whoever switched it."""
        self.observe(RELAY, on=on)
        self.town.pass_(seconds)

    @rule(wet=st.booleans(), off=st.booleans())
    def leak(self, wet: bool, off: bool) -> None:
        """Water, and the relay that is turned off for it, or is not."""
        self.observe(LEAK, alarm=wet)
        if off:
            self.observe(RELAY, on=False)

    @rule(proven=st.booleans())
    def switch_by_command(self, proven: bool) -> None:
        """Somebody switches it on in Home Assistant, where nothing speaks against it."""
        draft = Draft(self.town.state, self.town.site, self.town.wall)
        if guard.may_switch_on(draft, RELAY):
            return
        if proven:
            self.observe(RELAY, on=True)
        self.town.decide(_switched_on, PERSONS[0])

    @rule(up=st.booleans(), seconds=st.sampled_from((1.0, 61.0)))
    def link(self, up: bool, seconds: float) -> None:
        """The box is lost, or is back; perhaps it does not answer for the relay alone."""
        self.town.link(LinkState("modbus", "box", up, self.town.wall))
        self.town.pass_(seconds)

    @precondition(lambda self: self.town.incidents)
    @rule(number=which, close=st.booleans(), person=st.sampled_from(PERSONS))
    def answer(self, number: int, close: bool, person: Person) -> None:
        """Somebody takes an incident, or ends it."""
        incident = self.incident(number)
        if close:
            self.act(lifecycle.close, incident.id, Cause.DUST, "", person, person=person)
        else:
            self.act(lifecycle.handle, incident.id, person, "button", person=person, revision=incident.revision)

    @rule(seconds=st.sampled_from((5.0, 31.0, 301.0, 905.0, 15000.0)), gone=st.booleans())
    def wait(self, seconds: float, gone: bool) -> None:
        """Time passes, perhaps while nobody is there."""
        (self.town.away if gone else self.town.pass_)(seconds)

    @rule(seconds=st.sampled_from((DAY, -DAY, 700.0, -700.0)))
    def jump(self, seconds: float) -> None:
        """The wall clock is set."""
        self.town.jump(seconds)

    @rule(seconds=st.sampled_from((0.0, 20.0, 500.0)))
    def restart(self, seconds: float) -> None:
        """The gateway is restarted: an order that was not proven stands, and a session has the end that it had."""
        self.town.restart()
        self.town.away(seconds)

    def teardown(self) -> None:
        """Whatever happened, a restart keeps it."""
        self.town.restart()

    @invariant()
    def what_is_on_has_an_end(self) -> None:
        """Whatever happened; and what leaks is ordered off."""
        state, hold = self.town.state, self.town.site.stations.holds.get(RELAY)
        if hold is None or RELAY not in state.points or not state.points[RELAY].on:
            return
        waits = {wait.kind for wait in state.deadlines.values() if wait.subject == RELAY}
        assert waits & ENDS
        if any(leak in state.points and state.points[leak].alarm for leak in hold.leaks):
            assert DeadlineKind.VERIFY in waits


def _switched_on(draft: Draft) -> Decision:
    guard.switched_on(draft, RELAY)
    draft.note(EventKind.SWITCHED, RELAY, detail="on")
    return draft.decision({"on": True})


HUNT = int(os.environ.get("COMMUNITY_HELP_HUNT", "0"))
Serving.TestCase.settings = settings(
    max_examples=HUNT or 40,
    stateful_step_count=25,
    derandomize=not HUNT,
    report_multiple_bugs=False,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestServing = Serving.TestCase
