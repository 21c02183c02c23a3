"""Fallback channels and heartbeat against real local servers that behave, and misbehave, as the services do."""

import asyncio
import base64
import hashlib
import hmac
import logging
import re
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web

from community_help_gateway.adapters.outgoing import MAX_ANSWER, HeartbeatSender, Outgoing
from community_help_gateway.codecs.outgoing import Channel, ChannelKind, Heartbeat, Notice, Outcome, Verdict

SECRET = "SEC-sign-secret"
KEY = "url-secret"
TOKEN = "token-secret"
FIRE = Notice("p1", "i1", "火警 清水湾", "1号楼 2层 201", urgent=True)


class Clock:
    """Stands still until it is moved."""

    wall_time = 1795397415.0
    time = 1000.0

    def wall(self) -> float:
        """Epoch seconds."""
        return self.wall_time

    def monotonic(self) -> float:
        """Seconds since whenever."""
        return self.time


class Services:
    """All services on one port, each judging a message as its documentation says; ``clock`` is their own."""

    def __init__(self, clock: Clock) -> None:
        """Nothing came yet."""
        self.clock = clock
        self.taken: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.odd: Callable[[web.Request], Any] | None = None
        self.left = asyncio.Event()
        self.base = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The odd behaviour if one is set, else the service's."""
        self.calls.append(request.path)
        if self.odd:
            found: web.StreamResponse = await self.odd(request)
            return found
        body = await request.json()
        judge = {"/": self.ntfy, "/cgi-bin/webhook/send": self.wecom, "/robot/send": self.dingtalk}.get(request.path)
        if judge is None:
            judge = self.feishu if "/bot/v2/hook/" in request.path else self.post
        return judge(request, body)

    def take(self, body: dict[str, Any], **answer: Any) -> web.Response:
        """Keep the message and say yes."""
        self.taken.append(body)
        return web.json_response(answer)

    def ntfy(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        """Token, topic and sequence id are looked at."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"code": 40301, "http": 403, "error": "forbidden"}, status=403)
        if not all(re.fullmatch(r"[-_A-Za-z0-9]{1,64}", body[name]) for name in ("topic", "sequence_id")):
            return web.json_response({"code": 40009, "http": 400}, status=400)
        return self.take(body, id="aB3", time=int(self.clock.wall()), event="message", topic=body["topic"])

    def wecom(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        """A wrong key and a long text are errors in a 200."""
        if request.query["key"] != KEY:
            return web.json_response({"errcode": 93000, "errmsg": f"invalid webhook url {request.url}"})
        if len(body["text"]["content"].encode()) > 2048:
            return web.json_response({"errcode": 40058, "errmsg": "exceed max length 2048"})
        return self.take(body, errcode=0, errmsg="ok")

    def dingtalk(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        """The timestamp is at most an hour off, and signed; the raw query must decode to the signature."""
        given = dict(part.split("=", 1) for part in request.raw_path.partition("?")[2].split("&"))
        stamp, sign = given.get("timestamp", "0"), unquote(given.get("sign", "").replace("+", " "))
        right = base64.b64encode(hmac.digest(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256)).decode()
        if abs(int(stamp) / 1000 - self.clock.wall()) > 3600 or sign != right or given["access_token"] != KEY:
            return web.json_response({"errcode": 310000, "errmsg": f"sign not match {request.url}"})
        return self.take(body, errcode=0, errmsg="ok")

    def feishu(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        """The same in seconds, keyed the other way round, in the body."""
        stamp = body.get("timestamp", "0")
        right = base64.b64encode(hmac.digest(f"{stamp}\n{SECRET}".encode(), b"", hashlib.sha256)).decode()
        if abs(int(stamp) - self.clock.wall()) > 3600 or body.get("sign") != right:
            return web.json_response({"code": 19021, "msg": "sign match fail or timestamp is not within one hour"})
        return self.take(body, code=0, msg="success", data={}, StatusCode=0, StatusMessage="success")

    def post(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        """Any program."""
        self.taken.append(body)
        return web.Response(status=204)

    def channel(self, kind: ChannelKind, **more: Any) -> Channel:
        """How the site file would describe the service of this server."""
        paths = {
            ChannelKind.NTFY: "",
            ChannelKind.WECOM: f"/cgi-bin/webhook/send?key={KEY}",
            ChannelKind.DINGTALK: f"/robot/send?access_token={KEY}",
            ChannelKind.FEISHU: f"/open-apis/bot/v2/hook/{KEY}",
            ChannelKind.POST: f"/hook/{KEY}",
        }
        told = {
            ChannelKind.NTFY: {"token": TOKEN, "topic": "alarms"},
            ChannelKind.DINGTALK: {"secret": SECRET},
            ChannelKind.FEISHU: {"secret": SECRET},
            ChannelKind.POST: {"token": TOKEN},
        }.get(kind, {})
        return Channel(**{"id": f"to-{kind}", "kind": kind, "url": self.base + paths[kind]} | told | more)


@pytest.fixture
def clock() -> Clock:
    """The gateway's and the services' time."""
    return Clock()


@pytest.fixture
async def services(clock: Clock) -> AsyncIterator[Services]:
    """A running server."""
    services = Services(clock)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", services.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    services.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield services
    await runner.cleanup()


async def sent(channel: Channel, clock: Clock, notice: Notice = FIRE, timeout: float = 8.0) -> Verdict:
    """One try over a way out of its own."""
    outgoing = Outgoing([channel], clock, timeout=timeout)
    await outgoing.start()
    try:
        return await outgoing.send(channel.id, notice)
    finally:
        await outgoing.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("kind", list(ChannelKind))
async def test_every_service_takes_a_page(services: Services, clock: Clock, kind: ChannelKind) -> None:
    """Token, signature, limits and form are what the service expects, also for a text of any length."""
    for text in (FIRE.text, "长" * 30_000):
        notice = Notice("p1", "i1", FIRE.title, text, urgent=True, link="https://ha.example/i1")
        assert await sent(services.channel(kind), clock, notice) == Verdict(Outcome.DELIVERED)
    assert len(services.taken) == 2
    assert FIRE.title in str(services.taken[0])


@pytest.mark.parametrize("kind", [ChannelKind.DINGTALK, ChannelKind.FEISHU])
async def test_every_signature_survives_the_way(services: Services, clock: Clock, kind: ChannelKind) -> None:
    """Base64 has signs that a URL reads otherwise: sixty signatures have them all."""
    outgoing = Outgoing([services.channel(kind, id=f"c{number}") for number in range(60)], clock)
    for number in range(60):
        clock.wall_time += 1
        assert (await outgoing.send(f"c{number}", FIRE)).delivered
    await outgoing.stop()


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        (ChannelKind.NTFY, {"token": "wrong"}, "not allowed"),
        (ChannelKind.WECOM, {"url": "/cgi-bin/webhook/send?key=wrong-secret"}, "webhook URL"),
        (ChannelKind.DINGTALK, {"secret": "wrong"}, "security settings"),
        (ChannelKind.DINGTALK, {"secret": ""}, "security settings"),
        (ChannelKind.FEISHU, {"secret": "wrong"}, "signature"),
        (ChannelKind.FEISHU, {"secret": ""}, "signature"),
    ],
)
async def test_a_wrong_secret_is_refused_with_what_to_look_at(
    services: Services, clock: Clock, kind: ChannelKind, change: dict[str, str], reason: str
) -> None:
    """The bots say it in a 200."""
    if "url" in change:
        change = {"url": services.base + change["url"]}
    found = await sent(services.channel(kind, **change), clock)
    assert found.outcome is Outcome.REFUSED
    assert reason in found.reason
    assert not services.taken


@pytest.mark.parametrize("kind", [ChannelKind.DINGTALK, ChannelKind.FEISHU])
async def test_a_clock_that_is_hours_off_is_a_reason(services: Services, kind: ChannelKind) -> None:
    """The services look at the time, so a gateway without time cannot sign."""
    gateways = Clock()
    gateways.wall_time -= 7200
    assert (await sent(services.channel(kind), gateways)).outcome is Outcome.REFUSED


def status(number: int, **headers: str) -> Callable[[web.Request], Any]:
    """A server that answers every call like this."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"errcode": 0, "code": 0}, status=number, headers=headers)

    return answer


@pytest.mark.parametrize("kind", list(ChannelKind))
async def test_a_service_in_trouble_is_tried_later(services: Services, clock: Clock, kind: ChannelKind) -> None:
    """As it asks, or soon."""
    services.odd = status(429, **{"Retry-After": "33"})
    assert (await sent(services.channel(kind), clock)).after == 33
    services.odd = status(500)
    found = await sent(services.channel(kind), clock)
    assert (found.outcome, found.after, found.reason) == (Outcome.TRY_LATER, 10, "status 500")


@pytest.mark.parametrize("kind", list(ChannelKind))
async def test_a_redirect_is_not_followed(services: Services, clock: Clock, kind: ChannelKind) -> None:
    """The token and the page go to the host that was entered, to no other."""
    services.odd = status(307, Location="/elsewhere")
    found = await sent(services.channel(kind), clock)
    assert found.outcome is Outcome.REFUSED
    assert "redirect" in found.reason
    assert len(services.calls) == 1


async def test_a_service_that_hangs_is_given_up(services: Services, clock: Clock) -> None:
    """Before its answer and in the middle of it."""
    hanging = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        if "begin" in services.calls:
            answer = web.StreamResponse()
            await answer.prepare(request)
            await answer.write(b'{"errcode":')
        await hanging.wait()
        raise AssertionError

    services.odd = hang
    found = await sent(services.channel(ChannelKind.WECOM), clock, timeout=0.2)
    assert (found.outcome, found.reason) == (Outcome.TRY_LATER, "no answer in time")
    services.calls.append("begin")
    found = await sent(services.channel(ChannelKind.WECOM), clock, timeout=0.2)
    assert (found.outcome, found.reason) == (Outcome.TRY_LATER, "the answer is not one of this service")


async def test_a_service_that_hangs_up_is_tried_later(services: Services, clock: Clock) -> None:
    """Nobody knows whether it took the page, so it is sent again under the same id."""

    async def close(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.close()
        return web.Response()

    services.odd = close
    found = await sent(services.channel(ChannelKind.DINGTALK), clock)
    assert (found.outcome, found.reason) == (Outcome.TRY_LATER, "it closed the connection")


async def test_an_endless_answer_is_not_read(services: Services, clock: Clock) -> None:
    """Ten megabytes: the first 64 KiB say what there is to say."""
    written = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal written
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while written < 10 * 2**20:
                await answer.write(b"x" * MAX_ANSWER)
                written += MAX_ANSWER
        finally:
            services.left.set()
        return answer

    services.odd = flood
    assert (await sent(services.channel(ChannelKind.FEISHU), clock)).outcome is Outcome.TRY_LATER
    await asyncio.wait_for(services.left.wait(), 10)
    assert written < 10 * 2**20


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://nobody.invalid/", "http://[::1]:9/", "https://127.0.0.1:9/"]
)
async def test_nobody_there_is_tried_later(clock: Clock, url: str) -> None:
    """No port, no name: never an exception."""
    found = await sent(Channel("c", ChannelKind.POST, url), clock)
    assert found.outcome is Outcome.TRY_LATER
    assert found.reason in {"it cannot be reached", "its name cannot be resolved"}


async def test_something_that_is_no_http_is_tried_later(clock: Clock) -> None:
    """A port that speaks another language, and one that speaks no TLS."""

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for scheme in ("http", "https"):
        found = await sent(Channel("c", ChannelKind.POST, f"{scheme}://127.0.0.1:{port}/"), clock)
        assert found.outcome is Outcome.TRY_LATER
        assert found.reason
    server.close()


async def test_stopping_ends_what_is_under_way(services: Services, clock: Clock) -> None:
    """The page stays to be sent; nothing is opened again."""

    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    services.odd = hang
    outgoing = Outgoing([services.channel(ChannelKind.POST)], clock)
    underway = asyncio.create_task(outgoing.send("to-post", FIRE))
    await until(lambda: bool(services.calls))
    await outgoing.stop()
    assert (await asyncio.wait_for(underway, 2)).outcome is Outcome.TRY_LATER
    assert (await outgoing.send("to-post", FIRE)).reason == "the gateway is stopping"
    assert len(services.calls) == 1


async def test_an_unknown_channel_is_refused(clock: Clock) -> None:
    """A page may outlive the channel that it was meant for."""
    outgoing = Outgoing([], clock)
    assert (await outgoing.send("gone", FIRE)).outcome is Outcome.REFUSED


async def test_the_robots_limit_is_kept_without_blocking(services: Services, clock: Clock) -> None:
    """Twenty go through; the next is told when to come back, without a call, and then goes through."""
    outgoing = Outgoing([services.channel(kind) for kind in (ChannelKind.WECOM, ChannelKind.DINGTALK)], clock)
    found = await asyncio.gather(*(outgoing.send("to-wecom", FIRE) for _ in range(25)))
    assert [one.outcome for one in found].count(Outcome.DELIVERED) == 20
    assert len(services.calls) == 20
    late = found[-1]
    assert late.outcome is Outcome.TRY_LATER
    assert (await outgoing.send("to-dingtalk", FIRE)).delivered
    clock.time += late.after
    assert (await outgoing.send("to-wecom", FIRE)).delivered
    await outgoing.stop()


def test_a_compounds_pages_go_to_its_channels(clock: Clock) -> None:
    """Without a list to all; an alarm of unknown place goes everywhere, because somebody must look."""
    channels = [
        Channel("all", ChannelKind.POST, "http://a.example"),
        Channel("bay", ChannelKind.POST, "http://b.example", compounds=("bay",)),
        Channel("hill", ChannelKind.POST, "http://c.example", compounds=("hill", "lake")),
    ]
    outgoing = Outgoing(channels, clock)
    assert [channel.id for channel in outgoing.channels_for("bay")] == ["all", "bay"]
    assert [channel.id for channel in outgoing.channels_for("lake")] == ["all", "hill"]
    assert [channel.id for channel in outgoing.channels_for("other")] == ["all"]
    assert [channel.id for channel in outgoing.channels_for("")] == ["all", "bay", "hill"]


@pytest.mark.parametrize("kind", list(ChannelKind))
async def test_no_log_and_no_reason_names_a_secret(
    services: Services, clock: Clock, kind: ChannelKind, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether it works, is refused, breaks or cannot be reached; not even at the level of debugging."""
    caplog.set_level(logging.DEBUG)
    good = services.channel(kind)
    texts = [str(await sent(good, clock))]
    for odd in (status(404), status(500), status(302, Location=f"/{KEY}"), status(200)):
        services.odd = odd
        texts.append(str(await sent(good, clock)))
    elsewhere = services.channel(kind, url=good.url.replace(services.base, "http://nobody.invalid"))
    texts.append(str(await sent(elsewhere, clock)))
    whole = "\n".join([*texts, caplog.text])
    assert good.id in whole
    for secret in (KEY, TOKEN, SECRET, "Bearer", FIRE.title):
        assert secret not in whole


async def test_the_heartbeat_beats_while_the_gateway_is_content(
    services: Services, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Silence is the alarm: it comes when the gateway is not content, and a failure is told once."""
    content = True
    beats = Heartbeat(f"{services.base}/hook/{KEY}")
    sender = HeartbeatSender(beats, lambda: content, clock, gateway_id="g1")
    assert await sender.beat()
    content = False
    assert not await sender.beat()
    assert services.taken == [{"gateway": "g1", "sequence": 1}]
    content = True
    caplog.set_level(logging.INFO)
    for odd in (status(500), status(302, Location="/x"), status(404)):
        services.odd = odd
        assert not await sender.beat()
    assert len(caplog.records) == 1
    services.odd = None
    assert await sender.beat()
    assert await sender.beat()
    assert len(caplog.records) == 2
    assert KEY not in caplog.text
    assert services.taken[-1] == {"gateway": "g1", "sequence": 6}
    await sender.stop()


async def test_the_heartbeat_goes_on_by_itself_and_stops(services: Services, clock: Clock) -> None:
    """Also after a failure, until it is stopped."""
    sender = HeartbeatSender(Heartbeat(f"{services.base}/hook", every=0.01), lambda: True, clock)
    services.odd = status(500)
    await sender.start()
    await until(lambda: len(services.calls) >= 2)
    services.odd = None
    await until(lambda: len(services.taken) >= 2)
    assert "heartbeat" in {task.get_name() for task in asyncio.all_tasks()}
    await sender.stop()
    assert "heartbeat" not in {task.get_name() for task in asyncio.all_tasks()}
