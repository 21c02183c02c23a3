"""The gateway pages by itself when Home Assistant does not accept a page in time (promise 10).

It follows the hub's publications: an overdue page goes out by every channel of its compound under its own id, each
try leaves a receipt, and it ends when the page is accepted or settled. After a restart it goes on where it was.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial

from . import words
from .adapters.outgoing import Outgoing
from .codecs.outgoing import Channel, Notice, Outcome, Verdict
from .errors import GatewayError
from .hub import Hub, Publication
from .model.incident import GATEWAY, Incident, Page, ReceiptStep
from .model.kinds import Severity
from .model.people import receive
from .model.state import EventKind, Receipt
from .site import Siren

_LOGGER = logging.getLogger(__name__)
PREFIX = "fallback:"
"""What stands before a channel's id where a receipt names a phone."""

LONGEST_WAIT = 60.0
SHORTEST_WAIT = 1.0
"""Between two tries on one channel (project's choice)."""

SWITCH_TRIES = 5


class Fallback:
    """Sends overdue pages through the gateway's own channels."""

    def __init__(self, hub: Hub, outgoing: Outgoing, sirens: Sequence[Siren] = ()) -> None:
        """Nothing is sent before ``start``."""
        self._hub = hub
        self._outgoing = outgoing
        self._sirens = tuple(sirens)
        self._sending: dict[str, list[asyncio.Task[None]]] = {}
        self._sounding: set[asyncio.Task[object]] = set()
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        """Follow the hub, and go on with what was overdue before the start."""
        await self._outgoing.start()
        self._unsubscribe = self._hub.subscribe(self._note)
        for page in self._hub.state.pages.values():
            if page.overdue and not page.accepted:
                self._begin(page)
        if not self._sounding:
            for siren in self._sirens:  # a kill may have left one on
                self._keep(self._switch(siren, f"start:{int(self._hub.clock.wall())}", on=False))

    async def stop(self) -> None:
        """End every try; what was not delivered is overdue still, and is sent after the next start."""
        if self._unsubscribe:
            self._unsubscribe()
        tasks: list[asyncio.Task[None] | asyncio.Task[object]] = [*self._sounding]
        tasks += [task for some in self._sending.values() for task in some]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sending.clear()
        await self._outgoing.stop()

    def _note(self, publication: Publication) -> None:
        for event in publication.events:
            if event.page is None:
                continue
            if event.kind is EventKind.OVERDUE:
                self._begin(event.page)
            elif event.kind in (EventKind.SETTLED, EventKind.ACCEPTED):
                for task in self._sending.pop(event.page.id, ()):
                    task.cancel()

    def _begin(self, page: Page) -> None:
        incident = self._hub.state.incidents.get(page.incident)
        if incident is None or page.id in self._sending:
            return
        channels = self._outgoing.channels_for(incident.compound)
        if not channels:
            _LOGGER.error("Page %s was not accepted and the gateway has no channel of its own for it", page.id)
        self._sending[page.id] = [asyncio.create_task(self._through(channel, page.id)) for channel in channels]
        if not incident.drill and incident.severity.rank >= Severity.ALARM.rank:
            for siren in self._sirens:
                if not siren.compounds or not incident.compound or incident.compound in siren.compounds:
                    self._sound(siren, page.id)

    async def _through(self, channel: Channel, page_id: str) -> None:
        """Try one channel until it took the page, refused it for good, or nobody needs it any more."""
        attempt = 0
        while True:
            page = self._hub.state.pages.get(page_id)
            incident = self._hub.state.incidents.get(page.incident) if page else None
            if page is None or incident is None or page.accepted:
                return
            attempt += 1
            verdict = await self._outgoing.send(channel.id, self._notice(channel, page, incident))
            await self._receipt(channel, page_id, attempt, verdict)
            if verdict.outcome is not Outcome.TRY_LATER:
                return
            await asyncio.sleep(min(max(verdict.after, SHORTEST_WAIT * 2 ** min(attempt, 5)), LONGEST_WAIT))

    def _notice(self, channel: Channel, page: Page, incident: Incident) -> Notice:
        roster = self._hub.state.roster
        staff = roster.staff if roster else self._hub.site.staff
        people = ", ".join(member.name for member in staff if member.id in page.people)
        now, recorded = self._hub.clock.wall(), not self._hub.unrecorded
        return Notice(
            page=page.id,
            tag=incident.id,
            title=words.title(incident, channel.language),
            text=words.text(incident, page, people, now, channel.language, recorded=recorded),
            urgent=incident.severity.rank >= Severity.ALARM.rank,
            drill=incident.drill,
        )

    async def _receipt(self, channel: Channel, page_id: str, attempt: int, verdict: Verdict) -> None:
        step = ReceiptStep.HANDED_OVER if verdict.delivered else ReceiptStep.FAILED
        receipt = Receipt(page_id, step, self._hub.clock.wall(), PREFIX + channel.id, "", verdict.reason)
        if not verdict.delivered:
            _LOGGER.warning("Page %s did not go out by channel %s: %s", page_id, channel.id, verdict.reason)
        key = f"{PREFIX}{page_id}:{channel.id}:{attempt}:{int(self._hub.clock.wall())}"
        try:
            await self._hub.command(key, partial(receive, receipt=receipt), page=page_id)
        except GatewayError as error:
            _LOGGER.error("The receipt of page %s could not be kept: %s", page_id, error)

    def _sound(self, siren: Siren, page_id: str) -> None:
        self._keep(self._sounded(siren, page_id))

    def _keep(self, work: Coroutine[None, None, object]) -> None:
        task = asyncio.create_task(work)
        self._sounding.add(task)
        task.add_done_callback(self._sounding.discard)

    async def _sounded(self, siren: Siren, page_id: str) -> None:
        """On, and off after its time, also when the gateway is stopped meanwhile."""
        if not await self._switch(siren, f"{page_id}:on", on=True):
            return
        try:
            await asyncio.sleep(siren.seconds)
        finally:
            await asyncio.shield(self._switch(siren, f"{page_id}:off", on=False))

    async def _switch(self, siren: Siren, key: str, *, on: bool) -> bool:
        for attempt in range(SWITCH_TRIES):
            try:
                await self._hub.switch(f"siren:{siren.point}:{key}:{attempt}", siren.point, GATEWAY, on=on)
            except GatewayError as error:
                _LOGGER.error("Siren %s: %s", siren.point, error)
                await asyncio.sleep(SHORTEST_WAIT)
            else:
                return True
        return False
