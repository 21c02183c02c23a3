"""A town to kill the gateway in: compounds of buildings with six floors, a smoke alarm in every flat."""

from collections.abc import Iterator
from dataclasses import dataclass

from community_help_gateway.simulators.transmitter import Part
from tests.gateway.killing.room_site import DEVICES

FLOORS = 6
FLATS = 4
"""Flats on a floor (project's choice); a building has 24."""

FIRST_ADDRESS = 5001


@dataclass(frozen=True, slots=True)
class Home:
    """A smoke alarm: where it is, and by which transmission device (counted over the town) it is heard."""

    number: int
    compound: int
    building: int
    floor: int
    device: int

    @property
    def point(self) -> str:
        """Its point."""
        return f"a{self.number}.smoke"

    @property
    def part(self) -> Part:
        """Its address behind the device."""
        return Part(self.building + 1, self.number % 65536)


@dataclass(frozen=True, slots=True)
class Town:
    """``links``: transmission devices of a compound. ``rules``, ``channel`` and ``room`` go into the site file."""

    alarms: int = 96
    compounds: int = 2
    links: int = 1
    rules: str = ""
    channel: str = ""
    room: str = ""

    def homes(self) -> Iterator[Home]:
        """Every smoke alarm."""
        return map(self.home, range(self.alarms))

    def home(self, number: int) -> Home:
        """One of them; the compounds have the same size, give or take one."""
        compound = number * self.compounds // self.alarms
        first = -(-compound * self.alarms // self.compounds)
        building, flat = divmod(number - first, FLOORS * FLATS)
        return Home(number, compound, building, flat // FLATS + 1, compound * self.links + building % self.links)

    def address(self, device: int) -> int:
        """The source address of a transmission device."""
        return FIRST_ADDRESS + device

    @property
    def devices(self) -> int:
        """How many transmission devices there are."""
        return self.compounds * self.links

    def site(self) -> str:
        """The site file."""
        lines = ["version: 1", "compounds:"]
        lines += [f"  - {{ id: c{number}, name: 小区{number} }}" for number in range(self.compounds)]
        lines += ["staff:"]
        lines += [f"  - {{ id: {name}, name: {name}, tier: {tier} }}" for tier, name in enumerate(STAFF, 1)]
        lines += ["transmitters:"]
        lines += [
            f"  - {{ id: t{number}, name: 用传, compound: c{number // self.links}, address: {self.address(number)} }}"
            for number in range(self.devices)
        ]
        lines += self.room.splitlines()
        lines += ["devices:", *map(self._device, self.homes()), *(DEVICES.splitlines() if self.room else ())]
        lines += ["policies:", f"  - {{ {self.rules} }}"] if self.rules else []
        lines += ["fallback:", f"  - {{ id: way, kind: post, url: {self.channel} }}"] if self.channel else []
        return "\n".join(lines)

    @staticmethod
    def _device(home: Home) -> str:
        where = f"compound: c{home.compound}, building: {home.building + 1}号楼, floor: {home.floor}"
        at = f"at: {{ transmitter: t{home.device}, zone: {home.part.zone}, position: {home.part.position} }}"
        return f"  - {{ id: a{home.number}, name: 烟感, kind: smoke_alarm, {where}, flat: f{home.number}, {at} }}"


STAFF = ("zhang", "li", "wang")
"""The staff, one in each tier."""
