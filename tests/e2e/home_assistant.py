"""A real Home Assistant process: prepared, started, onboarded, driven through its own HTTP and WebSocket APIs."""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from .processes import ROOT, Process, free_port

HASS = ROOT / ".work/envs/homeassistant/bin/hass"
USERNAME, PASSWORD = "owner", "community-help"
CONFIGURATION = """\
http:
  server_port: {port}
  server_host: 127.0.0.1
homeassistant:
  allowlist_external_dirs: []
api:
automation: !include automations.yaml
blueprint:
config:
diagnostics:
frontend:
history:
input_boolean:
logbook:
logger:
  default: warning
  logs:
    custom_components.community_help: debug
mobile_app:
person:
recorder:
  commit_interval: 1
repairs:
schedule:
search:
system_log:
trace:
"""


class Socket:
    """One authenticated websocket connection: requests by id, subscriptions by callback.

    ``patience`` is how many seconds it waits for an answer.
    """

    patience = 30.0

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Use ``HomeAssistant.socket``."""
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._listeners: dict[int, Callable[[dict[str, Any]], None]] = {}
        self._frozen = False
        self._task = asyncio.create_task(self._read())

    async def call(self, kind: str, **data: Any) -> Any:
        """Send a command and wait for its result."""
        return await self._send(next(self._ids), kind, data)

    async def subscribe(self, listener: Callable[[dict[str, Any]], None], kind: str, **data: Any) -> None:
        """Call ``listener`` with every event of a subscription."""
        number = next(self._ids)
        self._listeners[number] = listener
        await self._send(number, kind, data)

    async def close(self) -> None:
        """End the connection."""
        self._task.cancel()
        if self._frozen:
            self._transport.abort()
        else:
            await self._socket.close()

    def freeze(self) -> None:
        """From now on nothing that comes is read, and so nothing is answered, not even a ping."""
        self._transport.pause_reading()
        self._frozen = True

    @property
    def _transport(self) -> Any:
        return self._socket._response.connection.transport

    async def _send(self, number: int, kind: str, data: dict[str, Any]) -> Any:
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "type": kind, **data})
        async with asyncio.timeout(self.patience):
            return await future

    async def _read(self) -> None:
        async for frame in self._socket:
            messages = json.loads(frame.data)
            for message in messages if isinstance(messages, list) else [messages]:
                self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "event":
            self._listeners[message["id"]](message["event"])
        elif message["type"] == "result":
            future = self._waiting.pop(message["id"])
            if message["success"]:
                future.set_result(message["result"])
            else:
                future.set_exception(RuntimeError(f"{message['error']}"))


class HomeAssistant(Process):
    """One instance with its configuration folder."""

    def __init__(
        self, folder: Path, *, port: int = 0, language: str = "en", blueprints: bool = True, more: tuple[str, ...] = ()
    ) -> None:
        """Prepares ``folder``; an existing configuration is kept. Without ``blueprints`` none is in it.

        ``more``: integrations of Home Assistant beside those that every test has.
        """
        self._more = more
        self.folder = folder / "config"
        self._blueprints = blueprints
        self.language = language
        self.port = port or self._old_port() or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._session: aiohttp.ClientSession | None = None
        self._token = ""
        self._refresh = folder / "refresh_token"
        command = [str(HASS), "--config", str(self.folder), "--log-file", str(folder / "home-assistant.log")]
        super().__init__("Home Assistant", command, folder / "hass.log")
        self._prepare()

    def _old_port(self) -> int:
        file = self.folder / "configuration.yaml"
        if not file.exists():
            return 0
        return int(file.read_text().split("server_port:")[1].split()[0])

    def _prepare(self) -> None:
        custom = self.folder / "custom_components"
        custom.mkdir(parents=True, exist_ok=True)
        link = custom / "community_help"
        if not link.is_symlink():
            link.symlink_to(ROOT / "custom_components/community_help")
        (self.folder / "configuration.yaml").write_text(
            CONFIGURATION.format(port=self.port) + "".join(f"{name}:\n" for name in self._more)
        )
        automations = self.folder / "automations.yaml"
        if not automations.exists():
            automations.write_text("[]\n")
        if not self._blueprints:
            return
        blueprints = self.folder / "blueprints/automation/community_help"
        blueprints.mkdir(parents=True, exist_ok=True)
        for file in (ROOT / "blueprints/automation/community_help").glob("*.yaml"):
            (blueprints / file.name).write_bytes(file.read_bytes())

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session, made when first used."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    async def started(self, seconds: float = 90) -> float:
        """Start and wait until it is RUNNING with an owner; returns how many seconds that took."""
        begin = time.monotonic()
        self.start()
        await self._answering(seconds)
        if self._refresh.exists():
            await self.refresh()
        else:
            await self._onboard()
        while (await self.get("/api/config"))["state"] != "RUNNING":
            if time.monotonic() - begin > seconds:
                message = f"Home Assistant is not RUNNING after {seconds} s. Its log ends:\n{self.tail()}"
                raise TimeoutError(message)
            await asyncio.sleep(0.1)
        took = time.monotonic() - begin
        with contextlib.suppress(RuntimeError):  # only a fresh configuration is on trial
            socket = await self.socket()
            await socket.call("http/config/promote")
            await socket.close()
        return took

    async def _answering(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.running:
            with contextlib.suppress(aiohttp.ClientError):
                async with self.session.get(f"{self.url}/api/onboarding") as answer:
                    if answer.status in (200, 404):  # 404 once everybody is on board
                        return
            await asyncio.sleep(0.1)
        message = f"Home Assistant does not answer (exit code {self.exit_code}). Its log ends:\n{self.tail()}"
        raise TimeoutError(message)

    async def _onboard(self) -> None:
        """Make the owner account and finish every step."""
        user = {
            "client_id": self.url,
            "name": "Owner",
            "username": USERNAME,
            "password": PASSWORD,
            "language": self.language,
        }
        code = (await self._post("/api/onboarding/users", user))["auth_code"]
        await self._tokens({"grant_type": "authorization_code", "code": code})
        for step in ("core_config", "analytics"):
            await self.post(f"/api/onboarding/{step}", {})
        await self.post("/api/onboarding/integration", {"client_id": self.url, "redirect_uri": f"{self.url}/"})
        socket = await self.socket()
        place = {"time_zone": "Asia/Shanghai", "country": "CN", "location_name": "社区"}
        await socket.call("config/core/update", language=self.language, internal_url=self.url, **place)
        await socket.close()

    async def _tokens(self, form: dict[str, str]) -> None:
        async with self.session.post(f"{self.url}/auth/token", data={"client_id": self.url, **form}) as answer:
            tokens = await answer.json()
        self._token = tokens["access_token"]
        if "refresh_token" in tokens:
            self._refresh.write_text(tokens["refresh_token"])

    async def refresh(self) -> None:
        """A fresh access token."""
        await self._tokens({"grant_type": "refresh_token", "refresh_token": self._refresh.read_text()})

    @property
    def tokens(self) -> dict[str, Any]:
        """What the frontend keeps in its local storage, for a browser."""
        return {
            "hassUrl": self.url,
            "clientId": self.url,
            "access_token": self._token,
            "token_type": "Bearer",
            "refresh_token": self._refresh.read_text(),
            "expires_in": 1800,
            "expires": (time.time() + 1800) * 1000,
        }

    async def _post(self, path: str, data: dict[str, Any], token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.post(f"{self.url}{path}", json=data, headers=headers) as answer:
            text = await answer.text()
            if answer.status >= 400:
                message = f"POST {path}: {answer.status} {text[:500]}"
                raise RuntimeError(message)
            return json.loads(text) if text else None

    async def post(self, path: str, data: dict[str, Any]) -> Any:
        """POST as the owner; raises RuntimeError with the answer."""
        return await self._post(path, data, self._token)

    async def get(self, path: str) -> Any:
        """GET as the owner."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self.session.get(f"{self.url}{path}", headers=headers) as answer:
            return await answer.json()

    async def socket(self, token: str = "") -> Socket:
        """A websocket connection of the owner, or of whoever the token belongs to."""
        socket = await self.session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0)
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": token or self._token})
        answer = await socket.receive_json()
        if answer["type"] != "auth_ok":
            raise RuntimeError(answer)
        return Socket(socket)

    async def flow(self, path: str, handler: Any, *steps: dict[str, Any]) -> dict[str, Any]:
        """Go through a config or subentry flow with one input per form; returns its last step."""
        result: dict[str, Any] = await self.post(path, {"handler": handler, "show_advanced_options": True})
        for step in steps:
            result = await self.post(f"{path}/{result['flow_id']}", step)
        return result

    async def add_gateway(self, port: int, code: str, *, blueprints: bool = True) -> str:
        """Add the integration by hand, with or without its blueprints; returns the config entry's id."""
        result = await self.flow(
            "/api/config/config_entries/flow",
            "community_help",
            {"host": "127.0.0.1", "port": port},
            {"code": code, "create_areas": True, "install_blueprints": blueprints},
        )
        if result["type"] != "create_entry":
            raise RuntimeError(result)
        return str(result["result"]["entry_id"])

    async def add_staff(self, entry_id: str, name: str, phones: list[str], tier: int = 1, **more: Any) -> None:
        """Add a member of the staff; ``more`` are further fields of the form."""
        result = await self.flow(
            "/api/config/config_entries/subentries/flow",
            [entry_id, "staff"],
            {"name": name, "phones": phones, "tier": tier, "compounds": [], **more},
        )
        if result["type"] != "create_entry":
            raise RuntimeError(result)

    async def gateway_entry(self) -> str:
        """The config entry of the gateway."""
        (entry,) = await self.get("/api/config/config_entries/entry?domain=community_help")
        return str(entry["entry_id"])

    async def remove_staff(self) -> None:
        """Remove everybody."""
        entry_id = await self.gateway_entry()
        socket = await self.socket()
        for item in await socket.call("config_entries/subentries/list", entry_id=entry_id):
            found = {"entry_id": entry_id, "subentry_id": item["subentry_id"]}
            await socket.call("config_entries/subentries/delete", **found)
        await socket.close()

    async def add_ntfy(self, url: str, topic: str) -> str:
        """Add an ntfy server, if it is not there yet, and a topic, both by hand; returns the notify entity."""
        known = await self.get("/api/config/config_entries/entry?domain=ntfy")
        if not known:
            server = {"url": url, "verify_ssl": False, "auth": {}}
            result = await self.flow("/api/config/config_entries/flow", "ntfy", server)
            if result["type"] != "create_entry":
                raise RuntimeError(result)
            known = [result["result"]]
        form = {"topic": topic, "filter": {}}
        path = "/api/config/config_entries/subentries/flow"
        result = await self.flow(path, [known[0]["entry_id"], "topic"], {"next_step_id": "add_topic"}, form)
        if result["type"] != "create_entry":
            raise RuntimeError(result)
        await self.until(f"notify.{topic}", "unknown")
        return f"notify.{topic}"

    async def issues(self) -> list[dict[str, Any]]:
        """The repairs of this integration that are shown now."""
        socket = await self.socket()
        found = await socket.call("repairs/list_issues")
        await socket.close()
        return [item for item in found["issues"] if item["domain"] == "community_help"]

    async def add_automation(self, key: str, blueprint: str, inputs: dict[str, Any]) -> None:
        """Make an automation from a blueprint, as the editor does."""
        use = {"path": f"community_help/{blueprint}.yaml", "input": inputs}
        await self.post(f"/api/config/automation/config/{key}", {"alias": key, "use_blueprint": use})

    async def remove_automation(self, key: str) -> None:
        """Delete an automation, as the editor does."""
        await self._delete(f"/api/config/automation/config/{key}")

    async def remove_entry(self, entry_id: str) -> None:
        """Delete a config entry, as the integrations' page does."""
        await self._delete(f"/api/config/config_entries/entry/{entry_id}")

    async def _delete(self, path: str) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self.session.delete(f"{self.url}{path}", headers=headers) as answer:
            if answer.status >= 400:
                message = f"DELETE {path}: {answer.status} {(await answer.text())[:500]}"
                raise RuntimeError(message)

    async def state(self, entity_id: str) -> dict[str, Any]:
        """One entity's state."""
        return dict(await self.get(f"/api/states/{entity_id}"))

    async def until(self, entity_id: str, state: str, seconds: float = 20) -> dict[str, Any]:
        """Wait for an entity to have a state; the failure shows what it had."""
        deadline = time.monotonic() + seconds
        while True:
            found = await self.state(entity_id)
            if found.get("state") == state:
                return found
            if time.monotonic() > deadline:
                message = f"{entity_id} is {found} and not {state} after {seconds} s. The log ends:\n{self.tail()}"
                raise TimeoutError(message)
            await asyncio.sleep(0.02)

    async def make_user(self, name: str) -> str:
        """A user with a person; returns an access token for that user."""
        socket = await self.socket()
        user = (await socket.call("config/auth/create", name=name, group_ids=["system-users"]))["user"]
        username = f"user{user['id'][:8]}"
        await socket.call(
            "config/auth_provider/homeassistant/create", user_id=user["id"], username=username, password=PASSWORD
        )
        await socket.call("person/create", name=name, user_id=user["id"])
        await socket.close()
        return await self._login(username)

    async def _login(self, username: str) -> str:
        flow = await self._post(
            "/auth/login_flow",
            {"client_id": self.url, "handler": ["homeassistant", None], "redirect_uri": f"{self.url}/"},
        )
        step = await self._post(
            f"/auth/login_flow/{flow['flow_id']}",
            {"client_id": self.url, "username": username, "password": PASSWORD},
        )
        form = {"client_id": self.url, "grant_type": "authorization_code", "code": step["result"]}
        async with self.session.post(f"{self.url}/auth/token", data=form) as answer:
            tokens: dict[str, str] = await answer.json()
        return tokens["refresh_token"]

    async def access_token(self, refresh_token: str) -> str:
        """A fresh access token of a user."""
        form = {"client_id": self.url, "grant_type": "refresh_token", "refresh_token": refresh_token}
        async with self.session.post(f"{self.url}/auth/token", data=form) as answer:
            return str((await answer.json())["access_token"])

    async def closed(self) -> None:
        """Stop the process and close the session."""
        await self.stop()
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close the HTTP session only."""
        if self._session:
            await self._session.close()
            self._session = None
