"""The nightly self-test: a page to the staff's phones that nobody notices and that the phones confirm by themselves.

Only an Android phone can confirm without its owner; the others are asked by day (``confirmations.py``). What is on a
phone's screen is on disk, so that after a restart it is taken away again.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from homeassistant.core import CALLBACK_TYPE, Event, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.event import async_call_later

from . import phone
from .client import CannotConnectError, RefusedError
from .confirmations import Confirmations
from .const import SIGNAL_PAGE, SIGNAL_PROOF
from .contract.commands import RecordReceipt
from .contract.values import Hazard, Page, ReceiptStep
from .coordinator import Coordinator
from .kept import Kept
from .notice import TAG
from .proof import SELF_TEST
from .readiness_board import ReadinessBoard
from .roster import members, routes_for
from .texts import Texts

TEST_TAG = f"{TAG}test_"
PAGE_KEY = "community_help_pages"
"""Carried by the notification; an Android phone sends it back, so that a late receipt is for the right pages.

One text, with commas: the app makes a text of whatever it is given.
"""

GATHER_SECONDS = 2.0
"""The tests of all compounds that come within this time make one notification per phone; well below the 10 s within
which the gateway wants to hear that a page was accepted (project's choice)."""

SHOWN_SECONDS = 60.0
"""How long the notification may stay on a phone that does not confirm it (project's choice)."""


def silent_data(device_id: str, pages: list[str]) -> dict[str, Any]:
    """Delivered like a page, but unseen: the least important channel, no sound, off the lock screen, gone by itself."""
    return {
        "tag": f"{TEST_TAG}{device_id}",
        PAGE_KEY: ",".join(pages),
        "confirmation": True,
        "ttl": 0,
        "priority": "high",
        "channel": "community_help_self_test",
        "importance": "min",
        "visibility": "secret",
        "alert_once": True,
        "timeout": int(SHOWN_SECONDS),
        "push": {"interruption-level": "passive", "sound": "none"},
    }


@dataclass(slots=True)
class Tested:
    """The last test of one phone: for which pages, each with the person whom the phone stands for."""

    people: dict[str, str] = field(default_factory=dict)
    shown: bool = False
    received: bool = False


class SelfTest:
    """Tests the phones of one gateway's staff."""

    def __init__(self, hass: HomeAssistant, coordinator: Coordinator, board: ReadinessBoard, texts: Texts) -> None:
        """Nothing is tested before ``async_start``."""
        self._hass = hass
        self._coordinator = coordinator
        self._entry = coordinator.entry
        self._board = board
        self._texts = texts
        self._confirmations = Confirmations(hass, board, texts, self._on_confirmed)
        self._tests: dict[str, Tested] = {}
        self._pages: dict[str, Page] = {}
        self._seen: dict[str, None] = {}
        self._timers: dict[str, CALLBACK_TYPE] = {}
        self._undo: list[CALLBACK_TYPE] = []
        self._kept = Kept(hass, self._entry.entry_id, "self_test", self._saved)

    async def async_start(self) -> None:
        """Take up what the last run left on the phones, then listen."""
        self._tests = await self._kept.async_read(_tested)
        await self._confirmations.async_start()
        self._undo = [
            async_dispatcher_connect(self._hass, SIGNAL_PAGE, self._on_page),
            self._hass.bus.async_listen("mobile_app_notification_received", self._on_received),
        ]
        if any(test.shown for test in self._tests.values()):
            self._later("clear", SHOWN_SECONDS, self._clear_shown)

    async def async_stop(self) -> None:
        """Listen no more; what is unsent stays demanded in the gateway's journal."""
        for undo in (*self._undo, *self._timers.values()):
            undo()
        self._undo.clear()
        self._timers.clear()
        await self._confirmations.async_stop()
        await self._kept.async_save()

    @callback
    def _on_page(self, coordinator: Coordinator, page: Page) -> None:
        """Gather the tests that are ours to answer and new to us."""
        if coordinator is not self._coordinator or page.incident.hazard is not Hazard.SELF_TEST:
            return
        if page.settled:
            self._seen.pop(page.id, None)
            self._pages.pop(page.id, None)
        elif coordinator.fence and not page.accepted and page.id not in self._seen:
            self._seen[page.id] = None
            self._pages[page.id] = page
            if "gather" not in self._timers:
                self._later("gather", GATHER_SECONDS, self._run)

    @callback
    def _later(self, what: str, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        async def due(_now: datetime) -> None:
            self._timers.pop(what, None)
            await job()

        before = self._timers.pop(what, None)
        if before:
            before()
        named = HassJob(due, f"community_help self-test {what}", cancel_on_shutdown=True)
        self._timers[what] = async_call_later(self._hass, seconds, named)

    async def _run(self) -> None:
        """Test every phone once for all gathered pages; a dead or slow one never stops or delays the others."""
        pages, self._pages = self._pages, {}
        people: dict[str, dict[str, str]] = {}
        for page in pages.values():
            for route in routes_for(self._hass, self._entry, self._people(page)):
                for device_id in route.phones:
                    people.setdefault(device_id, {})[page.id] = route.person
        silent = {device_id for device_id in people if self._board.silently(device_id)}
        for device_id, item in people.items():
            self._tests[device_id] = Tested(item, shown=device_id in silent)
        await self._kept.async_save()
        for page_id in pages:
            await self._receipt(page_id, ReceiptStep.ACCEPTED)  # the phones' own receipts say how it went
        self._later("clear", SHOWN_SECONDS, self._clear_shown)
        await asyncio.gather(*(self._test(device_id, people[device_id]) for device_id in silent))
        await self._confirmations.async_ask_now(set(people) - silent)

    def _people(self, page: Page) -> tuple[str, ...]:
        """Whom a page is for; nobody named means everybody of its compound."""
        if page.people:
            return page.people
        return tuple(item.id for item in members(self._entry) if item.serves(page.incident.compound))

    async def _test(self, device_id: str, people: dict[str, str]) -> None:
        step, detail = ReceiptStep.HANDED_OVER, ""
        try:
            call = {"message": self._texts.say("self_test"), "title": self._texts.say("self_test_title")}
            await phone.hand_over(self._hass, device_id, {**call, "data": silent_data(device_id, list(people))})
        except HomeAssistantError as error:
            step, detail = ReceiptStep.FAILED, str(error)[:200]
            self._tests[device_id].shown = False
        for page_id, person in people.items():
            await self._receipt(page_id, step, device_id, person, detail)

    async def _on_received(self, event: Event) -> None:
        """The phone has it: that is the proof, and it may go."""
        tag = str(event.data.get("tag", ""))
        test = self._tests.get(tag.removeprefix(TEST_TAG)) if tag.startswith(TEST_TAG) else None
        if test is None:
            return
        device_id = tag.removeprefix(TEST_TAG)
        async_dispatcher_send(
            self._hass, SIGNAL_PROOF, self._entry.entry_id, device_id, ReceiptStep.RECEIVED, time.time(), SELF_TEST
        )
        first, test.received = not test.received, True
        await self._clear(device_id, test)
        if first and set(str(event.data.get(PAGE_KEY, "")).split(",")) == set(test.people):
            for page_id, person in test.people.items():
                await self._receipt(page_id, ReceiptStep.RECEIVED, device_id, person)

    async def _on_confirmed(self, device_id: str) -> None:
        """A person tapped: that also proves it for the last test in which the phone could not speak for itself."""
        test = self._tests.get(device_id)
        for page_id, person in test.people.items() if test else ():
            await self._receipt(page_id, ReceiptStep.ACTED, device_id, person)

    async def _clear_shown(self) -> None:
        """Whatever was not confirmed in time is taken away, too."""
        shown = [(device_id, test) for device_id, test in self._tests.items() if test.shown]
        await asyncio.gather(*(self._clear(device_id, test) for device_id, test in shown))

    async def _clear(self, device_id: str, test: Tested) -> None:
        test.shown = False
        with contextlib.suppress(HomeAssistantError):
            await phone.clear(self._hass, device_id, f"{TEST_TAG}{device_id}")
        await self._kept.async_save()

    async def _receipt(
        self, page_id: str, step: ReceiptStep, device_id: str = "", person: str = "", detail: str = ""
    ) -> None:
        """Tell the gateway; while it is away the proof is kept here alone."""
        receipt = RecordReceipt(page_id, step, time.time(), device_id, person, detail)
        with contextlib.suppress(CannotConnectError, RefusedError):
            await self._coordinator.async_command(receipt)

    def _saved(self) -> dict[str, Any]:
        return {
            device_id: {"people": test.people, "shown": test.shown, "received": test.received}
            for device_id, test in self._tests.items()
            if device_id in self._board.phones
        }


def _tested(item: dict[str, Any]) -> Tested:
    people = {str(page): str(person) for page, person in item["people"].items()}
    return Tested(people, bool(item["shown"]), bool(item["received"]))
