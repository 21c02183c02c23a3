"""Phones as ``mobile_app`` keeps them: its config entries, its open connections, its sensors, its events.

Everything but the phone's own end is as the real one leaves it; ``test_board.py`` holds the names against its source.
"""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

SYSTEMS = {
    "android": ("io.homeassistant.companion.android", "Android", "16"),
    "ios": ("io.robbie.HomeAssistant", "iOS", "26.1"),
    "mac": ("io.robbie.HomeAssistant", "macOS", "26.1"),
}


class Companions:
    """Several phones, and everything that was sent to them."""

    def __init__(self, hass: HomeAssistant) -> None:
        """No phone yet."""
        self._hass = hass
        self.sent: list[dict[str, Any]] = []
        self.dead: set[str] = set()
        self.ids: dict[str, str] = {}
        self.channels: dict[str, object] = {}
        self._entries: list[MockConfigEntry] = []
        hass.data["mobile_app"] = {"push_channel": self.channels}

    def add(self, name: str, system: str = "android", *, local: bool = True, cloud: bool = False) -> str:
        """A phone registers; the id of its device."""
        app_id, os_name, os_version = SYSTEMS[system]
        data = {
            "device_id": f"app-{name}",
            "app_id": app_id,
            "app_version": "2026.11.1",
            "device_name": name,
            "os_name": os_name,
            "os_version": os_version,
            "webhook_id": f"webhook-{name}",
            "user_id": f"user-{name}",
            "app_data": {"push_websocket_channel": True, **({"push_token": "t", "push_url": "u"} if cloud else {})},
        }
        entry = MockConfigEntry(domain="mobile_app", title=name, data=data)
        entry.add_to_hass(self._hass)
        entry.mock_state(self._hass, ConfigEntryState.LOADED)
        self._entries.append(entry)
        device = dr.async_get(self._hass).async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={("mobile_app", f"app-{name}")}, name=name
        )
        self.ids[name] = device.id
        if local:
            self.connect(name)
        self._hass.services.async_register("notify", f"mobile_app_{name}", self._take)
        return device.id

    def end(self) -> None:
        """Nobody asks the real ``mobile_app``, which is not there, to let go of them."""
        for entry in self._entries:
            entry.mock_state(self._hass, ConfigEntryState.NOT_LOADED)

    def connect(self, name: str) -> None:
        """The phone opens its own connection."""
        self.channels[f"webhook-{name}"] = object()

    def disconnect(self, name: str) -> None:
        """It is lost."""
        del self.channels[f"webhook-{name}"]

    def service(self, device_id: str) -> str | None:
        """The phone's notify action."""
        return next((f"mobile_app_{name}" for name, known in self.ids.items() if known == device_id), None)

    async def _take(self, call: ServiceCall) -> None:
        name = call.service.removeprefix("mobile_app_")
        if name in self.dead:
            message = "not connected to local push"
            raise HomeAssistantError(message)
        self.sent.append({**call.data, "phone": name})

    def shown(self, name: str) -> list[dict[str, Any]]:
        """What was sent to one phone, but for what only takes something away."""
        return [item for item in self.sent if item["phone"] == name and item["message"] != "clear_notification"]

    def cleared(self, name: str) -> list[str]:
        """The tags that were taken away from one phone."""
        mine = [item for item in self.sent if item["phone"] == name and item["message"] == "clear_notification"]
        return [item["data"]["tag"] for item in mine]

    def receive(self, shown: dict[str, Any]) -> None:
        """What the Android app fires when it has shown a notification that wants a confirmation."""
        self._fire("mobile_app_notification_received", shown, {})

    def tap(self, shown: dict[str, Any]) -> None:
        """The first button is pressed."""
        self._fire("mobile_app_notification_action", shown, {"action": shown["data"]["actions"][0]["action"]})

    def _fire(self, event: str, shown: dict[str, Any], more: dict[str, Any]) -> None:
        """The app makes a text of everything that it was given."""
        name = shown["phone"]
        data = {key: str(value) for key, value in shown["data"].items()} | {**more, "device_id": f"app-{name}"}
        self._hass.bus.async_fire(event, data, context=Context(user_id=f"user-{name}"))

    def sensor(self, name: str, domain: str, key: str, state: str) -> None:
        """One of the app's own sensors says something."""
        registry = er.async_get(self._hass)
        entity = registry.async_get_or_create(
            domain, "mobile_app", f"webhook-{name}_{key}", device_id=self.ids[name], suggested_object_id=f"{name}_{key}"
        )
        self._hass.states.async_set(entity.entity_id, state)
