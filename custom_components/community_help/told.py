"""Which ways show which incident, at which revision: on disk, so that after a restart the right ones follow."""

import asyncio
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from homeassistant.core import HomeAssistant

from .answers import Answers
from .channels import async_send, replaces
from .contract.values import ReceiptStep
from .kept import Kept
from .notice import Notice, Words

MAX_EARLIER = 20
"""So many earlier pages of an incident still take late proofs (project's choice)."""


@dataclass(slots=True)
class Told:
    """The ways that show one incident; ``people`` is the staff id behind each way (empty when unknown).

    ``hands``: who pressed by a way, as on a shared phone. ``words`` are the automation's. ``sent``: the page that each
    way took last. ``proven``: which people have shown that they have ``page``, which came after ``earlier``.
    ``answer_by``: when the next tier is told. ``over``: the incident is closed, and nothing else is shown of it any
    more.
    """

    people: dict[str, str] = field(default_factory=dict)
    hands: dict[str, str] = field(default_factory=dict)
    page: str = ""
    words: Words = field(default_factory=Words)
    shown: dict[str, int] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    proven: list[str] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    answer_by: float = 0.0
    last: str = ""
    over: bool = False
    settled: set[str] = field(default_factory=set)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    def tried(self, page_id: str) -> Collection[str]:
        """The ways that took this page."""
        return {way for way, page in self.sent.items() if page == page_id}


class Board:
    """What the phones of one gateway's staff show."""

    def __init__(self, hass: HomeAssistant, entry_id: str, answers: Answers) -> None:
        """Empty before ``async_load``."""
        self._hass = hass
        self._answers = answers
        self.told: dict[str, Told] = {}
        self._kept = Kept(hass, entry_id, "told", self._saved)

    async def async_load(self) -> None:
        """Take up what was shown before the restart."""
        self.told = await self._kept.async_read(_told)

    async def async_save(self) -> None:
        """Everything is on disk when this returns."""
        await self._kept.async_save()

    def note(self, incident_id: str, page_id: str, words: Words, answer_by: float = 0.0) -> Told:
        """This page is about to be shown; ``async_save`` before anybody is told that it was taken."""
        told = self.told.setdefault(incident_id, Told())
        if told.page != page_id:
            told.proven = []
            told.earlier = [*told.earlier, *filter(None, [told.page])][-MAX_EARLIER:]
        told.page, told.words, told.last, told.answer_by = page_id, words, "", answer_by
        told.settled.clear()
        return told

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
            person = told.hands.get(way) or told.people.get(way, "")
            if notice.owner and notice.owner != person:
                notice = replace(notice, buttons=())
            step, detail = await async_send(self._hass, way, notice, person, self._answers)
            if notice.page and step is ReceiptStep.HANDED_OVER:
                told.sent[way] = notice.page
            return step, detail

    async def async_once(self, way: str, notice: Notice) -> tuple[ReceiptStep, str]:
        """Show something that nobody follows."""
        return await async_send(self._hass, way, notice, "", self._answers)

    def _wanted(self, told: Told, way: str, notice: Notice) -> bool:
        """A page once by each way. Where nothing is replaced, only pages are told, and once that one is answered."""
        if notice.page and told.sent.get(way) == notice.page:
            return False
        if notice.sounding or replaces(self._hass, way):
            return True
        if notice.asking or way in told.settled or not notice.message:
            return False
        told.settled.add(way)
        return True

    def _saved(self) -> dict[str, Any]:
        return {
            key: {
                "people": told.people,
                "hands": told.hands,
                "page": told.page,
                "words": asdict(told.words),
                "shown": told.shown,
                "sent": told.sent,
                "proven": told.proven,
                "earlier": told.earlier,
                "answer_by": told.answer_by,
                "over": told.over,
            }
            for key, told in self.told.items()
        }


def _told(item: dict[str, Any]) -> Told:
    """As it was kept, also by an older version."""
    words = Words(**item["words"]) if "words" in item else Words(critical=item.get("critical", True))
    return Told(
        people={str(way): str(person) for way, person in item["people"].items()},
        hands={str(way): str(person) for way, person in item.get("hands", {}).items()},
        page=str(item["page"]),
        words=words,
        shown={str(way): int(revision) for way, revision in item.get("shown", {}).items()},
        sent={str(way): str(page) for way, page in item.get("sent", {}).items()},
        proven=[str(person) for person in item.get("proven", [])],
        earlier=[str(page) for page in item.get("earlier", [])],
        answer_by=float(item.get("answer_by", 0.0)),
        over=bool(item.get("over", False)),
    )
