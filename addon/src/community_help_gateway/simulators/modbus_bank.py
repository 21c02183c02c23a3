"""Modbus TCP devices behind one endpoint: gas modules, boxes, meters, face counters, on a real pymodbus server."""

import asyncio
import struct
from typing import Self

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimAction, SimData, SimDevice

GAS_UNITS = {"ch4": (0, 0x2400, 10), "o2": (1, 0x4400, 10), "co": (2, 0x0000, 1), "h2s": (3, 0x0400, 10)}
"""Per gas: offset of its Modbus unit, register 0 (unit and decimals), steps per unit of measurement."""

CLEAN_AIR = {"ch4": 0.0, "o2": 20.9, "co": 0.0, "h2s": 0.0}
_SET_HOLDING, _SET_COIL, _SET_INPUT, _SET_INPUT_REGISTERS = 16, 15, 2, 4
METER_POWER, METER_ENERGY = 12, 342
"""Registers of an SDM120 (see its profile)."""

FACES = 4
"""Register of an SEN0626 (see its profile)."""


class ModbusBank:
    """Serves while the context is open; ``port`` is the one that it listens on."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        gas_units: tuple[int, ...] = (1,),
        box_units: tuple[int, ...] = (9,),
        meter_units: tuple[int, ...] = (),
        thermometer_units: tuple[int, ...] = (),
        counter_units: tuple[int, ...] = (),
    ) -> None:
        """``gas_units`` are the first Modbus units of four-gas modules, the others those of boxes, meters and so on."""
        self._address = (host, port)
        self._silent: set[int] = set()
        self._failing: set[int] = set()
        self._devices = [self._gas(unit + offset, head) for unit in gas_units for offset, head, _ in GAS_UNITS.values()]
        self._devices += [self._box(unit) for unit in box_units]
        self._devices += [self._meter(unit) for unit in meter_units]
        self._devices += [self._thermometer(unit) for unit in thermometer_units]
        self._devices += [self._counter(unit) for unit in counter_units]
        self._gas_units = gas_units
        self._server: ModbusTcpServer | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = ModbusTcpServer(self._devices, address=self._address)
        await self._server.serve_forever(background=True)
        for unit in self._gas_units:
            for gas, value in CLEAN_AIR.items():
                await self.set_gas(unit, gas, value)
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Stop."""
        if self._server:
            await self._server.shutdown()  # type: ignore[no-untyped-call] # pymodbus leaves this one untyped

    @property
    def port(self) -> int:
        """The port that it listens on."""
        transport = self._server.transport if self._server else None
        return int(transport.sockets[0].getsockname()[1]) if isinstance(transport, asyncio.Server) else 0

    async def set_gas(self, unit: int, gas: str, value: float, state: int = 1) -> None:
        """Let a module measure ``value`` in the gas's own unit (%LEL, %VOL, ppm); ``state`` as in its register 5."""
        offset, head, steps = GAS_UNITS[gas]
        await self._set(unit + offset, _SET_HOLDING, 0, [head, round(value * steps), 0, 0, 0, state])

    async def set_power(self, unit: int, watts: float) -> None:
        """Let an SDM120 meter measure ``watts``."""
        await self._set(unit, _SET_INPUT_REGISTERS, METER_POWER, _float(watts))

    async def set_energy(self, unit: int, kilowatt_hours: float) -> None:
        """Let an SDM120 meter have counted so much."""
        await self._set(unit, _SET_INPUT_REGISTERS, METER_ENERGY, _float(kilowatt_hours))

    async def set_temperature(self, unit: int, degrees: float) -> None:
        """Let an XY-MD02 measure ``degrees``."""
        await self._set(unit, _SET_INPUT_REGISTERS, 1, [round(degrees * 10) & 0xFFFF])

    async def set_people(self, unit: int, faces: int) -> None:
        """Let an SEN0626 see so many faces; it tells what it is given, also what a real one could not count."""
        await self._set(unit, _SET_INPUT_REGISTERS, FACES, [faces])

    async def set_input(self, unit: int, number: int, *, on: bool) -> None:
        """Open or close an input of a box, 1 to 8."""
        await self._set(unit, _SET_INPUT, number - 1, [on])

    async def set_relay(self, unit: int, number: int, *, on: bool) -> None:
        """Let somebody switch a relay at the box itself, 1 to 8."""
        await self._set(unit, _SET_COIL, number - 1, [on])

    async def relay(self, unit: int, number: int) -> bool:
        """What a relay of a box was switched to, 1 to 8."""
        if self._server is None:
            return False
        (value,) = await self._server.async_getValues(unit, 1, number - 1, 1)
        return bool(value)

    def silence(self, unit: int, *, silent: bool = True) -> None:
        """Let a Modbus unit answer nothing at all."""
        (self._silent.add if silent else self._silent.discard)(unit)

    def fail(self, unit: int, *, failing: bool = True) -> None:
        """Let a Modbus unit answer with an exception."""
        (self._failing.add if failing else self._failing.discard)(unit)

    async def _set(self, unit: int, function: int, address: int, values: list[int] | list[bool]) -> None:
        if self._server:
            await self._server.async_setValues(unit, function, address, values)

    def _gas(self, unit: int, head: int) -> SimDevice:
        return SimDevice(
            unit, [SimData(0, values=[head, 0, 0, 0, 0, 1], datatype=DataType.REGISTERS)], action=self._action(unit)
        )

    def _meter(self, unit: int) -> SimDevice:
        registers = [SimData(0, values=[0] * (METER_ENERGY + 2), datatype=DataType.REGISTERS)]
        return SimDevice(unit, registers, action=self._action(unit))

    def _thermometer(self, unit: int) -> SimDevice:
        return SimDevice(unit, [SimData(0, values=[0, 215], datatype=DataType.REGISTERS)], action=self._action(unit))

    def _counter(self, unit: int) -> SimDevice:
        registers = [0x0272, 0x3343, 0x1000, 0x1000, 0, 0xFFFF, 0xFFFF, 0]  # nobody there: no face has a place
        return SimDevice(unit, [SimData(0, values=registers, datatype=DataType.REGISTERS)], action=self._action(unit))

    def _box(self, unit: int) -> SimDevice:
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        registers = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
        inputs = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        return SimDevice(unit, (bits, inputs, registers, list(registers)), action=self._action(unit))

    def _action(self, unit: int) -> SimAction:
        async def act(
            _function: int,
            _start: int,
            _address: int,
            _count: int,
            _now: list[int],
            _new: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            if unit in self._silent:
                await asyncio.sleep(3600)
            return ExcCodes.DEVICE_BUSY if unit in self._failing else None

        return act


def _float(value: float) -> list[int]:
    return list(struct.unpack(">HH", struct.pack(">f", value)))
