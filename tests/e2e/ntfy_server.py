"""A local ntfy server as its documentation describes it, as far as Home Assistant and an app use it; and that app.

Publishing as JSON or with headers, subscribing by websocket or as a stream, updating, clearing and deleting by
``sequence_id``, the anonymous account. Messages are kept, so that an app that was away gets what it missed.
"""

import asyncio
import contextlib
import json
import secrets
import time
from collections import Counter
from typing import Any, Self

import aiohttp
from aiohttp import web

from .companion_app import Notification
from .served import Served

MAX_ACTIONS = 3
KEPT_SECONDS = 12 * 3600
"""ntfy's own defaults."""

FIELDS = ("title", "message", "tags", "priority", "click", "icon", "actions", "markdown", "sequence_id")
HEADERS = {"title": "Title", "priority": "Priority", "tags": "Tags", "sequence_id": "Sequence-ID", "click": "Click"}
_NONE_USED = dict.fromkeys(("messages", "emails", "calls", "reservations", "attachment_total_size"), 0)
ACCOUNT = {
    "username": "*",
    "role": "anonymous",
    "limits": {
        "basis": "ip",
        "messages": 17280,
        "messages_expiry_duration": KEPT_SECONDS,
        "emails": 16,
        "calls": 0,
        "reservations": 0,
        "attachment_total_size": 104857600,
        "attachment_file_size": 15728640,
        "attachment_expiry_duration": 10800,
        "attachment_bandwidth": 524288000,
    },
    "stats": _NONE_USED | {f"{name}_remaining": 100 for name in _NONE_USED},
}


