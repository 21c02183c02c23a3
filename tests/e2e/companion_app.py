"""A simulated companion app: registers with the real ``mobile_app``, holds its local push channel, shows and presses.

It does what the Android app does: confirms each push over the channel, reports reception when asked to, and sends a
pressed button as an event through its webhook with everything that the notification carried.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .home_assistant import HomeAssistant, Socket


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
    def critical(self) -> bool:
        """Whether it rings on a silent phone."""
        return self.data.get("channel") == "alarm_stream"

    def __str__(self) -> str:
        """As a person sees it."""
        width = 56
        lines = [f"🔔 {self.title}" if self.critical else f"   {self.title}", *self.message.splitlines()]
        buttons = "  ".join(f"[ {item['title']} ]" for item in self.buttons)
        body = "\n".join(f"  │ {line}" for line in (*lines, *([buttons] if buttons else [])))
        return f"  ┌{'─' * width}\n{body}\n  └{'─' * width}"


class CompanionApp:
    """One phone of one user."""

    def __init__(self, hass: HomeAssistant, name: str, folder: Path) -> None:
        """``folder`` remembers the registration over restarts."""
        self._hass = hass
        self.name = name
        self._file = folder / f"phone-{name}.json"
        self._known: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._socket: Socket | None = None
        self.screen: dict[str, Notification] = {}
        self.history: list[Notification] = []
        self.confirms = True

    async def register(self) -> None:
        """Make the user and register the phone, unless that was done before."""
        if self._known:
            return
        refresh = await self._hass.make_user(self.name)
        token = await self._hass.access_token(refresh)
        registration = {
            "device_id": f"phone-{self.name}",
            "app_id": "io.homeassistant.companion.android",
            "app_name": "Home Assistant",
            "app_version": "2026.11.1",
            "device_name": f"Phone {self.name}",
            "manufacturer": "Simulated",
            "model": "Phone",
            "os_name": "Android",
            "os_version": "16",
            "supports_encryption": False,
            "app_data": {"push_websocket_channel": True},
        }
        answer = await self._hass._post("/api/mobile_app/registrations", registration, token)
        self._known = {"refresh": refresh, "webhook": answer["webhook_id"]}
        self._file.write_text(json.dumps(self._known))

    async def connect(self) -> None:
        """Open the local push channel with confirmation."""
        self._socket = await self._hass.socket(await self._hass.access_token(self._known["refresh"]))
        await self._socket.subscribe(
            self._receive,
            "mobile_app/push_notification_channel",
            webhook_id=self._known["webhook"],
            support_confirm=True,
        )

    async def disconnect(self) -> None:
        """The phone is off."""
        if self._socket:
            await self._socket.close()
            self._socket = None

    async def device_id(self) -> str:
        """The phone's device in Home Assistant."""
        socket = await self._hass.socket()
        devices = await socket.call("config/device_registry/list")
        await socket.close()
        wanted = ["mobile_app", f"phone-{self.name}"]
        return str(next(item["id"] for item in devices if wanted in item["identifiers"]))

    def _receive(self, event: dict[str, Any]) -> None:
        data = event.get("data") or {}
        tag = data.get("tag", "")
        if self.confirms and "hass_confirm_id" in event:
            self._later(self._confirm(event["hass_confirm_id"]))
        if event["message"] == "clear_notification":
            self.screen.pop(tag, None)
            return
        shown = Notification(tag, event.get("title", ""), event["message"], data)
        self.screen[tag] = shown
        self.history.append(shown)
        if data.get("confirmation"):
            self._later(self._fire("mobile_app_notification_received", {**data, "device_id": f"phone-{self.name}"}))

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _confirm(self, confirm_id: str) -> None:
        if self._socket:
            await self._socket.call(
                "mobile_app/push_notification_confirm", webhook_id=self._known["webhook"], confirm_id=confirm_id
            )

    async def _fire(self, event_type: str, data: dict[str, Any]) -> int:
        url = f"{self._hass.url}/api/webhook/{self._known['webhook']}"
        body = {"type": "fire_event", "data": {"event_type": event_type, "event_data": data}}
        async with self._hass.session.post(url, json=body) as answer:
            return answer.status

    async def press(self, notification: Notification, button: int = 0) -> int:
        """Press a button as the Android app sends it; returns the webhook's status."""
        action = notification.buttons[button]["action"]
        return await self._fire(
            "mobile_app_notification_action",
            {
                **notification.data,
                "action": action,
                "title": notification.title,
                "message": notification.message,
                "device_id": f"phone-{self.name}",
            },
        )

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
