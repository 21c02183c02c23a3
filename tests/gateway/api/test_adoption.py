"""Adopted entities over the stream: the list, what they say, who may bring it, and what survives."""

import asyncio
import json
from collections.abc import AsyncIterator
from copy import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession

from community_help_gateway.api.routes import Api
from community_help_gateway.api.stream import MAX_MESSAGE, MAX_ROSTER
from community_help_gateway.contract.commands import AdoptedDevice, AdoptedState, ClaimLease, ReportAdopted, SetAdopted
from community_help_gateway.contract.messages import Command, GatewayInfo, Snapshot, encode
from community_help_gateway.contract.values import DeviceKind, PointKind
from community_help_gateway.errors import JournalError
from community_help_gateway.hub import Hub
from community_help_gateway.journal.rows import Told
from community_help_gateway.journal.store import Journal
from community_help_gateway.model.adopted import HOME_ASSISTANT, LINK, MAX_DEVICES
from community_help_gateway.model.supervision import NO_ANSWER
from community_help_gateway.site import SiteFile
from tests.gateway.api.test_stream import Client
from tests.gateway.conftest import FakeClock

KITCHEN = AdoptedDevice("adopted-1", "厨房烟感", DeviceKind.SMOKE_ALARM, PointKind.SMOKE, "clearwater-bay", "1号楼")
UP = (LINK, HOME_ASSISTANT)


@pytest.fixture
async def api(hub: Hub) -> AsyncIterator[str]:
    """The listening API's stream."""
    api = Api(hub, GatewayInfo("gw", "Gateway", "0"), "secret", None)
    await api.start("127.0.0.1", 0)
    assert api._runner is not None
    yield f"http://127.0.0.1:{api._runner.addresses[0][1]}/api/v1/stream"
    await api.stop()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """With the right token."""
    async with ClientSession(headers={"Authorization": "Bearer secret"}) as session:
        yield session


async def pager(session: ClientSession, api: str) -> tuple[Client, int]:
    """A client that holds the lease, and its fence."""
    client = Client(await session.ws_connect(api))
    await client.resume()
    return client, int(str((await client.command("l", ClaimLease("me", "Me"))).result["fence"]))


def says(alarm: bool, at: float | None = None) -> ReportAdopted:
    """The smoke alarm speaks."""
    return ReportAdopted((AdoptedState(KITCHEN.id, at, alarm=alarm),))


async def test_a_list_brings_devices_and_their_alarms_raise(hub: Hub, session: ClientSession, api: str) -> None:
    """The new site is told as such; the answer to an alarm comes when it is in the journal."""
    client, fence = await pager(session, api)
    outcome = await client.command("a", SetAdopted((KITCHEN,)), fence)
    assert (outcome.ok, outcome.result) == (True, {"left_out": ""})
    while not isinstance(message := await client.receive(), Snapshot):
        pass
    (device,) = [item for item in message.devices if item.adopted]
    assert (device.id, device.building, device.points[0].id) == ("adopted-1", "1号楼", "adopted-1.smoke")
    assert (await client.command("r", says(True), fence)).ok
    (incident,) = hub.visible.incidents.values()
    assert incident.place.endswith("1号楼 厨房烟感")
    assert len(hub.visible.pages) == 1


async def test_only_who_pages_brings_adopted_entities(hub: Hub, session: ClientSession, api: str) -> None:
    """Another Home Assistant, or one whose lease was taken, changes nothing."""
    client, fence = await pager(session, api)
    for key, body in (("a", SetAdopted((KITCHEN,))), ("b", says(True))):
        assert (await client.command(key, body, fence - 1)).code == "stale_fence"
    assert hub.state.adopted is None
    assert UP not in hub.state.links_up


async def test_adopted_devices_survive_a_restart_and_a_new_site_file(
    hub: Hub, session: ClientSession, api: str, site_file: SiteFile, tmp_path: Path, clock: FakeClock
) -> None:
    """They are in the journal; they go when the list no longer has them; and the last state stays."""
    client, fence = await pager(session, api)
    await client.command("a", SetAdopted((KITCHEN,)), fence)
    await client.command("r", says(True), fence)
    hub.replace_site(site_file.site)
    assert "adopted-1" in hub.site.devices
    await hub.close()
    again = Hub(Journal.open(tmp_path / "journal.sqlite"), site_file.site, clock)
    again.start()
    assert "adopted-1.smoke" in again.site.points
    assert again.state.points["adopted-1.smoke"].alarm
    assert UP not in again.state.links_up
    await again.close()


async def test_what_is_no_longer_on_the_list_is_gone(hub: Hub, session: ClientSession, api: str) -> None:
    """With its point; an alarm of it, should one still come, is that of an unknown device and not lost."""
    client, fence = await pager(session, api)
    await client.command("a", SetAdopted((KITCHEN,)), fence)
    await client.command("b", SetAdopted(()), fence)
    assert "adopted-1" not in hub.site.devices
    await client.command("r", says(True), fence)
    (incident,) = hub.visible.incidents.values()
    assert incident.hazard.value == "unplaced"


