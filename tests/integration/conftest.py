"""Shared by the integration's tests: the project's component, and a gateway that speaks the true contract."""

import contextlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from freezegun import api as clock
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

import custom_components

PROJECT = str(Path(__file__).parents[2] / "custom_components")
MODEL = str(Path(__file__).parents[2] / "addon/src")
"""Where the gateway's own judgement is, for tests that let it decide whom to page; it needs no package."""

if PROJECT not in custom_components.__path__:
    custom_components.__path__.append(PROJECT)
if MODEL not in sys.path:
    sys.path.append(MODEL)

from pytest_homeassistant_custom_component.common import (  # noqa: E402
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
)

from custom_components.community_help import freezer, roster  # noqa: E402
from custom_components.community_help.const import DOMAIN  # noqa: E402 - the path must be there first
from custom_components.community_help.contract import commands, messages, values  # noqa: E402
from tests.integration.companions import Companions  # noqa: E402

type Settle = Callable[[Callable[[], bool]], Awaitable[None]]

CODE, TOKEN, GATEWAY_ID = "12345678", "token-of-the-gateway", "70a67cbf0bb811fa"
POINT = values.Point("f201.smoke", values.PointKind.SMOKE)
INCIDENT = values.Incident(
    "ep-1",
    "bay",
    "清水湾",
    values.Hazard.FIRE,
    values.IncidentState.OPEN,
    1,
    "清水湾 1号楼 2 201 烟感",
    1000.0,
    (values.Member("f201.smoke", "f201", "烟感", 1, 1000.0),),
)
PAGE = values.Page("ep-3", 3, INCIDENT, 1, 1, (), "raised", 1000.0, 1010.0, 1120.0, 1)


def smoke_alarm(flat: str) -> values.Device:
    """A household smoke alarm."""
    point = values.Point(f"f{flat}.smoke", values.PointKind.SMOKE)
    return values.Device(f"f{flat}", "烟感", values.DeviceKind.SMOKE_ALARM, "bay", "1号楼", "2", flat, points=(point,))


DEVICES = (
    smoke_alarm("201"),
    smoke_alarm("202"),
    values.Device(
        "septic",
        "化粪池",
        values.DeviceKind.GAS_DETECTOR,
        "bay",
        points=tuple(
            values.Point(f"septic.{kind}", kind, "ppm")
            for kind in (values.PointKind.CH4, values.PointKind.H2S, values.PointKind.CO, values.PointKind.O2)
        ),
    ),
    values.Device(
        "lane",
        "消防车通道",
        values.DeviceKind.FIRE_LANE,
        "bay",
        points=(values.Point("lane.lane", values.PointKind.LANE),),
    ),
    values.Device(
        "water",
        "饮水机",
        values.DeviceKind.APPLIANCE,
        "bay",
        points=(values.Point("water.relay", values.PointKind.RELAY, writable=True),),
    ),
    values.Device(
        "uitd",
        "用传",
        values.DeviceKind.TRANSMITTER,
        "bay",
        points=(values.Point("uitd.system", values.PointKind.SYSTEM),),
    ),
)


