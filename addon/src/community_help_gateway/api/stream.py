"""One client's stream: hello, what it missed, then changes; commands up, one outcome each.

States are coalesced per point while the client is slow; incident events and pages never queue behind them.
"""

import asyncio
import contextlib
import json
from copy import replace

import msgspec
from aiohttp import WSMsgType, web

from ..contract import commands, messages, values
from ..contract.messages import SLICE, Changes, Command, Goodbye, Hello, Outcome, Resume, Snapshot, decode, envelope
from ..contract.wire import ContractError, Json
from ..errors import GatewayError, JournalError, MalformedError
from ..hub import Hub, Publication
from ..keeper import start_session
from ..model.state import EventKind
from . import views
from .adoption import Adoption

RESUME_SECONDS = 10.0
"""A client that has not said where it wants to go on by then is cut off (project's choice)."""

MAX_QUEUED = 10_000
"""Events that wait for a client before it is cut off as too slow (project's choice); it resumes by its cursor."""

MAX_MISSED = 10_000
"""The oldest missed incident events that a returning client is told (project's choice)."""

REHEARSALS = frozenset({EventKind.DRILL_STARTED, EventKind.DRILL_ENDED, EventKind.BYPASSED, EventKind.BYPASS_ENDED})
"""Events after which drills and bypasses are told anew."""

MAX_MESSAGE = 64 * 1024
"""Characters of one message from a client (project's choice)."""

MAX_ROSTER = 1024 * 1024
"""Bytes of a roster: 20 people with 3 shifts a day for 15 days are about 140 KB, 140 people fit (project's choice)."""

LONG = commands.SetRoster | commands.SetAdopted | commands.ReportAdopted
"""What may be as long as a roster: 500 adopted entities are about 200 KB."""

MAX_COMMANDS = 32
"""Commands of one client that are under way at once; further ones wait on the socket (project's choice)."""


