"""Delivers pages: the only module that sends them. Which words and how loud may come from an automation.

A page goes out once an automation calls ``page_staff`` for it, or after the grace time with the default words; to each
person by one way after the other until one proves that it arrived. What is sent by which way is on disk before the
gateway hears that the page was taken: until then it demands it, and afterwards a restart finds who is to be updated.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, CoreState, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.util.async_ import create_eager_task
from homeassistant.util.hass_dict import HassKey

from . import phone
from .answers import Answers
from .client import CannotConnectError, RefusedError
from .const import DOMAIN, GRACE_SECONDS, SIGNAL_INCIDENT, SIGNAL_PAGE, SIGNAL_PROOF
from .contract.commands import RecordReceipt
from .contract.values import Hazard, IncidentEvent, Page, ReceiptStep
from .coordinator import Coordinator
from .departure import async_departed
from .issues import clear_issue, raise_issue
from .ladder import Ladder, Reached, Show, Unproven
from .notice import TAG, Notice, Urgency, Words, newest, page_notice, place_of, update_notice
from .roster import routes_for, ways_to
from .texts import Texts
from .told import Board, Told
from .updates import Updates

_LOGGER = logging.getLogger(__name__)
PAGERS: HassKey[dict[str, Pager]] = HassKey(f"{DOMAIN}_pagers")
"""The running pagers by config entry id, for the actions."""

EVENTS = {
    "mobile_app_notification_received": ReceiptStep.RECEIVED,
    "mobile_app_notification_cleared": ReceiptStep.SEEN,
}
"""What an Android app tells; who wipes a notification away has seen it."""

PROOF_VERSION = 3
"""The gateway's contract version from which it understands that a page is unproven."""


