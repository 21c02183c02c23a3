"""Speaks the contract with one gateway: two requests, then the stream. Knows nothing of Home Assistant's entities."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from uuid import uuid4

from aiohttp import (
    ClientConnectionError,
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    WSMsgType,
    WSServerHandshakeError,
)
from homeassistant.util.json import json_loads
from yarl import URL

from .contract.commands import CommandBody
from .contract.messages import (
    Command,
    GatewayInfo,
    Goodbye,
    Hello,
    Message,
    Outcome,
    PairAnswer,
    PairRequest,
    Resume,
    compatible,
    decode,
    encode,
)
from .contract.values import Cursor
from .contract.wire import ContractError, from_wire, to_wire

REQUEST_SECONDS = 10.0
"""How long one request or command may take before it counts as failed (project's choice)."""

HEARTBEAT_SECONDS = 20.0
"""A gateway that answers no ping for half of this again is gone (aiohttp waits half a heartbeat for the pong)."""

MAX_MESSAGE = 8 * 1024 * 1024
"""Bytes of one message from the gateway; a snapshot slice is far smaller."""


class ClientFailedError(Exception):
    """Base of what can go wrong between the integration and its gateway."""


class CannotConnectError(ClientFailedError):
    """The gateway does not answer."""


class InvalidTokenError(ClientFailedError):
    """The gateway does not know this token."""


class PairingRefusedError(ClientFailedError):
    """The pairing code is wrong or has expired."""


class TooManyAttemptsError(ClientFailedError):
    """Too many wrong pairing codes."""


class NotAGatewayError(ClientFailedError):
    """Something else answers at that address."""


class VersionMismatchError(ClientFailedError):
    """The two sides do not understand each other; ``side`` names the one to update: gateway or integration."""

    def __init__(self, side: str) -> None:
        """Remember which side is too old."""
        super().__init__(f"the {side} is too old")
        self.side = side


class RefusedError(ClientFailedError):
    """The gateway refused a command; ``outcome`` says why."""

    def __init__(self, outcome: Outcome) -> None:
        """Keep the gateway's answer."""
        super().__init__(outcome.message)
        self.outcome = outcome


async def fetch_info(session: ClientSession, host: str, port: int) -> GatewayInfo:
    """Ask who answers at ``host``:``port``; raises CannotConnectError or NotAGatewayError."""
    try:
        async with asyncio.timeout(REQUEST_SECONDS), session.get(_url(host, port, "info")) as answer:
            return from_wire(GatewayInfo, await answer.json(), "info")
    except (TimeoutError, ClientConnectionError) as error:
        raise CannotConnectError from error
    except (ClientError, ContractError, ValueError) as error:
        raise NotAGatewayError from error


async def pair(session: ClientSession, host: str, port: int, code: str) -> str:
    """Exchange a pairing code for the token; raises PairingRefusedError, TooManyAttemptsError, CannotConnectError."""
    body = to_wire(PairRequest(code))
    try:
        async with asyncio.timeout(REQUEST_SECONDS), session.post(_url(host, port, "pair"), json=body) as answer:
            if answer.status == HTTPStatus.FORBIDDEN:
                raise PairingRefusedError
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise TooManyAttemptsError
            return from_wire(PairAnswer, await answer.json(), "pair").token
    except (TimeoutError, ClientConnectionError) as error:
        raise CannotConnectError from error
    except (ClientError, ContractError, ValueError) as error:
        raise NotAGatewayError from error


async def fetch_drill_report(session: ClientSession, host: str, port: int, token: str, month: str) -> object:
    """The gateway's report about drills and self-tests in ``month`` ("2026-11"), as JSON.

    Raises InvalidTokenError, CannotConnectError, or NotAGatewayError when it has no such report.
    """
    url = _url(host, port, "exports/drills").with_query(month=month, format="json")
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with asyncio.timeout(REQUEST_SECONDS), session.get(url, headers=headers) as answer:
            if answer.status == HTTPStatus.UNAUTHORIZED:
                raise InvalidTokenError
            if answer.status != HTTPStatus.OK:
                raise NotAGatewayError
            return await answer.json()
    except (TimeoutError, ClientConnectionError) as error:
        raise CannotConnectError from error
    except (ClientError, ValueError) as error:
        raise NotAGatewayError from error


class Stream:
    """One open stream. ``hello`` is what the gateway said first; iterate ``messages`` for the rest."""

    def __init__(self, socket: ClientWebSocketResponse, hello: Hello) -> None:
        """Use ``open_stream``."""
        self.hello = hello
        self._socket = socket
        self._waiting: dict[str, asyncio.Future[Outcome]] = {}

    async def resume(self, instance: str, name: str, cursor: Cursor | None) -> None:
        """Say who we are and where we stopped."""
        await self._send(Resume(instance, name, cursor))

    async def messages(self) -> AsyncIterator[Message]:
        """Everything that comes but outcomes, until the stream ends; raises VersionMismatchError."""
        try:
            async for frame in self._socket:
                if frame.type is not WSMsgType.TEXT:
                    continue
                message = decode(json_loads(frame.data))
                if isinstance(message, Outcome):
                    self._resolve(message)
                elif isinstance(message, Goodbye):
                    _raise_for(message)
                    return
                else:
                    yield message
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(CannotConnectError())

    async def command(self, body: CommandBody, fence: int = 0, key: str = "") -> Outcome:
        """Send one command and wait for its outcome; raises RefusedError or CannotConnectError."""
        key = key or uuid4().hex
        future = self._waiting.setdefault(key, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._send(Command(key, body, fence))
                outcome = await future
        except (TimeoutError, ClientError, ConnectionError) as error:
            raise CannotConnectError from error
        finally:
            self._waiting.pop(key, None)
        if not outcome.ok:
            raise RefusedError(outcome)
        return outcome

    async def close(self) -> None:
        """End the stream."""
        await self._socket.close()

    async def _send(self, message: Message) -> None:
        await self._socket.send_str(json.dumps(encode(message), ensure_ascii=False))

    def _resolve(self, outcome: Outcome) -> None:
        waiting = self._waiting.get(outcome.key)
        if waiting and not waiting.done():
            waiting.set_result(outcome)


@contextlib.asynccontextmanager
async def open_stream(session: ClientSession, host: str, port: int, token: str) -> AsyncIterator[Stream]:
    """Connect and read the hello.

    Raises CannotConnectError, InvalidTokenError, NotAGatewayError or VersionMismatchError.
    """
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            socket = await session.ws_connect(
                _url(host, port, "stream"),
                headers={"Authorization": f"Bearer {token}"},
                heartbeat=HEARTBEAT_SECONDS,
                max_msg_size=MAX_MESSAGE,
            )
            hello = decode(await socket.receive_json())
    except WSServerHandshakeError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise InvalidTokenError from error
        raise CannotConnectError from error
    except (TimeoutError, ClientError) as error:
        raise CannotConnectError from error
    except (ContractError, TypeError, ValueError) as error:
        raise NotAGatewayError from error
    try:
        if not isinstance(hello, Hello):
            raise NotAGatewayError
        side = compatible(hello.version, hello.min_supported)
        if side:
            raise VersionMismatchError("gateway" if side == "theirs" else "integration")
        yield Stream(socket, hello)
    finally:
        await socket.close()


def _raise_for(goodbye: Goodbye) -> None:
    if goodbye.code.startswith("version_"):
        raise VersionMismatchError(goodbye.code.removeprefix("version_"))


def _url(host: str, port: int, path: str) -> URL:
    return URL.build(scheme="http", host=host, port=port, path=f"/api/v1/{path}")
