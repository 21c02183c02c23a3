"""A file of Home Assistant's store that is written when it matters: who saves goes on only once it is on disk.

What a damaged file says is left out and told, and never stops the start: it must not silence the alarm of tonight.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)


class Kept:
    """One file of one config entry. What several ask to be saved at once is one write (group commit)."""

    def __init__(self, hass: HomeAssistant, entry_id: str, name: str, data: Callable[[], dict[str, Any]]) -> None:
        """``data`` gives everything that belongs into the file; ``name`` is one of ``STORES``."""
        self._name = name
        self._data = data
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.{entry_id}.{name}")
        self._lock = asyncio.Lock()
        self._asked = self._written = 0
        self._later = False

    async def async_load(self) -> dict[str, Any]:
        """What the last run kept, by key; nothing when there is no such file, or not one of ours."""
        found = await self._store.async_load()
        return found if isinstance(found, dict) else {}

    async def async_read[T](self, read: Callable[[Any], T]) -> dict[str, T]:
        """What the last run kept, each item as ``read`` understands it, without those that it does not understand.

        ``read`` raises KeyError, TypeError, ValueError or AttributeError for these.
        """
        found = {}
        for key, item in (await self.async_load()).items():
            try:
                found[key] = read(item)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                _LOGGER.error("An item of the file %s cannot be read: %s", self._name, type(error).__name__)
        return found

    async def async_save(self) -> None:
        """Everything as it is now is on disk when this returns."""
        self._asked += 1
        mine = self._asked
        async with self._lock:
            if self._written < mine:
                asked = self._asked
                await self._store.async_save(self._data())
                self._written = asked

    @callback
    def async_save_soon(self, seconds: float) -> None:
        """Save once after the delay; what comes meanwhile is in it, and does not put it off."""
        if not self._later:
            self._later = True
            self._store.async_delay_save(self._delayed, seconds)

    def _delayed(self) -> dict[str, Any]:
        self._later = False
        return self._data()