async def test_what_cannot_be_taken_is_named(hub: Hub, session: ClientSession, api: str) -> None:
    """An id of the site file, one that is none, kinds that this gateway does not know, and more than it takes."""
    client, fence = await pager(session, api)
    taken = next(iter(hub.site.devices))
    many = tuple(replace(KITCHEN, id=f"n{number}") for number in range(MAX_DEVICES))
    unknown = replace(KITCHEN, id="new", point=PointKind.UNKNOWN)
    panel = replace(KITCHEN, id="panel", point=PointKind.SYSTEM)
    body = SetAdopted((replace(KITCHEN, id=taken), replace(KITCHEN, id="No!"), unknown, panel, *many))
    assert MAX_MESSAGE < len(json.dumps(encode(Command("k", body)))) < MAX_ROSTER
    outcome = await client.command("a", body, fence)
    assert outcome.result == {"left_out": f"{taken},No!,new,panel,n{MAX_DEVICES - 1}"}
    assert "n0" in hub.site.devices


async def test_the_link_is_up_while_somebody_brings_what_entities_say(
    hub: Hub, session: ClientSession, api: str, clock: FakeClock
) -> None:
    """A connection that ends makes them unavailable and clears nothing; the next one brings them back."""
    client, fence = await pager(session, api)
    await client.command("a", SetAdopted((KITCHEN,)), fence)
    await client.command("r", says(True), fence)
    assert UP in hub.state.links_up
    await client.socket.close()
    other, fence = await pager(session, api)
    while UP in hub.state.links_up:
        await other.command("l2", ClaimLease("me", "Me"))
    assert hub.state.points["adopted-1.smoke"].alarm
    await other.command("s", says(True), fence)
    assert UP in hub.state.links_up
    assert hub.state.points["adopted-1.smoke"].episode == 1


async def test_an_entity_that_is_silent_is_not_heard(
    hub: Hub, session: ClientSession, api: str, clock: FakeClock
) -> None:
    """To say that it says nothing is no sign of life: five minutes after its last word it is offline."""
    client, fence = await pager(session, api)
    await client.command("a", SetAdopted((KITCHEN,)), fence)
    await client.command("r", says(False), fence)
    for minute in range(6):
        assert ("adopted-1" in hub.state.devices) is False, minute
        clock.pass_(60)
        silent = ReportAdopted((AdoptedState("adopted-1", silent=True),))
        await client.command(f"s{minute}", silent, fence)
        hub.sweep()
    assert list(hub.state.devices["adopted-1"].causes) == ["offline"]
    assert hub.state.points["adopted-1.smoke"].alarm is False


async def test_a_time_that_cannot_be_is_not_believed(
    hub: Hub, session: ClientSession, api: str, clock: FakeClock
) -> None:
    """An alarm dated into the future would outlast every "normal"; a value that is no number is silence."""
    client, fence = await pager(session, api)
    await client.command("a", SetAdopted((KITCHEN, replace(KITCHEN, id="co", point=PointKind.CO))), fence)
    await client.command("r", says(True, clock.wall() + 3600), fence)
    await client.command("s", says(False, clock.wall()), fence)
    assert hub.state.points["adopted-1.smoke"].alarm is False
    await client.command("t", ReportAdopted((AdoptedState("co", value=float("nan")),)), fence)
    assert (hub.state.points["co.co"].state, hub.state.points["co.co"].value) == (NO_ANSWER, None)


async def test_two_pulses_are_two_episodes_and_a_repeat_is_none(
    hub: Hub, session: ClientSession, api: str, clock: FakeClock
) -> None:
    """On, on again, off, on: two episodes; a late "off" that is older than the alarm ends nothing."""
    client, fence = await pager(session, api)
    await client.command("a", SetAdopted((KITCHEN,)), fence)
    now = clock.wall()
    for key, (alarm, at) in enumerate(
        ((True, now - 9), (True, now - 9), (False, now - 8), (True, now), (False, now - 5))
    ):
        await client.command(f"k{key}", says(alarm, at), fence)
    record = hub.state.points["adopted-1.smoke"]
    assert (record.alarm, record.episode) == (True, 2)


async def test_promise_13_a_journal_that_cannot_be_written_holds_no_alarm_back(
    hub: Hub, session: ClientSession, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """List and alarm are refused as not recorded, and judged and paged from memory."""
    client, fence = await pager(session, api)
    monkeypatch.setattr(hub.journal, "submit", _refused)
    assert (await client.command("a", SetAdopted((KITCHEN,)), fence)).code == "journal"
    assert "adopted-1" in hub.site.devices
    assert (await client.command("r", says(True), fence)).code == "journal"
    assert len(hub.visible.pages) == 1


def _refused(_events: object, _changes: object, _command: object = None, show: Told | None = None) -> object:
    done, error = asyncio.get_running_loop().create_future(), JournalError(file="j", problem="full")
    if show:
        asyncio.get_running_loop().call_soon(show, error)
    done.set_exception(error)
    return done
