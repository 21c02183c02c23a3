"""What the hub decides is what its journal file holds: over random inputs, commands, waits and restarts.

The run is the same every time; COMMUNITY_HELP_HUNT lengthens it as in ``model/test_machine.py``.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from copy import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from community_help_gateway.errors import GatewayError
from community_help_gateway.hub import Hub
from community_help_gateway.journal.store import Journal
from community_help_gateway.model import bypass, guard, lifecycle, people, selftest
from community_help_gateway.model.adopted import Adopted, AdoptedDevice, address_of
from community_help_gateway.model.draft import Decide, Result
from community_help_gateway.model.incident import Cause, DeadlineKind, Incident, Person
from community_help_gateway.model.kinds import DeviceKind, PointKind
from community_help_gateway.model.observation import LinkState, Observation, Reset
from community_help_gateway.model.roster import StaffMember
from community_help_gateway.model.state import Receipt
from community_help_gateway.model.supervision import NO_ANSWER
from community_help_gateway.site import parse
from tests.gateway.conftest import FakeClock
from tests.gateway.model.replay import differences

SITE = (Path(__file__).parents[1] / "captures/sites/compound.yaml").read_text("utf-8")
STATION = """\
  - id: microwave
    name: 微波炉
    kind: microwave
    compound: bay
    station: love
    at: { modbus: box, relay: 2 }
    points: { power: { modbus: meter } }
    max_on: 30
    session: 5
  - { id: leak, name: 水浸, kind: leak, compound: bay, station: love, at: { modbus: box, input: 3 } }
stations:
  - { id: love, name: 爱心驿站, compound: bay, hours: [["07:00", "12:00"], ["13:00", "21:30"]] }
