"""The random machine's field: detectors, gases, cars, links, and what is said late, twice or by rivals."""

from copy import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from community_help_gateway.model import bypass, lifecycle
from community_help_gateway.model.incident import Person
from community_help_gateway.model.observation import Address, LinkState, Observation, Reset
from tests.gateway.model.machine import (
    ELSEWHERE,
    FIRE,
    GASES,
    LANE,
    PAINTED,
    PERSONS,
    Machine,
    offset,
    signal,
    site,
    some_fire,
    source,
    which,
)


class Field(Machine):
    """What may come from outside."""

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
        self.rebuild(site("", (device,)))
        self.town.away(seconds)
        self.rebuild(site(""))

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
