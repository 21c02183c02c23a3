"""The random machine's town, and what its rules have in common."""

from collections.abc import Callable
from copy import replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from community_help_gateway.model import lifecycle, people
from community_help_gateway.model.adopted import Adopted, AdoptedDevice, joined
from community_help_gateway.model.incident import Cause, DeadlineKind, Person
from community_help_gateway.model.observation import Observation
from community_help_gateway.model.roster import StaffMember
from community_help_gateway.model.site import Site
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
    made = Site.of(found.compounds.values(), devices, found.staff, found.policies, found.zone, self_test=night)
    made.stations = found.stations
    return made


class Machine(RuleBasedStateMachine):
    """One town; a rule is one thing that may happen next."""

    adopted: tuple[AdoptedDevice, ...]
    more = ""
    """What its site file has besides."""

    def __init__(self) -> None:
        """An ordinary Monday morning."""
        super().__init__()
        self.town = Town(site(self.more))
        self.town.decide(lambda draft: people.claim_lease(draft, "one", "one", force=False, version=3), PERSONS[0])
        self.said: list[Observation] = []
        self.file, self.adopted = site(self.more), ()

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

    def rebuild(self, file: Site) -> None:
        """Another site file; what is adopted stays."""
        self.file = file
        self.town.rebuild(joined(file, Adopted(self.adopted)))
