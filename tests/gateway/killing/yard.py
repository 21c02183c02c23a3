"""Where gateways are killed: one case after the other, each on a copy of what came before it."""

import asyncio
import contextlib
import copy
import itertools
import json
import os
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from copy import replace
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from community_help_gateway import crash
from community_help_gateway.errors import GatewayError
from community_help_gateway.journal.migrate import VERSION
from tests.gateway.killing.afterlife import live_on
from tests.gateway.killing.child import COUNTING
from tests.gateway.killing.clock import Standing
from tests.gateway.killing.evidence import Evidence, opened
from tests.gateway.killing.ledger import Ledger
from tests.gateway.killing.nursery import Nursery
from tests.gateway.killing.outside import SOON, Outside
from tests.gateway.killing.phases import PHASES, Act, Phase
from tests.gateway.killing.room import Room
from tests.gateway.killing.town import Town
from tests.gateway.powercut.kept import JOURNAL
from tests.gateway.powercut.process import free_port

CAPTURED = Path(__file__).parents[2] / "captures/journals/v1.sql"


@dataclass(frozen=True, slots=True)
class Case:
    """Killed when ``point`` is reached for the ``count``-th time in ``phase``."""

    phase: str
    point: str
    count: int

    def __str__(self) -> str:
        """As a test's name."""
        return f"{self.phase}/{self.point}:{self.count}"


@dataclass(frozen=True)
class Verdict:
    """``reached``: whether the kill came. What else happened in the case is in ``problems``."""

    case: Case
    reached: bool
    problems: list[str]
    confirmed: int
    answered: int


@dataclass
class Base:
    """A gateway's life so far, to be copied for each case."""

    folder: Path
    outside: Outside
    evidence: Evidence


