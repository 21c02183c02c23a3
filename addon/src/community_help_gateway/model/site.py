"""The community as it is built: compounds, devices, points, and which address is which point.

The vocabulary (device kinds, point kinds, hazards) is the model's own; the contract has its copy, and one
file, ``api.views``, maps the one to the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from .observation import Address


class Hazard(StrEnum):
    """What threatens people."""

    FIRE = "fire"
    GAS = "gas"
    FIRE_LANE = "fire_lane"
    APPLIANCE = "appliance"
    UNPLACED = "unplaced"


class DeviceKind(StrEnum):
    """What a device is."""

    TRANSMITTER = "transmitter"
    SMOKE_ALARM = "smoke_alarm"
    GAS_DETECTOR = "gas_detector"
    FIRE_LANE = "fire_lane"
    APPLIANCE = "appliance"


class PointKind(StrEnum):
    """What a point measures or switches."""

    SMOKE = "smoke"
    GAS = "gas"
    LANE = "lane"
    SYSTEM = "system"
    CH4 = "ch4"
    H2S = "h2s"
    CO = "co"
    O2 = "o2"
    RELAY = "relay"


HAZARDS = {
    PointKind.SMOKE: Hazard.FIRE,
    PointKind.SYSTEM: Hazard.FIRE,
    PointKind.GAS: Hazard.GAS,
    PointKind.CH4: Hazard.GAS,
    PointKind.H2S: Hazard.GAS,
    PointKind.CO: Hazard.GAS,
    PointKind.O2: Hazard.GAS,
    PointKind.LANE: Hazard.FIRE_LANE,
    PointKind.RELAY: Hazard.APPLIANCE,
}
"""The hazard that an alarm of a point of this kind means."""


@dataclass(frozen=True, slots=True)
class Compound:
    """A residential compound, the unit people are responsible for."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Point:
    """One measured or switched value of a device, and the address at which the field speaks of it."""

    id: str
    device: str
    kind: PointKind
    address: Address
    unit: str | None = None
    writable: bool = False

    @property
    def hazard(self) -> Hazard:
        """What an alarm of this point means."""
        return HAZARDS[self.kind]


@dataclass(frozen=True, slots=True)
class Device:
    """A thing with an address."""

    id: str
    name: str
    kind: DeviceKind
    compound: str
    building: str = ""
    floor: str = ""
    flat: str = ""
    model: str = ""
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One person of the roster; empty ``compounds`` means all of them."""

    id: str
    name: str
    tier: int = 1
    compounds: tuple[str, ...] = ()


@dataclass(slots=True)
class Site:
    """Everything that the site file says, with an index by address (a look-up costs the same at any size)."""

    compounds: dict[str, Compound] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    points: dict[str, Point] = field(default_factory=dict)
    staff: tuple[StaffMember, ...] = ()
    _by_address: dict[Address, Point] = field(default_factory=dict)
    _by_link: dict[tuple[str, str], list[Point]] = field(default_factory=dict)

    @classmethod
    def of(cls, compounds: Iterable[Compound], devices: Iterable[Device], staff: Iterable[StaffMember] = ()) -> Site:
        """Build the indexes; raises ValueError, naming both devices, when two claim one address."""
        site = cls(compounds={item.id: item for item in compounds}, staff=tuple(staff))
        for device in devices:
            site.devices[device.id] = device
            for point in device.points:
                site._place(point)
        return site

    def _place(self, point: Point) -> None:
        other = self._by_address.setdefault(point.address, point)
        if other is not point:
            message = f"{other.device} and {point.device} claim the same address"
            raise ValueError(message)
        self.points[point.id] = point
        self._by_link.setdefault((point.address.link, point.address.device), []).append(point)

    def resolve(self, address: Address) -> Point | None:
        """The point at this address, or ``None`` for an unknown one."""
        return self._by_address.get(address)

    def on_link(self, link: str, device: str) -> tuple[Point, ...]:
        """All points that are heard over this link."""
        return tuple(self._by_link.get((link, device), ()))

    def place(self, device: Device) -> str:
        """Where a device is, as people say it: compound, building, floor, flat, name; empty parts left out."""
        compound = self.compounds.get(device.compound)
        parts = (compound.name if compound else "", device.building, device.floor, device.flat, device.name)
        return " ".join(part for part in parts if part)
