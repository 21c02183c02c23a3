"""Up to where the gateway's record was followed, on disk: what happened while Home Assistant was away is told once."""

import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CoreState, HomeAssistant, callback

from . import chain
from .contract.values import Cursor, Health
from .issues import raise_issue
from .kept import Kept

_LOGGER = logging.getLogger(__name__)
DELAY_SECONDS = 2.0
"""The cursor on disk may trail by this; after a crash an incident event may then come twice, never be missed."""


class Followed:
    """The cursor, and the head of the record's chain that came with it."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Nothing is known before ``async_load``."""
        self.cursor: Cursor | None = None
        self._hass = hass
        self._entry = entry
        self._head: chain.Head | None = None
        self._kept = Kept(hass, entry.entry_id, "cursor", self._saved)

    async def async_load(self) -> None:
        """Without a cursor, or with one that cannot be read, what happened meanwhile is not known to have been told."""
        stored = await self._kept.async_load()
        try:
            self._head = chain.from_disk(stored.get("head"))
            self.cursor = Cursor(str(stored["epoch"]), int(stored["number"])) if stored else None
        except (KeyError, TypeError, ValueError) as error:
            _LOGGER.error("Up to where %s was followed cannot be read: %s", self._entry.title, type(error).__name__)

    async def async_save(self) -> None:
        """Write it now; not while Home Assistant starts or stops, when automations may not have heard of it."""
        if self.cursor and self._hass.state is CoreState.running:
            await self._kept.async_save()

    @callback
    def async_save_soon(self, _hass: HomeAssistant | None = None) -> None:
        """Save once after the delay, which a later change must not put off; not before automations heard of it."""
        if self._hass.state is CoreState.running:
            self._kept.async_save_soon(DELAY_SECONDS)

    def is_news(self, number: int) -> bool:
        """Whether an event with this number was not told yet."""
        return self.cursor is None or number > self.cursor.number

    @callback
    def async_advance(self, cursor: Cursor, health: Health | None) -> None:
        """Everything up to here is known. A head of the record that contradicts the one kept here is shown."""
        self.cursor = cursor
        head = chain.head_of(cursor.epoch, health)
        if head and chain.contradicts(self._head, head):
            kept = str(self._head)
            raise_issue(self._hass, self._entry, "chain_broken", lasting=True, kept=kept, came=str(head))
        self._head = head or self._head
        self.async_save_soon()

    def _saved(self) -> dict[str, Any]:
        cursor = self.cursor or Cursor("", 0)
        return {"epoch": cursor.epoch, "number": cursor.number, "head": chain.to_disk(self._head)}
