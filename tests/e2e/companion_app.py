"""A simulated companion app: registers with the real ``mobile_app``, is pushed to by it, shows, reports, and presses.

It does what the real apps do, each in its way. Android is told by the local push channel or by the relay, flattens what
came with a notification, reports reception and dismissal, and sends all of that back with a pressed button. iOS reports
nothing, encrypts, and sends a pressed button with its ``action_data`` only, once in the old form and once in the new.
"""

import asyncio
import contextlib
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from nacl.encoding import Base64Encoder, HexEncoder
from nacl.secret import SecretBox

from .home_assistant import HomeAssistant, Socket
from .relay import Relay

LOOK_SECONDS = 0.5
"""So often it tries to connect again (project's choice)."""

TAKES = ("I'll take it", "我来处理")
"""What the button says, by which buttons of ntfy are known."""

QUESTION = "community_help_confirm_"
"""The weekly "tap to confirm", which comes by day: apart from the screen, so that tests see pages at any hour."""


@dataclass(frozen=True, slots=True)
class App:
    """How one of the real apps registers; ``buttons`` is how many the system shows."""

    registration: dict[str, Any]
    buttons: int
    android: bool


ANDROID = App(
    {
        "app_id": "io.homeassistant.companion.android",
        "app_name": "Home Assistant",
        "app_version": "2026.11.1",
        "manufacturer": "Simulated",
        "model": "Phone",
        "os_name": "Android",
        "os_version": "16",
        "supports_encryption": False,
    },
    buttons=3,
    android=True,
)
IOS = App(
    {
        "app_id": "io.robbiet.HomeAssistant",
        "app_name": "Home Assistant",
        "app_version": "2026.11.0",
        "manufacturer": "Apple",
        "model": "iPhone18,1",
        "os_name": "iOS",
        "os_version": "26.1",
        "supports_encryption": True,
    },
    buttons=10,
    android=False,
)


@dataclass(slots=True)
class Notification:
    """What stands on the phone's screen under one tag."""

    tag: str
    title: str
    message: str
    data: dict[str, Any]
    shown_at: float = field(default_factory=time.time)

    @property
    def buttons(self) -> list[dict[str, str]]:
        """The buttons under it."""
        return list(self.data.get("actions", []))

    @property
    def asks(self) -> bool:
        """Whether it wants somebody to take it: what only the owner goes on from does not."""
        return any(
            str(item.get("action", "")).startswith("COMMUNITY_HELP_ACKNOWLEDGE") or item.get("label") in TAKES
            for item in self.buttons
        )

    @property
    def critical(self) -> bool:
        """Whether it rings on a silent phone."""
        push = self.data.get("push") or {}
        return self.data.get("channel") == "alarm_stream" or push.get("interruption-level") == "critical"

    @property
    def sounds(self) -> bool:
        """Whether it made itself heard when it came; one that only replaces in silence did not."""
        return not self.data.get("alert_once") and (self.data.get("push") or {}).get("sound") != "none"

    @property
    def incident(self) -> str:
        """Which incident it is about: what its buttons name, else what its tag says; empty for anything else."""
        named = [item["action"].split(":")[1] for item in self.buttons if item["action"].count(":") == 2]
        return named[0] if named else self.tag.removeprefix("community_help_") if self.tag else ""

    def __str__(self) -> str:
        """As a person sees it."""
        width = 56
        lines = [f"🔔 {self.title}" if self.critical else f"   {self.title}", *self.message.splitlines()]
        buttons = "  ".join(f"[ {item['title']} ]" for item in self.buttons)
        body = "\n".join(f"  │ {line}" for line in (*lines, *([buttons] if buttons else [])))
        return f"  ┌{'─' * width}\n{body}\n  └{'─' * width}"


def flattened(event: dict[str, Any]) -> dict[str, str]:
    """What the Android app makes of a push: one level, only text, the buttons numbered."""
    flat: dict[str, str] = {}
    for key, value in (event.get("data") or {}).items():
        if key == "actions":
            for number, button in enumerate(value, 1):
                named = {"key" if name == "action" else name: str(text) for name, text in button.items()}
                flat |= {f"action_{number}_{name}": text for name, text in named.items()}
        else:
            flat[key] = str(value)
    return flat | {key: str(event[key]) for key in ("message", "title") if key in event}


