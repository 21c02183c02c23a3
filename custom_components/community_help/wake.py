"""Who is woken by which change, and in slices, so that thousands of changes flood neither the loop nor a browser."""

import asyncio
import logging
from collections.abc import Iterable
from itertools import islice

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

_LOGGER = logging.getLogger(__name__)
SLICE = 500
"""So many states are written before the loop turns: a websocket client with 4,096 pending messages is cut off
(Home Assistant, ``websocket_api/const.py``), and it may send only when the loop turns. In the one run with
fifty at a time a start took three seconds longer: a rest takes at least one turn, which is long while others start."""

AT_ONCE = 32
"""So few in one turn of the loop are written where they stand, within about a millisecond, so that who hears of an
alarm reads its state; more wait until incident events and pages are told (project's choice)."""

MAX_REST_SECONDS = 1.0
"""After a slice the loop rests for as long as that took, but no longer than this (project's choice). Home Assistant
begins to send only in the third turn after a message came (``_release_ready_future_or_reschedule``), and on a busy
machine a client reads late: with nothing but a turn between, slices would add up to what it is cut off for."""


class Wakes:
    """The listeners of one gateway, by the topics that they wait for: points, and whatever is counted over them."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Nobody listens yet."""
        self._hass = hass
        self._entry = entry
        self._by_topic: dict[str, list[CALLBACK_TYPE]] = {}
        self._of_topics: dict[CALLBACK_TYPE, None] = {}
        self._of_connection: dict[CALLBACK_TYPE, None] = {}
        self._due: dict[CALLBACK_TYPE, None] = {}
        self._task: asyncio.Task[None] | None = None
        self._written = 0

    @callback
    def async_listen(self, topics: Iterable[str], listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` when one of ``topics`` changes, or the connection comes or goes.

        Who has no topics hears of the connection at once; the others in slices.
        """
        wanted = tuple(topics)
        for topic in wanted:
            self._by_topic.setdefault(topic, []).append(listener)
        everybody = self._of_topics if wanted else self._of_connection
        everybody[listener] = None

        def remove() -> None:
            for topic in wanted:
                remaining = self._by_topic[topic]
                remaining.remove(listener)
                if not remaining:
                    del self._by_topic[topic]
            everybody.pop(listener, None)
            self._due.pop(listener, None)

        return remove

    @callback
    def async_wake(self, topics: Iterable[str]) -> None:
        """Call everybody who listens to one of ``topics``, once: a few now, many later and in slices."""
        woken = dict.fromkeys(listener for topic in topics for listener in self._by_topic.get(topic, ()))
        if self._written + len(woken) > AT_ONCE:
            self._later(woken)
            return
        if self._written == 0:
            self._hass.loop.call_soon(self._turned)
        self._written += len(woken)
        for listener in woken:
            self._due.pop(listener, None)
            _call(listener)

    @callback
    def _turned(self) -> None:
        self._written = 0

    @callback
    def async_wake_all(self) -> None:
        """The connection came or went: it concerns everybody."""
        for listener in tuple(self._of_connection):
            _call(listener)
        self._later(self._of_topics)

    def _later(self, listeners: dict[CALLBACK_TYPE, None]) -> None:
        """Who is due already is called once, and then finds what is newest."""
        self._due.update(listeners)
        if self._due and (self._task is None or self._task.done()):
            drain, name = self._drain(), "community_help states"
            self._task = self._entry.async_create_background_task(self._hass, drain, name, eager_start=False)

    async def _drain(self) -> None:
        while self._due:
            begun = self._hass.loop.time()
            for listener in tuple(islice(self._due, SLICE)):
                if listener in self._due:  # else its entity was removed by one before it
                    del self._due[listener]
                    _call(listener)
            took = self._hass.loop.time() - begun
            await asyncio.sleep(min(took, MAX_REST_SECONDS))


def _call(listener: CALLBACK_TYPE) -> None:
    """One that fails must not keep the others from hearing."""
    try:
        listener()
    except Exception:
        _LOGGER.exception("A change could not be shown")
