"""The community at the size that it was designed for: its site file, and its Modbus devices as a process of their own.

``python -m tests.e2e.community SITE`` in the gateway's environment writes the site file and plays the Modbus devices
until its standard input ends.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from community_help_gateway.simulators.transmitter import Part

SIZES = (452,) * 7 + (112,)
"""Smoke alarms of each compound, 3,276 together: seven of about the same size, and one that is small enough to be shown
in full."""

FLATS, FLOORS = 4, 6
GAS, LANES, DOORS, LEAKS, METERS, ROOMS = 12, 10, 9, 4, 2, 0.5
"""Other sensors of each compound, 300 in all (project's choice): a four-gas module for every septic tank, the fire
lanes, doors and basements of the buildings, their pumps' meters, and a thermometer for every second compound."""

FIRST_ADDRESS = 5001
FIRST_BOX, FIRST_METER, ROOM, STATION_BOX, STATION_METER, STATION_ROOM = 101, 121, 131, 141, 142, 143
INPUTS_OF_A_BOX = 8
STATION = "compound: c0, building: 爱心驿站"


@dataclass(frozen=True, slots=True)
class Home:
    """The smoke alarm of a flat."""

    compound: int
    number: int

    @property
    def id(self) -> str:
        """Its device."""
        return f"c{self.compound}-a{self.number}"

    @property
    def part(self) -> Part:
        """Its address behind its compound's transmission device."""
        return Part(self.number // (FLATS * FLOORS) + 1, self.number)


def homes() -> Iterator[Home]:
    """Every smoke alarm."""
    for compound, size in enumerate(SIZES):
        for number in range(size):
            yield Home(compound, number)


def address(compound: int) -> int:
    """The source address of a compound's transmission device."""
    return FIRST_ADDRESS + compound


def site(ports: list[int]) -> str:
    """The site file; ``ports`` are where the Modbus devices of each compound are."""
    everywhere = range(len(SIZES))
    lines = ["version: 1", "compounds:"]
    lines += [f"  - {{ id: c{number}, name: 小区{number} }}" for number in everywhere]
    lines += ["transmitters:"]
    lines += [
        f"  - {{ id: t{number}, name: 用传, compound: c{number}, address: {address(number)} }}" for number in everywhere
    ]
    lines += ["modbus:"]
    lines += [line for number in everywhere for line in _units(number, ports[number])]
    points = f"temperature: {{ modbus: s-room }}, door: {{ modbus: s-box, input: {INPUTS_OF_A_BOX} }}"
    lines += ["stations:", f"  - {{ id: station, name: 爱心驿站, {STATION}, points: {{ {points} }} }}", "devices:"]
    lines += map(_smoke_alarm, homes())
    lines += [line for number in everywhere for line in _sensors(number)]
    return "\n".join([*lines, *_station()]) + "\n"


def _smoke_alarm(home: Home) -> str:
    building, flat = divmod(home.number, FLATS * FLOORS)
    where = f"compound: c{home.compound}, building: {building + 1}号楼, floor: {flat // FLATS + 1}"
    at = f"at: {{ transmitter: t{home.compound}, zone: {home.part.zone}, position: {home.part.position} }}"
    name = f'flat: "{flat // FLATS + 1}0{flat % FLATS + 1}"'
    return f"  - {{ id: {home.id}, name: 烟感, kind: smoke_alarm, {where}, {name}, {at} }}"


def _inputs() -> list[str]:
    """What hangs on the boxes of a compound, one input each."""
    wanted = {"fire_lane": LANES, "door": DOORS, "leak": LEAKS}
    return [kind for kind, count in wanted.items() for _ in range(count)]


def _boxes() -> int:
    return -(-len(_inputs()) // INPUTS_OF_A_BOX)


def _has_room(compound: int) -> bool:
    return int((compound + 1) * ROOMS) > int(compound * ROOMS)


def _units(compound: int, port: int) -> list[str]:
    def unit(name: str, number: int, profile: str) -> str:
        return f"  - {{ id: {name}, host: 127.0.0.1, port: {port}, unit: {number}, profile: {profile} }}"

    found = [unit(f"c{compound}-gas{n}", 4 * n + 1, "gas_4mz_hh4") for n in range(GAS)]
    found += [unit(f"c{compound}-box{n}", FIRST_BOX + n, "waveshare_io_8ch") for n in range(_boxes())]
    found += [unit(f"c{compound}-meter{n}", FIRST_METER + n, "eastron_sdm120") for n in range(METERS)]
    found += [unit(f"c{compound}-room", ROOM, "xy_md02")] if _has_room(compound) else []
    if compound == 0:
        found += [unit("s-box", STATION_BOX, "waveshare_io_8ch"), unit("s-meter", STATION_METER, "eastron_sdm120")]
        found += [unit("s-room", STATION_ROOM, "xy_md02")]
    return found


def _sensors(compound: int) -> list[str]:
    def device(kind: str, number: int, at: str) -> str:
        where = f"compound: c{compound}, building: {number + 1}号楼"
        return f"  - {{ id: c{compound}-{kind}{number}, name: {kind}, kind: {kind}, {where}, at: {{ modbus: {at} }} }}"

    found = [device("gas_detector", n, f"c{compound}-gas{n}") for n in range(GAS)]
    for number, kind in enumerate(_inputs()):
        box, channel = divmod(number, INPUTS_OF_A_BOX)
        found.append(device(kind, number, f"c{compound}-box{box}, input: {channel + 1}"))
    found += [device("meter", n, f"c{compound}-meter{n}") for n in range(METERS)]
    return found + ([device("thermometer", 0, f"c{compound}-room")] if _has_room(compound) else [])


def _station() -> list[str]:
    """The love station: its appliances, its leak, its first-aid cabinet."""

    def device(name: str, kind: str, at: str, more: str = "") -> str:
        here = f"{STATION}, station: station, at: {{ modbus: s-box, {at} }}{more}"
        return f"  - {{ id: station-{name}, name: {name}, kind: {kind}, {here} }}"

    meter = ", points: { power: { modbus: s-meter }, energy: { modbus: s-meter } }, max_on: 30, session: 5"
    lasts = "{ days: 180, litres: 2000, litres_per_minute: 2 }"
    water = f", points: {{ dispensing: {{ modbus: s-box, input: 1 }} }}, filter: {lasts}"
    return [
        device("water", "water_dispenser", "relay: 1", water),
        device("microwave", "microwave", "relay: 2", meter),
        device("chair", "massage_chair", "relay: 3", ", session: 15"),
        device("leak", "leak", "input: 2"),
        device("cabinet", "first_aid_cabinet", "input: 3"),
    ]


async def _play(file: Path) -> None:
    from community_help_gateway.simulators.modbus_bank import ModbusBank  # pymodbus is not everywhere

    async with AsyncExitStack() as stack:
        ports = []
        for compound in range(len(SIZES)):
            at_station = compound == 0
            bank = ModbusBank(
                gas_units=tuple(4 * n + 1 for n in range(GAS)),
                box_units=(*(FIRST_BOX + n for n in range(_boxes())), *((STATION_BOX,) if at_station else ())),
                meter_units=(*(FIRST_METER + n for n in range(METERS)), *((STATION_METER,) if at_station else ())),
                thermometer_units=(ROOM, *((STATION_ROOM,) if at_station else ())),
            )
            ports.append((await stack.enter_async_context(bank)).port)
        file.write_text(site(ports), "utf-8")
        print("modbus", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_play(Path(sys.argv[1])))
