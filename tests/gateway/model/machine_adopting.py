"""The random machine's Home Assistant: entities are adopted, speak, are silent, and are given up."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from community_help_gateway.model import people
from community_help_gateway.model.adopted import HOME_ASSISTANT, LINK, AdoptedDevice
from community_help_gateway.model.kinds import DeviceKind, PointKind
from community_help_gateway.model.observation import LinkState
from community_help_gateway.model.supervision import NO_ANSWER
from tests.gateway.model.machine import PERSONS, Machine, offset

BALCONY = AdoptedDevice("balcony", "阳台", DeviceKind.SMOKE_ALARM, PointKind.SMOKE, "bay", "1号楼", "2", "205")
GARAGE = AdoptedDevice("garage", "车库", DeviceKind.GAS_DETECTOR, PointKind.CO, "bay", unit="ppm")
GATE = AdoptedDevice("gate", "东门", DeviceKind.FIRE_LANE, PointKind.LANE, "hill")
LISTS = ((), (BALCONY,), (BALCONY, GARAGE), (BALCONY, GARAGE, GATE), (GATE,))


class Adopting(Machine):
    """What Home Assistant may bring."""

    @rule(devices=st.sampled_from(LISTS))
    def adopt(self, devices: tuple[AdoptedDevice, ...]) -> None:
        """The list is told; open incidents of what is no longer on it stay."""
        self.town.decide(lambda draft: people.set_adopted(draft, devices), PERSONS[0])
        self.adopted = devices
        self.rebuild(self.file)

    @precondition(lambda self: self.adopted)
    @rule(alarm=st.sampled_from((True, True, False)), at=offset)
    def adopted_speaks(self, alarm: bool, at: float | None) -> None:
        """The balcony's smoke alarm, by the time of its change."""
        device_at = None if at is None else min(self.town.wall + at, self.town.wall)
        self.observe("balcony.smoke", alarm=alarm, fault=False, device_at=device_at)

    @precondition(lambda self: self.adopted)
    @rule(value=st.sampled_from((0.0, 30.0, 200.0)), occupied=st.booleans(), seconds=st.sampled_from((1.0, 200.0)))
    def adopted_measures(self, value: float, occupied: bool, seconds: float) -> None:
        """The garage's gas, and the lane at the gate."""
        self.observe("garage.co", value=value, fault=False)
        self.observe("gate.lane", alarm=occupied, fault=False)
        self.town.pass_(seconds)

    @precondition(lambda self: self.adopted)
    @rule(point=st.sampled_from(("balcony.smoke", "garage.co", "gate.lane")), offline=st.booleans())
    def adopted_falls_silent(self, point: str, offline: bool) -> None:
        """An entity is unavailable, perhaps for so long that its device is offline: nothing ends by that."""
        live = self.live()
        self.observe(point, state=NO_ANSWER)
        device = point.partition(".")[0]
        if offline and device in self.town.site.devices:
            self.town.sweep(device)
        assert self.live() == live

    @precondition(lambda self: self.adopted)
    @rule(up=st.booleans(), seconds=st.sampled_from((1.0, 200.0)))
    def home_assistant(self, up: bool, seconds: float) -> None:
        """It goes or comes."""
        self.town.link(LinkState(LINK, HOME_ASSISTANT, up, self.town.wall))
        self.town.pass_(seconds)
