"""The API over real HTTP and WebSocket: pairing, hello, snapshot, changes, commands."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator
from copy import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError
from hypothesis import HealthCheck, given, settings, strategies as st

from community_help_gateway.api import views
from community_help_gateway.api.auth import Pairing, load_token
from community_help_gateway.api.routes import Api
from community_help_gateway.api.stream import MAX_MESSAGE, MAX_ROSTER
from community_help_gateway.contract.commands import (
    Acknowledge,
    AddNote,
    ClaimLease,
    Close,
    RecordReceipt,
    RecordRefusal,
    SetRoster,
    StartSelfTest,
)
from community_help_gateway.contract.messages import (
    Changes,
    Command,
    GatewayInfo,
    Goodbye,
    Hello,
    Message,
    Outcome,
    Resume,
    Snapshot,
    decode,
    encode,
)
from community_help_gateway.contract.values import Cause, Cursor, Person, ReceiptStep, Shift, StaffMember, Way
from community_help_gateway.hub import Hub
from community_help_gateway.model.observation import Address, LinkState, Observation
from community_help_gateway.model.state import Event, EventKind

SMOKE = Address("gb26875", "4097", "1.1.42.03001100")
UPSTAIRS = Address("gb26875", "4097", "1.1.*.03001200")
ZHANG = Person("zhang", "张三")


class Client:
    """One client of the stream."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        """Connected already."""
        self.socket = socket

    async def receive(self) -> Message:
        """The next message."""
        return decode(await self.socket.receive_json(timeout=5))

    async def resume(self, cursor: Cursor | None = None, **more: Any) -> Snapshot:
        """Hello, resume, and the whole snapshot, which is one part here."""
        assert isinstance(await self.receive(), Hello)
        await self.send(Resume("me", "Me", cursor, **more))
        snapshot = await self.receive()
        assert isinstance(snapshot, Snapshot)
        return snapshot

    async def send(self, message: Message) -> None:
        """Send a message."""
        await self.socket.send_json(encode(message))

    async def command(self, key: str, body: Any, fence: int = 0) -> Outcome:
        """Send a command; passes over changes until its outcome."""
        await self.send(Command(key, body, fence))
        while not isinstance(message := await self.receive(), Outcome):
            pass
        return message

    async def changes(self) -> Changes:
        """The next changes."""
        while not isinstance(message := await self.receive(), Changes):
            pass
        return message


class Clock:
    """Monotonic time for the pairing."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
async def api(hub: Hub) -> AsyncIterator[tuple[str, Clock, list[str]]]:
    """The listening API: its URL, the pairing's clock, the codes it showed."""
    clock, codes = Clock(), []
    api = Api(hub, GatewayInfo("gw", "Gateway", "0"), "secret", Pairing(clock, codes.append))
    await api.start("127.0.0.1", 0)
    assert api._runner is not None
    yield f"http://127.0.0.1:{api._runner.addresses[0][1]}", clock, codes
    await api.stop()


@pytest.fixture
async def client(api: tuple[str, Clock, list[str]]) -> AsyncIterator[Client]:
    """A client with the right token."""
    async with (
        ClientSession(headers={"Authorization": "Bearer secret"}) as session,
        session.ws_connect(f"{api[0]}/api/v1/stream") as socket,
    ):
        yield Client(socket)


async def fire(hub: Hub, alarm: bool = True) -> None:
    """Flat 201's smoke alarm speaks."""
    up = LinkState("gb26875", "4097", up=True, received_at=1.0)
    await hub.observe([up, Observation(address=SMOKE, received_at=1.0, alarm=alarm)])


async def test_a_snapshot_has_everything(hub: Hub, client: Client) -> None:
    """Compounds, devices, states, open incidents and unsettled pages, at a cursor."""
    await fire(hub)
    snapshot = await client.resume()
    assert [item.name for item in snapshot.compounds] == ["清水湾", "青山"]
    assert {item.id for item in snapshot.devices} == {"uitd", "f201", "f202"}
    state = {item.point: item for item in snapshot.states}["f201.smoke"]
    assert (state.available, state.alarm, state.latched) == (True, True, True)
    assert snapshot.pages[0].incident.id == snapshot.incidents[0].id
    assert snapshot.cursor == Cursor(hub.visible.epoch, hub.visible.number)


async def test_changes_bring_states_events_and_pages(hub: Hub, client: Client) -> None:
    """One alarm: the state, "raised", and the page."""
    await client.resume()
    await fire(hub)
    seen = [await client.changes()]
    while not seen[-1].pages:
        seen.append(await client.changes())
    assert any(state.alarm for change in seen for state in change.states)
    assert [event.kind for change in seen for event in change.events] == ["raised"]
    assert seen[-1].cursor.number == hub.visible.number


