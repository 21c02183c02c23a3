"""The start after the kill, in this process: everything comes back, is sent again, and time goes on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from community_help_gateway.adapters.gb26875_server import Gb26875Server
from community_help_gateway.adapters.modbus_bus import ModbusBus
from community_help_gateway.adapters.outgoing import Outgoing
from community_help_gateway.api import views
from community_help_gateway.contract.commands import ReportAdopted, SetAdopted, StartSession
from community_help_gateway.contract.wire import Json
from community_help_gateway.errors import GatewayError
from community_help_gateway.fallback import Fallback
from community_help_gateway.hub import Hub
from community_help_gateway.journal.chain import verify
from community_help_gateway.journal.store import Journal
from community_help_gateway.keeper import Keeper, start_session
from community_help_gateway.model import aftermath, selftest
from community_help_gateway.model.incident import DeadlineKind
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.site import load
from tests.gateway.killing import judge
from tests.gateway.killing.clock import Polling
from tests.gateway.killing.evidence import Evidence, evidence
from tests.gateway.killing.outside import SOON, Device, Outside
from tests.gateway.killing.room import MICROWAVE, RUNNING
from tests.gateway.powercut.kept import JOURNAL


async def live_on(folder: Path, base: Evidence, outside: Outside) -> list[str]:
    """Start again, judge what is found, let everybody repeat what was not confirmed, and judge again."""
    journal = Journal.open(folder / "data" / JOURNAL)
    found = evidence(folder / "data", journal.load())
    wrong = [f"as found: {problem}" for problem in judge.problems(base, found, outside.ledger)]
    outside.clock.pass_(1.0)
    async with _running(journal, folder, outside) as (hub, bus):
        wrong += await _first_minute(hub, found, outside)
        await _all_again(hub, outside)
        wrong += await _relays_go_off(hub, outside)
        wrong += await _pages_go_on(hub, outside)
        await bus.stop()
        await journal.submit((), ())
        last = evidence(folder / "data", journal.load())
        head = journal.head
    between = Evidence(found.state, base.entries | found.entries, found.commands)
    wrong += [f"in the end: {problem}" for problem in judge.problems(between, last, outside.ledger, final=True)]
    broken = verify(folder / "data" / JOURNAL, head).broken
    return wrong + ([f"the chain is broken at {broken}"] if broken is not None else [])


@contextlib.asynccontextmanager
async def _running(journal: Journal, folder: Path, outside: Outside) -> AsyncIterator[tuple[Hub, ModbusBus]]:
    """The parts that ``app`` composes, on the same ports."""
    file = load(folder / "site.yaml")
    hub = Hub(journal, file.site, outside.clock)
    bus = ModbusBus(hub, file.modbus, Polling(outside.clock))
    hub.switches["modbus"] = bus
    keeper = Keeper(hub)
    fallback = Fallback(hub, Outgoing(file.channels, outside.clock), file.sirens)
    server = Gb26875Server(hub, "127.0.0.1", outside.ports[1], outside.clock)
    await server.start()
    await bus.start()
    await fallback.start()
    hub.start()
    keeper.start()
    if journal.set_aside:
        hub.begin_epoch(aftermath.SET_ASIDE)
    try:
        yield hub, bus
    finally:
        await keeper.stop()
        await fallback.stop()
        await bus.stop()
        await server.stop()
        await hub.close()


async def _first_minute(hub: Hub, found: Evidence, outside: Outside) -> list[str]:
    """Before anybody says anything: the auditor is content, and every page is demanded under its id and tag."""
    wrong = []
    hub.audit()
    hub.audit()
    await hub.journal.submit((), ())
    known = {f"self_test_unaccepted:{compound}" for compound in selftest.unaccepted(found.state)}
    if set(hub.health.findings) - known or not hub.health.recorded:
        wrong.append(f"the auditor found {hub.health}")
    demanded = {page.id: page.incident.id for page in views.pages(hub.visible)}
    wrong += [
        f"page {page.id} is not demanded again under its id"
        for page in found.state.pages.values()
        if demanded.get(page.id) != page.incident and page.answer_by > outside.clock.wall()
    ]
    for page in found.state.pages.values():
        if page.overdue and not page.accepted and outside.town.channel and page.id in demanded:
            async with asyncio.timeout(SOON):
                while (page.id, page.incident) not in outside.ledger.notices:
                    await asyncio.sleep(0.005)
    return wrong


async def _all_again(hub: Hub, outside: Outside) -> None:
    """Devices send what was not confirmed; Home Assistant sends every command, and gets the answers that it had."""
    for number, frames in outside.ledger.waiting.items():
        link: Device = await outside.link(number)
        for frame in frames:
            await link.exchange(frame)
        await link.close()
    for key, body in outside.ledger.commands.items():
        if isinstance(body, ReportAdopted):  # what was answered is not told again
            if key not in outside.ledger.answered:
                await hub.observe(views.observations(body, outside.clock.wall()))
                outside.ledger.answered[key] = {}
            continue
        if isinstance(body, SetAdopted):
            await hub.adopt(key, views.decide(body))
            outside.ledger.answered[key] = {"left_out": ""}
            continue
        if isinstance(body, StartSession):
            await _session_again(hub, key, body, outside)
            continue
        result = await hub.command(key, views.decide(body), incident="", page="", point="", compound="", revision=0)
        assert outside.ledger.answered.get(key, result) == result, f"{key}: another answer than before: {result}"
        outside.ledger.answered[key] = result


async def _session_again(hub: Hub, key: str, body: StartSession, outside: Outside) -> None:
    """One that was begun keeps its end; one that was never answered may find that something speaks against it."""
    known = outside.ledger.answered.get(key)
    try:
        result: dict[str, Json] = {**await start_session(hub, key, body.point, views.model_person(body.person))}
    except GatewayError:
        assert known is None, f"{key} was answered before"
        del outside.ledger.commands[key]
        return
    assert known in (None, result), f"{key}: another answer than before: {result}"
    outside.ledger.answered[key] = result


async def _relays_go_off(hub: Hub, outside: Outside) -> list[str]:
    """Whatever is on has an end, at which it is turned off and proven to be."""
    if not outside.own_room:
        return []
    await outside.room.take(0.0)
    async with asyncio.timeout(SOON):
        while waits := [item for item in hub.state.deadlines.values() if item.kind in judge.ENDS]:
            await _polled(hub, outside)
            outside.clock.pass_(max(min(item.due_at for item in waits) - outside.clock.wall(), 0.0))
            hub.fire_due()
            if any(item.kind is DeadlineKind.VERIFY for item in hub.state.deadlines.values()):
                await outside.room.off()
            await _polled(hub, outside)
    return ["the relay is on, and nothing turns it off"] if await outside.room.on() else []


async def _polled(hub: Hub, outside: Outside) -> None:
    """The gateway knows how the relay and the meter stand."""
    points = hub.visible.points
    await asyncio.sleep(0.02)
    while points[MICROWAVE].on is not await outside.room.on() or points[RUNNING].on is not False:
        await asyncio.sleep(0.02)


async def _pages_go_on(hub: Hub, outside: Outside) -> list[str]:
    """Each wait for an answer ends when it was told, not before, and brings one tier more at most."""
    wrong = []
    own_end = {item.id for item in hub.state.incidents.values() if item.hazard is Hazard.APPLIANCE}  # promise 3
    collecting = {item.page for item in hub.state.incidents.values() if item.pending}  # these page before, as worse
    waits = [item for item in hub.state.deadlines.values() if item.kind is DeadlineKind.ANSWER]
    waits = [item for item in waits if item.subject not in collecting]
    told = dict(hub.state.pages)  # one whose incident ends itself may be gone before its turn comes
    for due in sorted({item.due_at for item in waits}):
        pages = {item.subject: told[item.subject] for item in waits if item.due_at == due}
        outside.clock.pass_(max(due - 1 - outside.clock.wall(), 0.0))
        hub.fire_due()
        still = {page_id for page_id in pages if page_id in hub.state.pages}
        early = [page_id for page_id in pages.keys() - still if pages[page_id].incident not in own_end]
        wrong += [f"page {page_id} ended before its time" for page_id in early]
        outside.clock.pass_(max(due - outside.clock.wall(), 0.0))
        hub.fire_due()
        for page in pages.values():
            if page.incident in own_end - hub.state.incidents.keys():
                continue
            incident = hub.state.incidents[page.incident]
            if incident.page == page.id or not page.tier <= incident.tier <= page.tier + 1:
                wrong.append(f"page {page.id} of tier {page.tier} fell due, now there is {incident}")
    return wrong