class NtfyServer(Served):
    """``failing`` is the HTTP status with which publishing fails, 0 while it works."""

    def __init__(self) -> None:
        """No topic has a message."""
        super().__init__()
        self.failing = 0
        self.messages: list[dict[str, Any]] = []
        self._followers: dict[str, list[asyncio.Queue[dict[str, Any]]]] = {}
        route = self.app.router
        route.add_get("/v1/health", self._health)
        route.add_get("/v1/account", self._account)
        route.add_get("/v1/{page:.*}", self._no_page)
        route.add_post("/", self._publish_json)
        route.add_get("/{topics}/auth", self._auth)
        route.add_get("/{topics}/ws", self._websocket)
        route.add_get("/{topics}/json", self._stream)
        route.add_put("/{topic}/{sequence}/clear", self._clear)
        route.add_delete("/{topic}/{sequence}", self._delete)
        route.add_put("/{topic}", self._publish)
        route.add_post("/{topic}", self._publish)

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"healthy": True})

    async def _account(self, request: web.Request) -> web.Response:
        return web.json_response(ACCOUNT)

    async def _no_page(self, request: web.Request) -> web.Response:
        return _error(40401, "page not found")

    async def _auth(self, request: web.Request) -> web.Response:
        return web.json_response({"success": True})

    async def _publish_json(self, request: web.Request) -> web.Response:
        with contextlib.suppress(ValueError):
            body = await request.json()
            if isinstance(body, dict) and body.get("topic"):
                return self._published(body["topic"], body)
        return _error(40017, "invalid request: request body must be message JSON")

    async def _publish(self, request: web.Request) -> web.Response:
        """Headers with or without "X-"; the body is the message."""
        said = {
            name: request.headers.get(f"X-{header}", request.headers.get(header)) for name, header in HEADERS.items()
        }
        message: dict[str, Any] = {name: value for name, value in said.items() if value} | {
            "message": await request.text()
        }
        if "priority" in message:
            message["priority"] = int(message["priority"])
        if "tags" in message:
            message["tags"] = message["tags"].split(",")
        return self._published(request.match_info["topic"], message)

    def _published(self, topic: str, body: dict[str, Any]) -> web.Response:
        if self.failing:
            return _error(self.failing * 100 + 1, "failing on request of the test")
        actions = body.get("actions") or []
        if len(actions) > MAX_ACTIONS or not all(item.get("label") for item in actions):
            return _error(40018, "invalid request: actions invalid")
        if any(item["action"] in ("http", "view") and not item.get("url") for item in actions):
            return _error(40018, "invalid request: actions invalid")
        said = {name: body[name] for name in FIELDS if body.get(name)}
        said["message"] = said.get("message") or "triggered"
        if actions:
            said["actions"] = [{"id": secrets.token_hex(5), **_given(item)} for item in actions]
        return self._tell(topic, "message", said)

    async def _clear(self, request: web.Request) -> web.Response:
        sequence = {"sequence_id": request.match_info["sequence"]}
        return self._tell(request.match_info["topic"], "message_clear", sequence)

    async def _delete(self, request: web.Request) -> web.Response:
        sequence = {"sequence_id": request.match_info["sequence"]}
        return self._tell(request.match_info["topic"], "message_delete", sequence)

    def _tell(self, topic: str, event: str, said: dict[str, Any]) -> web.Response:
        now = int(time.time())
        own = {"id": secrets.token_urlsafe(9), "time": now, "expires": now + KEPT_SECONDS, "event": event}
        message = {**own, "topic": topic, **said}
        message.setdefault("sequence_id", message["id"])
        self.messages.append(message)
        for follower in self._followers.get(topic, ()):
            follower.put_nowait(message)
        return web.json_response(message)

    @contextlib.contextmanager
    def _following(self, request: web.Request) -> Any:
        """A queue of what comes for the topics, from what was missed since ``since`` on."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        topics = request.match_info["topics"].split(",")
        opened = {"id": secrets.token_urlsafe(9), "time": int(time.time()), "event": "open", "topic": ",".join(topics)}
        queue.put_nowait(opened)
        ids = [message["id"] for message in self.messages]
        since = request.query.get("since", "")
        first = ids.index(since) + 1 if since in ids else 0 if since == "all" else len(ids)
        for message in self.messages[first:]:
            if message["topic"] in topics:
                queue.put_nowait(message)
        for topic in topics:
            self._followers.setdefault(topic, []).append(queue)
        try:
            yield queue
        finally:
            for topic in topics:
                self._followers[topic].remove(queue)

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=45)
        await socket.prepare(request)
        with self._following(request) as queue, contextlib.suppress(ConnectionError):
            while True:
                await socket.send_json(await queue.get())
        return socket

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await answer.prepare(request)
        with self._following(request) as queue, contextlib.suppress(ConnectionError):
            while True:
                await answer.write(json.dumps(await queue.get()).encode() + b"\n")
        return answer


def _given(action: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in action.items() if value not in (None, "")}


def _error(code: int, text: str) -> web.Response:
    status = int(str(code)[:3])
    return web.json_response({"code": code, "http": status, "error": text}, status=status)


class NtfyApp:
    """The app of one person, following one topic; ``screen`` holds what it shows, by ``sequence_id``."""

    def __init__(self, server: NtfyServer, topic: str) -> None:
        """Not following yet."""
        self._server = server
        self.topic = topic
        self.screen: dict[str, Notification] = {}
        self.history: list[Notification] = []
        self.most_of: Counter[str] = Counter()
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()

    async def connect(self) -> Self:
        """Follow the topic."""
        self._session = aiohttp.ClientSession()
        self._task = asyncio.create_task(self._follow(self._session))
        async with asyncio.timeout(10):
            await self._opened.wait()
        return self

    async def disconnect(self) -> None:
        """The phone is off."""
        self._opened.clear()
        if self._task and self._session:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._session.close()

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        url = f"{self._server.address}/{self.topic}/ws"
        async with session.ws_connect(url) as socket:
            async for frame in socket:
                self._handle(json.loads(frame.data))

    def _handle(self, message: dict[str, Any]) -> None:
        sequence = message.get("sequence_id", "")
        match message["event"]:
            case "open":
                self._opened.set()
            case "message_clear" | "message_delete":
                self.screen.pop(sequence, None)
            case "message":
                shown = Notification(sequence, message.get("title", ""), message["message"], message)
                self.screen[sequence] = shown
                self.history.append(shown)
                self.most_of |= Counter(item.tag for item in self.screen.values())

    async def press(self, shown: Notification, label: str = "") -> tuple[int, str]:
        """Press the ``http`` button with this label (the first one): status and words; 0 when nobody answers."""
        assert self._session
        buttons = [item for item in shown.data.get("actions", ()) if item["action"] == "http"]
        button = next(item for item in buttons if label in item["label"])
        method, headers, body = button.get("method", "POST"), button.get("headers"), button.get("body")
        with contextlib.suppress(aiohttp.ClientConnectionError):
            async with self._session.request(method, button["url"], headers=headers, data=body) as answer:
                if answer.ok and button.get("clear"):
                    self.screen.pop(shown.tag, None)
                return answer.status, await answer.text()
        return 0, ""

    async def until(self, condition: Any, seconds: float = 20, what: str = "a message") -> Notification:
        """Wait for a message on the screen that meets ``condition``."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for shown in self.screen.values():
                if condition(shown):
                    return shown
            await asyncio.sleep(0.005)
        message = (
            f"ntfy topic {self.topic}: no {what} after {seconds} s; it shows {list(map(str, self.screen.values()))}"
        )
        raise TimeoutError(message)
