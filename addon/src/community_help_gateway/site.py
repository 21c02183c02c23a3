"""The site file: what the installer wrote about compounds, devices and links, validated, with line numbers.

A wrong line never half-loads: either the whole file is good, or ``SiteError`` names file, line and what was
expected, and whatever is running goes on with the previous one.
"""

import struct
from collections.abc import Hashable
from copy import replace
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import voluptuous as vol
import yaml

from . import channels, stations
from .codecs.outgoing import Channel, Heartbeat
from .errors import SiteError
from .model.kinds import DeviceKind, PointKind
from .model.observation import Address
from .model.policy import PolicySet
from .model.roster import StaffMember
from .model.site import KEEP_DAYS, Compound, Device, Point, Site
from .policies import GAS_SCHEMA, RULES_SCHEMA, PolicyError, degrees, minutes_or_off, policies_of

MAX_BYTES = 16 * 1024 * 1024
"""A site file is refused above this size: ten times the largest community needs less than half of it."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is there: seven times as fast, which counts when a large community's gateway starts again."""

type Path_ = tuple[Hashable, ...]

_ID = vol.All(str, vol.Match(r"^[a-z0-9][a-z0-9_-]{0,62}$", msg="expected a-z, 0-9, - and _, at most 63 characters"))
_NAME = vol.All(vol.Any(str, int, float), vol.Coerce(str), vol.Length(min=1, max=100))
_PLACE = vol.All(vol.Any(str, int), vol.Coerce(str), vol.Length(max=60))
_BYTE = vol.All(int, vol.Range(min=0, max=255))
_WORD = vol.All(int, vol.Range(min=0, max=65535))
_PORT = vol.All(int, vol.Range(min=1, max=65535))
_HOST = vol.All(str, vol.Length(min=1, max=253))
_CHANNEL = vol.All(int, vol.Range(min=1, max=8))
_BOTH = "expected both latitude and longitude, or none"
_WHERE = {vol.Required("compound"): _ID, vol.Optional("building", default=""): _PLACE}
_AT = vol.Any(
    {
        vol.Required("transmitter"): _ID,
        vol.Required("zone"): _WORD,
        vol.Required("position"): _WORD,
        vol.Optional("component"): _BYTE,
        vol.Optional("system", default=1): _BYTE,
        vol.Optional("system_address", default=1): _BYTE,
    },
    {
        vol.Required("modbus"): _ID,
        vol.Optional("input"): _CHANNEL,
        vol.Optional("relay"): _CHANNEL,
    },
    msg="expected transmitter, zone and position, or modbus with input or relay (1 to 8)",
)
_SCHEMA = vol.Schema(
    {
        vol.Required("version"): vol.Equal(1, msg="expected 1"),
        vol.Optional("timezone", default="Asia/Shanghai"): vol.All(str, vol.Length(min=1, max=64)),
        vol.Optional("self_test", default="03:30"): minutes_or_off,
        vol.Required("compounds"): [
            {
                vol.Required("id"): _ID,
                vol.Required("name"): _NAME,
                vol.Inclusive("latitude", "position", msg=_BOTH): degrees(90),
                vol.Inclusive("longitude", "position", msg=_BOTH): degrees(180),
            }
        ],
        vol.Optional("staff", default=list): [
            {
                vol.Required("id"): _ID,
                vol.Required("name"): _NAME,
                vol.Optional("tier", default=1): vol.All(int, vol.Range(min=1, max=9)),
                vol.Optional("compounds", default=list): [_ID],
            }
        ],
        vol.Optional("transmitters", default=list): [
            {
                vol.Required("id"): _ID,
                vol.Required("name"): _NAME,
                **_WHERE,
                vol.Optional("address"): vol.All(int, vol.Range(min=1, max=2**48 - 1)),
                vol.Optional("peer"): _HOST,
            }
        ],
        vol.Optional("modbus", default=list): [
            {
                vol.Required("id"): _ID,
                vol.Required("host"): _HOST,
                vol.Optional("port", default=502): _PORT,
                vol.Optional("unit", default=1): vol.All(int, vol.Range(min=1, max=247)),
                vol.Required("profile"): _ID,
            }
        ],
        vol.Optional("devices", default=list): [
            {
                vol.Required("id"): _ID,
                vol.Required("name"): _NAME,
                vol.Required("kind"): vol.In([kind.value for kind in DeviceKind if kind not in stations.NOT_WRITTEN]),
                **_WHERE,
                vol.Optional("floor", default=""): _PLACE,
                vol.Optional("flat", default=""): _PLACE,
                vol.Optional("model", default=""): _PLACE,
                vol.Optional("report_every", default=0): vol.All(vol.Any(int, float), vol.Range(min=0, max=31 * 86400)),
                vol.Optional("installed"): vol.Any(date, msg="expected a date such as 2024-05-01"),
                vol.Required("at"): _AT,
                **stations.DEVICE_KEYS,
            }
        ],
        vol.Optional("stations", default=list): [
            {vol.Required("id"): _ID, vol.Required("name"): _NAME, **_WHERE, **stations.STATION_KEYS}
        ],
        vol.Optional("keep_days", default=KEEP_DAYS): vol.All(vol.Any(int, float), vol.Range(min=30, max=36500)),
        vol.Optional("policies", default=list): RULES_SCHEMA,
        vol.Optional("gas", default=list): GAS_SCHEMA,
        vol.Optional("sirens", default=list): [
            {
                vol.Required("point"): str,
                vol.Optional("seconds", default=120): vol.All(vol.Any(int, float), vol.Range(min=5, max=1800)),
                vol.Optional("compounds", default=list): [_ID],
            }
        ],
        **channels.SCHEMA,
    }
)


