"""What this integration knows of one gateway, kept current by the stream.

It owns the connection, the last known states and the cursor on disk; it wakes only the listeners of what changed.
It knows no platform, sends nothing to phones and decides nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_TOKEN
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady
from homeassistant.helpers import instance_id, start
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_send

from . import refusals
from .client import (
    CannotConnectError,
    ClientFailedError,
    InvalidTokenError,
    RefusedError,
    Stream,
    VersionMismatchError,
    open_stream,
)
from .const import DOMAIN, SIGNAL_HAPPENED, SIGNAL_INCIDENT, SIGNAL_PAGE
from .contract.commands import ClaimLease, CommandBody, SetRoster
from .contract.messages import Changes, GatewayInfo, Message, Outcome, Snapshot
from .contract.values import (
    Compound,
    Device,
    Incident,
    IncidentEvent,
    IncidentState,
    Lease,
    Page,
    Point,
    PointState,
)
from .contract.wire import ContractError
from .departure import Departures, async_departed
from .facts import Fact, Facts
from .followed import Followed
from .issues import clear_issue, raise_issue, show_update
from .open_incidents import OpenIncidents
from .tally import Tallies
from .wake import Wakes

_LOGGER = logging.getLogger(__name__)
FIRST_SNAPSHOT_SECONDS = 20.0
BACKOFF_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits between attempts to reach the gateway; starts over only after a snapshot came through (project's choice)."""

type CommunityHelpEntry = ConfigEntry[Coordinator]