class Pager:
    """Pages the staff of one gateway."""

    def __init__(
        self, hass: HomeAssistant, coordinator: Coordinator, texts: Texts, board: Board, answers: Answers
    ) -> None:
        """Nothing is sent before ``async_start``."""
        self._hass = hass
        self._coordinator = coordinator
        self._entry = coordinator.entry
        self._texts = texts
        self._board = board
        self._updates = Updates(hass, coordinator, texts, board, answers)
        self._seen: dict[str, None] = {}
        self._grace: dict[str, CALLBACK_TYPE] = {}
        self._accepted: dict[str, None] = {}
        self._climbs: dict[str, asyncio.Task[None]] = {}
        self._ladders: dict[str, list[Ladder]] = {}
        self._undo: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Listen to pages, incidents and phones."""
        self._hass.data.setdefault(PAGERS, {})[self._entry.entry_id] = self
        self._undo = [
            async_dispatcher_connect(self._hass, SIGNAL_PAGE, self._on_page),
            async_dispatcher_connect(self._hass, SIGNAL_INCIDENT, self._on_incident),
            *(self._hass.bus.async_listen(name, self._on_phone) for name in EVENTS),
            self._updates.async_stop,
        ]
        self._updates.async_start()

    async def async_stop(self) -> None:
        """Stop listening; what is unsent stays demanded in the gateway's journal."""
        self._hass.data[PAGERS].pop(self._entry.entry_id, None)
        for undo in (*self._undo, *self._grace.values()):
            undo()
        for page_id in tuple(self._ladders):
            self._forget(page_id)
        self._grace.clear()
        await self._board.async_save()

    async def async_page_staff(self, page: Page, words: Words) -> None:
        """Send a page with an automation's words; one that went out already is only updated in place.

        Raises HomeAssistantError when another Home Assistant is the one that pages.
        """
        if not self._coordinator.fence:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="not_the_pager")
        waiting = self._grace.pop(page.id, None)
        told = self._board.told.get(page.incident.id)
        if waiting:
            waiting()
        elif told is not None and told.page == page.id:
            await self._reword(page, told, words)
            return
        clear_issue(self._hass, self._entry, "page_unhandled")
        await self._send(page, words)

    async def async_tell(self, people: Iterable[str], title: str, message: str, tag: str = "") -> list[str]:
        """Tell people something that is no page: each by the first way that takes it; who was reached."""
        notice = Notice(f"{TAG}{tag}" if tag else "", title, message, Urgency.NOTICE, sounding=True)

        async def tell(ways: tuple[str, ...]) -> bool:
            for way in ways:
                if (await self._board.async_once(way, notice))[0] is ReceiptStep.HANDED_OVER:
                    return True
            return False

        routes = ways_to(self._hass, self._entry, people)
        reached = await asyncio.gather(*(tell((*route.phones, *route.channels)) for route in routes))
        return [route.person for route, done in zip(routes, reached, strict=True) if done]

    @callback
    def _on_page(self, coordinator: Coordinator, page: Page) -> None:
        """Start the grace time of a page that is ours and new to us."""
        if coordinator is not self._coordinator or page.incident.hazard is Hazard.SELF_TEST:
            return
        if page.settled:
            self._forget(page.id)
            return
        if page.id in self._seen or not coordinator.fence:
            return
        self._seen[page.id] = None
        if page.accepted:
            self._go_on(page)
            return

        async def send_defaults(_now: datetime) -> None:
            self._grace.pop(page.id, None)
            self._complain()
            await self._send(page, Words())

        self._grace[page.id] = async_call_later(self._hass, GRACE_SECONDS, send_defaults)

    @callback
    def _forget(self, page_id: str) -> None:
        """Nobody needs this page any more."""
        self._seen.pop(page_id, None)
        cancel = self._grace.pop(page_id, None)
        if cancel:
            cancel()
        self._accepted.pop(page_id, None)
        climb = self._climbs.pop(page_id, None)
        if climb:
            climb.cancel()
        for ladder in self._ladders.pop(page_id, ()):
            ladder.begun.set()  # whoever waits for the first ways need not wait any more

    def _complain(self) -> None:
        """No automation answered in time: say so, unless Home Assistant is only starting."""
        if self._hass.state is CoreState.running:
            raise_issue(self._hass, self._entry, "page_unhandled", severity=ir.IssueSeverity.WARNING)

    def _go_on(self, page: Page) -> None:
        """A restart came between the ways to a person: go on with who has not proven that they have the page."""
        told = self._board.told.get(page.incident.id)
        if told is None:  # what was known of it is lost: rather twice than not at all
            self._hass.async_create_task(self._send(page, Words()))
        elif told.page == page.id:
            self._hass.async_create_task(self._send(page, told.words, told.tried(page.id)))

    async def _send(self, page: Page, words: Words, tried: Collection[str] = ()) -> None:
        """Climb to everybody at once, each for themselves: a dead or slow phone never delays the others.

        Returns when every first way was tried. ``tried``: the ways that took it before a restart.
        """
        if page.id in self._ladders:
            return
        told = self._board.note(page.incident.id, page.id, words, page.answer_by)
        routes = [item for item in routes_for(self._hass, self._entry, page.people) if item.person not in told.proven]
        ladders = self._ladders[page.id] = [Ladder(self._hass, route, tried) for route in routes]
        name = f"community_help page {page.id}"
        self._climbs[page.id] = self._hass.async_create_background_task(self._climb(page, told, ladders), name)
        await asyncio.gather(*(ladder.begun.wait() for ladder in ladders))

    def _showing(self, page: Page, told: Told, person: str) -> Show:
        """Shows the page by one way to ``person``, with its receipts."""

        async def show(way: str) -> ReceiptStep:
            told.people.setdefault(way, person)
            notice = self._notice(page, told.words, sounding=True)
            showing = create_eager_task(self._board.async_show(told, way, notice))
            await async_departed()  # it is on its way before anything is saved
            await self._board.async_save()
            step, detail = await showing
            await self._board.async_save()
            if step is ReceiptStep.HANDED_OVER and page.id not in self._accepted:
                self._accepted[page.id] = None
                self._receipt(page.id, ReceiptStep.ACCEPTED)
            self._receipt(page.id, step, way, person, detail)
            return step

        return show

    async def _climb(self, page: Page, told: Told, ladders: list[Ladder]) -> None:
        climbs = [
            create_eager_task(
                ladder.async_climb(self._showing(page, told, ladder.person), self._unproven(page, ladder.person))
            )
            for ladder in ladders
        ]
        reached = await asyncio.gather(*climbs)
        self._climbs.pop(page.id, None)
        if Reached.PROVEN in reached or told.proven:
            return
        if Reached.UNPROVEN not in reached:
            _LOGGER.error("Page %s reached no phone", page.id)
        if self._asks_for_proof:
            step = ReceiptStep.UNPROVEN if Reached.UNPROVEN in reached else ReceiptStep.FAILED
            self._receipt(page.id, step)

    def _unproven(self, page: Page, person: str) -> Unproven:
        """Writes down why the next way is tried."""

        def unproven(way: str) -> None:
            if self._asks_for_proof:
                self._receipt(page.id, ReceiptStep.UNPROVEN, way, person)

        return unproven

    @property
    def _asks_for_proof(self) -> bool:
        gateway = self._coordinator.gateway
        return gateway is not None and gateway.version >= PROOF_VERSION

    def _notice(self, page: Page, words: Words, *, sounding: bool) -> Notice:
        incident = newest(page, self._coordinator.incidents.get(page.incident.id))
        notice = page_notice(self._texts, page, incident, words, time.time(), sounding=sounding)
        own = f"{self._coordinator.device_key(incident.compound)}_incident"
        opens = er.async_get(self._hass).async_get_entity_id("event", DOMAIN, own) or ""
        return replace(notice, at=place_of(self._coordinator.compounds, incident), opens=opens)

    async def _reword(self, page: Page, told: Told, words: Words) -> None:
        """A late call: the words come in place, in silence, and never hush what is still unanswered."""
        words = replace(words, critical=words.critical or told.words.critical)
        told = self._board.note(page.incident.id, page.id, words, page.answer_by)
        await self._board.async_save()
        incident = newest(page, self._coordinator.incidents.get(page.incident.id))
        notice = (
            self._notice(page, words, sounding=False)
            if not page.settled
            else update_notice(self._texts, incident, time.time(), words)
        )
        await asyncio.gather(*(self._board.async_show(told, way, notice) for way in tuple(told.people)))

    @callback
    def _receipt(self, page_id: str, step: ReceiptStep, way: str = "", person: str = "", detail: str = "") -> None:
        """Tell the gateway, in order; a slow gateway never delays the next way to a person."""
        receipt = RecordReceipt(page_id, step, time.time(), way, person, detail)
        self._entry.async_create_background_task(self._hass, self._record(receipt), "community_help receipt")

    async def _record(self, receipt: RecordReceipt) -> None:
        """While the gateway is away the proof is lost and the page simply stays unproven."""
        try:
            await self._coordinator.async_command(receipt)
        except CannotConnectError, RefusedError:
            _LOGGER.debug("The receipt %s of page %s could not be recorded", receipt.step, receipt.page)

    @callback
    def _on_incident(self, coordinator: Coordinator, event: IncidentEvent) -> None:
        if coordinator is self._coordinator:
            self._updates.async_on_incident(event)

    @callback
    def _on_phone(self, event: Event) -> None:
        """An Android app says that the notification is there, or that somebody wiped it away."""
        told = self._board.told.get(str(event.data.get("tag", "")).removeprefix(TAG))
        way = phone.device_behind(self._hass, event)
        if told is None or way not in told.people:
            return
        self._prove(told, str(event.data.get(phone.PAGE, "")), way, EVENTS[str(event.event_type)])

    @callback
    def async_acted(self, incident_id: str, way: str, person: str) -> None:
        """Somebody pressed a button of the page."""
        told = self._board.told.get(incident_id)
        if told:
            if way in told.people:
                told.hands[way] = person
            self._prove(told, told.page, way, ReceiptStep.ACTED, person)

    @callback
    def _prove(self, told: Told, page_id: str, way: str, step: ReceiptStep, person: str = "") -> None:
        """Proof holds for the page that it names; what only replaced one just says that the phone is there."""
        person = told.people.get(way, person)
        if way:
            async_dispatcher_send(self._hass, SIGNAL_PROOF, self._entry.entry_id, way, step, time.time())
        if page_id == told.page:
            if person and person not in told.proven:
                told.proven.append(person)
            for ladder in self._ladders.get(page_id, ()):
                if way in ladder.ways or (person and ladder.person == person):
                    ladder.async_prove()
        elif page_id not in told.earlier:
            return
        self._receipt(page_id, step, way, person)