@dataclass
class Yard:
    """Use ``open``."""

    folder: Path
    nursery: Nursery
    port: int
    _bases: dict[Act, asyncio.Task[Base]] = field(default_factory=dict)
    _ledgers: dict[str, Ledger] = field(default_factory=dict)
    _names: itertools.count[int] = field(default_factory=itertools.count)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Yard]:
        """A yard in an empty folder, with the service that the gateway falls back to."""
        async with Nursery() as nursery:
            yard = cls(folder, nursery, free_port())
            application = web.Application()
            application.router.add_post("/{name}", yard._notice)
            runner = web.AppRunner(application, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", yard.port).start()
            try:
                yield yard
            finally:
                await runner.cleanup()
                for base in await asyncio.gather(*yard._bases.values(), return_exceptions=True):
                    if isinstance(base, Base) and base.outside.own_room:
                        await base.outside.room.end()

    async def _notice(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._ledgers[request.match_info["name"]].notices.append((body["page"], body["incident"]))
        return web.Response()

    async def census(self, name: str) -> Counter[str]:
        """How often a phase passes each point when nobody kills it."""
        _, folder, outside = await self._prepared(PHASES[name])
        _, end = await self._start(folder, outside, {COUNTING: "1"})
        await self._awake(outside, end)
        await PHASES[name].act(outside)
        counts: Counter[str] = Counter(json.loads(await outside.control("count")))
        await self._killed(outside, end)
        await self._cleared(outside)
        return counts

    async def run(self, case: Case) -> Verdict:
        """Kill there, start again, and judge."""
        phase = PHASES[case.phase]
        base, folder, outside = await self._prepared(phase)
        _, end = await self._start(folder, outside, {crash.VARIABLE: f"{case.point}:{case.count}"})
        reached = await self._until_killed(phase, outside, end)
        confirmed = sum(outside.ledger.confirmed.values())
        answered = len(outside.ledger.answered)
        try:
            wrong = await live_on(folder, base, outside)
        except (AssertionError, GatewayError, KeyError, TimeoutError, OSError) as error:
            wrong = [f"the next start failed: {error!r}"]
        await self._cleared(outside)
        return Verdict(case, reached, wrong, confirmed, answered)

    @staticmethod
    async def _cleared(outside: Outside) -> None:
        """Nothing is left of a case."""
        if outside.own_room:
            await outside.own_room.end()
        shutil.rmtree(outside.folder)

    async def _until_killed(self, phase: Phase, outside: Outside, end: asyncio.Future[int]) -> bool:
        async def act() -> None:
            await self._awake(outside, end)
            await phase.act(outside)

        acting = asyncio.create_task(act())
        await asyncio.wait({acting, end}, return_when=asyncio.FIRST_COMPLETED)
        reached = True
        if not end.done():
            gone = isinstance(acting.exception(), OSError | aiohttp.ClientError | EOFError)  # its end is on its way
            with contextlib.suppress(TimeoutError):  # the last thing that a phase does may still be under way
                await asyncio.wait_for(asyncio.shield(end), SOON if gone else 0.2)
            reached = end.done()
        if not reached:
            acting.result()
        await self._killed(outside, end, acting)
        return reached

    async def _killed(
        self, outside: Outside, end: asyncio.Future[int], acting: asyncio.Task[None] | None = None
    ) -> None:
        """Wait for the end, which must be SIGKILL, and for what was on its way."""
        if not end.done():
            os.kill(int((outside.folder / "pid").read_text()), signal.SIGKILL)
        code = await asyncio.wait_for(end, SOON)
        assert code == -signal.SIGKILL, (outside.folder / "log").read_text()
        outside.gone.set()
        outside._news.set()
        if acting:
            async with asyncio.timeout(SOON):
                with contextlib.suppress(OSError, aiohttp.ClientError, EOFError):
                    await acting
        await outside.close()

    async def _prepared(self, phase: Phase) -> tuple[Evidence, Path, Outside]:
        """A copy of what came before, as the phase finds it."""
        if phase.before not in self._bases:
            self._bases[phase.before] = asyncio.create_task(self._build(phase.before, room=phase.room))
        base = await self._bases[phase.before]
        outside = await self._copy(base, phase.asleep, falls_back=phase.name == "fallback")
        file = outside.folder / "data" / JOURNAL
        found = base.evidence
        if phase.file in ("v1", "none"):
            shutil.rmtree(file.parent)
            file.parent.mkdir()
            outside.ledger.shown_to = 0
        if phase.file == "v1":
            with contextlib.closing(sqlite3.connect(file)) as connection:
                connection.executescript(CAPTURED.read_text("utf-8"))
            shutil.copytree(file.parent, outside.folder / "migrated")
            found = await opened(outside.folder / "migrated")
        elif phase.file == "newer":
            with contextlib.closing(sqlite3.connect(file)) as connection:
                connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        return found, outside.folder, outside

    async def _build(self, before: Act, *, room: bool) -> Base:
        folder = self.folder / f"base-{before.__name__}"
        folder.mkdir()
        outside = Outside(Town(), (free_port(), free_port()), folder, Standing())
        if room:
            outside.own_room = await Room().begin()
            outside.town = Town(room=outside.room.site())
        (folder / "site.yaml").write_text(outside.town.site(), "utf-8")
        _, end = await self._start(folder, outside, {})
        await self._awake(outside, end)
        await before(outside)
        await self._killed(outside, end)
        return Base(folder, outside, await opened(folder / "data"))

    async def _copy(self, base: Base, asleep: float, *, falls_back: bool) -> Outside:
        name = f"case-{next(self._names)}"
        folder = self.folder / name
        shutil.copytree(base.folder, folder, ignore=shutil.ignore_patterns("control", "*-shm", "log"))
        channel = f"http://127.0.0.1:{self.port}/{name}" if falls_back else ""
        old = base.outside
        room = await Room().begin(old.own_room) if old.own_room else None
        outside = Outside(
            replace(old.town, channel=channel, room=room.site() if room else ""),
            _ports(),
            folder,
            Standing(old.clock.wall() + asleep),
            copy.deepcopy(old.ledger),
            dict(old.incidents),
            fence=old.fence,
            own_room=room,
        )
        outside._keys = itertools.count(1000)
        self._ledgers[name] = outside.ledger
        (folder / "site.yaml").write_text(outside.town.site(), "utf-8")
        return outside

    async def _start(
        self, folder: Path, outside: Outside, environment: dict[str, str]
    ) -> tuple[int, asyncio.Future[int]]:
        arguments = (folder, folder / "site.yaml", outside.clock.wall(), outside.ports)
        pid, end = await self.nursery.start(environment, folder / "log", *arguments)
        (folder / "pid").write_text(str(pid))
        return pid, end

    @staticmethod
    async def _awake(outside: Outside, end: asyncio.Future[int]) -> None:
        """Wait until it runs."""
        async with asyncio.timeout(SOON):
            while not (outside.folder / "control").exists():
                if end.done():
                    raise ConnectionError
                await asyncio.sleep(0.005)


_given: set[int] = set()


def _ports() -> tuple[int, int]:
    """Two ports that no other case has."""
    found: list[int] = []
    while len(found) < 2:
        port = free_port()
        if port not in _given:
            _given.add(port)
            found.append(port)
    return found[0], found[1]
