"""Which phones show which incident, at which revision: on disk, so that after a restart the right ones follow."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from . import phone
from .const import DOMAIN
from .contract.values import ReceiptStep
from .notice import Notice

SAVE_DELAY_SECONDS = 1.0


@dataclass(slots=True)
class Told:
    """The phones that show one incident; ``people`` is the staff id behind each phone (empty when unknown)."""

    people: dict[str, str] = field(default_factory=dict)
    page: str = ""
    critical: bool = True
    shown: dict[str, int] = field(default_factory=dict)
    last: str = ""
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)


class Board:
    """What the phones of one gateway's staff show."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Empty before ``async_load``."""
        self._hass = hass
        self.told: dict[str, Told] = {}
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.{entry_id}.told")

    async def async_load(self) -> None:
        """Take up what was shown before the restart."""
        for incident_id, item in (await self._store.async_load() or {}).items():
            shown = item.get("shown", {})
            self.told[incident_id] = Told(item["people"], item["page"], item.get("critical", True), shown)

    async def async_save(self) -> None:
        """Save now."""
        await self._store.async_save(self._saved())

    def save_soon(self) -> None:
        """Save in a moment."""
        self._store.async_delay_save(self._saved, SAVE_DELAY_SECONDS)

    async def async_note(self, incident_id: str, page_id: str, people: dict[str, str], *, critical: bool) -> Told:
        """These phones are about to show this page: on disk first, for whoever is killed right after sending."""
        told = self.told.setdefault(incident_id, Told())
        told.page, told.critical, told.last = page_id, critical, ""
        told.people |= people
        await self.async_save()
        return told

    async def async_reached(self, incident_id: str, missed: tuple[str, ...]) -> None:
        """The incident is closed and all phones but ``missed`` say so: nothing about it is shown on them any more.

        On disk at once, so that a restart does not bring it back to their screens.
        """
        told = self.told.get(incident_id)
        if told and missed:
            told.people = {device: person for device, person in told.people.items() if device in missed}
        else:
            self.told.pop(incident_id, None)
        await self.async_save()

    async def async_show(self, told: Told, device_id: str, notice: Notice) -> tuple[ReceiptStep, str]:
        """Show it on one phone, one after the other per phone, and never something older after something newer."""
        async with told.locks.setdefault(device_id, asyncio.Lock()):
            shown = told.shown.get(device_id, 0)
            if notice.revision < shown and not notice.sounding:
                return ReceiptStep.HANDED_OVER, ""
            told.shown[device_id] = max(shown, notice.revision)
            try:
                await phone.send(self._hass, device_id, notice.message, notice.title, notice.data)
            except HomeAssistantError as error:
                return ReceiptStep.FAILED, str(error)[:200]
            return ReceiptStep.HANDED_OVER, ""

    def _saved(self) -> dict[str, Any]:
        return {
            key: {"people": told.people, "page": told.page, "critical": told.critical, "shown": told.shown}
            for key, told in self.told.items()
        }
