"""Observation → reduce → journal → publish. Knows no protocol and no HTTP.

There are two states: ``state`` is what decisions are made on, ``visible`` trails it and holds only what is on the
disk. Listeners are told after the commit, in the journal's order.
"""

import asyncio
import heapq
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .adapters.port import Switch
from .errors import (
    FutureRevisionError,
    GatewayError,
    JournalError,
    LeaseHeldError,
    NotWritableError,
    StaleFenceError,
    UnknownIncidentError,
    UnknownPageError,
)
from .journal.store import COMMANDS_KEPT, Journal
from .model.draft import Decision, Draft, Result
from .model.incident import Deadline, Person
from .model.observation import Input, LinkState
from .model.reduce import commit, due, field_input
from .model.site import Site
from .model.state import Event, EventKind, Put

_LOGGER = logging.getLogger(__name__)
_REFUSALS: dict[str, type[GatewayError]] = {
    error.key: error for error in (UnknownIncidentError, UnknownPageError, FutureRevisionError, LeaseHeldError)
}


class Clock(Protocol):
    """Wall time for records, monotonic time for waits; both in seconds."""

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump."""


class SystemClock:
    """The machine's clocks."""

    wall = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


@dataclass(frozen=True, slots=True)
class Publication:
    """What became visible. ``points`` are ids whose state may differ; ``site`` says that devices changed."""

    points: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    site: bool = False


type Listener = Callable[[Publication], None]


class Hub:
    """The one place where inputs become decisions."""

    def __init__(self, journal: Journal, site: Site, clock: Clock | None = None) -> None:
        """Continue from what the journal holds."""
        self.journal = journal
        self.site = site
        self.clock = clock or SystemClock()
        self.state = journal.load()
        self.visible = journal.load()
        self.switches: dict[str, Switch] = {}
        self.unrecorded = False
        self._answers = journal.commands()
        self._listeners: list[Listener] = []
        self._waits: list[tuple[float, str, float]] = []
        self._timer: asyncio.TimerHandle | None = None
        for deadline in self.state.deadlines.values():
            self._wait_for(deadline)

    def start(self) -> None:
        """Begin to watch the deadlines; those that passed while the gateway was down fall due at once."""
        self._arm()

    async def close(self) -> None:
        """Stop watching, write what is left."""
        if self._timer:
            self._timer.cancel()
        await self.journal.close()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` everything that becomes visible from now on; the answer ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def observe(self, inputs: Sequence[Input]) -> None:
        """Judge and remember; see ``adapters.port.Inlet``."""
        for said in inputs:
            decision = field_input(self.state, self.site, said, self.clock.wall())
            if isinstance(said, LinkState):
                self._link(said)
            self._carry_out(decision)
        await asyncio.shield(self.journal.submit((), ()))

    async def command(self, key: str, decide: Callable[[Draft], Decision], **names: str | int) -> Result:
        """Carry out one person's or integration's command once, however often its ``key`` comes.

        ``names`` fill the text of a refusal. Raises the GatewayError that the refusal names, or JournalError.
        """
        if key in self._answers:
            await asyncio.shield(self.journal.submit((), ()))
            answer: Result = json.loads(self._answers[key])
            return answer
        decision = decide(Draft(self.state, self.site, self.clock.wall()))
        if decision.refusal:
            raise _REFUSALS[decision.refusal](**names)
        self._remember(key, json.dumps(decision.result))
        await asyncio.shield(self._carry_out(decision, (key, self.clock.wall(), self._answers[key])))
        return decision.result

    def check_fence(self, fence: int) -> None:
        """Raise StaleFenceError unless ``fence`` is the pager lease's number."""
        if self.state.lease is None or fence != self.state.lease.fence:
            raise StaleFenceError

    async def switch(self, key: str, point_id: str, person: Person | None, *, on: bool) -> Result:
        """Switch a point and verify it; raises NotWritableError or SwitchFailedError."""
        point = self.site.points.get(point_id)
        adapter = self.switches.get(point.address.link) if point else None
        if point is None or adapter is None or not point.writable:
            raise NotWritableError(point=point_id)
        if key not in self._answers:
            await adapter.switch(point.address, on=on)

        def note(draft: Draft) -> Decision:
            draft.note(EventKind.SWITCHED, point_id, person=person, detail="on" if on else "off")
            return draft.decision({"on": on})

        return await self.command(key, note)

    def replace_site(self, site: Site) -> None:
        """Use another site from now on. Open incidents are not touched."""
        self.site = site
        self._publish(Publication(site=True))

    def fire_due(self) -> None:
        """Deal with every deadline that has come."""
        while self._waits and self._waits[0][0] <= self.clock.monotonic():
            _, deadline_id, due_at = heapq.heappop(self._waits)
            deadline = self.state.deadlines.get(deadline_id)
            if deadline and deadline.due_at == due_at:
                self._carry_out(due(self.state, self.site, deadline, self.clock.wall()))
        self._arm()

    def _carry_out(self, decision: Decision, answer: tuple[str, float, str] | None = None) -> asyncio.Future[None]:
        commit(self.state, decision)
        for change in decision.changes:
            if isinstance(change, Put) and isinstance(change.record, Deadline):
                self._wait_for(change.record)
        self._arm()
        done = self.journal.submit(decision.events, decision.changes, answer)
        done.add_done_callback(lambda future: self._show(decision, future))
        return done

    def _show(self, decision: Decision, done: asyncio.Future[None]) -> None:
        """Make a decision visible. What the disk refused is shown all the same: paging matters more."""
        self.unrecorded = isinstance(done.exception(), JournalError)
        commit(self.visible, decision)
        if decision.events or decision.touched:
            self._publish(Publication(decision.touched, decision.events))

    def _publish(self, publication: Publication) -> None:
        for listener in tuple(self._listeners):
            listener(publication)

    def _link(self, said: LinkState) -> None:
        for state in (self.state, self.visible):
            (state.links_up.add if said.up else state.links_up.discard)((said.link, said.device))

    def _remember(self, key: str, answer: str) -> None:
        self._answers[key] = answer
        if len(self._answers) > 2 * COMMANDS_KEPT:
            self._answers = dict(list(self._answers.items())[-COMMANDS_KEPT:])

    def _wait_for(self, deadline: Deadline) -> None:
        remaining = deadline.remaining(self.clock.wall())
        heapq.heappush(self._waits, (self.clock.monotonic() + remaining, deadline.id, deadline.due_at))

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._waits:
            delay = max(self._waits[0][0] - self.clock.monotonic(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(delay, self.fire_due)
