"""A community on a real hub and a real journal, through which tests let days pass."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import replace
from pathlib import Path
from typing import Any

from community_help_gateway.hub import Hub
from community_help_gateway.journal.store import Journal
from community_help_gateway.model import bypass, lifecycle
from community_help_gateway.model.draft import Decision
from community_help_gateway.model.incident import Cause, Incident, Person
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.model.observation import Address, LinkState, Observation
from community_help_gateway.model.site import Site
from community_help_gateway.site import parse
from tests.gateway.conftest import FakeClock

COMPOUND = (Path(__file__).parents[2] / "captures/sites/compound.yaml").read_text("utf-8")
ZHANG = Person("zhang", "张三")
LI = Person("li", "李四")
GUEST = Person("guest", "赵六")
"""Somebody who is not in the roster."""


def site(more: str = "") -> Site:
    """The compound's site, with more text at the end of its file."""
    return parse(COMPOUND + more, "compound.yaml").site


class Scene:
    """What happens in the community; every deadline falls due at its very time."""

    def __init__(self, hub: Hub, clock: FakeClock) -> None:
        """``hub`` is on a real journal."""
        self.hub = hub
        self.clock = clock
        self._key = 0

    async def say(self, device: str, alarm: bool | None = True, *, kind: str = "", **more: Any) -> None:
        """A device of the site speaks; ``kind`` names its point where it has several."""
        points = self.hub.site.devices[device].points
        (point,) = [item for item in points if not kind or item.kind == kind]
        seen = Observation(address=point.address, received_at=self.clock.wall(), alarm=alarm)
        await self.hub.observe([replace(seen, **more)])

    async def stranger(self, part: str, alarm: bool = True) -> None:
        """A device speaks that the site does not know."""
        seen = Observation(address=Address("gb26875", "9999", part), received_at=self.clock.wall(), alarm=alarm)
        await self.hub.observe([seen])

    async def link(self, link: str, device: str, *, up: bool) -> None:
        """A link comes or goes."""
        await self.hub.observe([LinkState(link, device, up, self.clock.wall())])

    async def decide(self, decide: Callable[..., Decision], **more: Any) -> None:
        """A person's decision."""
        self._key += 1
        await self.hub.command(f"key-{self._key}", lambda draft: decide(draft, **more), incident="", point="")

    async def take(self, incident: Incident, who: Person = ZHANG) -> None:
        """Somebody takes an incident as it is."""
        known = self.hub.state.incidents[incident.id]
        about = {"incident_id": known.id, "revision": known.revision}
        await self.decide(lifecycle.acknowledge, **about, person=who, way="button")

    async def close(self, incident: Incident, cause: Cause, note: str = "", who: Person = ZHANG) -> None:
        """Somebody ends an incident."""
        about = {"incident_id": incident.id, "cause": cause, "note": note}
        await self.decide(lifecycle.close, **about, person=who, way="action")

    def incident(self, hazard: Hazard = Hazard.FIRE, place: str = "") -> Incident:
        """The only open incident of a hazard, at a place."""
        (found,) = [item for item in self.hub.state.incidents.values() if item.hazard is hazard and place in item.place]
        return found

    async def pass_(self, seconds: float) -> None:
        """Let time pass; whatever falls due in it does, in order and at its time."""
        end = self.clock.wall_time + seconds
        while due := [item.due_at for item in self.hub.state.deadlines.values() if item.due_at <= end]:
            self.clock.pass_(max(min(due) - self.clock.wall_time, 0.0))
            self.hub.fire_due()
        self.clock.pass_(end - self.clock.wall_time)
        await self.hub.journal.submit((), ())


@asynccontextmanager
async def opened(folder: Path, its_site: Site, clock: FakeClock) -> AsyncIterator[Scene]:
    """A scene on a new journal in ``folder``, all links up; closed at the end."""
    hub = Hub(Journal.open(folder / "journal.sqlite"), its_site, clock)
    hub.start()
    scene = Scene(hub, clock)
    for link, device in its_site.links():
        await scene.link(link, device, up=True)
    yield scene
    await hub.close()


async def a_fire(scene: Scene) -> Incident:
    """Two floors burn, nobody answers for long, then people do, and say that it was the kitchen."""
    await scene.say("f201")
    await scene.pass_(5)
    await scene.say("f202")
    await scene.pass_(4)
    await scene.say("f203")
    await scene.pass_(200)
    await scene.say("f301")
    await scene.pass_(12)
    await scene.say("f401")
    await scene.pass_(90)
    fire = scene.incident()
    await scene.take(fire)
    await scene.pass_(100)
    await scene.say("f201", alarm=False)
    await scene.say("f201")
    await scene.pass_(20)
    await scene.say("f201", alarm=False)
    await scene.say("f201")
    await scene.pass_(2000)
    await scene.decide(lifecycle.handle, incident_id=fire.id, person=LI, way="button")
    await scene.decide(lifecycle.add_note, incident_id=fire.id, text="=油锅 <b>&", person=LI, way="action")
    for device in ("f201", "f202", "f203", "f301", "f401"):
        await scene.say(device, alarm=False)
    await scene.pass_(60)
    closed = scene.hub.state.incidents[fire.id]
    await scene.close(fire, Cause.COOKING, "厨房油烟", GUEST)
    return closed


async def a_day(scene: Scene) -> None:
    """Everything that the field can say and people can decide, once."""
    await a_fire(scene)
    await scene.pass_(1000)
    for value in (12.0, 12.5, 25.0, 26.0, 3.0):
        await scene.say("septic-1", None, kind="ch4", value=value)
        await scene.pass_(40)
    await scene.take(scene.incident(Hazard.GAS))
    await scene.say("kitchen")
    await scene.pass_(700)
    await scene.say("lane", None, on=True)
    await scene.pass_(590)
    await scene.say("lane", None, on=False)
    await scene.pass_(50)
    await scene.stranger("1.1.40.05000500")
    await scene.pass_(300)
    await scene.stranger("1.1.40.05000500", alarm=False)
    await rehearsals(scene)
    await scene.say("b2-101", None, fault=True)
    await scene.link("modbus", "septic", up=False)
    await scene.pass_(500)
    await scene.link("modbus", "septic", up=True)
    await scene.say("b2-101", None, fault=False)
    await closings(scene)


async def rehearsals(scene: Scene) -> None:
    """A silenced detector, a second one that breaks through, and a drill with an injected alarm."""
    silent = {"point_id": "b2-101.smoke", "seconds": 3600.0, "reason": "装修"}
    await scene.decide(bypass.set_bypass, **silent, person=ZHANG)
    await scene.pass_(10)
    await scene.say("b2-101")
    await scene.pass_(3700)
    drill = {"compound": "hill", "seconds": 600.0, "points": ()}
    await scene.decide(bypass.start_drill, **drill, person=ZHANG)
    await scene.decide(bypass.inject, point_id="hall.smoke", person=ZHANG)
    await scene.pass_(700)
    await scene.say("hall")
    await scene.pass_(30)
    await scene.decide(lifecycle.ask, incident_id=scene.incident(place="青山").id, person=LI, way="button")


async def closings(scene: Scene) -> None:
    """An incident is closed while its point is live: it raises again; then everything ends."""
    hall = scene.incident(place="青山")
    await scene.close(hall, Cause.UNKNOWN)
    await scene.pass_(2000)
    for device in ("hall", "b2-101", "kitchen"):
        await scene.say(device, alarm=False)
    for incident in tuple(scene.hub.state.incidents.values()):
        await scene.close(incident, Cause.REAL)
    await scene.pass_(3600)