async def test_a_returning_client_gets_exactly_what_it_missed(
    hub: Hub, client: Client, api: tuple[str, Clock, list[str]]
) -> None:
    """The incident events after its cursor, each once."""
    await fire(hub)
    cursor = (await client.resume()).cursor
    await client.socket.close()
    await fire(hub, alarm=False)
    await fire(hub)
    async with (
        ClientSession(headers={"Authorization": "Bearer secret"}) as session,
        session.ws_connect(f"{api[0]}/api/v1/stream") as socket,
    ):
        back = Client(socket)
        snapshot = await back.resume(cursor)
        assert [event.kind for event in snapshot.missed] == ["restored", "joined"]


async def test_nothing_falls_between_the_history_and_the_changes(
    hub: Hub, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm that comes while the history is read is told exactly once."""
    original = hub.journal.history

    async def interrupted(after: int, limit: int) -> list[Event]:
        found = await original(after, limit)
        await fire(hub)
        return found

    monkeypatch.setattr(hub.journal, "history", interrupted)
    snapshot = await client.resume(Cursor(hub.visible.epoch, 0))
    assert [event.kind for event in snapshot.missed] == ["raised"]
    assert snapshot.cursor.number >= snapshot.missed[0].number
    await fire(hub, alarm=False)
    while not (changes := await client.changes()).events:
        pass
    assert [event.kind for event in changes.events] == ["restored"]


async def test_a_cursor_of_another_epoch_brings_no_old_events(hub: Hub, client: Client) -> None:
    """A restored journal starts anew."""
    await fire(hub)
    assert not (await client.resume(Cursor("other", 0))).missed


async def test_people_acknowledge_and_close(hub: Hub, client: Client) -> None:
    """The journal has who, and the page is settled."""
    await fire(hub)
    incident = (await client.resume()).incidents[0]
    outcome = await client.command("a", Acknowledge(incident.id, 1, ZHANG, Way.BUTTON, 1.0))
    assert (outcome.ok, outcome.result["first"]) == (True, True)
    assert (await client.command("a", Acknowledge(incident.id, 1, ZHANG, Way.BUTTON, 1.0))).result == outcome.result
    assert not hub.visible.pages
    assert (await client.command("c", Close(incident.id, Cause.DUST, ZHANG, Way.ACTION, 1.0))).ok
    gone = await client.command("d", Close(incident.id, Cause.DUST, ZHANG, Way.ACTION, 1.0))
    assert (gone.ok, gone.code) == (False, "unknown_incident")


async def test_only_the_lease_holder_records_receipts_and_sends_the_roster(hub: Hub, client: Client) -> None:
    """An older fence is refused."""
    await fire(hub)
    page = (await client.resume()).pages[0]
    receipt = RecordReceipt(page.id, ReceiptStep.ACCEPTED, 1.0)
    assert (await client.command("r1", receipt)).code == "stale_fence"
    fence = int(str((await client.command("l", ClaimLease("me", "Me"))).result["fence"]))
    assert (await client.command("r2", receipt, fence)).ok
    assert (await client.command("s", SetRoster((StaffMember("x", "X"),)), fence)).result == {"version": 1}
    assert hub.visible.pages[page.id].accepted
    assert (await client.command("l2", ClaimLease("you", "You"))).code == "lease_held"


def duty(people: int, days: int, shifts: int) -> SetRoster:
    """A community's roster with its duty, by ids as long as Home Assistant's."""
    staff = tuple(StaffMember(f"01K9ZQ4X7M3V5B8N2C6D1F0{number:03}", f"员工{number}", 1) for number in range(people))
    start = 1795397415.0
    duty = tuple(
        Shift(member.id, start + turn * 28800.0, start + (turn + 1) * 28800.0, ("clearwater-bay", "green-hill"))
        for member in staff
        for turn in range(days * shifts)
    )
    return SetRoster(staff, duty, start + days * 86400.0)


async def test_a_roster_of_weeks_of_shifts_is_taken(hub: Hub, client: Client) -> None:
    """20 people with three shifts a day for 15 days, and ten times that many shifts less one message's limit."""
    await client.resume()
    fence = int(str((await client.command("l", ClaimLease("me", "Me"))).result["fence"]))
    for version, roster in enumerate((duty(20, 15, 3), duty(120, 15, 3)), 1):
        assert len(json.dumps(encode(Command("k", roster)))) > MAX_MESSAGE
        assert (await client.command(f"s{version}", roster, fence)).result == {"version": version}
        assert hub.visible.roster is not None
        assert len(hub.visible.roster.shifts) == len(roster.shifts)
    assert len(json.dumps(encode(Command("k", duty(120, 15, 3))))) < MAX_ROSTER


async def test_only_a_roster_may_be_long(client: Client) -> None:
    """A note of a megabyte is refused under its own key, and the stream goes on."""
    await client.resume()
    outcome = await client.command("n", AddNote("x", "字" * (MAX_MESSAGE // 3), ZHANG, Way.ACTION, 1.0))
    assert (outcome.code, outcome.key) == ("malformed", "n")
    assert "longer than" in outcome.message
    assert (await client.command("l", ClaimLease("me", "Me"))).ok


async def test_a_roster_a_day_does_not_make_the_journal_grow(hub: Hub, client: Client) -> None:
    """Each version takes the place of the one before; what stays of it is one short entry, which retention takes."""
    await client.resume()
    fence = int(str((await client.command("l", ClaimLease("me", "Me"))).result["fence"]))
    sizes = []
    for day in range(40):
        roster = duty(20, 15, 3)
        moved = replace(roster, until=(roster.until or 0.0) + day * 86400.0)
        assert (await client.command(f"s{day}", moved, fence)).ok
        sizes.append(_bytes(hub.journal.file))
    assert sizes[-1] - sizes[9] < 30 * 500, sizes
    before = len(await hub.journal.between(0, 1e12, [EventKind.ROSTER], 0, 1000))
    gone = await hub.journal.retain(hub.clock.wall() + 1, hub.visible.number)
    assert (before, gone > 30) == (40, True)
    assert hub.journal.load().roster == hub.visible.roster


def _bytes(file: Path) -> int:
    """What a journal holds, in bytes."""
    with contextlib.closing(sqlite3.connect(file)) as reader:
        queries = ("octet_length(body)) FROM entry", "octet_length(body)) FROM record", "length(outcome)) FROM command")
        return sum(int(reader.execute(f"SELECT sum({query}").fetchone()[0]) for query in queries)


async def test_what_the_pagers_version_cannot_do_is_not_asked_of_it(hub: Hub, client: Client) -> None:
    """The version that the lease's holder said at its beginning decides whether there are self-tests."""
    await client.resume(version=2)
    assert (await client.command("l", ClaimLease("me", "Me"))).ok
    assert (await client.command("t", StartSelfTest("bay", ZHANG))).code == "no_pager"
    assert hub.visible.lease is not None
    assert hub.visible.lease.version == 2


async def test_a_self_test_and_a_refusal_come_over_the_stream(hub: Hub, client: Client) -> None:
    """The page says what it is; each refusal has its key; what was not permitted is an incident event."""
    await client.resume()
    assert (await client.command("l", ClaimLease("me", "Me"))).ok
    outcome = await client.command("t", StartSelfTest("bay", ZHANG))
    assert outcome.ok
    (page,) = hub.visible.pages.values()
    told = views.page(hub.visible, page, hub.visible.incidents[page.incident])
    assert (told.reason, told.incident.hazard.value, told.incident.drill) == ("self_test", "self_test", True)
    assert told.incident.severity.value == "notice"
    for key, compound, code in (("u", "bay", "self_test_runs"), ("v", "nowhere", "unknown_compound")):
        refused = await client.command(key, StartSelfTest(compound, ZHANG))
        assert (refused.code, compound in refused.message) == (code, True)
    assert (await client.command("r", RecordRefusal("close", ZHANG, Way.BUTTON, 1.0, told.incident.id))).ok
    kinds = [event.kind.value for event in (views.event(hub.visible, e) for e in await _events(hub)) if event]
    assert kinds[-1] == "refused"


async def _events(hub: Hub) -> list[Event]:
    return await hub.journal.history(0, 1000)


async def test_a_closing_of_what_was_not_seen_is_refused_by_its_key(hub: Hub, client: Client) -> None:
    """With words that say what to do."""
    await fire(hub)
    incident = (await client.resume()).incidents[0]
    await hub.observe([Observation(address=UPSTAIRS, received_at=1.0, alarm=True)])
    closing = Close(incident.id, Cause.COOKING, ZHANG, Way.BUTTON, 1.0, revision=incident.revision)
    outcome = await client.command("c", closing)
    assert (outcome.ok, outcome.code) == (False, "worse_since")
    assert outcome.placeholders["incident"] == incident.id
    assert (await client.command("d", replace(closing, revision=0))).ok


@pytest.mark.parametrize("version", [(0, 0), (9, 9)])
async def test_versions_that_do_not_fit_name_the_side_to_update(client: Client, version: tuple[int, int]) -> None:
    """Goodbye says which."""
    await client.receive()
    await client.send(Resume("me", "Me", None, version=version[0], min_supported=version[1]))
    goodbye = await client.receive()
    assert isinstance(goodbye, Goodbye)
    assert goodbye.code == ("version_integration" if version[0] == 0 else "version_gateway")


async def test_the_token_is_asked_for(api: tuple[str, Clock, list[str]]) -> None:
    """Without it there is no stream, only health and info."""
    async with ClientSession() as session:
        with pytest.raises(WSServerHandshakeError, match="401"):
            await session.ws_connect(f"{api[0]}/api/v1/stream", headers={"Authorization": "Bearer wrong"})
        async with session.get(f"{api[0]}/api/v1/info") as answer:
            assert (await answer.json())["id"] == "gw"
        async with session.get(f"{api[0]}/health") as answer:
            assert answer.status == 200


async def pair(url: str, code: object) -> tuple[int, dict[str, Any]]:
    """Try a pairing code."""
    async with ClientSession() as session, session.post(f"{url}/api/v1/pair", json=code) as answer:
        return answer.status, await answer.json()


async def test_the_shown_code_pairs_once(api: tuple[str, Clock, list[str]]) -> None:
    """With or without the dash; a used code is worth nothing."""
    url, _, codes = api
    first = codes[-1]
    assert (await pair(url, {"code": first}))[1]["token"] == "secret"
    assert (await pair(url, {"code": first}))[0] == 403


async def test_guessing_is_slow(api: tuple[str, Clock, list[str]]) -> None:
    """Five wrong codes shut the door for a minute, also for the right one."""
    url, clock, codes = api
    for _ in range(5):
        assert (await pair(url, {"code": "00000000x"}))[0] == 403
    assert (await pair(url, {"code": codes[-1]}))[0] == 429
    clock.now += 61
    assert (await pair(url, {"code": codes[-1]}))[0] == 200


async def test_an_old_code_expires(api: tuple[str, Clock, list[str]]) -> None:
    """After an hour a fresh one is shown."""
    url, clock, codes = api
    clock.now += 3601
    assert (await pair(url, {"code": codes[-1]}))[0] == 403
    assert len(codes) == 2
    assert (await pair(url, {"code": codes[-1]}))[0] == 200


@pytest.mark.parametrize("body", [{}, [], "x", {"code": 5}, None])
async def test_a_malformed_pairing_is_refused(api: tuple[str, Clock, list[str]], body: object) -> None:
    """Clear status, nothing worse."""
    assert (await pair(api[0], body))[0] == 400


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "key", "name", "body", "fence", "x"]), inner, max_size=4)
        ),
        max_leaves=6,
    )
)
def test_no_json_is_read_as_anything_but_a_message_or_a_refusal(data: object) -> None:
    """The contract's reader raises its own error and no other."""
    from community_help_gateway.contract.wire import ContractError

    with contextlib.suppress(ContractError):
        decode(data)


