"""A native trigger on what nobody has taken for a while; the time counts from when the incident was raised.

It fires once for an incident. What was due already when an automation was saved is past; what became due while Home
Assistant was away, and still waits, is told once it listens again.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

import probatio as vol
from homeassistant.const import CONF_FOR
from homeassistant.core import CALLBACK_TYPE, CoreState, HassJob, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.trigger import TriggerActionRunner, TriggerNotTriggeredReporter
from homeassistant.helpers.trigger.models import NotTriggeredInfo

from .announced_trigger import INCIDENT_FIELDS, AnnouncedTrigger
from .announcer import SIGNAL_LISTENING, Announcement
from .const import DOMAIN, SIGNAL_INCIDENT
from .contract.values import Hazard, Incident, IncidentEvent
from .coordinator import Coordinator
from .incidents import answered
from .payloads import about_incident
from .texts import Texts


class Waits:
    """The open incidents that one trigger waits for, each by itself."""

    def __init__(self, hass: HomeAssistant, seconds: float, fire: Callable[[Coordinator, Incident], None]) -> None:
        """``fire`` is called when nobody has taken an incident ``seconds`` after it was raised."""
        self._hass = hass
        self._seconds = seconds
        self._fire = fire
        self._running: dict[str, CALLBACK_TYPE] = {}
        self._past: set[str] = set()
        self._undo: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Follow every gateway. Who begins while Home Assistant runs was saved just now: what is due is past."""
        self._undo = [
            async_dispatcher_connect(self._hass, SIGNAL_INCIDENT, self._on_incident),
            async_dispatcher_connect(self._hass, SIGNAL_LISTENING, self._follow_all),
        ]
        if self._hass.state is CoreState.running:
            for entry in self._hass.config_entries.async_loaded_entries(DOMAIN):
                known: Coordinator = entry.runtime_data
                self._past |= {item.id for item in known.incidents.values() if self._left(item) <= 0}
                self._follow_all(known)

    @callback
    def async_stop(self) -> None:
        """Wait for nothing any more."""
        for undo in (*self._undo, *self._running.values()):
            undo()
        self._undo.clear()
        self._running.clear()

    def _left(self, incident: Incident) -> float:
        return incident.opened_at + self._seconds - time.time()

    @callback
    def _on_incident(self, coordinator: Coordinator, event: IncidentEvent) -> None:
        self._follow(coordinator, event.incident)

    @callback
    def _follow_all(self, coordinator: Coordinator) -> None:
        for incident in coordinator.incidents.values():
            self._follow(coordinator, incident)

    def _follow(self, coordinator: Coordinator, incident: Incident) -> None:
        if incident.closed_at is not None or answered(incident):
            waiting = self._running.pop(incident.id, None)
            if waiting:
                waiting()
            if incident.closed_at is not None:
                self._past.discard(incident.id)
        elif incident.id not in self._running and incident.id not in self._past:
            self._wait(coordinator, incident)

    def _wait(self, coordinator: Coordinator, incident: Incident) -> None:
        if incident.hazard is Hazard.SELF_TEST:
            return

        @callback
        def due(_now: datetime) -> None:
            self._running.pop(incident.id, None)
            self._past.add(incident.id)
            now = coordinator.incidents.get(incident.id)
            if now and not answered(now):
                self._fire(coordinator, now)

        job = HassJob(due, "community_help unacknowledged", cancel_on_shutdown=True)
        self._running[incident.id] = async_call_later(self._hass, max(self._left(incident), 0.0), job)


class IncidentUnacknowledgedTrigger(AnnouncedTrigger):
    """An incident has been open for so long, and nobody has taken it."""

    _fields: ClassVar = {
        vol.Optional(CONF_FOR, default=timedelta(minutes=5)): cv.positive_time_period,
        **INCIDENT_FIELDS,
    }

    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Fire for what has waited long enough, of the chosen hazards and compounds."""
        texts = await Texts.load(self._hass)

        @callback
        def fire(coordinator: Coordinator, incident: Incident) -> None:
            devices = tuple(dict.fromkeys(member.device for member in incident.members))
            payload = about_incident(Announcement(coordinator, incident, devices), incident, texts)
            reason = self.why_not(coordinator, incident)
            if not reason:
                run_action(payload, payload["place"])
            elif did_not_trigger:
                did_not_trigger(NotTriggeredInfo(reason, payload))

        span: timedelta = self._options.get(CONF_FOR, timedelta(minutes=5))
        waits = Waits(self._hass, span.total_seconds(), fire)
        waits.async_start()
        return waits.async_stop

    def heard(self, said: Announcement, texts: Texts) -> dict[str, Any] | None:
        """It waits by itself and hears of nothing."""
        return None