@dataclass(frozen=True, slots=True)
class ModbusUnit:
    """One Modbus device: where it is reached, the profile that explains its registers, and which a device uses."""

    id: str
    host: str
    port: int
    unit: int
    profile: str
    used: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Siren:
    """A relay that sounds when the gateway has to page by itself; empty ``compounds``: for all of them."""

    point: str
    seconds: float = 120.0
    compounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A whole valid site file."""

    site: Site
    modbus: tuple[ModbusUnit, ...]
    channels: tuple[Channel, ...] = ()
    heartbeat: Heartbeat | None = None
    sirens: tuple[Siren, ...] = ()


def load(file: Path) -> SiteFile:
    """Read and check ``file``; raises SiteError."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise SiteError(file=file.name, line=1, problem=f"larger than {MAX_BYTES // 2**20} MiB")
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(file=file.name, line=1, problem=f"cannot be read: {error}") from error
    return parse(text, file.name)


def parse(text: str, name: str) -> SiteFile:
    """Check the text of a site file; ``name`` is for the error. Raises SiteError."""
    return _Parser(name).parse(text)


class _Parser:
    """Remembers on which line everything stands."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines: dict[Path_, int] = {(): 1}

    def parse(self, text: str) -> SiteFile:
        data = self._checked(self._plain(self._compose(text), ()))
        transmitters = self._transmitters(data)
        units = self._units(data)
        profiles = {unit.id: unit.profile for unit in units.values()}
        devices = [
            *transmitters.values(),
            *self._devices(data, transmitters, profiles),
            *self._stations(data, profiles),
        ]
        staff = tuple(
            StaffMember(item["id"], item["name"], item["tier"], tuple(item["compounds"])) for item in data["staff"]
        )
        site = self._site(data, devices, staff)
        sirens = self._sirens(data, site)
        self._known_compounds(data, "fallback", "sirens", "staff")
        return SiteFile(site, _used(units, site), channels.channels_of(data), channels.heartbeat_of(data), sirens)

    def _known_compounds(self, data: dict[str, Any], *sections: str) -> None:
        for section in sections:
            for index, item in enumerate(data[section]):
                for compound in item["compounds"]:
                    if compound not in self._compounds:
                        raise self._error((section, index, "compounds"), f"there is no compound {compound}")

    def _sirens(self, data: dict[str, Any], site: Site) -> tuple[Siren, ...]:
        for index, item in enumerate(data["sirens"]):
            point = site.points.get(item["point"])
            if point is None or not point.writable:
                raise self._error(("sirens", index, "point"), f"{item['point']} is no relay that can be switched")
        return tuple(Siren(item["point"], float(item["seconds"]), tuple(item["compounds"])) for item in data["sirens"])

    def _error(self, path: Path_, problem: str) -> SiteError:
        while path not in self._lines:
            path = path[:-1]
        where = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in path)
        return SiteError(file=self._name, line=self._lines[path], problem=f"{where}: {problem}" if where else problem)

    def _compose(self, text: str) -> yaml.Node:
        try:
            aliases: list[Any] = [
                event for event in yaml.parse(text, Loader=_LOADER) if isinstance(event, yaml.AliasEvent)
            ]
            node = None if aliases else yaml.compose(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise SiteError(file=self._name, line=line, problem=error.problem or "not YAML") from error
        except (yaml.YAMLError, RecursionError) as error:
            raise SiteError(file=self._name, line=1, problem=f"not YAML: {error}") from error
        if aliases:  # a few of them can stand for more values than a machine can hold
            line = aliases[0].start_mark.line + 1
            raise SiteError(file=self._name, line=line, problem="aliases (*) are not allowed here, write it out")
        if node is None:
            raise SiteError(file=self._name, line=1, problem="the file is empty; expected version and compounds")
        return node

    def _plain(self, node: yaml.Node, path: Path_) -> object:
        """The values of a node; notes every value's line, and refuses a key that comes twice."""
        self._lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            found: dict[str, object] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                self._lines[(*path, key)] = key_node.start_mark.line + 1
                if key in found:
                    raise self._error((*path, key), "comes twice")
                found[key] = self._plain(value_node, (*path, key))
            return found
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            raise self._error(path, f"cannot be read: {error}") from error

    def _checked(self, data: object) -> dict[str, Any]:
        try:
            checked: dict[str, Any] = _SCHEMA(data)
        except vol.MultipleInvalid as error:
            first = error.errors[0]
            raise self._error(tuple(getattr(part, "schema", part) for part in first.path), first.msg) from error
        self._compounds = {item["id"]: item for item in checked["compounds"]}
        for section in ("compounds", "staff"):
            self._unique(checked, section)
        return checked

    def _unique(self, data: dict[str, Any], *sections: str) -> None:
        seen: set[str] = set()
        for section in sections:
            for index, item in enumerate(data[section]):
                if item["id"] in seen:
                    raise self._error((section, index, "id"), f"{item['id']} is there twice")
                seen.add(item["id"])

    def _compound(self, item: dict[str, Any], path: Path_) -> str:
        if item["compound"] not in self._compounds:
            raise self._error((*path, "compound"), f"there is no compound {item['compound']}")
        return str(item["compound"])

    def _transmitters(self, data: dict[str, Any]) -> dict[str, Device]:
        self._unique(data, "transmitters", "devices", "stations")
        found = {}
        for index, item in enumerate(data["transmitters"]):
            path = ("transmitters", index)
            if ("address" in item) is ("peer" in item):
                raise self._error(path, "expected address (the source address) or peer (the IP address), not both")
            identity = str(item["address"]) if "address" in item else f"peer:{item['peer']}"
            address = Address("gb26875", identity, "system")
            point = Point(f"{item['id']}.system", item["id"], PointKind.SYSTEM, address)
            found[item["id"]] = Device(
                item["id"],
                item["name"],
                DeviceKind.TRANSMITTER,
                self._compound(item, path),
                item["building"],
                points=(point,),
            )
        return found

    def _units(self, data: dict[str, Any]) -> dict[str, ModbusUnit]:
        self._unique(data, "modbus")
        return {item["id"]: ModbusUnit(**item) for item in data["modbus"]}

    def _devices(self, data: dict[str, Any], transmitters: dict[str, Device], profiles: dict[str, str]) -> list[Device]:
        found = []
        for index, item in enumerate(data["devices"]):
            path = ("devices", index)
            points = self._points(item, (*path, "at"), transmitters, profiles)
            points += stations.further_points(item, path, profiles, self._error)
            points += stations.worked_out(item, points)
            place = {name: item[name] for name in ("building", "floor", "flat", "model", "report_every")}
            kind, compound = DeviceKind(item["kind"]), self._compound(item, path)
            installed = _midnight(item["installed"]) if "installed" in item else None
            found.append(Device(item["id"], item["name"], kind, compound, **place, points=points, installed=installed))
        return found

    def _stations(self, data: dict[str, Any], profiles: dict[str, str]) -> list[Device]:
        found = []
        for index, item in enumerate(data["stations"]):
            self._compound(item, ("stations", index))
            points = stations.further_points(item, ("stations", index), profiles, self._error)
            found.append(stations.station_device(item, points))
        return found

    def _points(
        self, item: dict[str, Any], path: Path_, transmitters: dict[str, Device], profiles: dict[str, str]
    ) -> tuple[Point, ...]:
        at, kind = item["at"], DeviceKind(item["kind"])
        if "transmitter" in at:
            transmitter = transmitters.get(at["transmitter"])
            if transmitter is None:
                raise self._error((*path, "transmitter"), f"there is no transmitter {at['transmitter']}")
            if kind not in stations.SINGLE:
                raise self._error(path, f"expected modbus for a {kind.value}")
            identity = transmitter.points[0].address.device
            return (stations.point(item["id"], stations.SINGLE[kind], Address("gb26875", identity, _part(at))),)
        if at["modbus"] not in profiles:
            raise self._error((*path, "modbus"), f"there is no modbus entry {at['modbus']}")
        return stations.on_modbus(item["id"], kind, at, profiles[at["modbus"]], path, self._error)

    def _site(self, data: dict[str, Any], devices: list[Device], staff: tuple[StaffMember, ...]) -> Site:
        claimed: dict[Address, str] = {}
        offset = len(data["transmitters"])
        own = len(data["devices"])
        for index, device in enumerate(devices):
            path = ("devices", index - offset, "at") if index >= offset else ("transmitters", index)
            path = path if index < offset + own else ("stations", index - offset - own)
            for point in device.points:
                other = claimed.setdefault(point.address, device.id)
                if other != device.id:
                    raise self._error(path, f"{other} has this address already")
        compounds = [Compound(**item) for item in data["compounds"]]
        policies, zone = self._policies(data), self._zone(data)
        site = Site.of(compounds, devices, staff, policies, zone, data["keep_days"], data["self_test"])
        site.stations = stations.stations_of(data, site.devices, self._error)
        return site

    def _policies(self, data: dict[str, Any]) -> PolicySet:
        try:
            return policies_of(data["policies"], data["gas"], self._compounds)
        except PolicyError as error:
            raise self._error((error.section, error.index), str(error)) from error

    def _zone(self, data: dict[str, Any]) -> ZoneInfo:
        try:
            return ZoneInfo(data["timezone"])
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise self._error(("timezone",), f"there is no time zone {data['timezone']}") from error


def _used(units: dict[str, ModbusUnit], site: Site) -> tuple[ModbusUnit, ...]:
    """The Modbus devices, each with the readings that a device of the site has."""
    return tuple(
        replace(unit, used=frozenset(point.address.part for point in site.on_link("modbus", unit.id)))
        for unit in units.values()
    )


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _part(at: dict[str, Any]) -> str:
    """A component's address as text: system, system address, component type (* for any), raw bytes in hex.

    Zone and position are little-endian 16-bit numbers: GB/T 26875.3-2011, figure of the component address;
    the standard says only "4 bytes, low byte first", the split is the common reading.
    """
    raw = struct.pack("<HH", at["zone"], at["position"]).hex().upper()
    return f"{at['system']}.{at['system_address']}.{at.get('component', '*')}.{raw}"
