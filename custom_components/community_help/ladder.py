"""How a page climbs to one person: one way after the other, until something proves that it arrived.

The first way at once; when it fails, the next at once; without proof in ``PROOF_SECONDS`` from when it was begun, the
next, also while the one before still hangs. What was shown on an earlier way stays there. Without any proof the person
counts as unproven, and the gateway waits less for them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from enum import StrEnum

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .contract.values import ReceiptStep
from .roster import Route

_LOGGER = logging.getLogger(__name__)
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

type Unproven = Callable[[str], None]
"""Hears of a way that took the page and proved nothing in time."""


class Ladder:
    """One page on its way to one person."""

    def __init__(self, hass: HomeAssistant, route: Route, tried: Collection[str] = ()) -> None:
        """Nothing is sent yet, except by the ways that were ``tried`` before a restart: the next is after those."""
        self._hass = hass
        self.person = route.person
        self.ways = (*route.phones, *route.channels)
        self._at = max((index + 1 for index, way in enumerate(self.ways) if way in tried), default=0)
        self._taken = self._at > 0
        self._proof = asyncio.Event()
        self._sending: set[asyncio.Task[bool]] = set()
        self.begun = asyncio.Event()
        """Set when the first way took the page, or its time is up, or none took it."""

    @callback
    def async_prove(self) -> None:
        """The person has it; no further way is tried."""
        self._proof.set()

    async def async_climb(self, show: Show, unproven: Unproven) -> Reached:
        """The first way at once, further ones as long as proof is missing; cancelled, nothing is sent any more."""
        try:
            if self._taken:
                await self._proven(None)
            while self._at < len(self.ways) and not self._proof.is_set():
                way = self.ways[self._at]
                self._at += 1
                name = f"community_help page by {way}"
                sending = self._hass.async_create_background_task(self._try(show, way), name)
                if not await self._proven(sending):
                    unproven(way)
        except asyncio.CancelledError:
            for sending in self._sending:
                sending.cancel()
            raise
        finally:
            self.begun.set()
        if self._proof.is_set():
            return Reached.PROVEN
        return Reached.UNPROVEN if self._taken else Reached.FAILED

    async def _try(self, show: Show, way: str) -> bool:
        """Whether this way took the page."""
        taken = await show(way) is not ReceiptStep.FAILED
        if taken:
            self._taken = True
            self.begun.set()
        return taken

    async def _proven(self, sending: asyncio.Task[bool] | None) -> bool:
        """Wait for proof until the way fails or its time is up; ``False`` only when its time was up."""
        over, failed = asyncio.Event(), False

        @callback
        def time_is_up(_now: datetime) -> None:
            over.set()

        @callback
        def sent(done: asyncio.Task[bool]) -> None:
            nonlocal failed
            self._sending.discard(done)
            broken = None if done.cancelled() else done.exception()
            if broken:
                _LOGGER.error("A way to a person broke", exc_info=broken)
            if done.cancelled() or broken or not done.result():
                failed = True
                over.set()

        if sending:
            self._sending.add(sending)
            sending.add_done_callback(sent)
        cancel = async_call_later(self._hass, PROOF_SECONDS, time_is_up)
        waits = [asyncio.ensure_future(self._proof.wait()), asyncio.ensure_future(over.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            cancel()
            for wait in waits:
                wait.cancel()
        return failed or self._proof.is_set()
