"""What works for a config entry whether or not its gateway is there: the watch, the buttons, the board.

It is made before the first attempt to connect, survives retries and reloads, and ends when the entry stays unloaded.
"""

from datetime import datetime

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from .answers import Answers
from .buttons import Buttons
from .const import DOMAIN
from .contract.values import Incident
from .coordinator import Coordinator
from .duty import Duty
from .probe import Probe
from .texts import Texts
from .told import Board
from .watcher import Watcher

STANDBYS: HassKey[dict[str, Standby]] = HassKey(f"{DOMAIN}_standbys")
"""By config entry id."""


LINGER_SECONDS = 5.0
"""A reload takes less; who is unloaded for longer is not meant to run (project's choice)."""


class Standby:
    """Of one config entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Use ``async_standby``."""
        self._hass = hass
        self._entry = entry
        self.answers = Answers(hass, entry)
        self.board = Board(hass, entry.entry_id, self.answers)
        self.duty = Duty(hass, entry)
        self._buttons = Buttons(hass, entry, self.board, self._find, self._knows)
        self.answers.carry_out = self._buttons.async_answered
        self._watcher = Watcher(hass, entry, self.board, self.duty, self._buttons.waiting_for)
        self._probe = Probe(hass, entry)
        self._forget_state = entry.async_on_state_change(self._on_state)

    def _knows(self, incident_id: str) -> bool:
        return self._watcher.knows(incident_id)

    def _find(self, incident_id: str) -> Incident | None:
        return self._watcher.find(incident_id)

    async def async_start(self, texts: Texts) -> None:
        """Take up what the last run kept."""
        self.async_speak(texts)
        await self.answers.async_start()
        await self.board.async_load()
        await self.duty.async_start()
        await self._watcher.async_start()
        await self._buttons.async_start()

    @callback
    def async_speak(self, texts: Texts) -> None:
        """Use these words from now on."""
        self._buttons.texts = self._watcher.texts = texts
        self.answers.without, self.answers.spent = texts.say("no_buttons"), texts.say("answer_spent")

    @callback
    def async_attach(self, coordinator: Coordinator) -> None:
        """The gateway is there."""
        self.duty.async_attach(coordinator.async_send_roster)
        self._watcher.async_attach(coordinator)
        self._buttons.async_attach(coordinator)

    async def async_detach(self) -> None:
        """The connection is given up."""
        self.duty.async_detach()
        self._buttons.async_detach()
        await self._watcher.async_detach()

    @callback
    def async_stop(self) -> None:
        """The entry is not meant to run any more."""
        self._forget_state()
        self._probe.async_stop()
        self.duty.async_stop()
        self.answers.async_stop()
        self._buttons.async_stop()
        self._watcher.async_stop()

    @callback
    def _on_state(self) -> None:
        """Look for the gateway while Home Assistant waits for it; end when the entry stays unloaded."""
        if self._entry.state is ConfigEntryState.SETUP_RETRY:
            self._probe.async_start()
        elif self._entry.state is ConfigEntryState.LOADED:
            self._probe.async_stop()
        elif self._entry.state is ConfigEntryState.NOT_LOADED:
            job = HassJob(self._end_if_unloaded, "community_help standby", cancel_on_shutdown=True)
            async_call_later(self._hass, LINGER_SECONDS, job)

    @callback
    def _end_if_unloaded(self, _now: datetime) -> None:
        if self._entry.state is ConfigEntryState.NOT_LOADED:
            async_end(self._hass, self._entry)


async def async_standby(hass: HomeAssistant, entry: ConfigEntry, texts: Texts) -> Standby:
    """The entry's standby: the one that runs, or a new one that runs until the entry stays unloaded."""
    running = hass.data.setdefault(STANDBYS, {})
    found = running.get(entry.entry_id)
    if found:
        found.async_speak(texts)
        await found.duty.async_resolve()
        return found
    standby = running[entry.entry_id] = Standby(hass, entry)
    await standby.async_start(texts)
    return standby


@callback
def async_end(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """End the entry's standby, if it runs."""
    standby = hass.data.get(STANDBYS, {}).pop(entry.entry_id, None)
    if standby:
        standby.async_stop()
