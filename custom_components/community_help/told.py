"""Which ways show which incident, at which revision: on disk, so that after a restart the right ones follow."""

import asyncio
from dataclasses import asdict, dataclass, field
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .answers import Answers
from .channels import async_send, replaces
from .const import DOMAIN
from .contract.values import ReceiptStep
from .notice import Notice, Words


@dataclass(slots=True)
class Told:
    """The ways that show one incident; ``people`` is the staff id behind each way (empty when unknown).

    ``words`` are the automation's. ``proven``: which people have shown that they have the page. ``answer_by``: when
    the next tier is told. ``over``: the incident is closed, and nothing else is shown of it any more.
    """

    people: dict[str, str] = field(default_factory=dict)
    page: str = ""
    words: Words = field(default_factory=Words)
    shown: dict[str, int] = field(default_factory=dict)
    proven: list[str] = field(default_factory=list)
    answer_by: float = 0.0
    last: str = ""
    over: bool = False
    settled: set[str] = field(default_factory=set)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)


class Board:
    """What the phones of one gateway's staff show."""

    def __init__(self, hass: HomeAssistant, entry_id: str, answers: Answers) -> None:
        """Empty before ``async_load``."""
        self._hass = hass
        self._answers = answers
        self.told: dict[str, Told] = {}
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.{entry_id}.told")

    async def async_load(self) -> None:
        """Take up what was shown before the restart."""
        for incident_id, item in (await self._store.async_load() or {}).items():
            words = Words(**item["words"]) if "words" in item else Words(critical=item.get("critical", True))
            shown, proven = item.get("shown", {}), item.get("proven", [])
            self.told[incident_id] = Told(
                item["people"], item["page"], words, shown, proven, item.get("answer_by", 0.0)
            )

    async def async_save(self) -> None:
        """Save now."""
        await self._store.async_save(self._saved())

    async def async_note(
        self, incident_id: str, page_id: str, people: dict[str, str], words: Words, answer_by: float = 0.0
    ) -> Told:
        """These ways are about to show this page: on disk first, for whoever is killed right after sending."""
        told = self.told.setdefault(incident_id, Told())
        if told.page != page_id:
            told.proven = []
        told.page, told.words, told.last, told.answer_by = page_id, words, "", answer_by
        told.people |= people
        told.settled.clear()
        await self.async_save()
        return told

    async def async_add(self, told: Told, way: str, person: str) -> None:
        """One more way is about to show the page."""
        if told.people.get(way) != person:
            told.people[way] = person
            await self.async_save()

    async def async_reached(self, incident_id: str, missed: tuple[str, ...]) -> None:
        """The incident is closed and all ways but ``missed`` say so: nothing about it is shown by them any more.

        On disk at once, so that a restart does not bring it back to their screens.
        """
        told = self.told.get(incident_id)
        if told and missed:
            told.people = {way: person for way, person in told.people.items() if way in missed}
        else:
            self.told.pop(incident_id, None)
        await self.async_save()

    async def async_show(self, told: Told, way: str, notice: Notice) -> tuple[ReceiptStep, str]:
        """Show it by one way, one after the other, and never something older after something newer."""
        async with told.locks.setdefault(way, asyncio.Lock()):
            shown = told.shown.get(way, 0)
            if (notice.revision < shown and not notice.sounding) or not self._wanted(told, way, notice):
                return ReceiptStep.HANDED_OVER, ""
            told.shown[way] = max(shown, notice.revision)
            return await async_send(self._hass, way, notice, told.people.get(way, ""), self._answers.address)

    async def async_once(self, way: str, notice: Notice) -> tuple[ReceiptStep, str]:
        """Show something that nobody follows."""
        return await async_send(self._hass, way, notice, "", self._answers.address)

    def _wanted(self, told: Told, way: str, notice: Notice) -> bool:
        """Where nothing is replaced, only pages are told, and once that the page is answered."""
        if notice.sounding or replaces(self._hass, way):
            return True
        if notice.buttons or way in told.settled:
            return False
        told.settled.add(way)
        return True

    def _saved(self) -> dict[str, Any]:
        return {
            key: {
                "people": told.people,
                "page": told.page,
                "words": asdict(told.words),
                "shown": told.shown,
                "proven": told.proven,
                "answer_by": told.answer_by,
            }
            for key, told in self.told.items()
        }
