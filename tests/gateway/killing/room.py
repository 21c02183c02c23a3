"""The room of a love station: a relay box and a meter on a real Modbus server, outside the gateway that is killed."""

import asyncio
from typing import Self

from community_help_gateway.simulators.modbus_bank import ModbusBank
from tests.gateway.killing.room_site import SITE

MICROWAVE, RUNNING, LEAK = "microwave.relay", "microwave.running", "leak.leak"
BOX, METER = 1, 2
RELAY, WET = 1, 3
SOON = 60.0


class Room:
    """Open it with ``begin``; a copy of it stands as the first one stood."""

    def __init__(self) -> None:
        """Everything is off and dry."""
        self._bank = ModbusBank(gas_units=(), box_units=(BOX,), meter_units=(METER,))
        self._wet, self._watts = False, 0.0

    async def begin(self, like: Room | None = None) -> Self:
        """Listen; as another one stands."""
        await self._bank.__aenter__()
        if like:
            await self.switched_by_hand(on=await like.on())
            await self.leak(wet=like._wet)
            await self.take(like._watts)
        return self

    async def end(self) -> None:
        """Listen no more."""
        await self._bank.__aexit__()

    def site(self) -> str:
        """The sections of the site file."""
        return SITE.format(port=self._bank.port)

    async def on(self) -> bool:
        """Whether the relay is."""
        return await self._bank.relay(BOX, RELAY)

    async def off(self) -> None:
        """Wait until the relay is off."""
        async with asyncio.timeout(SOON):
            while await self.on():
                await asyncio.sleep(0.01)

    async def switched_by_hand(self, *, on: bool) -> None:
        """Somebody presses the button at the box."""
        await self._bank.set_relay(BOX, RELAY, on=on)

    async def leak(self, *, wet: bool) -> None:
        """The leak detector's contact."""
        self._wet = wet
        await self._bank.set_input(BOX, WET, on=wet)

    async def take(self, watts: float) -> None:
        """What the meter measures."""
        self._watts = watts
        await self._bank.set_power(METER, watts)
