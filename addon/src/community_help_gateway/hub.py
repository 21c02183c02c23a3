"""Observation → reduce → journal → publish. Knows no protocol and no HTTP.

There are two states: ``state`` is what decisions are made on, ``visible`` trails it and holds only what is on the
disk. Listeners are told after the commit, in the journal's order.
"""

import asyncio
import contextlib
import functools
import heapq
import json
import logging
import time
from collections.abc import Callable, Sequence
from copy import replace
from dataclasses import dataclass
from typing import Protocol

from . import crash
from .adapters.port import Switch
from .errors import REFUSALS, JournalError, NotWritableError, StaleFenceError
from .journal.store import COMMANDS_KEPT, Journal
from .model import adopted, aftermath, audit, coverage, guard, supervision
from .model.draft import Decide, Decision, Draft, Result
from .model.incident import Deadline, Name, Person
from .model.observation import Input, LinkState, Observation
from .model.reduce import commit, due, field_input, take_up
from .model.site import Site
from .model.state import Change, Drop, Event, EventKind, Heard, Put, State
from .model.station import STATION_LINK

_LOGGER = logging.getLogger(__name__)
TICK_SECONDS = 60.0
"""How often the auditor looks, and silent devices are looked for (project's choice)."""

RETAIN_SECONDS = 86400.0
"""How often old entries are looked for (project's choice)."""

ROOM_BYTES = 200 * 2**20
"""The auditor complains when the disk has less room than this: weeks of alarms fit in (project's choice)."""

HEARD_SECONDS = 900.0
"""How often it is written down when devices were last heard (project's choice)."""


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
    """What became visible. ``points`` are ids whose state may differ; ``site`` says that devices changed.

    ``recorded`` is false when the journal could not be written: people are told all the same (promise 13).
    """

    points: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    site: bool = False
    health: bool = False
    recorded: bool = True


def number_of(state: State, incident_id: str) -> int:
    """The journal number at which an incident began; 0 where an earlier epoch counted it."""
    epoch, _, number = incident_id.rpartition("-")
    return int(number) if epoch == state.epoch and number.isdecimal() else 0


type Listener = Callable[[Publication], None]


