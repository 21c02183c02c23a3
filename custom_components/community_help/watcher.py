"""Watches for the loss of a gateway, and keeps paging from the last picture on disk until it is back.

It lives as long as its config entry is meant to run, whether or not the gateway was there when Home Assistant started.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, CoreState, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started

from .contract.values import Incident, Page
from .coordinator import Coordinator
from .duty import Duty
from .facts import Fact
from .issues import clear_issue, raise_issue
from .kept import Kept
from .notice import Words, back_notice, loss_notice, page_notice
from .picture import Picture, picture_from_disk
from .roster import routes_for
from .texts import Texts
from .told import Board, Told

_LOGGER = logging.getLogger(__name__)
GONE_SECONDS = 60.0
"""A gateway that restarts or is updated within this time alarms nobody (project's choice)."""

REPEAT_SECONDS = 120.0
"""How often unanswered pages are repeated while the gateway is gone (project's choice)."""

SAVE_SECONDS = 3.0
"""The picture on disk may trail by this."""


class Watcher:
    """Pages for a gateway that is gone."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        board: Board,
        duty: Duty,
        pressed: Callable[[str], set[str]],
    ) -> None:
        """``pressed`` says who pressed a button for an incident and waits for the gateway to hear it."""
        self._hass = hass
        self._entry = entry
        self.texts = Texts({})
        self._board = board
        self._duty = duty
        self._pressed = pressed
        self._coordinator: Coordinator | None = None
        self._picture = Picture()
        self._loss = Told()
        self._gone = False
        self._timer: CALLBACK_TYPE | None = None
        self._undo: list[CALLBACK_TYPE] = []
        self._kept = Kept(hass, entry.entry_id, "picture", self._saved)

    async def async_start(self) -> None:
        """Load the last picture; who has one begins to wait for the gateway at once."""
        stored = await self._kept.async_load()
        if not stored:
            return
        try:
            self._picture = picture_from_disk(stored)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _LOGGER.warning("The last picture of %s cannot be read: %s", self._entry.title, type(error).__name__)
            return
        if self._hass.state is CoreState.running:
            self._wait(GONE_SECONDS)
        else:
            self._timer = async_at_started(self._hass, self._on_started)

    @callback
    def _on_started(self, _hass: HomeAssistant) -> None:
        """The time runs from here: the Supervisor starts the gateway's app only after Home Assistant."""
        self._wait(GONE_SECONDS)

    def knows(self, incident_id: str) -> bool:
        """Whether an incident is this gateway's: of its journal's epoch, or open since an earlier one."""
        known = self._coordinator or self._picture
        return incident_id in known.incidents or incident_id.startswith(f"{known.epoch}-")

    def find(self, incident_id: str) -> Incident | None:
        """What is known of an open incident, also while the gateway is gone."""
        return (self._coordinator or self._picture).incidents.get(incident_id)

    @callback
    def async_attach(self, coordinator: Coordinator) -> None:
        """There is a connection to follow."""
        self._coordinator = coordinator
        self._undo = [
            coordinator.async_listen((), self._on_connection),
            coordinator.facts.async_listen((Fact.INCIDENTS,), self._save_soon),
        ]
        self._on_connection()
        self._save_soon()

    async def async_detach(self) -> None:
        """The connection is given up; what it knew last stays."""
        for undo in self._undo:
            undo()
        self._undo.clear()
        await self._kept.async_save()
        self._coordinator = None

    @callback
    def async_stop(self) -> None:
        """The entry was unloaded or removed: nobody waits for the gateway any more."""
        self._cancel()
        clear_issue(self._hass, self._entry, "gateway_gone")

    @callback
    def _on_connection(self) -> None:
        if self._coordinator is None or not self._coordinator.connected:
            if self._timer is None:
                self._wait(GONE_SECONDS)
            return
        self._cancel()
        self._gone = False
        clear_issue(self._hass, self._entry, "gateway_gone")
        if self._picture.told_loss:
            self._hass.async_create_task(self._tell_return())

    def _wait(self, seconds: float) -> None:
        job = HassJob(self._on_time, "community_help watch", cancel_on_shutdown=True)
        self._timer = async_call_later(self._hass, seconds, job)

    def _cancel(self) -> None:
        if self._timer:
            self._timer()
        self._timer = None

    async def _on_time(self, _now: datetime) -> None:
        """Say once that the gateway is gone, and every time which pages nobody answered."""
        self._wait(REPEAT_SECONDS)
        picture = self._now()
        first, self._gone = not self._gone, True
        if first:
            _LOGGER.error("The gateway %s has been gone for %.0f s", self._entry.title, GONE_SECONDS)
            raise_issue(self._hass, self._entry, "gateway_gone")
        if not picture.fence:
            return
        if first:
            await self._tell_loss(picture)
        await asyncio.gather(*(self._repeat(page, incident) for page, incident in picture.unanswered()))

    def _now(self) -> Picture:
        if self._coordinator:
            self._picture.take(self._coordinator)
        return self._picture

    async def _tell_loss(self, picture: Picture) -> None:
        """Page who is told first in each compound, by all ways; over silence only if something is unanswered."""
        ways = self._ways_to(self._duty.first_tier(picture.compounds))
        open_count = len(picture.unanswered())
        notice = loss_notice(self.texts, self._entry.entry_id, self._entry.title, open_count)
        picture.told_loss = tuple(ways)
        await self._kept.async_save()
        if not self._gone:
            return
        await asyncio.gather(*(self._board.async_show(self._loss, way, notice) for way in ways))

    async def _tell_return(self) -> None:
        """Replace the loss on the phones that show it."""
        ways, self._picture.told_loss = self._picture.told_loss, ()
        notice = back_notice(self.texts, self._entry.entry_id, self._entry.title)
        await asyncio.gather(*(self._board.async_show(self._loss, way, notice) for way in ways))
        self._save_soon()

    async def _repeat(self, page: Page, incident: Incident) -> None:
        """Ring again under the same tag, but not for who pressed the button: that press only waits to be heard."""
        pressed = self._pressed(incident.id)
        again = {way: person for way, person in self._ways_to(page.people).items() if person not in pressed}
        before = self._board.told.get(incident.id)
        words = replace(before.words, critical=True) if before else Words()
        told = self._board.note(incident.id, page.id, words)
        told.people |= again
        await self._board.async_save()
        page = replace(page, reason="repeated", why="gateway_gone", answer_by=0.0)
        notice = replace(page_notice(self.texts, page, incident, Words(), time.time(), sounding=True), page="")
        await asyncio.gather(*(self._board.async_show(told, way, notice) for way in again))

    def _ways_to(self, people: Iterable[str]) -> dict[str, str]:
        """All ways to people at once, each with its person: nobody escalates now."""
        routes = routes_for(self._hass, self._entry, people)
        return {way: route.person for route in routes for way in (*route.phones, *route.channels)}

    @callback
    def _save_soon(self) -> None:
        self._kept.async_save_soon(SAVE_SECONDS)

    def _saved(self) -> dict[str, Any]:
        return self._now().to_disk()
