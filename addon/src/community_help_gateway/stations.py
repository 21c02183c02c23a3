"""The site file's stations: their hours, their devices' further points, and what their relays may do.

Everything that is wrong is named with its place; see ``site``.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import voluptuous as vol

from .codecs.modbus.profile import ProfileError, load
from .model.kinds import DeviceKind, PointKind
from .model.observation import Address
from .model.site import Device, Point
from .model.station import IDLE_WATTS, STATION_LINK, Filter, Hold, Station, Stations
from .policies import minutes

UNITS = {
    PointKind.CH4: "%LEL",
    PointKind.H2S: "ppm",
    PointKind.CO: "ppm",
    PointKind.O2: "%",
    PointKind.TEMPERATURE: "°C",
    PointKind.POWER: "W",
    PointKind.ENERGY: "kWh",
    PointKind.ENDS: "s",
    PointKind.FILTER_DAYS: "d",
    PointKind.FILTER_LITRES: "L",
}
"""What the values of a point are in."""

GASES = (PointKind.CH4, PointKind.H2S, PointKind.CO, PointKind.O2)
INPUTS = frozenset({PointKind.DOOR, PointKind.LEAK, PointKind.DISPENSING})
MEASURED = frozenset({PointKind.TEMPERATURE, PointKind.POWER, PointKind.ENERGY, PointKind.PEOPLE})
SINGLE = {
    DeviceKind.SMOKE_ALARM: PointKind.SMOKE,
    DeviceKind.CALL_POINT: PointKind.CALL_POINT,
    DeviceKind.GAS_DETECTOR: PointKind.GAS,
    DeviceKind.FIRE_LANE: PointKind.LANE,
    DeviceKind.APPLIANCE: PointKind.RELAY,
    DeviceKind.WATER_DISPENSER: PointKind.RELAY,
    DeviceKind.MICROWAVE: PointKind.RELAY,
    DeviceKind.MASSAGE_CHAIR: PointKind.RELAY,
    DeviceKind.SIREN: PointKind.RELAY,
    DeviceKind.FIRST_AID_CABINET: PointKind.DOOR,
    DeviceKind.DOOR: PointKind.DOOR,
    DeviceKind.LEAK: PointKind.LEAK,
}
"""What a device is by its input, its relay or its part."""

SEVERAL = {
    DeviceKind.GAS_DETECTOR: GASES,
    DeviceKind.THERMOMETER: (PointKind.TEMPERATURE,),
    DeviceKind.METER: (PointKind.POWER, PointKind.ENERGY),
    DeviceKind.PEOPLE_COUNTER: (PointKind.PEOPLE,),
}
"""What is read from the registers of a Modbus device as a whole."""

NOT_WRITTEN = frozenset({DeviceKind.TRANSMITTER, DeviceKind.STATION})
"""Kinds that have a section of their own."""

_TIMES = vol.All([minutes], vol.Length(min=2, max=2, msg='expected from and until, such as ["07:00", "21:30"]'))
_MINUTES = vol.All(vol.Any(int, float), vol.Range(min=0.1, max=1440, msg="expected minutes from 0.1 to 1440"))
_ID = vol.All(str, vol.Length(min=1, max=63))
_NUMBER = vol.All(int, vol.Range(min=1, max=8))
_POINTS = {
    vol.Optional(kind.value): {vol.Required("modbus"): _ID, vol.Optional("input"): _NUMBER}
    for kind in sorted(INPUTS | MEASURED)
}
DEVICE_KEYS: dict[vol.Marker, Any] = {
    vol.Optional("station"): _ID,
    vol.Optional("max_on"): _MINUTES,
    vol.Optional("session"): _MINUTES,
    vol.Optional("idle", default=IDLE_WATTS): vol.All(vol.Any(int, float), vol.Range(min=0, max=1000)),
    vol.Optional("filter"): {
        vol.Optional("days", default=0): vol.All(int, vol.Range(min=0, max=3650)),
        vol.Optional("litres", default=0): vol.All(vol.Any(int, float), vol.Range(min=0, max=1e6)),
        vol.Optional("litres_per_minute", default=0): vol.All(vol.Any(int, float), vol.Range(min=0, max=100)),
    },
    vol.Optional("points", default=dict): _POINTS,
}
"""What may be written to a device besides where it is."""

STATION_KEYS: dict[vol.Marker, Any] = {
    vol.Optional("hours", default=list): [_TIMES],
    vol.Optional("points", default=dict): _POINTS,
}
"""What may be written to a station besides its name and place."""

type Place = tuple[Hashable, ...]
type Fail = Callable[[Place, str], Exception]
"""Makes the error for a place in the site file."""


def further_points(item: Mapping[str, Any], place: Place, profiles: Mapping[str, str], fail: Fail) -> tuple[Point, ...]:
    """The points under ``points`` of a device or station; ``profiles`` by Modbus device."""
    found = []
    for name, at in item["points"].items():
        kind, here = PointKind(name), (*place, "points", name)
        if at["modbus"] not in profiles:
            raise fail((*here, "modbus"), f"there is no modbus entry {at['modbus']}")
        if (kind in INPUTS) is not ("input" in at):
            expected = "an input (1 to 8)" if kind in INPUTS else "no input: it is read from registers"
            raise fail(here, f"expected {expected} for {name}")
        part = f"input_{at['input']}" if kind in INPUTS else name
        _readable(part, profiles[at["modbus"]], here, fail)
        found.append(point(item["id"], kind, Address("modbus", at["modbus"], part)))
    return tuple(found)


def _readable(part: str, profile: str, place: Place, fail: Fail) -> None:
    """A profile that is not known is said by the bus, which goes on without it."""
    try:
        known = load(profile)
    except ProfileError:
        return
    keys = {key for block in range(len(known.blocks)) for key in known.keys(block)}
    if part not in keys:
        raise fail(place, f"profile {profile} has no {part}; it has {', '.join(sorted(keys))}")


def on_modbus(
    device: str, kind: DeviceKind, at: Mapping[str, Any], profile: str, place: Place, fail: Fail
) -> tuple[Point, ...]:
    """The points of a device that is an input or a relay of a box, or a Modbus device as a whole."""
    single = SINGLE.get(kind)
    wanted = "" if kind in SEVERAL else "relay" if single is PointKind.RELAY else "input"
    if {key for key in at if key != "modbus"} != ({wanted} if wanted else set()):
        expected = f"{wanted} (1 to 8)" if wanted else "neither input nor relay"
        raise fail(place, f"expected {expected} for a {kind.value}")
    whole = {part.value: part for part in SEVERAL.get(kind, ())}
    parts = {f"{wanted}_{at[wanted]}": single} if single and wanted else whole
    for part in parts:  # what no profile reads would be silent for ever
        _readable(part, profile, place, fail)
    return tuple(point(device, part, Address("modbus", at["modbus"], name)) for name, part in parts.items())


def point(device: str, kind: PointKind, address: Address) -> Point:
    """A device's point."""
    writable = kind is PointKind.RELAY and address.link == "modbus"
    return Point(f"{device}.{kind.value}", device, kind, address, UNITS.get(kind), writable)


