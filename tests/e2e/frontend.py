"""Clients of Home Assistant's websocket that want to know everything: a browser with the frontend, and a follower."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from .home_assistant import HomeAssistant, Socket

CUT_OFF = ("Client unable to keep up", "Client exceeded max pending")
"""What Home Assistant's log says about a client that it has cut off (``websocket_api/http.py``)."""

REGISTRIES = ("entity", "device", "area", "floor")
LIST_AGAIN_SECONDS = 0.5
"""The frontend lists a registry again so long after it changed (home-assistant-js-websocket's collections)."""

LOOK_SECONDS = 0.02
PATIENCE = 180.0


class Client:
    """A websocket client; ``states`` is how it sees the entities, ``connected_at`` when it was let in."""

    def __init__(self, socket: Socket) -> None:
        """Use ``of``."""
        socket.patience = PATIENCE
        self._socket = socket
        self.states: dict[str, str] = {}
        self.connected_at = time.monotonic()

    @classmethod
    async def of(cls, hass: HomeAssistant, seconds: float = PATIENCE) -> Client:
        """Connect as soon as Home Assistant lets it, even if that has only begun to start."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(aiohttp.ClientError, KeyError):
                client = cls(await hass.socket())
                break
            if time.monotonic() > deadline:
                message = f"no websocket after {seconds} s"
                raise TimeoutError(message)
            await asyncio.sleep(LOOK_SECONDS)
        await client.ask()
        return client

    async def ask(self) -> None:
        """Ask for what it wants to know."""
        await self._socket.subscribe(self._take, "subscribe_entities")

    async def call(self, kind: str, **data: Any) -> Any:
        """A command of its own."""
        return await self._socket.call(kind, **data)

    async def until(self, condition: Callable[[dict[str, str]], object], what: str, seconds: float = PATIENCE) -> float:
        """Wait until what it sees meets ``condition``; how long that took."""
        begun = time.monotonic()
        while not condition(self.states):
            if self._socket._task.done():
                message = f"cut off while it waited for {what}"
                raise ConnectionError(message)
            if time.monotonic() - begun > seconds:
                message = f"no {what} after {seconds} s"
                raise TimeoutError(message)
            await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - begun

    async def alive(self) -> bool:
        """Whether it is still connected, and answered."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            return bool(await self._socket.call("get_config")) and not self._socket._task.done()
        return False

    async def close(self) -> None:
        """End the connection."""
        await self._socket.close()

    def _take(self, event: dict[str, Any]) -> None:
        for entity_id, found in event.get("a", {}).items():
            self.states[entity_id] = found["s"]
        for entity_id, change in event.get("c", {}).items():
            if "s" in change.get("+", ()):
                self.states[entity_id] = change["+"]["s"]
        for entity_id in event.get("r", ()):
            self.states.pop(entity_id, None)


class Browser(Client):
    """The frontend in a browser: takes several messages at once, and lists the registries whenever they change."""

    def __init__(self, socket: Socket) -> None:
        """Nothing is listed yet."""
        super().__init__(socket)
        self._changed = asyncio.Event()
        self._lists = asyncio.create_task(self._list_again())

    async def ask(self) -> None:
        """As the frontend does when it connects."""
        await self.call("supported_features", features={"coalesce_messages": 1})
        await super().ask()
        for registry in REGISTRIES:
            await self._socket.subscribe(
                lambda _: self._changed.set(), "subscribe_events", event_type=f"{registry}_registry_updated"
            )
        for kind in ("service_registered", "panels_updated", "component_loaded", "core_config_updated"):
            await self._socket.subscribe(lambda _: None, "subscribe_events", event_type=kind)
        for kind in ("get_config", "get_services", "get_panels", "repairs/list_issues"):
            await self.call(kind)
        await self._list()

    async def _list(self) -> None:
        await self.call("config/entity_registry/list_for_display")
        for registry in REGISTRIES[1:]:
            await self.call(f"config/{registry}_registry/list")

    async def _list_again(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(LIST_AGAIN_SECONDS)
            self._changed.clear()
            await self._list()

    async def close(self) -> None:
        """Shut the browser."""
        self._lists.cancel()
        await super().close()


class Follower(Client):
    """Another program: follows all entities and all events, each in a message of its own."""

    async def ask(self) -> None:
        """Everything, twice."""
        await super().ask()
        await self._socket.subscribe(lambda _: None, "subscribe_events", event_type="state_changed")
        await self._socket.subscribe(lambda _: None, "subscribe_events")
