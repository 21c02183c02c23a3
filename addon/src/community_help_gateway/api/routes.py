"""The gateway's HTTP routes, and the one mapping from errors to HTTP."""

import logging
from collections.abc import Awaitable
from json import JSONDecodeError

from aiohttp import web
from aiohttp.typedefs import Handler

from ..contract.messages import GatewayInfo, PairAnswer, PairRequest
from ..contract.wire import ContractError, from_wire, to_wire
from ..errors import GatewayError, MalformedError, PairingError, PortInUseError, UnauthorizedError
from ..hub import Hub
from .adoption import Adoption
from .auth import Pairing, authorized
from .exports import Exports
from .stream import MAX_ROSTER, Session

_LOGGER = logging.getLogger(__name__)
MAX_BODY = 64 * 1024
"""Bytes of a request (project's choice)."""

HEARTBEAT_SECONDS = 20.0
"""A client that answers no ping for so long is gone (project's choice)."""

MAX_CLIENTS = 16
"""Streams at once: Home Assistant needs one (project's choice)."""


class Api:
    """The listening side: health, info, pairing and the stream."""

    def __init__(self, hub: Hub, gateway: GatewayInfo, token: str, pairing: Pairing | None) -> None:
        """``pairing`` is ``None`` where a token is handed over another way."""
        self._hub = hub
        self._gateway = gateway
        self._token = token
        self._pairing = pairing
        self._sessions: set[Session] = set()
        self._adoption = Adoption(hub)
        self._runner: web.AppRunner | None = None

    def application(self) -> web.Application:
        """The routes, ready to be served."""
        application = web.Application(client_max_size=MAX_BODY, middlewares=[_errors])
        application.router.add_get("/health", self._health)
        application.router.add_get("/api/v1/info", self._info)
        application.router.add_post("/api/v1/pair", self._pair)
        application.router.add_get("/api/v1/stream", self._stream)
        Exports(self._hub, self._token).add_routes(application.router)
        return application

    async def start(self, host: str, port: int) -> None:
        """Listen; raises PortInUseError."""
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            raise PortInUseError(host=host, port=port, problem=error.strerror or str(error)) from error

    async def stop(self) -> None:
        """Say goodbye to every client, then stop listening."""
        self._adoption.stop()
        for session in tuple(self._sessions):
            await session.goodbye("stopping")
        if self._runner:
            await self._runner.cleanup()

    async def _health(self, _request: web.Request) -> web.Response:
        state = "unrecorded" if self._hub.unrecorded else "ok"
        return web.json_response({"status": state}, status=503 if self._hub.unrecorded else 200)

    async def _info(self, _request: web.Request) -> web.Response:
        return web.json_response(to_wire(self._gateway))

    async def _pair(self, request: web.Request) -> web.Response:
        if self._pairing is None:
            raise PairingError
        try:
            asked = from_wire(PairRequest, await request.json(), "pair")
        except (ContractError, JSONDecodeError, UnicodeDecodeError) as error:
            raise MalformedError(problem=str(error)) from error
        self._pairing.check(asked.code)
        return web.json_response(to_wire(PairAnswer(self._token, self._gateway)))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not authorized(request.headers.get("Authorization"), self._token):
            raise UnauthorizedError
        if len(self._sessions) >= MAX_CLIENTS:
            return web.json_response({"code": "too_many_clients"}, status=503)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=MAX_ROSTER)
        await socket.prepare(request)
        session = Session(self._hub, self._gateway, socket, self._adoption)
        self._sessions.add(session)
        try:
            await session.run()
        except ConnectionError:
            _LOGGER.debug("A client's connection broke")
        finally:
            self._sessions.discard(session)
        return socket


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        answer: Awaitable[web.StreamResponse] = handler(request)
        return await answer
    except GatewayError as error:
        body = {"code": error.key, "message": str(error), "placeholders": error.placeholders}
        return web.json_response(body, status=error.status)