class Session:
    """Serves one client until either side ends it."""

    def __init__(
        self, hub: Hub, gateway: messages.GatewayInfo, socket: web.WebSocketResponse, adoption: Adoption
    ) -> None:
        """``socket`` is prepared already."""
        self._hub = hub
        self._adoption = adoption
        self._gateway = gateway
        self._socket = socket
        self._dirty: dict[str, None] = {}
        self._events: list[values.IncidentEvent] = []
        self._pages: dict[str, values.Page] = {}
        self._site_changed = False
        self._lease = views.lease(hub.visible.lease)
        self._version = 0
        self._rehearsals = False
        self._health = False
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(MAX_COMMANDS)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Hello, resume, snapshot, then both directions at once."""
        await self._send(Hello(self._gateway, self._cursor(), lease=self._lease))
        resume = await self._resume()
        if resume is None:
            return
        if resume.cursor:
            with contextlib.suppress(JournalError):
                await self._hub.compare(resume.cursor.epoch, resume.cursor.number)
        unsubscribe = self._hub.subscribe(self._note)
        try:
            await self._snapshot(resume.cursor)
            sender = asyncio.create_task(self._send_changes())
            try:
                await self._receive()
            finally:
                sender.cancel()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(sender, *self._tasks, return_exceptions=True)
        finally:
            unsubscribe()
            await self._adoption.leave(self)

    def _cursor(self) -> values.Cursor:
        return values.Cursor(self._hub.visible.epoch, self._hub.visible.number)

    async def _send(self, message: messages.Message) -> None:
        # Dataclasses and all: an alarm's message takes a tenth of the time that ``encode`` and ``json`` need.
        await self._socket.send_frame(msgspec.json.encode(envelope(message)), WSMsgType.TEXT)

    async def goodbye(self, code: str, text: str = "") -> None:
        """Say why, then close."""
        if not self._socket.closed:
            await self._send(Goodbye(code, text))
            await self._socket.close()

    async def _resume(self) -> Resume | None:
        """The client's first message; says goodbye to one that cannot be understood."""
        try:
            async with asyncio.timeout(RESUME_SECONDS):
                message = decode(await self._socket.receive_json())
        except (TimeoutError, TypeError, ValueError) as error:
            await self.goodbye("malformed", f"expected resume: {error}")
            return None
        if not isinstance(message, Resume):
            await self.goodbye("malformed", "expected resume")
            return None
        side = messages.compatible(message.version, message.min_supported)
        if side:
            await self.goodbye("version_integration" if side == "theirs" else "version_gateway")
            return None
        self._version = message.version
        return message

    async def _snapshot(self, cursor: values.Cursor | None) -> None:
        """Everything as it is on the disk now, in slices, and the incident events after ``cursor``."""
        missed: tuple[values.IncidentEvent, ...] = ()
        if cursor and cursor.epoch == self._hub.visible.epoch:
            with contextlib.suppress(JournalError):  # unreadable now: what stands is told, what happened cannot be
                history = await self._hub.journal.history(cursor.number, MAX_MISSED)
                state = self._hub.visible
                missed = tuple(found for found in (views.event(state, item) for item in history) if found)
        # What came while the history was read belongs to this snapshot too, because its cursor covers it.
        known = missed[-1].number if missed else 0
        missed += tuple(event for event in self._events if event.number > known)
        self._events = []
        site, state = self._hub.site, self._hub.visible
        devices = tuple(site.devices.values())
        slices = [devices[start : start + SLICE] for start in range(0, len(devices), SLICE)] or [()]
        parts = [
            Snapshot(
                self._cursor(),
                index,
                len(slices),
                devices=tuple(views.device(item) for item in some),
                states=tuple(views.point_state(state, point) for item in some for point in item.points),
            )
            for index, some in enumerate(slices, 1)
        ]
        parts[-1] = replace(
            parts[-1],
            compounds=views.compounds(site),
            pages=views.pages(state),
            missed=missed,
            incidents=tuple(views.incident(state, item) for item in state.incidents.values()),
            drills=views.drills(state),
            bypasses=views.bypasses(state),
            health=views.health(self._hub.health),
        )
        self._dirty.clear()
        for part in parts:
            await self._send(part)

    def _note(self, publication: Publication) -> None:
        """Called by the hub for everything that becomes visible; never waits."""
        self._dirty.update(dict.fromkeys(publication.points))
        self._site_changed |= publication.site
        self._health |= publication.health
        state = self._hub.visible
        for event in publication.events:
            self._rehearsals |= event.kind in REHEARSALS
            told = views.event(state, event)
            if told:
                self._events.append(told)
            if event.page and event.incident:
                page = views.page(state, event.page, event.incident, recorded=publication.recorded)
                self._pages[event.page.id] = page
        self._wake.set()

    async def _send_changes(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if len(self._events) > MAX_QUEUED:
                await self.goodbye("too_slow")
                return
            if self._site_changed:
                self._site_changed = False
                await self._send(Changes(self._cursor(), site=True))
                await self._snapshot(None)
            await self._send(self._take())
            if self._dirty:
                self._wake.set()

    def _take(self) -> Changes:
        """All waiting events and pages, and at most one slice of states."""
        events, self._events = tuple(self._events), []
        pages, self._pages = tuple(self._pages.values()), {}
        ids = list(self._dirty)[:SLICE]
        for point_id in ids:
            del self._dirty[point_id]
        points = [self._hub.site.points[point_id] for point_id in ids if point_id in self._hub.site.points]
        states = tuple(views.point_state(self._hub.visible, point) for point in points)
        lease = views.lease(self._hub.visible.lease)
        changed, self._lease = lease != self._lease, lease
        rehearsals, self._rehearsals = self._rehearsals, False
        health, self._health = self._health, False
        return Changes(
            self._cursor(),
            states,
            events,
            pages,
            lease if changed else None,
            drills=views.drills(self._hub.visible) if rehearsals else None,
            bypasses=views.bypasses(self._hub.visible) if rehearsals else None,
            health=views.health(self._hub.health) if health else None,
        )

    async def _receive(self) -> None:
        async for frame in self._socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            try:
                long = len(frame.data) > MAX_MESSAGE  # thousands of shifts take a tenth of a second to read
                message = await asyncio.to_thread(_read, frame.data) if long else _read(frame.data)
            except (ContractError, ValueError, RecursionError) as error:
                await self._answer_malformed(frame.data, error)
                continue
            if isinstance(message, Command):
                await self._slots.acquire()
                task = asyncio.create_task(self._carry_out(message))
                self._tasks.add(task)
                task.add_done_callback(self._finished)

    async def _answer_malformed(self, text: str, error: Exception) -> None:
        """A command that cannot be read is refused under its own key, so that its sender need not wait."""
        try:
            data = json.loads(text)
        except ValueError, RecursionError:
            data = None
        key = str(data.get("key", ""))[:64] if isinstance(data, dict) else ""
        await self._send(_refusal(key, MalformedError(problem=str(error))))

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._slots.release()
        self._tasks.discard(task)

    async def _carry_out(self, command: Command) -> None:
        body = command.body
        try:
            if isinstance(body, commands.RecordReceipt | LONG):
                self._hub.check_fence(command.fence)
            result: dict[str, Json]
            if isinstance(body, commands.Switch):
                who = views.model_person(body.person)
                result = {**await self._hub.switch(command.key, body.point, who, on=body.on)}
            elif isinstance(body, commands.SetAdopted):
                result = await self._adoption.adopt(self, command.key, body)
            elif isinstance(body, commands.ReportAdopted):
                result = await self._adoption.report(self, body)
            elif isinstance(body, commands.StartSession):
                result = {**await start_session(self._hub, command.key, body.point, views.model_person(body.person))}
            else:
                result = {
                    **await self._hub.command(command.key, views.decide(body, self._version), **self._names(body))
                }
        except GatewayError as error:
            await self._send(_refusal(command.key, error))
            return
        await self._send(Outcome(command.key, ok=True, result=result))

    def _names(self, body: commands.CommandBody) -> dict[str, str | int]:
        """What the text of a refusal may name."""
        incident_id = getattr(body, "incident", "")
        known = self._hub.state.incidents.get(incident_id)
        lease = self._hub.state.lease
        return {
            "incident": incident_id,
            "revision": known.revision if known else 0,
            "page": getattr(body, "page", ""),
            "point": getattr(body, "point", ""),
            "compound": getattr(body, "compound", ""),
            "name": lease.name if lease else "",
        }


def _read(text: str) -> messages.Message:
    """A client's message; only lists may be long. Raises ValueError, of which ContractError is one."""
    message = decode(json.loads(text))
    if len(text) > MAX_MESSAGE and not (isinstance(message, Command) and isinstance(message.body, LONG)):
        problem = f"message: longer than {MAX_MESSAGE} characters"
        raise ContractError(problem)
    return message


def _refusal(key: str, error: GatewayError) -> Outcome:
    return Outcome(key, ok=False, code=error.key, message=str(error), placeholders=error.placeholders)
