"""300 detectors on Modbus TCP: what their field is, and how each of the two that are compared is told of it.

A gas controller or a fire-lane controller shows each of its detectors as a contact, and contacts are read by boxes of
eight inputs (``waveshare_io_8ch``). So there are 38 boxes, spread over one Ethernet converter a compound. Registers of
gas modules are left out: their profile reads them every 5 s.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from community_help_gateway.simulators.modbus_bank import ModbusBank

DETECTORS, COMPOUNDS, INPUTS = 300, 8, 8
"""The design's detectors and compounds, and the inputs of a box."""


@dataclass(frozen=True)
class Place:
    """Where a detector's contact is: which converter, which Modbus unit behind it, which input (1 to 8)."""

    number: int
    converter: int
    unit: int
    input: int


def places(detectors: int = DETECTORS) -> Iterator[Place]:
    """Every detector; boxes are dealt out to the compounds in turn."""
    for number in range(detectors):
        box, channel = divmod(number, INPUTS)
        turn, converter = divmod(box, COMPOUNDS)
        yield Place(number, converter, turn + 1, channel + 1)


class Field:
    """The converters with their boxes, real pymodbus servers."""

    def __init__(self, detectors: int = DETECTORS) -> None:
        """Nothing listens yet."""
        self.places = tuple(places(detectors))
        self.banks: list[ModbusBank] = []

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """All servers are there."""
        async with contextlib.AsyncExitStack() as stack:
            for converter in sorted({place.converter for place in self.places}):
                units = tuple(sorted({place.unit for place in self.places if place.converter == converter}))
                bank = ModbusBank(gas_units=(), box_units=units)
                self.banks.append(await stack.enter_async_context(bank))
            yield

    async def set(self, place: Place, *, on: bool) -> None:
        """Close or open a detector's contact."""
        await self.banks[place.converter].set_input(place.unit, place.input, on=on)

    async def calm(self) -> None:
        """Open all contacts."""
        await asyncio.gather(*(self.set(place, on=False) for place in self.places))

    def boxes(self) -> Iterator[tuple[str, int, int]]:
        """Name, port and unit of each box."""
        for converter, unit in sorted({(place.converter, place.unit) for place in self.places}):
            yield f"b{converter}-{unit}", self.banks[converter].port, unit

    def site(self) -> str:
        """The gateway's site file."""
        lines = ["version: 1", "compounds:"]
        lines += [f"  - {{ id: c{number}, name: 小区{number} }}" for number in range(len(self.banks))]
        lines += ["modbus:"]
        for name, port, unit in self.boxes():
            where = f"host: 127.0.0.1, port: {port}, unit: {unit}"
            lines += [f"  - {{ id: {name}, {where}, profile: waveshare_io_8ch }}"]
        lines += ["devices:"]
        for place in self.places:
            at = f"at: {{ modbus: b{place.converter}-{place.unit}, input: {place.input} }}"
            what = f"name: 探测器{place.number}, kind: smoke_alarm, compound: c{place.converter}"
            lines += [f"  - {{ id: a{place.number}, {what}, building: {place.unit}, {at} }}"]
        return "\n".join(lines)

    def configuration(self) -> str:
        """The same for Home Assistant's ``modbus``: the shortest interval that it takes, one request a box."""
        lines = ["modbus:"]
        for converter, bank in enumerate(self.banks):
            lines += [
                f"  - name: converter{converter}",
                "    type: tcp",
                "    host: 127.0.0.1",
                f"    port: {bank.port}",
            ]
            lines += ["    binary_sensors:"]
            for name, port, unit in self.boxes():
                if port == bank.port:
                    lines += [f"      - name: {name}", f"        unique_id: {name}", f"        slave: {unit}"]
                    lines += ["        address: 0", "        input_type: discrete_input", "        device_class: smoke"]
                    lines += ["        scan_interval: 1", f"        virtual_count: {INPUTS - 1}"]
        return "\n".join(lines) + "\n"


def unique_id(place: Place) -> str:
    """What Home Assistant's ``modbus`` makes of a box's unique id for each of its inputs."""
    box = f"b{place.converter}-{place.unit}"
    return box if place.input == 1 else f"{box}_{place.input - 1}"
