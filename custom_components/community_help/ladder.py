"""How a page climbs to one person: one way after the other, until something proves that it arrived.

The first way at once; when it fails, the next at once; without proof in ``PROOF_SECONDS``, the next. What was shown
on an earlier way stays there. Without any proof the person counts as unproven, and the gateway waits less for them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from enum import StrEnum

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .contract.values import ReceiptStep
from .roster import Route

PROOF_SECONDS = 10.0
"""How long a way has to prove that the page arrived: as long as mobile_app waits for a phone's confirmation on its
local push channel (PUSH_CONFIRM_TIMEOUT) before it gives that channel up."""


class Reached(StrEnum):
    """How far a page came to one person."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    FAILED = "failed"


type Show = Callable[[str], Awaitable[ReceiptStep]]
"""Shows the page by one way: handed over, or failed."""


class Ladder:
    """One page on its way to one person."""

    def __init__(self, hass: HomeAssistant, route: Route, tried: Collection[str] = ()) -> None:
        """Nothing is sent yet, except by the ways that were ``tried`` before a restart."""
        self._hass = hass
        self.person = route.person
        self.ways = (*route.phones, *route.channels)
        self._at = next((index for index, way in enumerate(self.ways) if way not in tried), len(self.ways))
        self._taken = self._at > 0
        self._proof = asyncio.Event()
        self.begun = asyncio.Event()
        """Set when the first way took the page, or none did."""

    @callback
    def async_prove(self) -> None:
        """The person has it; no further way is tried."""
        self._proof.set()

    async def async_climb(self, show: Show) -> Reached:
        """The first way at once, further ones as long as proof is missing."""
        try:
            going = self._taken or await self._next(show)
        finally:
            self.begun.set()
        while going and not await self._proven():
            going = await self._next(show)
        if self._proof.is_set():
            return Reached.PROVEN
        return Reached.UNPROVEN if self._taken else Reached.FAILED

    async def _next(self, show: Show) -> bool:
        """Try the next ways until one takes the page; whether one did."""
        while self._at < len(self.ways) and not self._proof.is_set():
            way = self.ways[self._at]
            self._at += 1
            if await show(way) is not ReceiptStep.FAILED:
                self._taken = True
                return True
        return False

    async def _proven(self) -> bool:
        """Whether proof comes in time."""
        over = asyncio.Event()

        @callback
        def time_is_up(_now: datetime) -> None:
            over.set()

        cancel = async_call_later(self._hass, PROOF_SECONDS, time_is_up)
        waits = [asyncio.ensure_future(self._proof.wait()), asyncio.ensure_future(over.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            cancel()
            for wait in waits:
                wait.cancel()
        return self._proof.is_set()
