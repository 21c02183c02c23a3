"""The promises hold over random interleavings of the field, people, time, restarts and rebuilt sites.

Every step is judged by oracles of their own (``told``, ``history``, ``promises``), and replaying the record must give
the same state. The run is the same every time. For a long hunt with other seeds set COMMUNITY_HELP_HUNT to the number
of examples: ``COMMUNITY_HELP_HUNT=20000 pytest tests/gateway/model/test_machine.py --timeout=0``.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from community_help_gateway.model import bypass, lifecycle, people, selftest
from community_help_gateway.model.incident import Cause, DeadlineKind, Person
from community_help_gateway.model.observation import Address, LinkState, Observation, Reset
from community_help_gateway.model.roster import Shift, StaffMember
from community_help_gateway.model.site import Site
from community_help_gateway.model.state import Receipt
from community_help_gateway.site import parse
from tests.gateway.model.town import Town

COMPOUND = (Path(__file__).parents[2] / "captures/sites/compound.yaml").read_text("utf-8")
HURRY = """
self_test: "09:32"
policies:
  - { hazard: fire, answer: [20, 40, 60], unproven: 10, raise_again: 300, fold: 60, investigate: 0 }
  - { hazard: gas, compound: bay, quiet: 200, review: 900 }
  - { hazard: fire_lane, free: 10 }