def worked_out(item: Mapping[str, Any], points: Sequence[Point]) -> tuple[Point, ...]:
    """What the gateway itself says of an appliance, heard as long as its relay or its meter is."""
    by_kind = {found.kind: found.address for found in points}
    relay, power = by_kind.get(PointKind.RELAY), by_kind.get(PointKind.POWER)
    own: dict[PointKind, Address | None] = {}
    if any(key in item for key in ("station", "max_on", "session")) or PointKind.LEAK in by_kind:
        own |= {PointKind.RUNNING: power or relay, PointKind.ENDS: relay}
    if "session" in item:
        own[PointKind.SESSIONS] = relay
    for name, kind in (("days", PointKind.FILTER_DAYS), ("litres", PointKind.FILTER_LITRES)):
        if item.get("filter", {}).get(name):
            own[kind] = relay
    return tuple(
        point(item["id"], kind, Address(at.link, at.device, f"{at.part}.{kind.value}"))
        for kind, at in own.items()
        if at
    )


def station_device(item: Mapping[str, Any], points: tuple[Point, ...]) -> Device:
    """A station as a device: what is measured in the room, and whether it is open."""
    is_open = point(item["id"], PointKind.OPEN, Address(STATION_LINK, item["id"], "open"))
    where = (item["id"], item["name"], DeviceKind.STATION, item["compound"], item["building"])
    return Device(*where, points=(is_open, *points))