"""
METER = "modbus:\n  - { id: meter, host: 127.0.0.1, unit: 2, profile: eastron_sdm120 }\n"
COMPOUND = parse(SITE.replace("modbus:\n", METER, 1) + STATION, "compound.yaml").site
MICROWAVE = "microwave.relay"
SMOKE = AdoptedDevice("balcony", "阳台", DeviceKind.SMOKE_ALARM, PointKind.SMOKE, "bay", "1号楼")
SINK = AdoptedDevice("sink", "水槽", DeviceKind.LEAK, PointKind.LEAK, "bay", station="love")
ENDS = (DeadlineKind.MAX_ON, DeadlineKind.SESSION, DeadlineKind.VERIFY)
"""What turns a relay off."""
POINTS = ("f201.smoke", "f202.smoke", "button.call_point", "lane.lane", "septic-1.h2s", "leak.leak")
ZHANG = Person("zhang", "张三")
DAY = 86400.0

which = st.integers(0, 3)


class Restarts(RuleBasedStateMachine):
    """One gateway on one journal file; each rule is something that may happen to it."""

    def __init__(self) -> None:
        """An empty folder."""
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.clock = FakeClock()
        self.keys: dict[str, Result] = {}
        self.adopted = 0
        self.hub = self.runner.run(self.opened())

    async def opened(self) -> Hub:
        """A hub on the journal file, started."""
        hub = Hub(Journal.open(Path(self.folder.name) / "journal.sqlite"), COMPOUND, self.clock)
        hub.start()
        return hub

    @rule(point=st.sampled_from(POINTS), alarm=st.sampled_from((True, True, False, None)), fault=st.booleans())
    def speak(self, point: str, alarm: bool | None, fault: bool) -> None:
        """A device speaks."""
        address = COMPOUND.points[point].address
        value = 20.0 if alarm and point == "septic-1.h2s" else None
        seen = Observation(address=address, received_at=self.clock.wall(), alarm=alarm, fault=fault, value=value)
        self.runner.run(self.hub.observe([seen, replace(seen, battery_low=fault)]))

    @rule(link=which, up=st.booleans(), rivals=st.integers(0, 1))
    def link(self, link: int, up: bool, rivals: int) -> None:
        """A link comes or goes."""
        links = COMPOUND.links()
        protocol, device = links[link % len(links)]
        self.runner.run(self.hub.observe([LinkState(protocol, device, up, self.clock.wall(), rivals)]))

    @rule(devices=st.sampled_from(((), (SMOKE,), (SMOKE, SINK), (SINK,))))
    def adopt(self, devices: tuple[AdoptedDevice, ...]) -> None:
        """Home Assistant adopts entities, and gives others up."""
        self.adopted += 1
        key = f"adopt-{self.adopted}"
        self.runner.run(self.hub.adopt(key, lambda draft: people.set_adopted(draft, devices)))
        assert self.hub.state.adopted == (Adopted(devices) if devices or self.hub.state.adopted else None)

    @rule(device=st.sampled_from(("balcony", "sink")), alarm=st.sampled_from((True, False, None)))
    def bring(self, device: str, alarm: bool | None) -> None:
        """Home Assistant brings what an adopted entity says, or that it is silent."""
        silent = {"state": NO_ANSWER} if alarm is None else {"fault": False}
        seen = Observation(address=address_of(device), received_at=self.clock.wall(), alarm=alarm)
        self.runner.run(self.hub.observe([replace(seen, **silent)]))

    @rule(on=st.booleans(), watts=st.sampled_from((None, 0.0, 900.0)))
    def switch(self, on: bool, watts: float | None) -> None:
        """The microwave's relay is seen, and what the meter measures."""
        relay, power = (COMPOUND.points[name].address for name in (MICROWAVE, "microwave.power"))
        said = [Observation(address=relay, received_at=self.clock.wall(), on=on)]
        said += [Observation(address=power, received_at=self.clock.wall(), value=watts)] if watts is not None else []
        self.runner.run(self.hub.observe(said))

    @rule()
    def serve(self) -> None:
        """Somebody wants a session."""
        self.command(guard.start_session, MICROWAVE, ZHANG)

    @rule()
    def fail(self) -> None:
        """The relay did not follow when a session began."""
        self.command(guard.session_failed, MICROWAVE)

    @rule()
    def reset(self) -> None:
        """The fire system is reset."""
        address = replace(COMPOUND.points["f201.smoke"].address, part="")
        self.runner.run(self.hub.observe([Reset(address, self.clock.wall())]))

    @precondition(lambda self: self.hub.state.incidents)
    @rule(number=which)
    def acknowledge(self, number: int) -> None:
        """Somebody takes an incident."""
        incident = self.incident(number)
        self.command(lifecycle.acknowledge, incident.id, incident.revision, ZHANG, "button")

    @precondition(lambda self: self.hub.state.incidents)
    @rule(number=which, what=st.sampled_from((lifecycle.handle, lifecycle.ask)))
    def act(self, number: int, what: Callable[..., Any]) -> None:
        """Somebody acts on it."""
        self.command(what, self.incident(number).id, ZHANG, "button")

    @precondition(lambda self: self.hub.state.incidents)
    @rule(number=which, seen=st.booleans())
    def close(self, number: int, seen: bool) -> None:
        """Somebody ends it, perhaps as it was when it began."""
        self.command(lifecycle.close, self.incident(number).id, Cause.DUST, "", ZHANG, "button", int(seen))

    @precondition(lambda self: self.hub.state.incidents)
    @rule(number=which)
    def refuse(self, number: int) -> None:
        """Somebody may not do what they want."""
        self.command(lifecycle.not_permitted, "close", ZHANG, self.incident(number).id)

    @precondition(lambda self: self.hub.state.pages)
    @rule(number=which, step=st.sampled_from(("accepted", "unproven", "failed", "seen")), phone=st.booleans())
    def prove(self, number: int, step: str, phone: bool) -> None:
        """Something is proven about a page, or is known not to be."""
        pages = sorted(self.hub.state.pages)
        receipt = Receipt(pages[number % len(pages)], step, self.clock.wall(), "p" if phone else "")
        self.command(people.receive, receipt)

    @rule(compound=st.sampled_from(("bay", "hill")))
    def test_itself(self, compound: str) -> None:
        """Somebody wants a self-test."""
        self.command(selftest.start, compound, ZHANG)

    @rule(point=st.sampled_from(POINTS), seconds=st.sampled_from((30.0, 3000.0)))
    def silence(self, point: str, seconds: float) -> None:
        """A point is silenced."""
        self.command(bypass.set_bypass, point, seconds, "painting", ZHANG)

    @rule(seconds=st.sampled_from((30.0, 3000.0)))
    def rehearse(self, seconds: float) -> None:
        """A drill begins, and injects an alarm."""
        self.command(bypass.start_drill, "bay", seconds, ("f202.smoke",), ZHANG)
        self.command(bypass.inject, "f201.smoke", ZHANG)

    @rule(tier=st.integers(1, 3), holder=st.sampled_from(("one", "two")))
    def take_over(self, tier: int, holder: str) -> None:
        """Another Home Assistant comes with its roster."""
        self.command(lambda draft: people.claim_lease(draft, holder, holder, force=True, version=3))
        self.command(people.set_roster, (StaffMember("zhang", "张三", tier), StaffMember("li", "李四", 2)))

    @precondition(lambda self: self.keys)
    @rule(number=which)
    def repeat(self, number: int) -> None:
        """A command comes once more: it gets its first answer, and nothing happens."""
        key = list(self.keys)[-1 - number % len(self.keys)]
        before = self.hub.state.number
        answer = self.runner.run(self.hub.command(key, _never))
        assert (answer, self.hub.state.number) == (self.keys[key], before)

    @rule(seconds=st.sampled_from((5.0, 31.0, 130.0, 1900.0, 20000.0)))
    def wait(self, seconds: float) -> None:
        """Time passes, and what is due comes."""
        self.clock.pass_(seconds)
        self.runner.run(self.fire())

    @rule(seconds=st.sampled_from((DAY, -DAY)))
    def jump(self, seconds: float) -> None:
        """The wall clock is set; no wait gets longer by it."""
        self.clock.wall_time += seconds

    @rule(seconds=st.sampled_from((0.0, 0.0, 200.0)), jump=st.sampled_from((0.0, 0.0, -DAY, DAY)))
    def restart(self, seconds: float, jump: float) -> None:
        """The gateway stops and starts: everything is there, and no wait is longer than it was."""
        self.runner.run(self.hub.close())
        before = self.hub.state
        self.clock.pass_(seconds)
        self.clock.wall_time += jump
        self.hub = self.runner.run(self.reopened(before))

    async def reopened(self, before: Any) -> Hub:
        """The hub of the next process, compared before it starts."""
        hub = Hub(Journal.open(Path(self.folder.name) / "journal.sqlite"), COMPOUND, self.clock)
        assert not differences(before, hub.state), differences(before, hub.state)
        running = {key for _, key, _ in hub._waits}
        assert running == before.deadlines.keys(), "promise 14: waits are simply still there"
        for rings_at, key, _ in hub._waits:
            assert rings_at - self.clock.monotonic() <= before.deadlines[key].length, ("promise 14", key)
        hub.start()
        return hub

    @invariant()
    def what_is_on_has_an_end(self) -> None:
        """Whatever happened, and whoever was restarted; and what leaks is ordered off at once."""
        state = self.hub.state
        waits = {deadline.kind: deadline for deadline in state.deadlines.values() if deadline.subject == MICROWAVE}
        if MICROWAVE in state.points and state.points[MICROWAVE].on:
            assert waits.keys() & set(ENDS)
            leaks = self.hub.site.stations.holds[MICROWAVE].leaks
            if any(leak in state.points and state.points[leak].alarm for leak in leaks):
                assert DeadlineKind.VERIFY in waits
        for kind, most in ((DeadlineKind.MAX_ON, 1800.0), (DeadlineKind.SESSION, 300.0)):
            assert kind not in waits or waits[kind].length <= most

    @invariant()
    def what_is_shown_is_what_is_decided(self) -> None:
        """Once nothing is on its way to the disk, both states are one, and so is the file."""
        self.runner.run(self.idle())
        assert not differences(self.hub.state, self.hub.visible), differences(self.hub.state, self.hub.visible)
        assert self.hub.state.points == self.hub.visible.points
        assert self.hub.state.links_up == self.hub.visible.links_up
        on_disk = self.hub.journal.load()
        assert not differences(self.hub.state, on_disk), differences(self.hub.state, on_disk)

    def teardown(self) -> None:
        """The process and its folder go."""
        self.restart(0.0, 0.0)
        self.runner.run(self.hub.close())
        self.runner.close()
        self.folder.cleanup()

    async def fire(self) -> None:
        """What the timer does."""
        self.hub.fire_due()

    async def idle(self) -> None:
        """Everything that was decided is on the disk."""
        await self.hub.journal.submit((), ())

    def key(self) -> str:
        """A fresh key."""
        return f"key-{len(self.keys)}"

    def command(self, decide: Callable[..., Any], *args: Any) -> None:
        """A command under a fresh key; one that is refused leaves everything as it was."""
        key, before = self.key(), self.hub.state.number
        names = dict.fromkeys(("incident", "page", "point", "compound", "name"), "")
        try:
            self.keys[key] = self.runner.run(self.hub.command(key, lambda draft: decide(draft, *args), **names))
        except GatewayError:
            assert self.hub.state.number == before

    def incident(self, number: int) -> Incident:
        """One of the open incidents."""
        found = sorted(self.hub.state.incidents.values(), key=lambda item: int(item.id.rpartition("-")[2]))
        return found[number % len(found)]


def _never(draft: Any) -> Any:
    message = "a command was carried out twice"
    raise AssertionError(message)


_: Decide = _never
HUNT = int(os.environ.get("COMMUNITY_HELP_HUNT", "0"))
Restarts.TestCase.settings = settings(
    max_examples=HUNT or 25,
    stateful_step_count=25,
    derandomize=not HUNT,
    report_multiple_bugs=False,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestRestarts = Restarts.TestCase
