"""Talks to one companion app. The only module that reads mobile_app's internals, because it has no public API."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .contract.values import Incident, Severity
from .incidents import loud

ACKNOWLEDGE = "COMMUNITY_HELP_ACKNOWLEDGE"
DECLARE_REAL = "COMMUNITY_HELP_REAL"
BUTTONS = (ACKNOWLEDGE, DECLARE_REAL)
TAG = "community_help_"


def tag_of(incident_id: str) -> str:
    """One notification per incident on a phone: the same tag replaces."""
    return f"{TAG}{incident_id}"


def button(kind: str, incident: Incident, title: str) -> dict[str, str]:
    """A button; its id says which incident, as it was at which revision, the person saw."""
    return {"action": f"{kind}:{incident.id}:{incident.revision}", "title": title}


def parse_button(action: str) -> tuple[str, str, int] | None:
    """Kind, incident id and revision of a pressed button, or ``None`` when it is not ours."""
    kind, _, rest = action.partition(":")
    incident_id, _, revision = rest.partition(":")
    if kind not in BUTTONS or not incident_id or not revision.isdecimal():
        return None
    return kind, incident_id, int(revision)


def page_data(incident: Incident, buttons: list[dict[str, str]], *, critical: bool, sounding: bool) -> dict[str, Any]:
    """What Android and iOS need for a page: the sound that it may have, the buttons, proof of reception.

    Only alarm and danger sound over silence, whoever asks for more. Without sound it is an update in place, as
    prominent as before.
    """
    data: dict[str, Any] = {
        "tag": tag_of(incident.id),
        "group": "community_help",
        "actions": buttons,
        "confirmation": True,
        "ttl": 0,
        "priority": "high",
        "persistent": True,
        "sticky": "true",
        **prominence(critical=critical and loud(incident), notice=incident.severity is Severity.NOTICE),
    }
    return data if sounding else hushed(data)


def prominence(*, critical: bool, notice: bool = False) -> dict[str, Any]:
    """How much a notification insists: over silence, as something urgent, or as a mere notice."""
    if critical:
        sound = {"name": "default", "critical": 1, "volume": 1.0}
        push: dict[str, Any] = {"interruption-level": "critical", "sound": sound}
        return {"channel": "alarm_stream", "importance": "max", "push": push}
    if notice:
        push = {"interruption-level": "active"}
        return {"channel": "community_help_notices", "importance": "default", "push": push}
    return {"channel": "community_help", "importance": "high", "push": {"interruption-level": "time-sensitive"}}


def hushed(data: dict[str, Any]) -> dict[str, Any]:
    """The same without sound: channel, importance and level stay, so that nothing unanswered sinks."""
    return {**data, "alert_once": True, "push": {**data["push"], "sound": "none"}}


def update_data(tag: str) -> dict[str, Any]:
    """What an update needs that nobody has to answer: silent, in place of the page, without its buttons."""
    return {
        "tag": tag,
        "group": "community_help",
        "alert_once": True,
        "channel": "community_help_updates",
        "importance": "low",
        "push": {"interruption-level": "passive", "sound": "none"},
    }


def notify_action(hass: HomeAssistant, device_id: str) -> str | None:
    """The name of the phone's notify action, which changes with the phone's name; ``None`` when there is none.

    ``mobile_app`` is imported only here and only when it is loaded: this integration also runs without it.
    """
    if "mobile_app" not in hass.config.components:
        return None
    from homeassistant.components.mobile_app import util  # noqa: PLC0415 - see above

    webhook_id = util.webhook_id_from_device_id(hass, device_id)
    return util.get_notify_service(hass, webhook_id) if webhook_id else None


async def send(
    hass: HomeAssistant, device_id: str, message: str, title: str = "", data: dict[str, Any] | None = None
) -> None:
    """Hand one notification over; raises HomeAssistantError. A call that returns proves nothing more."""
    service = notify_action(hass, device_id)
    if service is None:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="phone_gone")
    call = {"message": message, "title": title, "data": data or {}}
    await hass.services.async_call("notify", service, call, blocking=True)


class Platform(StrEnum):
    """What kind of phone it is."""

    ANDROID = "android"
    IOS = "ios"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Registration:
    """What a phone's app said of itself, and which ways to it there are now.

    ``local``: its own connection is open; ``cloud``: it may be reached through Google or Apple.
    """

    device_id: str
    webhook_id: str
    name: str
    platform: Platform
    app_version: str
    os_version: str
    local: bool
    cloud: bool


def registrations(hass: HomeAssistant) -> dict[str, Registration]:
    """Every phone with the companion app, by device id.

    ``mobile_app`` keeps its open connections in ``hass.data["mobile_app"]["push_channel"]``, by webhook id; should it
    keep them elsewhere one day, none is open.
    """
    kept = hass.data.get("mobile_app")
    channels = kept.get("push_channel", {}) if isinstance(kept, dict) else {}
    registry = dr.async_get(hass)
    return {
        device.id: Registration(
            device.id,
            str(entry.data.get(CONF_WEBHOOK_ID, "")),
            device.name_by_user or device.name or entry.title,
            _platform(str(entry.data.get("app_id", "")), str(entry.data.get("os_name", ""))),
            str(entry.data.get("app_version", "")),
            str(entry.data.get("os_version", "")),
            local=entry.data.get(CONF_WEBHOOK_ID) in channels,
            cloud=_cloud(entry.data.get("app_data")),
        )
        for entry in hass.config_entries.async_loaded_entries("mobile_app")
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
    }


def _platform(app_id: str, os_name: str) -> Platform:
    """The official apps' ids first: another app may register, too."""
    if "android" in app_id.lower() or os_name == "Android":
        return Platform.ANDROID
    return Platform.IOS if os_name in {"iOS", "iPadOS"} else Platform.OTHER


def _cloud(app_data: object) -> bool:
    """A phone without Google's services registers without a token, or with an empty one."""
    return isinstance(app_data, dict) and bool(app_data.get("push_token")) and bool(app_data.get("push_url"))


async def clear(hass: HomeAssistant, device_id: str, tag: str) -> None:
    """Take a notification off a phone's screen; raises HomeAssistantError."""
    await send(hass, device_id, "clear_notification", data={"tag": tag})