@dataclass
class FakeGateway:
    """The outermost edge: answers as the real gateway does, and lets a test say what happens."""

    info: messages.GatewayInfo = field(default_factory=lambda: messages.GatewayInfo(GATEWAY_ID, "Demo", "0.1.0"))
    token: str = TOKEN
    number: int = 10
    epoch: str = "ep"
    compounds: tuple[values.Compound, ...] = (values.Compound("bay", "清水湾"),)
    devices: tuple[values.Device, ...] = DEVICES
    states: dict[str, values.PointState] = field(default_factory=dict)
    incidents: tuple[values.Incident, ...] = ()
    pages: tuple[values.Page, ...] = ()
    missed: tuple[values.IncidentEvent, ...] = ()
    drills: tuple[values.Drill, ...] = ()
    bypasses: tuple[values.Bypass, ...] = ()
    health: values.Health | None = None
    answer: Callable[[messages.Command], messages.Outcome] | None = None
    goodbye: messages.Goodbye | None = None
    away: bool = False
    mute: bool = False
    lease_holder: str = ""
    port: int = 0

    def __post_init__(self) -> None:
        """Every point is there and says normal."""
        self.commands: list[messages.Command] = []
        self.resumed: list[messages.Resume] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.pair_status = 200
        self.all_normal()

    def all_normal(self) -> None:
        """Every point of every device is there and says normal."""
        for device in self.devices:
            for point in device.points:
                self.states[point.id] = values.PointState(point.id, True, alarm=False, fault=False, on=False, value=1.0)

    def bodies(self, kind: type) -> list[Any]:
        """The bodies of the commands of one kind."""
        return [command.body for command in self.commands if isinstance(command.body, kind)]

    async def say(self, **changes: Any) -> None:
        """Send changes to every client."""
        self.number += 1
        for state in changes.get("states", ()):
            self.states[state.point] = state
        message = messages.Changes(values.Cursor(self.epoch, self.number), **changes)
        for socket in self.sockets:
            if not socket.closed:
                await socket.send_json(messages.encode(message))

    async def go_away(self) -> None:
        """Close every stream and answer nobody."""
        self.away = True
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close every stream."""
        for socket in self.sockets:
            await socket.close()
        self.sockets.clear()

    async def handle_info(self, _request: web.Request) -> web.Response:
        """GET info."""
        if self.away:
            return web.Response(status=503)
        return web.json_response(messages.to_wire(self.info))

    async def handle_pair(self, request: web.Request) -> web.Response:
        """POST pair."""
        if self.pair_status != 200:
            return web.json_response({}, status=self.pair_status)
        if (await request.json())["code"] != CODE:
            return web.json_response({}, status=403)
        return web.json_response(messages.to_wire(messages.PairAnswer(self.token, self.info)))

    async def handle_stream(self, request: web.Request) -> web.StreamResponse:
        """The stream."""
        if self.away:
            return web.Response(status=503)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        cursor = values.Cursor(self.epoch, self.number)
        hello = messages.Hello(self.info, cursor, self.info.version, self.info.min_supported)
        await socket.send_json(messages.encode(hello))
        first = await socket.receive()
        if first.type is not WSMsgType.TEXT:
            return socket
        if self.goodbye:
            await socket.send_json(messages.encode(self.goodbye))
            return socket
        resume = messages.decode(json.loads(first.data))
        assert isinstance(resume, messages.Resume)
        self.resumed.append(resume)
        self.sockets.append(socket)
        for part in self._snapshot(cursor):
            await socket.send_json(messages.encode(part))
        async for frame in socket:
            command = messages.decode(json.loads(frame.data))
            assert isinstance(command, messages.Command)
            self.commands.append(command)
            if not self.mute:
                await socket.send_json(messages.encode(self._outcome(command)))
        return socket

    def _snapshot(self, cursor: values.Cursor) -> list[messages.Snapshot]:
        last = messages.Snapshot(
            cursor,
            2,
            2,
            self.compounds,
            self.devices[3:],
            tuple(state for key, state in self.states.items()),
            self.incidents,
            self.pages,
            self.missed,
            self.drills,
            self.bypasses,
            self.health,
        )
        return [messages.Snapshot(cursor, 1, 2, devices=self.devices[:3]), last]

    def _outcome(self, command: messages.Command) -> messages.Outcome:
        if self.answer:
            return self.answer(command)
        if isinstance(command.body, commands.ClaimLease):
            if self.lease_holder and not command.body.force:
                refused = {"name": self.lease_holder}
                return messages.Outcome(command.key, False, "lease_held", "held", refused)
            return messages.Outcome(command.key, True, result={"fence": 1})
        return messages.Outcome(command.key, True, result={"first": True, "owner": "张三"})


@pytest.fixture(autouse=True)
def _custom(enable_custom_integrations: None, socket_enabled: None) -> Iterator[None]:
    """The project's component can be loaded, and sockets of this machine opened."""
    return


@pytest.fixture(autouse=True)
def collections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Python's garbage collector was asked for: a full collection in every test would take minutes."""
    asked: list[str] = []
    calls = {name: partial(asked.append, name) for name in ("collect", "freeze", "unfreeze")}
    monkeypatch.setattr(freezer, "gc", SimpleNamespace(**calls))
    return asked


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """A configuration folder of its own for every test: the setup installs blueprints there."""
    return hass_tmp_config_dir


@pytest.fixture
def expected_lingering_timers() -> bool:
    """A closed aiohttp client socket leaves one heartbeat timer behind, which finds it closed."""
    return True


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[FakeGateway]:
    """A gateway that listens on this machine, at an address of its own."""
    gateway = FakeGateway()
    application = web.Application()
    application.router.add_get("/api/v1/info", gateway.handle_info)
    application.router.add_post("/api/v1/pair", gateway.handle_pair)
    application.router.add_get("/api/v1/stream", gateway.handle_stream)
    runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    gateway.port = runner.addresses[0][1]
    yield gateway
    await gateway.hang_up()
    await runner.cleanup()


@pytest.fixture
async def gateway(socket_enabled: None) -> AsyncIterator[FakeGateway]:
    """A gateway that listens on this machine."""
    async with serving() as gateway:
        yield gateway


