"""The field of the demo compound, with a device of every kind: a building, a septic tank, a fire lane, a love station.

It runs as a process of its own, so that killing the gateway does not touch the "field". Commands come as lines on
standard input, answers go to standard output:

    fire 201 | restore 201 | call on | gas h2s 12 | lane on | pump on
    leak on | dispensing on | cabinet on | door on | people 3 | relay 1 | quit
"""

import argparse
import asyncio
import contextlib
import sys
import time
from pathlib import Path

from .modbus_bank import ModbusBank
from .transmitter import NoReplyError, Part, Transmitter

FLOORS = 6
FLATS_PER_FLOOR = 4
TRANSMITTER = 4097
GAS_UNIT = 1
BOX_UNIT = 9
LANE_INPUT = 1
METER_UNIT, ROOM_UNIT, PUMP_METER_UNIT, PUMP_ROOM_UNIT = 11, 12, 13, 14
COUNTER_UNIT = 0x72
"""What an SEN0626 answers to when it comes from its maker."""

LEAK_INPUT, DISPENSING_INPUT, CABINET_INPUT, DOOR_INPUT, PUMP_DOOR_INPUT = 2, 3, 4, 5, 6
MICROWAVE_RELAY, MICROWAVE_WATTS, IDLE_WATTS = 2, 860.0, 0.6
LAMP_RELAY, SIREN_RELAY = 4, 5
PEOPLE = 2
"""So many are in the station: somebody at the microwave, somebody who waits."""

PUMP_WATTS, PUMP_ROOM_DEGREES = 1480.0, 18.5
INPUTS = {
    "lane": LANE_INPUT,
    "leak": LEAK_INPUT,
    "dispensing": DISPENSING_INPUT,
    "cabinet": CABINET_INPUT,
    "door": DOOR_INPUT,
    "pump": PUMP_DOOR_INPUT,
}
STATION = "compound: clearwater, building: 爱心驿站 Love station"
PUMP_ROOM = "水泵房 Pump room"
FILTER_DAYS = 14
"""A fine filter of which the reminder is due from the first day on: so somebody who tries it out sees one."""


def flats() -> list[int]:
    """The flats of the building: 101, 102 … 604."""
    return [floor * 100 + flat for floor in range(1, FLOORS + 1) for flat in range(1, FLATS_PER_FLOOR + 1)]


def part(flat: int) -> Part:
    """The smoke alarm of a flat."""
    return Part(zone=1, position=flat, description=f"1号楼{flat}烟感")


def call_point() -> Part:
    """The manual call point in the hall: component type 23 (GB/T 26875.3-2011, component types)."""
    return Part(zone=1, position=1, kind=23, description="1号楼大堂手报")


def bank_of(port: int = 0) -> ModbusBank:
    """The Modbus devices of this field."""
    return ModbusBank(
        port=port,
        gas_units=(GAS_UNIT,),
        box_units=(BOX_UNIT,),
        meter_units=(METER_UNIT, PUMP_METER_UNIT),
        thermometer_units=(ROOM_UNIT, PUMP_ROOM_UNIT),
        counter_units=(COUNTER_UNIT,),
    )


