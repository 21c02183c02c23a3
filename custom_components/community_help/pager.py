"""Delivers pages to phones: the only module that sends. Which words and how loud may come from an automation.

A page goes out once an automation calls ``page_staff`` for it, or after the grace time with the default words.
What has been sent to whom is on disk, so that after a restart the right phones are updated.
"""

import asyncio
import logging
import time
from dataclasses import replace
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, CoreState, Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from .client import CannotConnectError, RefusedError
from .const import DOMAIN, GRACE_SECONDS, SIGNAL_INCIDENT, SIGNAL_PAGE
from .contract.commands import RecordReceipt
from .contract.values import IncidentEvent, Page, ReceiptStep
from .coordinator import Coordinator
from .issues import clear_issue, raise_issue
from .notice import Words, newest, page_notice
from .phone import TAG
from .roster import phones_for
from .texts import Texts
from .told import Board
from .updates import Updates

_LOGGER = logging.getLogger(__name__)
PAGERS: HassKey[dict[str, Pager]] = HassKey(f"{DOMAIN}_pagers")
"""The running pagers by config entry id, for the action ``page_staff``."""

EVENT_RECEIVED = "mobile_app_notification_received"


class Pager:
    """Pages the staff of one gateway."""

    def __init__(self, hass: HomeAssistant, coordinator: Coordinator, texts: Texts, board: Board) -> None:
        """Nothing is sent before ``async_start``."""
        self._hass = hass
        self._coordinator = coordinator
        self._entry = coordinator.entry
        self._texts = texts
        self._board = board
        self._updates = Updates(hass, coordinator, texts, board)
        self._seen: dict[str, None] = {}
        self._grace: dict[str, CALLBACK_TYPE] = {}
        self._undo: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Listen to pages, incidents and phones."""
        self._hass.data.setdefault(PAGERS, {})[self._entry.entry_id] = self
        self._undo = [
            async_dispatcher_connect(self._hass, SIGNAL_PAGE, self._on_page),
            async_dispatcher_connect(self._hass, SIGNAL_INCIDENT, self._on_incident),
            self._hass.bus.async_listen(EVENT_RECEIVED, self._on_received),
            self._updates.async_stop,
        ]

    async def async_stop(self) -> None:
        """Stop listening; what is unsent stays demanded in the gateway's journal."""
        self._hass.data[PAGERS].pop(self._entry.entry_id, None)
        for undo in (*self._undo, *self._grace.values()):
            undo()
        self._grace.clear()
        await self._board.async_save()

    async def async_page_staff(self, page: Page, words: Words) -> None:
        """Send a page with an automation's words; one that went out already is only updated in place."""
        waiting = self._grace.pop(page.id, None)
        told = self._board.told.get(page.incident.id)
        late = waiting is None and told is not None and told.page == page.id
        if waiting:
            waiting()
        if not late:
            clear_issue(self._hass, self._entry, "page_unhandled")
        await self._send(page, words, sounding=not late)

    @callback
    def _on_page(self, coordinator: Coordinator, page: Page) -> None:
        """Start the grace time of a page that is ours and new to us."""
        if coordinator is not self._coordinator:
            return
        if page.settled:
            self._forget_grace(page.id)
            self._seen.pop(page.id, None)
            return
        if page.id in self._seen or not coordinator.fence or page.accepted:
            return
        self._seen[page.id] = None

        async def send_defaults(_now: datetime) -> None:
            self._grace.pop(page.id, None)
            self._complain()
            await self._send(page, Words(), sounding=True)

        self._grace[page.id] = async_call_later(self._hass, GRACE_SECONDS, send_defaults)

    def _forget_grace(self, page_id: str) -> None:
        cancel = self._grace.pop(page_id, None)
        if cancel:
            cancel()

    def _complain(self) -> None:
        """No automation answered in time: say so, unless Home Assistant is only starting."""
        if self._hass.state is CoreState.running:
            raise_issue(self._hass, self._entry, "page_unhandled", severity=ir.IssueSeverity.WARNING)

    async def _send(self, page: Page, words: Words, *, sounding: bool) -> None:
        """Send to every phone of the page's people separately: a dead or slow one never stops or delays the others."""
        incident = newest(page, self._coordinator.incidents.get(page.incident.id))
        before = self._board.told.get(incident.id)
        if before and not sounding:
            words = replace(words, critical=words.critical or before.critical)
        notice = page_notice(self._texts, page, incident, words, time.time(), sounding=sounding)
        people = phones_for(self._hass, self._entry, page.people)
        told = await self._board.async_note(incident.id, page.id, people, critical=words.critical)

        async def tell(device_id: str, person: str) -> bool:
            step, detail = await self._board.async_show(told, device_id, notice)
            await self._receipt(page.id, step, device_id, person, detail)
            return step is ReceiptStep.HANDED_OVER

        if any(await asyncio.gather(*(tell(*item) for item in people.items()))):
            await self._receipt(page.id, ReceiptStep.ACCEPTED)
        else:
            _LOGGER.error("Page %s reached no phone", page.id)

    async def _receipt(
        self, page_id: str, step: ReceiptStep, device_id: str = "", person: str = "", detail: str = ""
    ) -> None:
        """Tell the gateway; while it is away the proof is lost and the page simply stays unproven."""
        try:
            await self._coordinator.async_command(RecordReceipt(page_id, step, time.time(), device_id, person, detail))
        except CannotConnectError, RefusedError:
            _LOGGER.debug("The receipt %s of page %s could not be recorded", step, page_id)

    @callback
    def _on_incident(self, coordinator: Coordinator, event: IncidentEvent) -> None:
        if coordinator is self._coordinator:
            self._updates.async_on_incident(event)

    async def _on_received(self, event: Event) -> None:
        """Android says that the notification is on the phone."""
        told = self._board.told.get(str(event.data.get("tag", "")).removeprefix(TAG))
        if told:
            device_id = str(event.data.get("device_id", ""))[:64]
            await self._receipt(told.page, ReceiptStep.RECEIVED, device_id, told.people.get(device_id, ""))