class CompanionApp:
    """One phone of one user.

    How it behaves can be changed at any time: ``confirms`` pushes on the channel; ``lag`` is how many seconds it sleeps
    on what comes before it shows and confirms it; ``reports`` reception and dismissal (Android only); ``online`` lets
    the relay reach it.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        folder: Path,
        *,
        app: App = ANDROID,
        local: bool = True,
        confirming: bool = True,
        relay: Relay | None = None,
    ) -> None:
        """``folder`` remembers the registration over restarts; ``local``, ``relay``: the ways by which it is pushed to.

        Without ``confirming`` it opens the channel as old versions of the apps did.
        """
        self._hass = hass
        self.name = name
        self.app = app
        self._local, self._confirming, self._relay = local, confirming, relay
        self._file = folder / f"phone-{name}.json"
        self._known: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._socket: Socket | None = None
        self._looking: asyncio.Task[None] | None = None
        self.screen: dict[str, Notification] = {}
        self.questions: dict[str, Notification] = {}
        self.history: list[Notification] = []
        self.most_of: Counter[str] = Counter()
        self.most_incidents = 0
        self.confirms = True
        self.lag = 0.0
        self.reports = app.android
        self.online = True

    @property
    def device(self) -> str:
        """The id that the app gave itself."""
        return f"phone-{self.name}"

    async def register(self, of: CompanionApp | None = None) -> None:
        """Make the user and register the phone, unless that was done before; ``of``: another phone of that user."""
        if not self._known:
            refresh = of._known["refresh"] if of else await self._hass.make_user(self.name)
            registration = {
                **self.app.registration,
                "device_id": self.device,
                "device_name": f"Phone {self.name}",
                "app_data": self._app_data(),
            }
            token = await self._hass.access_token(refresh)
            answer = await self._hass._post("/api/mobile_app/registrations", registration, token)
            self._known = {"refresh": refresh, "webhook": answer["webhook_id"], "secret": answer["secret"] or ""}
            self._file.write_text(json.dumps(self._known))
        if self._relay:
            self._relay.phones[self.device] = self._receive_by_relay

    def _app_data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"push_websocket_channel": True} if self._local else {}
        return data | ({"push_url": self._relay.url, "push_token": self.device} if self._relay else {})

    async def connect(self) -> None:
        """Switch it on; open the local push channel if it has one."""
        self.online = True
        if not self._local:
            return
        socket = await self._hass.socket(await self._hass.access_token(self._known["refresh"]))
        channel = {"webhook_id": self._known["webhook"], "support_confirm": self._confirming}
        try:
            await socket.subscribe(self._receive, "mobile_app/push_notification_channel", **channel)
        except RuntimeError:
            await socket.close()
            raise
        self._socket = socket

    async def at_home(self) -> None:
        """Wait until it has connected again."""
        if self._looking:
            await self._looking

    def look_for_home(self) -> None:
        """Connect as soon as Home Assistant lets it, as the apps do after a break."""

        async def connect_at_last() -> None:
            while True:
                with contextlib.suppress(aiohttp.ClientError, RuntimeError, KeyError):
                    return await self.connect()
                await asyncio.sleep(LOOK_SECONDS)

        self._looking = asyncio.create_task(connect_at_last())

    async def disconnect(self) -> None:
        """The phone is off, and Home Assistant knows."""
        self.online = False
        if self._looking:
            self._looking.cancel()
        if self._socket:
            await self._socket.close()
            self._socket = None

    def freeze(self) -> None:
        """Half-open: the connection stands, but nothing is read or answered any more; Home Assistant cannot know."""
        self.online = False
        if self._socket:
            self._socket.freeze()

    async def device_id(self) -> str:
        """The phone's device in Home Assistant."""
        socket = await self._hass.socket()
        devices = await socket.call("config/device_registry/list")
        await socket.close()
        wanted = ["mobile_app", self.device]
        return str(next(item["id"] for item in devices if wanted in item["identifiers"]))

    def _receive(self, event: dict[str, Any]) -> None:
        """Something came by the channel."""
        if self.lag:
            asyncio.get_running_loop().call_later(self.lag, self._handle, event)
        else:
            self._handle(event)

    def _receive_by_relay(self, event: dict[str, Any]) -> None:
        """Something came by the relay; a phone that is off gets nothing later, because pages have no time to live."""
        if self.online:
            self._receive({key: value for key, value in event.items() if key != "hass_confirm_id"})

    def _handle(self, event: dict[str, Any]) -> None:
        if self.confirms and "hass_confirm_id" in event:
            self._later(self._confirm(event["hass_confirm_id"]))
        data = event.get("data") or {}
        tag = data.get("tag", "")
        if event["message"] == "clear_notification":
            self.screen.pop(tag, None)
            self.questions.pop(tag, None)
            return
        shown = Notification(tag, event.get("title", ""), event["message"], data)
        if tag.startswith(QUESTION):
            self.questions[tag] = shown
        else:
            self.screen[tag or f"untagged {len(self.history)}"] = shown
            self.history.append(shown)
        self._count()
        if self.app.android and self.reports and data.get("confirmation"):
            told = flattened(event) | {"device_id": self.device}
            self._later(self._fire("mobile_app_notification_received", told))

    def _count(self) -> None:
        """How many notifications about one incident, and about how many incidents, stand there at once."""
        now = Counter(shown.incident for shown in self.screen.values() if shown.incident)
        self.most_of |= now
        self.most_incidents = max(self.most_incidents, len(now))

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _confirm(self, confirm_id: str) -> None:
        if self._socket:
            await self._socket.call(
                "mobile_app/push_notification_confirm", webhook_id=self._known["webhook"], confirm_id=confirm_id
            )

    async def _fire(self, event_type: str, data: dict[str, Any]) -> int:
        """Send an event through the app's webhook; its status, or 0 when Home Assistant cannot be reached."""
        url = f"{self._hass.url}/api/webhook/{self._known['webhook']}"
        body: dict[str, Any] = {"type": "fire_event", "data": {"event_type": event_type, "event_data": data}}
        if self._known.get("secret"):
            box = SecretBox(self._known["secret"].encode(), encoder=HexEncoder)
            secret = box.encrypt(json.dumps(body["data"]).encode(), encoder=Base64Encoder).decode()
            body = {"type": "fire_event", "encrypted": True, "encrypted_data": secret}
        with contextlib.suppress(aiohttp.ClientConnectionError):
            async with self._hass.session.post(url, json=body) as answer:
                return answer.status
        return 0

    async def press(self, notification: Notification, button: int | str = 0, reply: str | None = None) -> int:
        """Press a button, by its place or by its kind, as the app sends it; returns the webhook's status.

        ``reply`` is what was typed into a button that asks.
        """
        visible = notification.buttons[: self.app.buttons]
        found = visible[button] if isinstance(button, int) else next(i for i in visible if button in i["action"])
        said = {} if reply is None else {"reply_text": reply}
        if not self.app.android:
            return await self._press_on_ios(notification, found["action"], said)
        event = {"title": notification.title, "message": notification.message, "data": notification.data}
        told = flattened(event) | {"action": found["action"], "device_id": self.device}
        return await self._fire("mobile_app_notification_action", told | said)

    async def _press_on_ios(self, notification: Notification, action: str, said: dict[str, str]) -> int:
        """The system takes a notification away when one of its buttons was pressed."""
        self.screen.pop(notification.tag, None)
        own = notification.data.get("action_data")
        data: dict[str, Any] = {} if own is None else {"action_data": own}
        await self._fire("ios.notification_action_fired", {"actionName": action, **data})
        return await self._fire("mobile_app_notification_action", {"action": action, **data, **said})

    async def dismiss(self, notification: Notification) -> None:
        """Wipe it away; only Android tells."""
        self.screen.pop(notification.tag, None)
        if self.app.android and self.reports:
            event = {"title": notification.title, "message": notification.message, "data": notification.data}
            await self._fire("mobile_app_notification_cleared", flattened(event) | {"device_id": self.device})

    def forget(self) -> None:
        """An empty screen, nothing counted: for the next test."""
        self.screen.clear()
        self.history.clear()
        self.most_of.clear()
        self.most_incidents = 0

    async def until(self, condition: Any, seconds: float = 20, what: str = "a notification") -> Notification:
        """Wait for a notification on the screen that meets ``condition``."""
        deadline = time.monotonic() + seconds
        while True:
            for shown in self.screen.values():
                if condition(shown):
                    return shown
            if time.monotonic() > deadline:
                message = (
                    f"phone {self.name}: no {what} after {seconds} s; it shows {list(map(str, self.screen.values()))}"
                )
                raise TimeoutError(message)
            await asyncio.sleep(0.005)
