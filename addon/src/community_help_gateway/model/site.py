"""The community as it is built: compounds, devices, points, which address is which point, and its policies."""

from collections.abc import Iterable
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from .kinds import HAZARDS, DeviceKind, Hazard, PointKind
from .observation import Address
from .policy import PolicySet
from .roster import StaffMember
from .station import NO_STATIONS, Stations

KEEP_DAYS = 3 * 365.0
"""How long the journal keeps what happened (project's choice)."""


@dataclass(frozen=True, slots=True)
class Compound:
    """A residential compound, the unit people are responsible for, and where it is (degrees, WGS 84), if known."""

    id: str
    name: str
    latitude: float | None = None
    longitude: float | None = None


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
    """A thing with an address.

    ``report_every``: within how many seconds it normally reports by itself (0: only its link tells that it lives).
    ``installed``: when, as wall time; ``None`` if nobody wrote it down.
    """

    id: str
    name: str
    kind: DeviceKind
    compound: str
    building: str = ""
    floor: str = ""
    flat: str = ""
    model: str = ""
    points: tuple[Point, ...] = ()
    report_every: float = 0.0
    installed: float | None = None


@dataclass(slots=True)
class Site:
    """Everything that the site file says, with an index by address (a look-up costs the same at any size).

    ``self_test`` is the minute of the local day at which the way to the staff is tested; ``None``: never by itself.
    """

    compounds: dict[str, Compound] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    points: dict[str, Point] = field(default_factory=dict)
    staff: tuple[StaffMember, ...] = ()
    policies: PolicySet = field(default_factory=PolicySet)
    zone: tzinfo = UTC
    keep_days: float = KEEP_DAYS
    self_test: int | None = None
    stations: Stations = NO_STATIONS
    _by_address: dict[Address, Point] = field(default_factory=dict)
    _by_link: dict[tuple[str, str], list[Point]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        compounds: Iterable[Compound],
        devices: Iterable[Device],
        staff: Iterable[StaffMember] = (),
        policies: PolicySet | None = None,
        zone: tzinfo = UTC,
        keep_days: float = KEEP_DAYS,
        self_test: int | None = None,
    ) -> Site:
        """Build the indexes; raises ValueError, naming both devices, when two claim one address."""
        site = cls({item.id: item for item in compounds}, staff=tuple(staff), zone=zone, keep_days=keep_days)
        site.policies, site.self_test = policies or site.policies, self_test
        for device in devices:
            site.devices[device.id] = device
            for point in device.points:
                site._place(point)
        return site

    def adding(self, devices: Iterable[Device]) -> Site:
        """This site with further devices; those that it has already stay as they are."""
        links = {link: list(points) for link, points in self._by_link.items()}
        more: Site = replace(
            self,
            devices=dict(self.devices),
            points=dict(self.points),
            _by_address=dict(self._by_address),
            _by_link=links,
        )
        for device in devices:
            if device.id in more.devices or any(point.id in more.points for point in device.points):
                continue
            more.devices[device.id] = device
            for point in device.points:
                more._place(point)
        return more

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

    def links(self) -> tuple[tuple[str, str], ...]:
        """Every link over which a point is heard: protocol, and the device on it."""
        return tuple(self._by_link)

    def device_of(self, point_id: str) -> Device | None:
        """The device that a point belongs to, if the site still has it."""
        point = self.points.get(point_id)
        return self.devices.get(point.device) if point else None

    def points_of(self, compound: str) -> tuple[Point, ...]:
        """All points of a compound, in the order of the site file."""
        return tuple(
            point for device in self.devices.values() if device.compound == compound for point in device.points
        )

    def compound_name(self, compound: str) -> str:
        """How people call a compound; empty for none."""
        found = self.compounds.get(compound)
        return found.name if found else ""

    def place(self, device: Device) -> str:
        """Where a device is, as people say it: compound, building, floor, flat, name; empty parts left out."""
        parts = (self.compound_name(device.compound), device.building, device.floor, device.flat, device.name)
        return " ".join(part for part in parts if part)