def site(modbus_port: int) -> str:
    """The demo compound's site file."""
    points = f"temperature: {{ modbus: room }}, door: {{ modbus: box, input: {DOOR_INPUT} }}"
    units = {
        "septic": (GAS_UNIT, "gas_4mz_hh4"),
        "box": (BOX_UNIT, "waveshare_io_8ch"),
        "meter": (METER_UNIT, "eastron_sdm120"),
        "room": (ROOM_UNIT, "xy_md02"),
        "people": (COUNTER_UNIT, "dfrobot_sen0626"),
        "pump-meter": (PUMP_METER_UNIT, "eastron_sdm120"),
        "pump-room": (PUMP_ROOM_UNIT, "xy_md02"),
    }
    lines = [
        "# The demo compound / 演示小区",
        "version: 1",
        "compounds:",
        "  - { id: clearwater, name: 清水湾 Clearwater }",
        "transmitters:",
        f"  - {{ id: uitd-1, name: 用传 Transmitter, compound: clearwater, building: 1号楼, address: {TRANSMITTER} }}",
        "modbus:",
        *(
            f"  - {{ id: {own_id}, host: 127.0.0.1, port: {modbus_port}, unit: {unit}, profile: {profile} }}"
            for own_id, (unit, profile) in units.items()
        ),
        "stations:",
        f"  - {{ id: station, name: 爱心驿站 Love station, {STATION}, points: {{ {points} }} }}",
        "devices:",
    ]
    lines += [
        f"  - {{ id: b1-{flat}, name: 烟感 Smoke alarm, kind: smoke_alarm, compound: clearwater, building: 1号楼, "
        f'floor: {flat // 100}F, flat: "{flat}", at: {{ transmitter: uitd-1, component: 42, zone: 1, '
        f"position: {flat} }} }}"
        for flat in flats()
    ]
    lines += [
        _device(
            "call-1",
            "手报 Call point",
            "call_point",
            "1号楼",
            "transmitter: uitd-1, component: 23, zone: 1, position: 1",
        ),
        _device("septic-1", "化粪池气体 Septic gas", "gas_detector", "化粪池 Septic tank", "modbus: septic"),
        _device("lane-1", "消防车通道 Fire lane", "fire_lane", "东门 East gate", f"modbus: box, input: {LANE_INPUT}"),
        _device("siren-1", "警笛 Siren", "siren", "1号楼", f"modbus: box, relay: {SIREN_RELAY}"),
        _device("pump-door", "水泵房门 Pump room door", "door", PUMP_ROOM, f"modbus: box, input: {PUMP_DOOR_INPUT}"),
        _device("pump-room-1", "水泵房温度 Pump room", "thermometer", PUMP_ROOM, "modbus: pump-room"),
        _device("pump-meter-1", "水泵电表 Pump meter", "meter", PUMP_ROOM, "modbus: pump-meter"),
    ]
    lines += [
        _appliance(
            "station-1",
            "饮水机 Water dispenser",
            "water_dispenser",
            1,
            f"points: {{ dispensing: {{ modbus: box, "
            f"input: {DISPENSING_INPUT} }} }}, filter: {{ days: {FILTER_DAYS}, litres: 2000, litres_per_minute: 2 }}",
        ),
        _appliance(
            "station-2",
            "微波炉 Microwave",
            "microwave",
            MICROWAVE_RELAY,
            "points: { power: { modbus: meter }, energy: { modbus: meter } }, max_on: 30, session: 5",
        ),
        _appliance("station-3", "按摩椅 Massage chair", "massage_chair", 3, "session: 15"),
        _appliance("station-4", "灯 Lamp", "appliance", LAMP_RELAY, "max_on: 240"),
        _at_station("leak-1", "水浸 Water leak", "leak", f"modbus: box, input: {LEAK_INPUT}"),
        _at_station(
            "cabinet-1", "急救箱 First-aid cabinet", "first_aid_cabinet", f"modbus: box, input: {CABINET_INPUT}"
        ),
        _at_station("people-1", "人数统计 People counter", "people_counter", "modbus: people"),
    ]
    return "\n".join(lines) + "\n"


def _device(own_id: str, name: str, kind: str, building: str, at: str) -> str:
    where = f"compound: clearwater, building: {building}"
    return f"  - {{ id: {own_id}, name: {name}, kind: {kind}, {where}, at: {{ {at} }} }}"


def _appliance(own_id: str, name: str, kind: str, relay: int, more: str) -> str:
    at = f"at: {{ modbus: box, relay: {relay} }}"
    return f"  - {{ id: {own_id}, name: {name}, kind: {kind}, {STATION}, station: station, {at}, {more} }}"


def _at_station(own_id: str, name: str, kind: str, at: str) -> str:
    return f"  - {{ id: {own_id}, name: {name}, kind: {kind}, {STATION}, station: station, at: {{ {at} }} }}"