"""
FIRE = ("f201.smoke", "f202.smoke", "f301.smoke", "unknown-floor.smoke", "button.call_point", "kitchen.gas")
ELSEWHERE = ("b2-101.smoke", "hall.smoke")
GASES = {"septic-1.ch4": (0.0, 12.0, 25.0, 60.0), "septic-1.h2s": (0.0, 6.0, 20.0), "septic-1.o2": (20.9, 19.0, 5.0)}
LANE = "lane.lane"
PAINTED = ((FIRE[0],), (ELSEWHERE[0],), (ELSEWHERE[1],), FIRE[:2])
"""Points that are silenced together."""

PERSONS = (Person("zhang", "张三"), Person("li", "李四"), Person("wang", "王五"))
NOBODIES = (Person("automation", ""), Person("", ""))
STAFF = (
    (
        StaffMember("zhang", "张三", 1, ("bay",), always=False),
        StaffMember("li", "李四", 2),
        StaffMember("wang", "王五", 3),
    ),
    (StaffMember("zhang", "张三", 1, always=False), StaffMember("li", "李四", 3, always=False)),
    (StaffMember("zhang", "张三", 4, ("hill",)),),
    (),
)
SECONDS = (1.0, 5.0, 15.0, 31.0, 61.0, 181.0, 301.0, 905.0, 1805.0, 15000.0, 9 * 86400.0)
DAY = 86400.0

signal = st.sampled_from((None, None, None, True, False))
offset = st.sampled_from((None, None, -60.0, -5.0, 0.0, 5.0))
source = st.sampled_from(("", "", "a", "b"))
person = st.sampled_from((*PERSONS, *PERSONS, *NOBODIES))
some_fire = st.lists(st.sampled_from(FIRE), min_size=1, max_size=4, unique=True)
which = st.integers(0, 5)
seen_before = st.sampled_from((0, 0, 0, 1, 2))


@cache
def site(more: str, gone: tuple[str, ...] = (), moved: str = "") -> Site:
    """The compound; ``gone`` devices were removed, the ``moved`` one is in building 2 now."""
    found = parse(COMPOUND + more, "compound.yaml").site
    devices = [
        replace(device, building="2号楼", floor="9") if device.id == moved else device
        for device in found.devices.values()
        if device.id not in gone
    ]
    night = None if "self_test: off" in more else found.self_test
    return Site.of(found.compounds.values(), devices, found.staff, found.policies, found.zone, self_test=night)


class Interleavings(RuleBasedStateMachine):
    """One town; each rule is one thing that may happen next."""

    def __init__(self) -> None:
        """An ordinary Monday morning."""
        super().__init__()
        self.town = Town(site(""))
        self.town.decide(lambda draft: people.claim_lease(draft, "one", "one", force=False, version=3), PERSONS[0])
        self.said: list[Observation] = []

    @rule(
        point=st.sampled_from(FIRE + FIRE + ELSEWHERE),
        alarm=st.sampled_from((True, True, False, None)),
        test=st.sampled_from((None, None, True)),
    )
    def speak(self, point: str, alarm: bool | None, test: bool | None) -> None:
        """A detector says alarm, normal, or nothing about that, perhaps with the label of a test."""
        self.observe(point, alarm=alarm, test=test)

    @rule(
        point=st.sampled_from(FIRE + ELSEWHERE),
        alarm=st.sampled_from((True, False, None)),
        fault=signal,
        tamper=signal,
        test=signal,
        battery=signal,
        at=offset,
        source=source,
    )
    def speak_in_full(
        self,
        point: str,
        alarm: bool | None,
        fault: bool | None,
        tamper: bool | None,
        test: bool | None,
        battery: bool | None,
        at: float | None,
        source: str,
    ) -> None:
        """A detector says several things at once, by its own clock, over one of several links."""
        device_at = None if at is None else self.town.wall + at
        more = {"fault": fault, "tamper": tamper, "test": test, "battery_low": battery}
        self.observe(point, alarm=alarm, device_at=device_at, source=source, **more)

    @rule(points=some_fire)
    def burn(self, points: list[str]) -> None:
        """A fire spreads."""
        for point in points:
            self.observe(point, alarm=True)

    @rule(point=st.sampled_from(FIRE), seconds=st.sampled_from((1.0, 20.0, 70.0)), times=st.integers(2, 4))
    def flap(self, point: str, seconds: float, times: int) -> None:
        """A detector comes and goes."""
        for _ in range(times):
            self.observe(point, alarm=True)
            self.town.pass_(seconds)
            self.observe(point, alarm=False)
            self.town.pass_(seconds)

    @precondition(lambda self: self.live())
    @rule(number=which, fault=signal, tamper=signal, test=signal, battery=signal, value=st.booleans())
    def speak_besides(
        self, number: int, fault: bool | None, tamper: bool | None, test: bool | None, battery: bool | None, value: bool
    ) -> None:
        """A point in alarm says something, but nothing about its alarm."""
        live = self.live()
        more = {"fault": fault, "tamper": tamper, "test": test, "battery_low": battery}
        self.observe(live[number % len(live)], state="no_answer" if value else "", **more)

    @rule(point=st.sampled_from(FIRE), restores=st.sampled_from(("a", "b")))
    def rival(self, point: str, restores: str) -> None:
        """Two links claim one identity; one of them raises, the same or the other one restores."""
        self.town.link(LinkState("gb26875", "4097", up=True, received_at=self.town.wall, rivals=1))
        self.observe(point, alarm=True, source="a")
        self.observe(point, alarm=False, source=restores)

    @rule(points=st.sampled_from(PAINTED), seconds=st.sampled_from((10.0, 50.0)), person=st.sampled_from(PERSONS))
    def paint(self, points: tuple[str, ...], seconds: float, person: Person) -> None:
        """Points are silenced for a while, and alarm meanwhile."""
        for point in points:
            self.act(bypass.set_bypass, point, 40.0, "painting", person, person=person)
            self.observe(point, alarm=True)
        self.town.pass_(seconds)

    @rule(point=st.sampled_from((*FIRE, "")), late=st.sampled_from((0.0, -5.0)))
    def overtake(self, point: str, late: float) -> None:
        """An alarm, and a normal that may have been sent before it; also of a device that nobody knows."""
        now = self.town.wall
        for alarm, at in ((True, now), (False, now + late)):
            if point:
                self.observe(point, alarm=alarm, device_at=at)
            else:
                address = Address("gb26875", "4097", "1.1.42.FFFF0000")
                self.hear(Observation(address=address, received_at=now, alarm=alarm, device_at=at))

    @rule(up=st.booleans(), stood=st.sampled_from((61.0, 200.0)), free=st.sampled_from((5.0, 40.0)))
    def drive_off(self, up: bool, stood: float, free: float) -> None:
        """A car stood in the lane and leaves; perhaps the link is lost right then."""
        self.observe(LANE, alarm=True)
        self.town.pass_(stood)
        self.observe(LANE, alarm=False)
        self.town.link(LinkState("modbus", "box", up, self.town.wall))
        self.town.pass_(free)

    @rule(named=some_fire, next_named=some_fire, close=st.booleans(), person=st.sampled_from(PERSONS))
    def rehearse(self, named: list[str], next_named: list[str], close: bool, person: Person) -> None:
        """A drill in which its named points alarm; perhaps all is closed, then it is prolonged for others."""
        self.act(bypass.start_drill, "bay", 50.0, named, person, person=person)
        self.burn(named)
        if close:
            self.close_everything(person)
            self.act(bypass.start_drill, "bay", 50.0, next_named, person, person=person)

    @rule(device=st.sampled_from(("f201", "lane", "hall")), seconds=st.sampled_from((61.0, 1900.0)))
    def come_back(self, device: str, seconds: float) -> None:
        """A device that is in alarm is removed, and comes back later."""
        (point,) = self.town.everything.devices[device].points
        self.observe(point.id, alarm=True)
        self.close_everything(PERSONS[0])
        self.town.rebuild(site("", (device,)))
        self.town.away(seconds)
        self.town.rebuild(site(""))

    @rule(person=st.sampled_from(PERSONS), seconds=st.sampled_from((0.0, 0.0, 905.0)))
    def take_everything(self, person: Person, seconds: float) -> None:
        """Somebody is on the way to everything, and perhaps it becomes quiet."""
        for incident in self.town.incidents:
            seen = incident.revision
            self.act(lifecycle.handle, incident.id, person, "button", person=person, revision=seen)
        self.town.pass_(seconds)

    @rule(gas=st.sampled_from(sorted(GASES)), level=st.integers(0, 3), alarm=signal, times=st.integers(1, 2))
    def measure(self, gas: str, level: int, alarm: bool | None, times: int) -> None:
        """A concentration; level 0 is clean air."""
        values = GASES[gas]
        for _ in range(times):
            self.observe(gas, value=values[level % len(values)], alarm=alarm)

    @rule(gas=st.sampled_from(sorted(GASES)), alarm=signal, state=st.sampled_from(("", "no_answer")))
    def measure_nothing(self, gas: str, alarm: bool | None, state: str) -> None:
        """A gas detector says something but a value."""
        self.observe(gas, alarm=alarm, state=state)

    @rule(on=st.sampled_from((True, True, False)), seconds=st.sampled_from((1.0, 61.0, 200.0)))
    def park(self, on: bool, seconds: float) -> None:
        """A car stands in the fire lane, or leaves, and a while passes."""
        self.observe(LANE, alarm=on)
        self.town.pass_(seconds)

    @precondition(lambda self: self.said)
    @rule(back=st.integers(0, 8))
    def deliver_again(self, back: int) -> None:
        """An old observation comes once more, or late."""
        old = self.said[-1 - back % len(self.said)]
        self.town.hear(replace(old, received_at=self.town.wall))

    @rule(device=st.sampled_from(("4097", "77")), alarm=st.sampled_from((True, False, None)), at=offset, test=signal)
    def speak_unknown(self, device: str, alarm: bool | None, at: float | None, test: bool | None) -> None:
        """A device that nobody knows."""
        address = Address("gb26875", device, "1.1.42.FFFF0000")
        device_at = None if at is None else self.town.wall + at
        self.hear(Observation(address=address, received_at=self.town.wall, alarm=alarm, device_at=device_at, test=test))

    @rule(
        address=st.sampled_from(
            (Address("gb26875", "4097"), Address("gb26875", "4097", "1.1."), Address("modbus", "box"))
        ),
        at=offset,
        source=source,
    )
    def reset(self, address: Address, at: float | None, source: str) -> None:
        """A system is reset."""
        self.town.reset(Reset(address, self.town.wall, None if at is None else self.town.wall + at, source))

    @rule(link=which, up=st.booleans(), rivals=st.sampled_from((0, 0, 1)))
    def link(self, link: int, up: bool, rivals: int) -> None:
        """A link goes or comes, perhaps twice."""
        links = self.town.site.links()
        protocol, device = links[link % len(links)]
        self.town.link(LinkState(protocol, device, up, self.town.wall, rivals))

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
        self.town.rebuild(site("self_test: off\n"))
        self.town.rebuild(site(""))
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
    def rebuild(self, more: str, gone: list[str], moved: str) -> None:
        """Another site file: devices removed, moved, back again, and other policies."""
        self.town.rebuild(site(more, tuple(gone), moved))

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

    def observe(self, point_id: str, **more: object) -> None:
        """A point of the site says something; one that was removed says nothing."""
        point = self.town.site.points.get(point_id)
        if point:
            self.hear(self.town.seen(point, **more))

    def hear(self, seen: Observation) -> None:
        """Something is said, and may be said again."""
        self.said.append(seen)
        self.town.hear(seen)

    def close_everything(self, person: Person) -> None:
        """Somebody ends all that is open."""
        for incident in self.town.incidents:
            self.act(lifecycle.close, incident.id, Cause.DUST, "", person, person=person)

    def fall_asleep(self, offset: float, *, gone: bool = False) -> None:
        """Let time pass until the night's self-test and ``offset`` more; at least a second."""
        waits = [wait for wait in self.town.state.deadlines.values() if wait.kind is DeadlineKind.SELF_TEST]
        seconds = max([wait.remaining(self.town.wall) + offset for wait in waits], default=60.0)
        (self.town.away if gone else self.town.pass_)(max(seconds, 1.0))

    def live(self) -> list[str]:
        """The points of the site that are in alarm."""
        points = self.town.state.points
        return sorted(key for key in self.town.site.points if key in points and points[key].alarm)

    def incident(self, number: int) -> Any:
        """One of the open incidents."""
        return self.town.incidents[number % len(self.town.incidents)]

    def act(self, decide: Callable[..., Any], *args: Any, person: Person, revision: int | None = None) -> None:
        """A command."""
        self.town.decide(lambda draft: decide(draft, *args), person, revision)


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
