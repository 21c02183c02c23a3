"""Phones first: what is only shown in Home Assistant waits until a message to a phone has left.

A message that was handed to Home Assistant's websocket connection leaves in the loop's second round, and a round later
when more has joined it: the connection waits for more, then wakes its writer (``websocket_api/http.py``,
``_send_message``). Every state, event or file that is written meanwhile wakes a thread, and between two rounds that
thread takes Python's lock for up to 5 ms (``sys.getswitchinterval``).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

_LOGGER = logging.getLogger(__name__)
ROUNDS = 3
"""Two, and one for what joins."""


async def async_departed() -> None:
    """What was handed over to an open connection before this call has left when it returns."""
    for _ in range(ROUNDS):
        await asyncio.sleep(0)


class Departures:
    """What waits until messages have left, in its order."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Nothing waits."""
        self._hass = hass
        self._entry = entry
        self._jobs: deque[Callable[[], None]] = deque()
        self._running = False

    @property
    def waiting(self) -> bool:
        """Whether something waits that came first."""
        return bool(self._jobs)

    @callback
    def async_then(self, job: Callable[[], None]) -> None:
        """Do ``job`` once all that was handed over so far has left, after what waits already."""
        self._jobs.append(job)
        if not self._running:
            self._running = True
            self._entry.async_create_task(self._hass, self._work(), "community_help departures")

    async def _work(self) -> None:
        try:
            while self._jobs:
                await async_departed()
                for _ in range(len(self._jobs)):
                    _do(self._jobs.popleft())
        finally:
            self._running = False


def _do(job: Callable[[], None]) -> None:
    """One that fails must not keep the others."""
    try:
        job()
    except Exception:
        _LOGGER.exception("What happened could not be shown")