@pytest.fixture
def entry(hass: HomeAssistant, gateway: FakeGateway) -> MockConfigEntry:
    """A config entry for that gateway, added but not set up."""
    data = {"host": "127.0.0.1", "port": gateway.port, "token": TOKEN, "create_areas": True}
    entry = MockConfigEntry(domain=DOMAIN, unique_id=GATEWAY_ID, title="Demo", data=data)
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """The entry, set up and connected."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def eventually(hass: HomeAssistant, condition: Callable[[], bool]) -> None:
    """Wait, by turns of the loop and the socket, until a condition holds; a real clock only ends a hopeless wait."""
    until = clock.real_monotonic() + 20
    while not condition():
        assert clock.real_monotonic() < until, "what is waited for never comes"
        await hass.async_block_till_done(wait_background_tasks=False)


def incident_event(kind: values.IncidentEventKind, number: int, **changes: Any) -> values.IncidentEvent:
    """Something that happened to the incident."""
    return values.IncidentEvent(number, 1000.0, kind, replace(INCIDENT, **changes))


@pytest.fixture
def user(hass: HomeAssistant) -> MockUser:
    """Whose phone it is."""
    return MockUser(name="Zhang San").add_to_hass(hass)


@pytest.fixture
def phones(
    hass: HomeAssistant, user: MockUser, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> list[dict[str, Any]]:
    """Two phones whose notifications are collected; the one called "dead" refuses."""
    sent: list[dict[str, Any]] = []
    owner = MockConfigEntry(domain="phones")
    owner.add_to_hass(hass)
    registry = dr.async_get(hass)
    names = {
        registry.async_get_or_create(config_entry_id=owner.entry_id, identifiers={("phones", name)}, name=name).id: name
        for name in getattr(request, "param", ("one", "dead"))
    }
    known = {device: roster.Phone(device, name, user.id) for device, name in names.items()}
    for module in ("roster", "buttons"):
        monkeypatch.setattr(f"custom_components.community_help.{module}.all_phones", lambda _hass: known)

    async def notify(call: ServiceCall) -> None:
        if call.service == "dead":
            message = "not connected to local push"
            raise HomeAssistantError(message)
        sent.append({**call.data, "phone": call.service})

    for name in names.values():
        hass.services.async_register("notify", name, notify)
    monkeypatch.setattr("custom_components.community_help.phone.notify_action", lambda _hass, device: names.get(device))
    return sent


@pytest.fixture
def companions(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Companions]:
    """Phones as ``mobile_app`` keeps them; none yet. Days pass at once, which no connection's heartbeat outlives."""
    monkeypatch.setattr("custom_components.community_help.client.HEARTBEAT_SECONDS", 1e9)
    companions = Companions(hass)
    monkeypatch.setattr(
        "custom_components.community_help.phone.notify_action", lambda _hass, id_: companions.service(id_)
    )
    yield companions
    companions.end()


@pytest.fixture
def settle(hass: HomeAssistant) -> Settle:
    """Wait, by turns of the loop and the socket, until a condition holds."""

    async def wait(condition: Callable[[], bool]) -> None:
        await eventually(hass, condition)

    return wait


def add_staff(hass: HomeAssistant, entry: MockConfigEntry, name: str, tier: int, phone: str, *compounds: str) -> str:
    """A member of the staff whose phone is the one called ``phone``; the person's id."""
    found = next(item.device_id for item in roster.all_phones(hass).values() if item.webhook_id == phone)
    data = {"name": name, "tier": tier, "phones": [found], "compounds": list(compounds)}
    member = ConfigSubentry(data=MappingProxyType(data), subentry_type="staff", title=name, unique_id=None)
    hass.config_entries.async_add_subentry(entry, member)
    return member.subentry_id


def add_member(hass: HomeAssistant, entry: MockConfigEntry, name: str, kind: str = "staff", **data: Any) -> str:
    """A member of the staff, or a duty phone, with everything that the form can say; its id."""
    data = {"name": name, "phones": [], **({"tier": 1} if kind == "staff" else {}), **data}
    member = ConfigSubentry(data=MappingProxyType(data), subentry_type=kind, title=name, unique_id=None)
    hass.config_entries.async_add_subentry(entry, member)
    return member.subentry_id


async def later(hass: HomeAssistant, seconds: float) -> None:
    """So much time has passed since the start of the test."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=False)


async def after_grace(hass: HomeAssistant) -> None:
    """The grace time is over."""
    await later(hass, 4)


async def demand(hass: HomeAssistant, gateway: FakeGateway, settle: Settle, page: values.Page = PAGE) -> None:
    """The gateway demands a page."""
    coordinator = hass.config_entries.async_entries("community_help")[0].runtime_data
    await settle(lambda: coordinator.fence == 1)
    event = values.IncidentEvent(gateway.number + 1, 1000.0, values.IncidentEventKind.RAISED, page.incident)
    await gateway.say(events=(event,), pages=(page,))
    await settle(lambda: page.id in coordinator.pages)


def press(hass: HomeAssistant, shown: dict[str, Any], user: MockUser, button: int = 0) -> None:
    """What mobile_app fires when a button is pressed."""
    data = {**shown["data"], "action": shown["data"]["actions"][button]["action"]}
    hass.bus.async_fire("mobile_app_notification_action", data, context=Context(user_id=user.id))


@pytest.fixture
def notified(hass: HomeAssistant) -> list[dict[str, Any]]:
    """What notify entities were told; the one of the text messages is there, and has titles."""
    told: list[dict[str, Any]] = []

    async def send_message(call: ServiceCall) -> None:
        told.append(dict(call.data))

    hass.services.async_register("notify", "send_message", send_message)
    hass.states.async_set("notify.sms", "unknown", {"supported_features": 1})
    return told