class Coordinator:
    """The last known picture of one gateway, and who wants to hear of changes."""

    def __init__(self, hass: HomeAssistant, entry: CommunityHelpEntry) -> None:
        """Nothing is connected yet."""
        self.hass = hass
        self.entry = entry
        self.gateway: GatewayInfo | None = None
        self.connected = False
        self.lease: Lease | None = None
        self.fence, self.claimed = 0, False
        self.compounds: dict[str, Compound] = {}
        self.devices: dict[str, Device] = {}
        self.points: dict[str, Point] = {}
        self.states: dict[str, PointState] = {}
        self.incidents: dict[str, Incident] = {}
        self.pages: dict[str, Page] = {}
        self._stream: Stream | None = None
        self._connected_to = self._address()
        self._task: asyncio.Task[None] | None = None
        self._ready, self._moved = asyncio.Event(), asyncio.Event()
        self._failure: Exception | None = None
        self.wakes, self.tallies, self.open_incidents = Wakes(hass, entry), Tallies(), OpenIncidents()
        self._device_listeners: list[Callable[[list[Device]], None]] = []
        self._held: list[IncidentEvent] | None = []
        self._incoming: dict[str, Device] = {}
        self.facts = Facts()
        self.roster: Callable[[], SetRoster] = lambda: SetRoster(())
        self.on_claimed: list[Callable[[], Awaitable[None]]] = []
        self._me = ""
        self._followed, self._departures = Followed(hass, entry), Departures(hass, entry)

    @property
    def gateway_id(self) -> str:
        """The gateway's own stable id, which is the entry's unique id."""
        return str(self.entry.unique_id)

    def device_key(self, own_id: str) -> str:
        """The registry identifier of a compound or device: two gateways may use the same names."""
        return f"{self.gateway_id}_{own_id}"

    @property
    def epoch(self) -> str:
        """The journal's epoch, which every incident's and page's id begins with."""
        return self._followed.cursor.epoch if self._followed.cursor else ""

    async def async_connect(self) -> None:
        """Start following the gateway and wait for its first snapshot.

        Raises ConfigEntryNotReady or ConfigEntryAuthFailed; an older picture is never shown as current.
        """
        await self._followed.async_load()
        self._task = self.entry.async_create_background_task(self.hass, self._follow(), "community_help stream")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SNAPSHOT_SECONDS):
                await self._ready.wait()
        if self.connected:
            return
        await self.async_close()
        if isinstance(self._failure, InvalidTokenError):
            raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="invalid_token")
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="cannot_connect",
            translation_placeholders={"host": f"{self.entry.data[CONF_HOST]}:{self.entry.data[CONF_PORT]}"},
        )

    @callback
    def async_release(self) -> None:
        """The entities are there: tell what happened while Home Assistant was away, then everything as it comes."""
        held, self._held = self._held or [], None
        self._tell(held)
        for page in self.pages.values():
            async_dispatcher_send(self.hass, SIGNAL_PAGE, self, page)
        self.entry.async_on_unload(start.async_at_started(self.hass, self._followed.async_save_soon))

    async def async_close(self) -> None:
        """Stop following; the cursor is saved."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self.connected, self._stream = False, None
        await self._followed.async_save()

    @callback
    def async_listen(self, topics: Iterable[str], listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` when one of ``topics`` (mostly points) changes, or the connection comes or goes."""
        return self.wakes.async_listen(topics, listener)

    @callback
    def async_on_new_devices(self, listener: Callable[[list[Device]], None]) -> CALLBACK_TYPE:
        """Call ``listener`` with the devices now, and again with those that come later."""
        self._device_listeners.append(listener)
        listener(list(self.devices.values()))
        return lambda: self._device_listeners.remove(listener)

    async def async_command(self, body: CommandBody, key: str = "") -> Outcome:
        """Carry out one command; raises RefusedError or CannotConnectError."""
        if self._stream is None or not self.connected:
            raise CannotConnectError
        return await self._stream.command(body, self.fence, key)

    async def async_order(self, body: CommandBody) -> Outcome:
        """Carry out one command for a person; raises a translated HomeAssistantError."""
        try:
            return await self.async_command(body)
        except (RefusedError, CannotConnectError) as error:
            raise refusals.told(error) from error

    async def async_entry_changed(self) -> None:
        """The address or token may have been changed: reconnect with the new one."""
        if self._stream:
            if self._address() == self._connected_to:
                return
            await self._stream.close()
        self._moved.set()
        if self._task is None or self._task.done():
            self._task = self.entry.async_create_background_task(self.hass, self._follow(), "community_help stream")

    def _address(self) -> tuple[str, int, str]:
        data = self.entry.data
        return data[CONF_HOST], data[CONF_PORT], data[CONF_TOKEN]

    async def async_claim(self, *, force: bool) -> bool:
        """Ask to be the one that pages; whether it is."""
        try:
            outcome = await self.async_command(ClaimLease(self._me, self.hass.config.location_name, force))
        except RefusedError as error:
            self._take_fence(0)
            raise_issue(self.hass, self.entry, "lease_held", name=error.outcome.placeholders.get("name", ""))
            return False
        clear_issue(self.hass, self.entry, "lease_held")
        self._take_fence(int(str(outcome.result["fence"])))
        return True

    def _take_fence(self, fence: int) -> None:
        self.fence, self.claimed = fence, True
        self.facts.async_wake(Fact.INCIDENTS)

    async def _follow(self) -> None:
        attempt = 0
        while True:
            try:
                await self._once()
                attempt = 0
            except (ClientFailedError, ContractError, ConnectionError, ValueError) as error:
                attempt = 0 if self.connected else attempt
                self._lost(error)
                if isinstance(error, InvalidTokenError) and self._held is None:
                    self.entry.async_start_reauth(self.hass)
                    return
            else:
                self._lost(None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
            attempt += 1

    async def _once(self) -> None:
        """One connection from hello to its end."""
        self._moved.clear()
        self._connected_to = self._address()
        async with open_stream(async_get_clientsession(self.hass), *self._connected_to) as stream:
            self.gateway, self.lease, self._stream = stream.hello.gateway, stream.hello.lease, stream
            self._me = await instance_id.async_get(self.hass)
            await stream.resume(self._me, self.hass.config.location_name, self._followed.cursor)
            async for message in stream.messages():
                if self._take(message):
                    await async_departed()

    @callback
    def _lost(self, error: Exception | None) -> None:
        """Say once that the gateway is away; what it said last is not shown as current."""
        self._failure, self._stream = error, None
        if isinstance(error, VersionMismatchError):
            show_update(self.hass, self.entry, error.side)
        if self.connected:
            _LOGGER.warning("The gateway %s is away: %s", self.entry.title, error or "it closed the connection")
        if self.connected or not self._ready.is_set():
            self.connected = False
            self._ready.set()
            self.wakes.async_wake_all()

    @callback
    def _take(self, message: Message) -> bool:
        """Whether pages came: they leave for the phones before the next message is read, however many wait."""
        if isinstance(message, Snapshot):
            self._take_snapshot(message)
        elif isinstance(message, Changes):
            self._take_changes(message)
            return bool(message.pages)
        return False

    @callback
    def _take_snapshot(self, part: Snapshot) -> None:
        if part.part == 1:
            self._incoming = {}
        self._incoming.update({device.id: device for device in part.devices})
        self.states.update({state.point: state for state in part.states})
        if part.part < part.parts:
            return
        self._replace_devices(part)
        self.incidents = {incident.id: incident for incident in part.incidents}
        self.open_incidents = OpenIncidents(part.incidents)
        self.pages = {page.id: page for page in part.pages}
        if not self.connected:
            _LOGGER.info("The gateway %s is connected", self.entry.title)
        self.connected = True
        self.entry.async_create_background_task(self.hass, self._after_snapshot(), "community_help lease and roster")
        self._ready.set()
        show_update(self.hass, self.entry, "")
        self.wakes.async_wake_all()
        self._tell_soon((), self._news(part.missed))
        self._followed.async_advance(part.cursor, part.health)
        self.facts.async_take(part.drills, part.bypasses, part.health)
        self.facts.async_wake(Fact.INCIDENTS)

    def _replace_devices(self, part: Snapshot) -> None:
        self.compounds = {compound.id: compound for compound in part.compounds}
        new = [device for device in self._incoming.values() if self.devices.get(device.id) != device]
        self.devices, self._incoming = self._incoming, {}
        self.points = {point.id: point for device in self.devices.values() for point in device.points}
        self.states = {key: state for key, state in self.states.items() if key in self.points}
        self.tallies.rebuild(self.devices.values(), self.states)
        for listener in self._device_listeners:
            listener(new)

    async def _after_snapshot(self) -> None:
        """Ask to be the pager, send the roster, and only then deal with the pages that wait."""
        with contextlib.suppress(CannotConnectError, RefusedError):
            if await self.async_claim(force=False):
                await self.async_send_roster()
                for tell in self.on_claimed:
                    await tell()
        if self._held is None:
            for page in tuple(self.pages.values()):
                async_dispatcher_send(self.hass, SIGNAL_PAGE, self, page)

    async def async_send_roster(self) -> None:
        """The people of this entry's subentries; an empty roster leaves the gateway's own in force."""
        roster = self.roster()
        if roster.staff:
            with contextlib.suppress(CannotConnectError, RefusedError):
                await self.async_command(roster)

    @callback
    def _take_changes(self, changes: Changes) -> None:
        """Pages first; only once they have left for the phones come states, then what happened, then the counts."""
        if changes.lease:
            self._take_lease(changes.lease)
        self.states.update({state.point: state for state in changes.states})
        fresh = self.tallies.take(changes.states)
        concerned = {self._keep(event.incident): None for event in changes.events}
        news = self._news(changes.events)
        for page in changes.pages:
            self._take_page(page)
        self._followed.async_advance(changes.cursor, changes.health)
        self.facts.async_take(changes.drills, changes.bypasses, changes.health)
        self._tell_soon(fresh, news, concerned, after_pages=bool(changes.pages))

    def _news(self, events: Iterable[IncidentEvent]) -> list[IncidentEvent]:
        """What was not told yet; the cursor on disk says up to where it was."""
        return [event for event in events if self._followed.is_news(event.number)]

    def _tell_soon(
        self,
        fresh: Iterable[str],
        news: Sequence[IncidentEvent],
        concerned: Iterable[str] = (),
        *,
        after_pages: bool = False,
    ) -> None:
        """States, then what happened; in the order of the stream."""

        def tell() -> None:
            self.wakes.async_wake(fresh)
            now = news
            if self._held is not None:
                self._held += news
                now = ()
            self._tell(now, concerned, counted=after_pages)

        if after_pages or self._departures.waiting:
            self._departures.async_then(tell)
        else:
            tell()

    def _tell(self, news: Sequence[IncidentEvent], concerned: Iterable[str] = (), *, counted: bool = False) -> None:
        """What may end on a phone, and when that has left, what is shown here, and the counts."""
        for event in news:
            async_dispatcher_send(self.hass, SIGNAL_INCIDENT, self, event)

        def show() -> None:
            for event in news:
                async_dispatcher_send(self.hass, SIGNAL_HAPPENED, self, event)
            self.wakes.async_wake(concerned)
            self.facts.async_wake(Fact.INCIDENTS)

        if news or concerned or counted:
            self._departures.async_then(show)

    def _take_lease(self, lease: Lease) -> None:
        """A person may have made another integration the one that pages; what is older than our own claim is past."""
        self.lease = lease
        if lease.holder != self._me and lease.fence >= self.fence:
            self._take_fence(0)
            raise_issue(self.hass, self.entry, "lease_held", name=lease.name)

    def _keep(self, incident: Incident) -> str:
        """Know an incident as it is now; the topic that this concerns."""
        if incident.state is IncidentState.CLOSED:
            self.incidents.pop(incident.id, None)
        else:
            self.incidents[incident.id] = incident
        return self.open_incidents.take(incident)

    @callback
    def _take_page(self, page: Page) -> None:
        if page.settled:
            self.pages.pop(page.id, None)
        else:
            self.pages[page.id] = page
        if self._held is None:
            async_dispatcher_send(self.hass, SIGNAL_PAGE, self, page)