class Hub:
    """The one place where inputs become decisions."""

    def __init__(self, journal: Journal, site: Site, clock: Clock | None = None) -> None:
        """Continue from what the journal holds."""
        self.journal = journal
        self.clock = clock or SystemClock()
        self.state = journal.load()
        self._file, self._adopted = site, self.state.adopted
        self.site = adopted.joined(site, self._adopted)
        self.visible = journal.load()
        self.switches: dict[str, Switch] = {}
        self.unrecorded = False
        self.health = audit.Health()
        self._answers = journal.commands()
        self._listeners: list[Listener] = []
        self._waits: list[tuple[float, str, float]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = 0.0
        self._ticker: asyncio.TimerHandle | None = None
        self._heard = self._heard_before()
        self._heard_written = self._retained = self.clock.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
        journal.rebuild = self._rebuild
        self._own_links()
        for deadline in self.state.deadlines.values():
            self._wait_for(deadline)

    def start(self) -> None:
        """Begin to watch the deadlines; those that passed while the gateway was down fall due at once."""
        draft = self._draft()
        take_up(draft)
        self._carry_out(draft.decision())
        if self.journal.set_aside or self._unmarked():
            self.begin_epoch(aftermath.SET_ASIDE)
        self._arm()
        self.audit()
        self._next_tick()

    def _unmarked(self) -> bool:
        """Whether the last run ended between the new journal and its word about it."""
        own = f"{self.state.epoch}-"
        return any(not item.mark and not item.id.startswith(own) for item in self.state.incidents.values())

    async def close(self) -> None:
        """Stop watching, write what is left."""
        for timer in (self._timer, self._ticker):
            if timer:
                timer.cancel()
        self._write_heard()
        for task in tuple(self._tasks):
            task.cancel()
        await self.journal.close()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` everything that becomes visible from now on; the answer ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def observe(self, inputs: Sequence[Input]) -> None:
        """Judge and remember; see ``adapters.port.Inlet``."""
        for said in inputs:
            self._hear(said)
            decision = field_input(self.state, self.site, said, self.clock.wall())
            if isinstance(said, LinkState):
                self._link(said)
            self._carry_out(decision)
        await asyncio.shield(self.journal.submit((), ()))

    async def command(self, key: str, decide: Decide, **names: str | int) -> Result:
        """Carry out one person's or integration's command once, however often its ``key`` comes.

        ``names`` fill the text of a refusal. Raises the GatewayError that the refusal names, or JournalError.
        """
        if self.answered(key):
            await asyncio.shield(self.journal.submit((), ()))
            answer: Result = json.loads(self._answers[key])
            return answer
        decision = decide(self._draft())
        if decision.refusal:
            raise REFUSALS[decision.refusal](**names)
        self._remember(key, json.dumps(decision.result))
        await asyncio.shield(self._carry_out(decision, (key, self.clock.wall(), self._answers[key])))
        return decision.result

    def answered(self, key: str) -> bool:
        """Whether that command was carried out before."""
        return key in self._answers

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
            refusal = guard.may_switch_on(self._draft(), point_id) if on else ""
            if refusal:
                raise REFUSALS[refusal](point=point_id)
            await adapter.switch(point.address, on=on)

        def note(draft: Draft) -> Decision:
            who = draft.remember(person) if person else ""
            if on:
                guard.switched_on(draft, point_id)
            draft.note(EventKind.SWITCHED, point_id, person=who, detail="on" if on else "off")
            return draft.decision({"on": on})

        return await self.command(key, note)

    async def adopt(self, key: str, decide: Decide) -> None:
        """Take a list of adopted entities; they are on the site once they are in the journal, or it refused them."""
        try:
            await self.command(key, decide)
        finally:  # alarms are judged from memory, too (promise 13)
            if self._adopted is not self.state.adopted:
                self.replace_site(self._file)

    def replace_site(self, site: Site) -> None:
        """Use another site file's site from now on, with what is adopted. Open incidents are not touched."""
        self._file, self._adopted = site, self.state.adopted
        self.site = adopted.joined(site, self._adopted)
        self._own_links()
        draft = self._draft()
        take_up(draft)
        self._carry_out(draft.decision())
        self._publish(Publication(site=True))
        self.audit()

    async def compare(self, epoch: str, number: int) -> None:
        """A client knows this epoch up to ``number``: when the journal ends earlier, it is an older backup."""
        if epoch != self.state.epoch or number <= self.state.number:
            return
        _LOGGER.warning("A client knows entry %d, the journal ends at %d: it is a backup", number, self.state.number)
        self.state.epoch = self.visible.epoch = self.journal.renew()
        await asyncio.shield(self.begin_epoch(aftermath.RESTORED_BACKUP))

    def begin_epoch(self, mark: str) -> asyncio.Future[None]:
        """The journal was replaced (see ``model.aftermath``)."""
        return self._carry_out(aftermath.new_epoch(self._draft(), mark))

    def _rebuild(self) -> tuple[Change, ...]:
        """Everything, for a journal that had to begin anew while running."""
        for state in (self.state, self.visible):
            state.epoch = self.journal.epoch
        asyncio.get_running_loop().call_soon(self.begin_epoch, aftermath.SET_ASIDE)
        return self.state.records()

    def fire_due(self) -> None:
        """Deal with every deadline that has come."""
        self._timer = None
        while self._waits and self._waits[0][0] <= self.clock.monotonic():
            _, deadline_id, due_at = heapq.heappop(self._waits)
            deadline = self.state.deadlines.get(deadline_id)
            if deadline and deadline.due_at == due_at:
                self._carry_out(due(self.state, self.site, deadline, self.clock.wall()))
        self._arm()

    def audit(self) -> None:
        """Look for what is open without a clock, stuck, unwritable or without room; mend what can be mended."""
        overdue = self.clock.monotonic() - self._waits[0][0] if self._waits else 0.0
        found = audit.findings(self.state, overdue)
        for incident in tuple(self.state.incidents.values()):
            if not audit.watched(self.state, incident):
                _LOGGER.error("The auditor found incident %s without a clock and gave it one", incident.id)
                self._carry_out(audit.mend(self._draft(), incident))
        disk, head = self.journal.check(), self.journal.head
        health = audit.Health(
            recorded=disk.writable,
            findings=found + (("no_room",) if disk.free_bytes is not None and disk.free_bytes < ROOM_BYTES else ()),
            checked_at=self.clock.wall(),
            free_bytes=disk.free_bytes or 0,
            journal_bytes=disk.file_bytes,
            head_number=head.number,
            head_hash=head.hash,
            holes=coverage.holes(self._draft().roster, self.site, self.clock.wall()),
        )
        self.unrecorded = not disk.writable
        changed = replace(health, checked_at=0, free_bytes=0) != replace(self.health, checked_at=0, free_bytes=0)
        self.health = health
        if changed:
            self._publish(Publication(health=True))

    def sweep(self) -> None:
        """Look for devices that have been silent beyond their own period, or are too old."""
        now = self.clock.monotonic()
        silent = [
            device.id
            for device in self.site.devices.values()
            if device.report_every
            and now - self._heard.setdefault(device.id, now) > device.report_every * supervision.SILENT_PERIODS
        ]
        draft = self._draft()
        supervision.sweep(draft, silent)
        self._carry_out(draft.decision())
        if now - self._heard_written > HEARD_SECONDS:
            self._write_heard()

    async def retain(self) -> int:
        """Forget what is older than the community keeps; never what an open incident is made of. How many entries."""
        oldest = min((number_of(self.state, key) for key in self.state.incidents), default=self.visible.number)
        return await self.journal.retain(self.clock.wall() - self.site.keep_days * 86400, oldest)

    def _tick(self) -> None:
        self.sweep()
        self.audit()
        if self.clock.monotonic() - self._retained > RETAIN_SECONDS:
            self._retained = self.clock.monotonic()
            self._tasks.add(task := asyncio.create_task(self._retain()))
            task.add_done_callback(self._tasks.discard)
        self._next_tick()

    async def _retain(self) -> None:
        with contextlib.suppress(JournalError):  # the auditor says so already
            gone = await self.retain()
            _LOGGER.info("%d old entries left the journal", gone)

    def _next_tick(self) -> None:
        self._ticker = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def _draft(self) -> Draft:
        return Draft(self.state, self.site, self.clock.wall())

    def _hear(self, said: Input) -> None:
        """Remember that a device with a reporting period of its own was heard; a link that is back starts it anew."""
        if isinstance(said, LinkState) and said.up:
            for behind in self.site.on_link(said.link, said.device):
                self._heard.pop(behind.device, None)
        if isinstance(said, Observation) and said.state != supervision.NO_ANSWER:
            point = self.site.resolve(said.address) or next(filter(None, map(self.site.resolve, said.also)), None)
            if point and self.site.devices[point.device].report_every:
                self._heard[point.device] = self.clock.monotonic()

    def _heard_before(self) -> dict[str, float]:
        """What the last run wrote down, on this run's clock; whatever the wall clock did, nothing is in the future."""
        wall, now = self.clock.wall(), self.clock.monotonic()
        return {device: now - max(wall - at, 0.0) for device, at in self.state.heard.items()}

    def _write_heard(self) -> None:
        self._heard_written = self.clock.monotonic()
        if not self._heard:
            return
        offset = self.clock.wall() - self.clock.monotonic()
        heard = Heard({device: round(at + offset) for device, at in self._heard.items() if device in self.site.devices})
        self._carry_out(Decision(changes=(Put("heard", heard),)))

    def _carry_out(self, decision: Decision, answer: tuple[str, float, str] | None = None) -> asyncio.Future[None]:
        commit(self.state, decision)
        for change in decision.changes:
            if isinstance(change, Put) and isinstance(change.record, Deadline):
                self._wait_for(change.record)
            elif isinstance(change, Drop) and change.type is Name:
                self._forget(change.id)
        self._arm()
        crash.reach("hub.before_submit")
        show = functools.partial(self._show, decision)
        return self.journal.submit(decision.events, decision.changes, answer, show)

    def _show(self, decision: Decision, error: JournalError | None) -> None:
        """Make a decision visible. What the disk refused is shown all the same: paging matters more."""
        recorded = error is None
        crash.reach("hub.before_show")
        commit(self.visible, decision)
        if decision.events or decision.touched:
            self._publish(Publication(decision.touched, decision.events, recorded=recorded))
        if recorded is self.unrecorded:
            self.unrecorded = not recorded
            self.health = replace(self.health, recorded=recorded)
            self._publish(Publication(health=True))
        crash.reach("hub.after_show")

    def _publish(self, publication: Publication) -> None:
        for listener in tuple(self._listeners):
            listener(publication)

    def _own_links(self) -> None:
        """What the gateway says of its stations comes over no link that could be lost."""
        for state in (self.state, self.visible):
            state.links_up |= {(STATION_LINK, station) for station in self.site.stations.stations}

    def _link(self, said: LinkState) -> None:
        for state in (self.state, self.visible):
            (state.links_up.add if said.up else state.links_up.discard)((said.link, said.device))

    def _remember(self, key: str, answer: str) -> None:
        self._answers[key] = answer
        if len(self._answers) > 2 * COMMANDS_KEPT:
            self._answers = dict(list(self._answers.items())[-COMMANDS_KEPT:])

    def _forget(self, person: str) -> None:
        """A name that is erased goes from the answers to commands, too; the journal does the same."""
        for key, outcome in self._answers.items():
            answer = json.loads(outcome)
            if answer.get("owner_id") == person:
                self._answers[key] = json.dumps(answer | {"owner": ""})

    def _wait_for(self, deadline: Deadline) -> None:
        remaining = deadline.remaining(self.clock.wall())
        heapq.heappush(self._waits, (self.clock.monotonic() + remaining, deadline.id, deadline.due_at))

    def _arm(self) -> None:
        """Let the timer ring at the earliest wait; a later one needs no new timer."""
        if not self._waits or (self._timer and self._armed_for <= self._waits[0][0]):
            return
        if self._timer:
            self._timer.cancel()
        self._armed_for = self._waits[0][0]
        delay = max(self._armed_for - self.clock.monotonic(), 0.0)
        self._timer = asyncio.get_running_loop().call_later(delay, self.fire_due)
