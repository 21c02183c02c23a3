"""Promise 10, the gateway's half: a page that Home Assistant does not accept goes out by the gateway itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from community_help_gateway import fallback as module
from community_help_gateway.adapters.outgoing import Outgoing
from community_help_gateway.codecs.outgoing import Channel, ChannelKind
from community_help_gateway.fallback import Fallback
from community_help_gateway.hub import Hub
from community_help_gateway.journal.store import Journal
from community_help_gateway.model import bypass, lifecycle, people, selftest
from community_help_gateway.model.incident import Person
from community_help_gateway.model.observation import Address, LinkState, Observation
from community_help_gateway.model.state import EventKind, Receipt
from community_help_gateway.site import Siren, parse
from tests.gateway.conftest import FakeClock

COMPOUND = (Path(__file__).parents[1] / "captures/sites/compound.yaml").read_text("utf-8")
RELAY = """
  - { id: siren, name: 警笛, kind: appliance, compound: bay, at: { modbus: box, relay: 2 } }
"""
SMOKE = Address("gb26875", "4097", "1.1.*.0100C900")
ZHANG = Person("zhang", "张三")


class Service:
    """A webhook on this machine that takes plain posts, or answers what a test says."""

    def __init__(self) -> None:
        """Everything is taken."""
        self.taken: list[dict[str, Any]] = []
        self.status = 200
        self.came = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        """One message."""
        body = await request.json()
        if self.status == 200:
            self.taken.append(body)
        self.came.set()
        return web.json_response({}, status=self.status)

    async def until(self, count: int) -> None:
        """Wait until so many messages were taken."""
        async with asyncio.timeout(20):
            while len(self.taken) < count:
                self.came.clear()
                await self.came.wait()


class Relay:
    """The outermost edge of a relay: remembers what it was told."""

    def __init__(self) -> None:
        """Never switched."""
        self.told: list[bool] = []
        self.off = asyncio.Event()

    async def switch(self, address: Address, *, on: bool) -> None:
        """Follow."""
        self.told.append(on)
        if not on:
            self.off.set()


@pytest.fixture
async def service() -> AsyncIterator[tuple[Service, str]]:
    """The webhook and its URL."""
    service = Service()
    application = web.Application()
    application.router.add_post("/hook", service.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield service, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await runner.cleanup()


@pytest.fixture
async def built(
    tmp_path: Path, clock: FakeClock, service: tuple[Service, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[], Any]]:
    """Makes a hub with its fallback; called again, it is the same gateway after a restart."""
    monkeypatch.setattr(module, "SHORTEST_WAIT", 0.01)
    opened: list[tuple[Hub, Fallback]] = []

    async def close() -> None:
        for hub, fallback in opened:
            await fallback.stop()
            await hub.close()
        opened.clear()

    async def make(*sirens: Siren) -> Hub:
        await close()
        site = parse(COMPOUND + RELAY, "s").site
        hub = Hub(Journal.open(tmp_path / "j.sqlite"), site, clock)
        channels = [Channel("duty", ChannelKind.POST, service[1]), Channel("hill", ChannelKind.POST, service[1])]
        channels[1] = Channel("hill", ChannelKind.POST, service[1], compounds=("hill",))
        fallback = Fallback(hub, Outgoing(channels, clock), sirens)
        await fallback.start()
        opened.append((hub, fallback))
        return hub

    yield make
    await close()


async def alarm(hub: Hub, address: Address = SMOKE) -> None:
    """A fire in flat 201."""
    now = hub.clock.wall()
    await hub.observe([LinkState("gb26875", "4097", up=True, received_at=now)])
    await hub.observe([Observation(address=address, received_at=now, alarm=True)])


async def late(hub: Hub, clock: FakeClock, seconds: float = 10.5) -> None:
    """Nobody accepts the page in time."""
    clock.pass_(seconds)
    hub.fire_due()
    await hub.observe([])


async def recorded(hub: Hub, count: int) -> list[Receipt]:
    """The receipts in the journal, as soon as there are so many."""
    async with asyncio.timeout(20):
        while True:
            events = await hub.journal.between(0, 1e12, [EventKind.RECEIPT], 0, 100)
            found = [event.receipt for event in events if event.receipt]
            if len(found) >= count:
                return found


async def test_promise_10_a_page_that_is_not_accepted_goes_out_under_its_own_id(
    built: Callable[..., Any], service: tuple[Service, str], clock: FakeClock
) -> None:
    """By every channel of its compound, once, with hazard, place and people, and a receipt in the record."""
    hub = await built()
    await alarm(hub)
    (page,) = hub.state.pages
    await late(hub, clock)
    await service[0].until(1)
    (message,) = service[0].taken
    assert page in str(message)
    assert "火警 清水湾 1号楼 2 201" in str(message)
    assert "张三" in str(message)
    (receipt,) = await recorded(hub, 1)
    assert (receipt.page, receipt.phone, receipt.step) == (page, "fallback:duty", "handed_over")


async def test_an_accepted_page_needs_no_other_channel(
    built: Callable[..., Any], service: tuple[Service, str], clock: FakeClock
) -> None:
    """Home Assistant took it over in time."""
    hub = await built()
    await alarm(hub)
    (page,) = hub.state.pages
    receipt = Receipt(page, "accepted", clock.wall())
    await hub.command("k", lambda draft: people.receive(draft, receipt))
    await late(hub, clock)
    assert not service[0].taken
    assert not any(item.overdue for item in hub.state.pages.values())


async def test_every_repetition_goes_out_until_a_person_answers(
    built: Callable[..., Any], service: tuple[Service, str], clock: FakeClock
) -> None:
    """While Home Assistant is away the tiers are told through the channel, too."""
    hub = await built()
    await alarm(hub)
    await late(hub, clock)
    await service[0].until(1)
    await late(hub, clock, 50)
    await late(hub, clock)
    await service[0].until(2)
    (incident,) = hub.state.incidents
    assert "李四" in str(service[0].taken[1])
    await hub.command("k", lambda draft: lifecycle.acknowledge(draft, incident, 1, ZHANG, "button"))
    await late(hub, clock, 125)
    assert len(service[0].taken) == 2


async def test_a_channel_that_fails_is_tried_again_and_each_try_is_recorded(
    built: Callable[..., Any], service: tuple[Service, str], clock: FakeClock
) -> None:
    """A server that says 500 is not the end."""
    hub = await built()
    service[0].status = 500
    await alarm(hub)
    await late(hub, clock)
    await recorded(hub, 1)
    service[0].status = 200
    await service[0].until(1)
    steps = [receipt.step for receipt in await recorded(hub, 2)]
    assert (steps[0], steps[-1]) == ("failed", "handed_over")


async def test_what_was_overdue_before_a_restart_goes_out_after_it(
    built: Callable[..., Any], service: tuple[Service, str], clock: FakeClock
) -> None:
    """A crash between the wait and the webhook loses nothing; the page keeps its id."""
    hub = await built()
    service[0].status = 503
    await alarm(hub)
    (page,) = hub.state.pages
    await late(hub, clock)
    await recorded(hub, 1)
    await built()
    service[0].status = 200
    await service[0].until(1)
    assert page in str(service[0].taken[0])


async def test_a_siren_sounds_for_its_time_and_never_for_a_drill(
    built: Callable[..., Any], service: tuple[Service, str], clock: FakeClock
) -> None:
    """The relay follows a real page that nobody accepted, and is switched off again."""
    hub = await built(Siren("siren.relay", 0.01))
    relay = Relay()
    hub.switches["modbus"] = relay
    await hub.command("d", lambda draft: bypass.start_drill(draft, "bay", 3600, (), ZHANG))
    await hub.command("i", lambda draft: bypass.inject(draft, "f301.smoke", ZHANG))
    await late(hub, clock)
    await service[0].until(1)
    assert "演练" in str(service[0].taken[0])
    assert True not in relay.told
    relay.off.clear()
    await alarm(hub)
    await late(hub, clock)
    async with asyncio.timeout(20):
        while relay.told[-2:] != [True, False]:
            relay.off.clear()
            await relay.off.wait()


async def test_a_siren_that_a_kill_left_on_is_switched_off_by_the_next_start(built: Callable[..., Any]) -> None:
    """Nobody switched it off: the gateway that comes after does."""
    hub = await built(Siren("siren.relay", 60.0))
    relay = Relay()
    hub.switches["modbus"] = relay
    async with asyncio.timeout(20):
        await relay.off.wait()
    assert relay.told == [False]


async def test_a_self_test_never_goes_out_by_the_gateway_itself(
    built: Callable[..., Any], service: tuple[Service, str], clock: FakeClock
) -> None:
    """Nobody accepts its page: neither a channel nor a siren is used, also not after a restart; a real page is."""
    siren = Siren("siren.relay", 0.05)
    hub = await built(siren)
    relay = Relay()
    hub.switches["modbus"] = relay
    await hub.command("l", lambda draft: people.claim_lease(draft, "one", "Home", force=False, version=3))
    await hub.command("t", lambda draft: selftest.start(draft, "bay", ZHANG))
    await late(hub, clock, 300)
    hub = await built(siren)
    await late(hub, clock, 299)
    assert len(hub.state.pages) == 1
    await late(hub, clock, 2)
    assert not hub.state.pages
    assert selftest.unaccepted(hub.state) == ("bay",)
    await alarm(hub)
    await late(hub, clock)
    await service[0].until(1)
    assert [message["title"] for message in service[0].taken] == ["火警 清水湾 1号楼 2 201 烟感"]
    assert True not in relay.told