class Field:
    """The demo field's devices; the transmitter reconnects by itself."""

    def __init__(self, port: int, bank: ModbusBank) -> None:
        """``port`` is the gateway's GB/T 26875.3 port on this machine."""
        self._port = port
        self._bank = bank
        self._device: Transmitter | None = None

    async def keep_connected(self) -> None:
        """Connect, report every flat as normal once, then send heartbeats; again after every break."""
        first = True
        while True:
            try:
                self._device = await Transmitter.connect("127.0.0.1", self._port, TRANSMITTER, reply_seconds=5)
                if first:
                    await self._device.normal([call_point(), *(part(flat) for flat in flats())])
                    first = False
                    print("ready", flush=True)
                while True:
                    await self._device.heartbeat()
                    await self._device.idle(20)
            except ConnectionError, OSError, NoReplyError:
                self._device = None
                await asyncio.sleep(0.5)

    async def run_appliances(self) -> None:
        """The microwave's meter counts what its relay lets through, the pump runs all day, two people rest."""
        kilowatt_hours = 12.4
        await self._bank.set_power(PUMP_METER_UNIT, PUMP_WATTS)
        await self._bank.set_energy(PUMP_METER_UNIT, 5320.7)
        await self._bank.set_temperature(PUMP_ROOM_UNIT, PUMP_ROOM_DEGREES)
        await self._bank.set_people(COUNTER_UNIT, PEOPLE)
        while True:
            watts = MICROWAVE_WATTS if await self._bank.relay(BOX_UNIT, MICROWAVE_RELAY) else IDLE_WATTS
            kilowatt_hours += watts / 3.6e6
            await self._bank.set_power(METER_UNIT, watts)
            await self._bank.set_energy(METER_UNIT, kilowatt_hours)
            await asyncio.sleep(1)

    async def obey(self, words: list[str]) -> str:
        """Carry out one command; the answer is one line."""
        match words:
            case ["fire" | "restore" as what, flat]:
                return await self._tell(part(int(flat)), what)
            case ["call", "on" | "off" as state]:
                return await self._tell(call_point(), "fire" if state == "on" else "restore")
            case ["gas", gas, value]:
                await self._bank.set_gas(GAS_UNIT, gas, float(value))
            case ["people", count]:
                await self._bank.set_people(COUNTER_UNIT, int(count))
            case [what, "on" | "off" as state] if what in INPUTS:
                await self._bank.set_input(BOX_UNIT, INPUTS[what], on=state == "on")
            case ["relay", number]:
                return str(await self._bank.relay(BOX_UNIT, int(number)))
            case _:
                return f"unknown command {words}"
        return "done"

    async def _tell(self, whose: Part, what: str) -> str:
        """A fire or its restore on a link of its own; when it was sent and when it was confirmed."""
        device = await Transmitter.connect("127.0.0.1", self._port, TRANSMITTER)
        sent = time.time()
        await getattr(device, what)(whose)
        confirmed = time.time()
        await device.close()
        return f"{sent:.6f} {confirmed:.6f}"


async def run(port: int, modbus_port: int, site_file: Path | None) -> None:
    """Play the field until ``quit`` or the end of standard input."""
    async with bank_of(modbus_port) as bank:
        if site_file:
            await asyncio.to_thread(site_file.write_text, site(bank.port), "utf-8")
        print(f"modbus {bank.port}", flush=True)
        field = Field(port, bank)
        tasks = [asyncio.create_task(field.keep_connected()), asyncio.create_task(field.run_appliances())]
        try:
            while (line := await asyncio.to_thread(sys.stdin.readline)).strip() not in ("", "quit"):
                print(await field.obey(line.split()), flush=True)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int, help="the gateway's GB/T 26875.3 port")
    parser.add_argument("--modbus-port", type=int, default=0, help="0 lets the machine choose")
    parser.add_argument("--write-site", type=Path, help="write the demo compound's site file here")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(given.port, given.modbus_port, given.write_site))


if __name__ == "__main__":
    main()
