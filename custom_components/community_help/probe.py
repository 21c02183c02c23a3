"""Looks for a gateway that was not there when Home Assistant started: its own retries grow to ten minutes apart."""

from datetime import datetime

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_call_later

from .client import ClientFailedError, fetch_info
from .contract.messages import GatewayInfo

PROBE_SECONDS = 10.0
"""How often to look: a gateway that is back must be heard well before its loss is paged (project's choice)."""


class Probe:
    """Asks one entry's gateway who it is until it answers, then lets the entry be set up again."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Nothing is asked before ``async_start``."""
        self._hass = hass
        self._entry = entry
        self._timer: CALLBACK_TYPE | None = None
        self._answer: GatewayInfo | None = None

    @callback
    def async_start(self) -> None:
        """Begin to look, unless it is looking already."""
        if self._timer is None:
            job = HassJob(self._look, "community_help probe", cancel_on_shutdown=True)
            self._timer = async_call_later(self._hass, PROBE_SECONDS, job)

    @callback
    def async_stop(self) -> None:
        """Look no more; the next search starts afresh."""
        if self._timer:
            self._timer()
        self._timer, self._answer = None, None

    async def _look(self, _now: datetime) -> None:
        """Only another answer than the last helps, such as one of another version; the rest is left to the retries."""
        self._timer = None
        if self._entry.state is not ConfigEntryState.SETUP_RETRY:
            return
        before, self._answer = self._answer, await self._ask()
        if self._answer and self._answer != before and self._entry.state is ConfigEntryState.SETUP_RETRY:
            self._hass.config_entries.async_schedule_reload(self._entry.entry_id)
            return
        self.async_start()

    async def _ask(self) -> GatewayInfo | None:
        data = self._entry.data
        try:
            return await fetch_info(async_get_clientsession(self._hass), data[CONF_HOST], data[CONF_PORT])
        except ClientFailedError:
            return None