async def test_a_malformed_command_is_refused_under_its_own_key(client: Client) -> None:
    """The sender need not wait for a time-out, and the stream goes on."""
    await client.resume()
    await client.socket.send_str('{"type": "command", "key": "k", "name": "acknowledge", "body": {}}')
    outcome = await client.receive()
    assert isinstance(outcome, Outcome)
    assert (outcome.key, outcome.ok, outcome.code) == ("k", False, "malformed")
    await client.socket.send_str("not json")
    assert (await client.receive()).code == "malformed"  # type: ignore[union-attr]
    assert (await client.command("l", ClaimLease("me", "Me"))).ok


async def test_a_slow_client_gets_states_coalesced(hub: Hub, client: Client) -> None:
    """A thousand readings in one go become few messages, the last value among them."""
    await client.resume()
    await hub.observe(
        [Observation(address=SMOKE, received_at=float(value), alarm=False, value=float(value)) for value in range(1000)]
    )
    count, last = 0, -1.0
    while last < 999:
        changes = await client.changes()
        count += 1
        last = max((state.value or 0.0 for state in changes.states), default=last)
    assert count < 100


def test_the_token_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else on the machine reads it, and it stays the same."""
    file = tmp_path / "token"
    token = load_token(file)
    assert file.stat().st_mode & 0o077 == 0
    assert load_token(file) == token
    assert len(token) >= 32


async def test_stopping_says_goodbye(hub: Hub) -> None:
    """A client that is cut off knows why."""
    api = Api(hub, GatewayInfo("gw", "G", "0"), "secret", None)
    await api.start("127.0.0.1", 0)
    assert api._runner is not None
    url = f"http://127.0.0.1:{api._runner.addresses[0][1]}/api/v1/stream"
    async with (
        ClientSession() as session,
        session.ws_connect(url, headers={"Authorization": "Bearer secret"}) as socket,
    ):
        client = Client(socket)
        await client.resume()
        stopping = asyncio.create_task(api.stop())
        goodbye = await client.receive()
        assert isinstance(goodbye, Goodbye)
        assert goodbye.code == "stopping"
        await socket.close()
        await stopping
