"""The gateway's own way out: fallback channels and the heartbeat, over HTTP.

Nothing here logs or reports an address, a token or a service's own words: only a channel's id, and reasons out of
a fixed set.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from ..codecs.outgoing import (
    Channel,
    Heartbeat,
    Notice,
    Pace,
    Request,
    Verdict,
    heartbeat_request,
    refused,
    request_for,
    retry_after,
    try_later,
    verdict,
)
from ..codecs.outgoing.answers import SOON

_LOGGER = logging.getLogger(__name__)

TIMEOUT = 8.0
"""Seconds for one try, name resolution to last byte (project's choice: inside the ten seconds of a page)."""

MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read; the services answer with fewer than 1,000 (project's choice)."""

_TROUBLES: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "no answer in time"),
    (aiohttp.ClientConnectorDNSError, "its name cannot be resolved"),
    (aiohttp.ClientSSLError, "its certificate is not trusted"),
    (aiohttp.ClientConnectorError, "it cannot be reached"),
    (aiohttp.ServerDisconnectedError, "it closed the connection"),
    (aiohttp.InvalidURL, "its URL cannot be used"),
)


class Clock(Protocol):
    """Both times; tests move them."""

    def wall(self) -> float:
        """Epoch seconds."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Wire:
    """Makes requests, each on a fresh connection: one that was kept open may have died unnoticed."""

    def __init__(self, timeout: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def open(self) -> aiohttp.ClientSession:
        """The session, opened when it is not."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "community-help-gateway", "Accept-Encoding": "identity"},
                timeout=self._timeout,
            )
        return self._session

    async def close(self) -> None:
        """Break off what is under way, for good."""
        self._closed = True
        if self._session:
            await self._session.close()
            self._session = None

    async def exchange(self, request: Request) -> _Answer | str:
        """The answer to ``request``, or why there was none."""
        if self._closed:
            return "the gateway is stopping"
        try:
            async with self.open().request(
                request.method, request.url, data=request.body, headers=request.headers, allow_redirects=False
            ) as answer:
                return _Answer(answer.status, answer.headers, await _beginning(answer.content))
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            return next((text for kind, text in _TROUBLES if isinstance(error, kind)), "the connection failed")


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """The first bytes of an answer. One that breaks off still has its status, which may be all that counts."""
    found = bytearray()
    try:
        while len(found) < MAX_ANSWER and (chunk := await content.read(MAX_ANSWER - len(found))):
            found += chunk
    except aiohttp.ClientError, OSError:
        pass
    return bytes(found)


class Outgoing:
    """The fallback channels. One try each; when to try again is the caller's business."""

    def __init__(self, channels: Iterable[Channel], clock: Clock, *, timeout: float = TIMEOUT) -> None:
        """``channels`` in the order of the site file."""
        self._channels = {channel.id: channel for channel in channels}
        self._paces = {channel.id: Pace(channel.kind) for channel in self._channels.values()}
        self._clock = clock
        self._wire = _Wire(timeout)

    async def start(self) -> None:
        """Get ready; nothing is sent."""
        self._wire.open()

    async def stop(self) -> None:
        """Break off what is under way."""
        await self._wire.close()

    def channels_for(self, compound: str) -> tuple[Channel, ...]:
        """The channels that a page of ``compound`` goes to; all of them when nobody knows the compound."""
        return tuple(
            channel
            for channel in self._channels.values()
            if not compound or not channel.compounds or compound in channel.compounds
        )

    async def send(self, channel_id: str, notice: Notice) -> Verdict:
        """Try once to bring ``notice`` to a channel. Network trouble is a verdict, never an exception."""
        channel = self._channels.get(channel_id)
        if channel is None:
            return refused("there is no such channel")
        wait = self._paces[channel_id].wait(self._clock.monotonic(), urgent=notice.urgent)
        if wait:
            return self._logged(channel, notice, try_later(wait, "the service takes no more at the moment"))
        answer = await self._wire.exchange(request_for(channel, notice, self._clock.wall()))
        if isinstance(answer, str):
            return self._logged(channel, notice, try_later(SOON, answer))
        pause = retry_after(answer.headers, self._clock.wall())
        return self._logged(channel, notice, verdict(channel.kind, answer.status, answer.body, pause))

    @staticmethod
    def _logged(channel: Channel, notice: Notice, outcome: Verdict) -> Verdict:
        if outcome.delivered:
            _LOGGER.info("Channel %s took page %s", channel.id, notice.page)
        else:
            _LOGGER.warning("Channel %s did not take page %s: %s", channel.id, notice.page, outcome.reason)
        return outcome


class HeartbeatSender:
    """Calls the outside watcher as long as the gateway is content with itself; the watcher raises the alarm."""

    def __init__(
        self,
        heartbeat: Heartbeat,
        content: Callable[[], bool],
        clock: Clock,
        *,
        gateway_id: str = "",
        timeout: float = TIMEOUT,
    ) -> None:
        """``content`` says whether everything inside is as it should be."""
        self._heartbeat = heartbeat
        self._content = content
        self._clock = clock
        self._gateway_id = gateway_id
        self._wire = _Wire(timeout)
        self._sequence = 0
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to beat."""
        self._task = asyncio.create_task(self._run(), name="heartbeat")

    async def stop(self) -> None:
        """Stop beating."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._wire.close()

    async def beat(self) -> bool:
        """Call the watcher once, if there is reason to; whether it heard."""
        if not self._content():
            return False
        self._sequence += 1
        problem = self._problem(
            await self._wire.exchange(heartbeat_request(self._heartbeat, self._gateway_id, self._sequence))
        )
        if problem and not self._failing:
            _LOGGER.warning("The heartbeat does not reach its watcher: %s", problem)
        elif self._failing and not problem:
            _LOGGER.info("The heartbeat reaches its watcher again")
        self._failing = bool(problem)
        return not problem

    @staticmethod
    def _problem(answer: _Answer | str) -> str:
        if isinstance(answer, str):
            return answer
        return "" if 200 <= answer.status < 300 else f"status {answer.status}"

    async def _run(self) -> None:
        while True:
            started = self._clock.monotonic()
            await self.beat()
            await asyncio.sleep(max(0.0, self._heartbeat.every - (self._clock.monotonic() - started)))