def stations_of(data: Mapping[str, Any], devices: Mapping[str, Device], fail: Fail) -> Stations:
    """Stations, holds and filters of a checked site file whose devices are ``devices``."""
    stations = {
        item["id"]: Station(item["id"], item["compound"], tuple((start, end) for start, end in item["hours"]))
        for item in data["stations"]
    }
    leaks: dict[str, list[str]] = {}
    for item in (*data["stations"], *data["devices"]):
        where = item["id"] if item["id"] in stations else item.get("station", "")
        for found in devices[item["id"]].points:
            if where and found.kind is PointKind.LEAK:
                leaks.setdefault(where, []).append(found.id)
    holds, filters = {}, {}
    for index, item in enumerate(data["devices"]):
        _fits(item, ("devices", index), stations, devices[item["id"]], fail)
        hold = _hold(item, devices[item["id"]], leaks)
        if hold:
            holds[hold.relay] = hold
        if "filter" in item:
            life = item["filter"]
            filters[item["id"]] = Filter(
                item["id"], life["days"], float(life["litres"]), float(life["litres_per_minute"])
            )
    return Stations(stations, holds, filters)


def _fits(item: Mapping[str, Any], place: Place, stations: Mapping[str, Station], device: Device, fail: Fail) -> None:
    """Refuse what would do nothing, or not what somebody thinks."""
    station, kinds = item.get("station"), {found.kind for found in device.points}
    if station is not None and station not in stations:
        raise fail((*place, "station"), f"there is no station {station}; write it under stations:")
    if station is not None and stations[station].compound != device.compound:
        raise fail((*place, "station"), f"station {station} is in another compound")
    for key in ("max_on", "session", "filter"):
        if key in item and not any(found.writable for found in device.points):
            raise fail(
                (*place, key), f"{key} needs a relay that the gateway switches: at: {{ modbus: …, relay: 1 to 8 }}"
            )
    for key in ("session", "filter"):
        if key in item and station is None:
            raise fail((*place, key), f"{key} needs station: ID, whose hours and days it goes by")
    if item.get("session", 0) > item.get("max_on", 1440):
        raise fail((*place, "session"), "a session is longer than max_on; make max_on longer or the session shorter")
    life = item.get("filter", {})
    if life.get("litres") and not (life.get("litres_per_minute") and PointKind.DISPENSING in kinds):
        problem = "litres needs litres_per_minute, and points: dispensing (the input that says that water runs)"
        raise fail((*place, "filter"), problem)


def _hold(item: Mapping[str, Any], device: Device, leaks: Mapping[str, Sequence[str]]) -> Hold | None:
    by_kind = {found.kind: found for found in device.points}
    relay, power, leak = by_kind.get(PointKind.RELAY), by_kind.get(PointKind.POWER), by_kind.get(PointKind.LEAK)
    guarded = any(key in item for key in ("station", "max_on", "session")) or leak is not None
    if relay is None or not relay.writable or not guarded or device.kind is DeviceKind.SIREN:
        return None
    session = 60.0 * item.get("session", 0)
    return Hold(
        relay=relay.id,
        device=device.id,
        station=item.get("station", ""),
        max_on=60.0 * item.get("max_on", item.get("session", 0)),
        session=session,
        leaks=tuple(dict.fromkeys([*leaks.get(item.get("station", ""), ()), *([leak.id] if leak else ())])),
        power=power.id if power else "",
        idle=float(item["idle"]),
    )
