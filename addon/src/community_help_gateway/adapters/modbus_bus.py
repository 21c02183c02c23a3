"""Polls Modbus TCP devices: one connection per endpoint, one request at a time, alarm inputs first.

What an input says is told when it changed, and every second all the same. A device that does not answer is asked
less and less often, so it never slows its neighbours; its link is lost after ``LOST_AFTER`` failures in a row, and
nothing it said before is shown as current.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from .. import crash
from ..codecs.modbus.profile import (
    READ_COILS,
    READ_HOLDING,
    READ_INPUT_REGISTERS,
    READ_INPUTS,
    ProfileError,
    Reading,
    load,
)
from ..errors import JournalError, SwitchFailedError
from ..model.observation import Address, Input, LinkState, Observation
from .modbus_order import Poll, Unit, following
from .port import Inlet

_LOGGER = logging.getLogger(__name__)
LINK = "modbus"
REQUEST_SECONDS = 1.0
LOST_AFTER = 3
MAX_BACKOFF_SECONDS = 60.0
GAP_SECONDS = 0.02
"""Between two requests to an endpoint that lost one: cheap converters lose the second of two that follow at once."""

PACED_SECONDS = 3600.0
"""So long after a lost request an endpoint gets that gap; noise on a line loses one, too (project's choice)."""

AGAIN_SECONDS = 1.0
"""What stays the same is told so often (project's choice)."""


class Clock(Protocol):
    """Wall time in epoch seconds, monotonic time for intervals."""

    def wall(self) -> float:
        """Now."""

    def monotonic(self) -> float:
        """Seconds that never jump."""


@dataclass(slots=True)
class _Endpoint:
    """One TCP endpoint with everything behind it."""

    client: AsyncModbusTcpClient
    polls: list[Poll] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    up: dict[str, bool] = field(default_factory=dict)
    paced_until: float = 0.0
    telling: asyncio.Task[None] | None = None


class ModbusBus:
    """All Modbus TCP endpoints of a site."""

    def __init__(self, inlet: Inlet, units: Sequence[Unit], clock: Clock) -> None:
        """Nothing is connected yet; a unit whose profile is unknown is left out and said so."""
        self._inlet = inlet
        self._clock = clock
        self._units = tuple(units)
        self._endpoints: dict[tuple[str, int], _Endpoint] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to poll; an endpoint that is away is tried again for ever."""
        for unit in self._units:
            try:
                profile = load(unit.profile)
            except ProfileError as error:
                _LOGGER.error("Modbus device %s is not polled: %s", unit.id, error)
                continue
            key = (unit.host, unit.port)
            if key not in self._endpoints:
                self._endpoints[key] = _Endpoint(_client(unit))
            now = self._clock.monotonic()
            self._endpoints[key].polls += [
                Poll(unit, profile, index, profile.blocks[index], due=now) for index in profile.asked(unit.used)
            ]
        self._tasks = [asyncio.create_task(self._poll_forever(endpoint)) for endpoint in self._endpoints.values()]

    async def stop(self) -> None:
        """Stop polling and close the connections."""
        for task in self._tasks:
            task.cancel()
        telling = [endpoint.telling for endpoint in self._endpoints.values() if endpoint.telling]
        await asyncio.gather(*self._tasks, *telling, return_exceptions=True)
        for endpoint in self._endpoints.values():
            endpoint.client.close()
        self._endpoints.clear()

    async def replace(self, units: Sequence[Unit]) -> None:
        """Poll these devices from now on."""
        if tuple(units) != self._units:
            await self.stop()
            self._units = tuple(units)
            await self.start()

    async def switch(self, address: Address, *, on: bool) -> None:
        """Write one guarded coil and read it back; raises SwitchFailedError."""
        endpoint, poll = self._find(address)
        write = poll.profile.writes.get(address.part)
        if write is None:
            raise SwitchFailedError(point=address.part, problem="its profile allows no writing")
        device_id = poll.unit.unit + write.unit
        client = endpoint.client
        crash.reach("modbus.before_write")
        async with endpoint.lock:
            answer = await _ask(lambda: client.write_coil(write.coil, on, device_id=device_id))
            crash.reach("modbus.after_write")
            check = await _ask(lambda: client.read_coils(write.coil, count=1, device_id=device_id)) if answer else None
        if check is None or not check.bits:
            raise SwitchFailedError(point=address.part, problem="the device does not answer")
        if bool(check.bits[0]) is not on:
            raise SwitchFailedError(point=address.part, problem="the device did not follow")
        crash.reach("modbus.after_check")
        await self._tell([self._observation(poll.unit, Reading(address.part, on=on))])

    def _find(self, address: Address) -> tuple[_Endpoint, Poll]:
        for endpoint in self._endpoints.values():
            for poll in endpoint.polls:
                if poll.unit.id == address.device:
                    return endpoint, poll
        raise SwitchFailedError(point=address.part, problem="its device is not configured")

    async def _poll_forever(self, endpoint: _Endpoint) -> None:
        last: Poll | None = None
        while True:
            now = self._clock.monotonic()
            poll = following(endpoint.polls, now, last)
            if poll.due > now:
                await asyncio.sleep(poll.due - now)
                continue
            await self._poll(endpoint, poll)
            last = poll
            if self._clock.monotonic() < endpoint.paced_until:
                await asyncio.sleep(GAP_SECONDS)

    async def _poll(self, endpoint: _Endpoint, poll: Poll) -> None:
        async with endpoint.lock:
            values = await self._read(endpoint.client, poll)
        now = self._clock.monotonic()
        if values is None:
            poll.failures += 1
            poll.told = None
            pause = max(poll.block.interval, AGAIN_SECONDS) * 2 ** min(poll.failures, 10)
            poll.due = now + min(pause, MAX_BACKOFF_SECONDS)
        else:
            if 0 < poll.failures < LOST_AFTER:  # not dead: that request may have come too soon after another
                endpoint.paced_until = now + PACED_SECONDS
            poll.failures = 0
            poll.again(now)
        said = self._link(endpoint, poll)
        if values is not None:
            said += self._news(poll, values, now)
        elif poll.failures == LOST_AFTER:
            silent = [Reading(key, fault=True, state="no_answer") for key in poll.profile.keys(poll.index)]
            said += [self._observation(poll.unit, reading) for reading in silent]
        if said:
            await self._pass_on(endpoint, said)

    async def _pass_on(self, endpoint: _Endpoint, said: list[Input]) -> None:
        """Tell while the next device is asked, in order; a disk that is slower than the line holds the line up."""
        if endpoint.telling:
            await endpoint.telling
        endpoint.telling = asyncio.create_task(self._tell(said))

    def _news(self, poll: Poll, values: list[int], now: float) -> list[Input]:
        """What a block says, unless it was told a moment ago."""
        if values == poll.told and now < poll.tell_at:
            return []
        poll.told, poll.tell_at = values, now + AGAIN_SECONDS
        return [self._observation(poll.unit, reading) for reading in poll.profile.decode(poll.index, values)]

    def _link(self, endpoint: _Endpoint, poll: Poll) -> list[Input]:
        """A device is up as soon as one block answers, and lost once all of them failed for long enough."""
        was = endpoint.up.get(poll.unit.id)
        if poll.failures == 0:
            now = True
        elif all(item.failures >= LOST_AFTER for item in endpoint.polls if item.unit.id == poll.unit.id):
            now = False
        else:
            return []
        endpoint.up[poll.unit.id] = now
        return [] if was is now else [LinkState(LINK, poll.unit.id, up=now, received_at=self._clock.wall())]

    async def _read(self, client: AsyncModbusTcpClient, poll: Poll) -> list[int] | None:
        block = poll.block
        if not client.connected and not await client.connect():
            return None
        request = {
            READ_COILS: client.read_coils,
            READ_INPUTS: client.read_discrete_inputs,
            READ_HOLDING: client.read_holding_registers,
            READ_INPUT_REGISTERS: client.read_input_registers,
        }[block.function]
        device_id = poll.unit.unit + block.unit
        answer = await _ask(lambda: request(block.address, count=block.count, device_id=device_id))
        if answer is None:
            return None
        bits = block.function in (READ_COILS, READ_INPUTS)
        return [int(value) for value in (answer.bits if bits else answer.registers)[: block.count]]

    def _observation(self, unit: Unit, reading: Reading) -> Observation:
        return Observation(
            address=Address(LINK, unit.id, reading.key),
            received_at=self._clock.wall(),
            alarm=reading.alarm,
            fault=reading.fault,
            value=reading.value,
            on=reading.on,
            state=reading.state,
        )

    async def _tell(self, said: list[Input]) -> None:
        with contextlib.suppress(JournalError):  # a poll is repeated anyway; the hub has logged it
            await self._inlet.observe(said)


def _client(unit: Unit) -> AsyncModbusTcpClient:
    """A client that connects only when asked: reconnecting is this module's own business."""
    return AsyncModbusTcpClient(
        unit.host, port=unit.port, timeout=REQUEST_SECONDS, retries=0, reconnect_delay=0, name=unit.id
    )


async def _ask(request: Callable[[], Awaitable[ModbusPDU]]) -> ModbusPDU | None:
    """One request; ``None`` when nothing usable came back."""
    try:
        answer = await request()
    except ModbusException, OSError, TimeoutError:
        return None
    return None if answer.isError() else answer
