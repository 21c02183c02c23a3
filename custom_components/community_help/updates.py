"""Updates in place of what phones show: silent, few, and the last state wins."""

import asyncio
import time
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .answers import Answers
from .contract.values import Incident, IncidentEvent, IncidentEventKind, ReceiptStep
from .coordinator import Coordinator
from .notice import Notice, tag_of, update_notice
from .texts import Texts
from .told import Board, Told

UPDATE_SECONDS = 5.0
"""At most one update per incident in this time: a burst of alarms is no burst of pushes (project's choice)."""

LATER_SECONDS = (5.0, 10.0, 20.0, 40.0, *(60.0,) * 60, *(600.0,) * 138)
"""Waits between tries on a phone that was not reached: a day in all; its app connects again after a while
(project's choice)."""

SHOWN = frozenset(IncidentEventKind) - {
    IncidentEventKind.RAISED,
    IncidentEventKind.NOTED,
    IncidentEventKind.ASKED,
    IncidentEventKind.REFUSED,
    IncidentEventKind.UNKNOWN,
}
"""What changes what a phone shows; a raised incident is told by its page."""


class Updates:
    """Keeps what phones show of one gateway's incidents current."""

    def __init__(
        self, hass: HomeAssistant, coordinator: Coordinator, texts: Texts, board: Board, answers: Answers
    ) -> None:
        """Nothing waits."""
        self._answers = answers
        self._hass = hass
        self._coordinator = coordinator
        self._texts = texts
        self._board = board
        self._waiting: dict[str, Incident] = {}
        self._timers: dict[str, CALLBACK_TYPE] = {}
        self._missed: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._hurried: set[str] = set()
        self._ending: set[str] = set()
        self._starting: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Soon, when what was missed is told, take away what is over and still shown somewhere."""
        job = HassJob(self._resume, "community_help update", cancel_on_shutdown=True)
        self._starting = async_call_later(self._hass, UPDATE_SECONDS, job)

    @callback
    def async_stop(self) -> None:
        """Forget what waits; after the restart the next event brings the state."""
        for cancel in (*self._timers.values(), self._starting):
            if cancel:
                cancel()
        self._timers.clear()
        self._starting = None

    @callback
    def _resume(self, _now: datetime) -> None:
        """A phone that was away at the end, or an end that nobody will tell any more: the notification goes."""
        self._starting = None
        for incident_id, told in tuple(self._board.told.items()):
            if incident_id not in self._coordinator.incidents and incident_id not in self._ending:
                notice = Notice(tag_of(incident_id), "", "", revision=max(told.shown.values(), default=0), gone=True)
                self._hass.async_create_task(self._end(incident_id, notice, 0))

    @callback
    def async_on_incident(self, event: IncidentEvent) -> None:
        """Show the incident as it is now: at once, or when the last update is old enough."""
        incident = self._newest(event.incident)
        told = self._board.told.get(incident.id)
        if event.kind not in SHOWN or told is None or told.over:
            return
        self._waiting[incident.id] = incident
        if incident.id not in self._timers:
            self._go(incident.id)
        elif incident.id in self._missed and incident.id not in self._hurried:
            self._hurried.add(incident.id)  # news does not wait as long as another try on a phone that is away
            self._go_later(incident.id, UPDATE_SECONDS)

    def _newest(self, incident: Incident) -> Incident:
        known = self._coordinator.incidents.get(incident.id)
        return known if known and known.revision >= incident.revision else incident

    @callback
    def _go(self, incident_id: str) -> None:
        self._timers.pop(incident_id, None)
        self._hurried.discard(incident_id)
        incident = self._waiting.pop(incident_id, None)
        if incident is None:
            return
        self._go_later(incident_id, UPDATE_SECONDS)
        self._hass.async_create_task(self._show(incident))

    @callback
    def _go_later(self, incident_id: str, seconds: float) -> None:
        @callback
        def again(_now: datetime) -> None:
            self._go(incident_id)

        waiting = self._timers.pop(incident_id, None)
        if waiting:
            waiting()
        job = HassJob(again, "community_help update", cancel_on_shutdown=True)
        self._timers[incident_id] = async_call_later(self._hass, seconds, job)

    async def _show(self, incident: Incident) -> None:
        told = self._board.told.get(incident.id)
        if told is None or told.over:
            return  # an update that a hanging phone held up must not bring back what is over
        notice = update_notice(self._texts, incident, time.time(), told.words, answer_by=told.answer_by)
        if incident.closed_at is not None:
            await self._end(incident.id, notice, 0)
            return
        buttons = notice.buttons if notice.asking else [button.kind for button in notice.buttons]
        now_shown = repr((notice.title, notice.message, buttons))
        tries, missed = self._missed.pop(incident.id, (0, ()))
        ways = missed if now_shown == told.last else tuple(told.people)
        told.last = now_shown
        missed = await self._tell(told, ways, notice)
        if missed and not told.over and tries < len(LATER_SECONDS):
            self._missed[incident.id] = (tries + 1, missed)
            self._waiting.setdefault(incident.id, incident)
            self._go_later(incident.id, LATER_SECONDS[tries])

    async def _end(self, incident_id: str, notice: Notice, tries: int) -> None:
        """Take a closed incident off the screens; a phone that was not reached must not go on showing it."""
        told = self._board.told.get(incident_id)
        if told is None:
            return
        told.over = True
        self._ending.add(incident_id)
        self._missed.pop(incident_id, None)
        await self._answers.async_forget(incident_id)
        missed = await self._tell(told, tuple(told.people), notice)
        missed = missed if tries < len(LATER_SECONDS) else ()
        await self._board.async_reached(incident_id, missed)
        if missed:
            self._end_later(incident_id, notice, tries)
        else:
            self._ending.discard(incident_id)

    @callback
    def _end_later(self, incident_id: str, notice: Notice, tries: int) -> None:
        async def again(_now: datetime) -> None:
            self._timers.pop(incident_id, None)
            await self._end(incident_id, notice, tries + 1)

        waiting = self._timers.pop(incident_id, None)
        if waiting:
            waiting()
        job = HassJob(again, "community_help end", cancel_on_shutdown=True)
        self._timers[incident_id] = async_call_later(self._hass, LATER_SECONDS[tries], job)

    async def _tell(self, told: Told, ways: tuple[str, ...], notice: Notice) -> tuple[str, ...]:
        """Show it by these ways at once; the ways that failed."""
        steps = await asyncio.gather(*(self._board.async_show(told, way, notice) for way in ways))
        return tuple(way for way, (step, _) in zip(ways, steps, strict=True) if step is ReceiptStep.FAILED)
