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
    """One entity: what it is, and where."""

    id: str
    name: str
    kind: DeviceKind
    point: PointKind
    compound: str
    building: str = ""
    floor: str = ""
    flat: str = ""
    unit: str | None = None


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
    return site.adding(map(_device, adopted.devices))


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
