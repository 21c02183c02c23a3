"""Entities of Home Assistant that are devices of a compound: what is kept of them, and how they join the site."""

from dataclasses import dataclass

from .kinds import DeviceKind, PointKind
from .observation import Address
from .site import Device, Point, Site

LINK, HOME_ASSISTANT = "adopted", "Home Assistant"
"""The link over which all of them are heard: it is up while a Home Assistant brings what they say."""

REPORT_SECONDS = 120.0
"""Home Assistant repeats what an entity says twice as often as that; after two and a half of these periods a silent
one is offline, five minutes (project's choice)."""

MAX_DEVICES = 500
"""Further ones are left out (project's choice); they are what a community has beside its detectors."""


@dataclass(frozen=True, slots=True)
class AdoptedDevice:
    """One entity: what it is, and where; ``station``: of a leak detector, whose relays it turns off."""

    id: str
    name: str
    kind: DeviceKind
    point: PointKind
    compound: str
    building: str = ""
    floor: str = ""
    flat: str = ""
    unit: str | None = None
    station: str = ""


@dataclass(frozen=True, slots=True)
class Adopted:
    """All of them, as Home Assistant said last."""

    devices: tuple[AdoptedDevice, ...]


def address_of(device: str) -> Address:
    """Where an adopted device is heard."""
    return Address(LINK, HOME_ASSISTANT, device)


def is_adopted(device: Device | None) -> bool:
    """Whether a device of the site is an entity of Home Assistant."""
    return device is not None and any(point.address.link == LINK for point in device.points)


def joined(site: Site, adopted: Adopted | None) -> Site:
    """The site with the adopted devices; what the site file says itself wins over one of the same id."""
    if adopted is None:
        return site
    found = site.adding(map(_device, adopted.devices))
    for item in adopted.devices:
        station = site.stations.stations.get(item.station)
        taken = is_adopted(found.devices.get(item.id)) and item.point is PointKind.LEAK
        if taken and station and station.compound == item.compound:
            found.stations = found.stations.also_dried_by(f"{item.id}.{item.point}", station.id)
    return found


def _device(item: AdoptedDevice) -> Device:
    point = Point(f"{item.id}.{item.point}", item.id, item.point, address_of(item.id), item.unit)
    return Device(
        item.id,
        item.name,
        item.kind,
        item.compound,
        item.building,
        item.floor,
        item.flat,
        points=(point,),
        report_every=REPORT_SECONDS,
    )
