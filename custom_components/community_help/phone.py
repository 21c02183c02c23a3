"""Talks to one companion app. The only module that reads mobile_app's internals, because it has no public API."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .notice import Notice, Urgency

GROUP = "community_help"
CLEAR = "clear_notification"
MOBILE_APP = "mobile_app"
PAGE = "page"
"""Which page a notification is: Android sends it back with what it confirms."""


class Platform(StrEnum):
    """Which companion app it is."""

    ANDROID = "android"
    IOS = "ios"
    UNKNOWN = "unknown"


def payload(notice: Notice, platform: Platform) -> dict[str, Any]:
    """What the app needs to show a notice as it is meant; for an unknown app, what both need."""
    data: dict[str, Any] = {"tag": notice.tag, "group": GROUP}
    if notice.page:
        data[PAGE] = notice.page
    if notice.buttons:
        data["actions"] = [
            {"action": item.action, "title": item.title, **({"behavior": "textInput"} if item.asks else {})}
            for item in notice.buttons
        ]
    if notice.picture or notice.camera:
        data["image"] = notice.picture or f"/api/camera_proxy/{notice.camera}"
    if platform is not Platform.IOS:
        data |= _android(notice)
    if platform is not Platform.ANDROID:
        data |= _ios(notice)
    if platform is Platform.ANDROID:
        data |= _countdown(notice)
    return data


def _android(notice: Notice) -> dict[str, Any]:
    """A channel's importance is fixed at its first use, so that each urgency has its own channel."""
    channel, importance = {
        Urgency.CRITICAL: ("alarm_stream", "max"),
        Urgency.HIGH: ("community_help", "high"),
        Urgency.NOTICE: ("community_help_notices", "default"),
        Urgency.UPDATE: ("community_help_updates", "low"),
    }[notice.urgency]
    data: dict[str, Any] = {"channel": channel, "importance": importance}
    if notice.urgency is not Urgency.UPDATE:
        data |= {"ttl": 0, "priority": "high"}
    if notice.asking:
        data |= {"confirmation": True, "persistent": True, "sticky": "true"}
    elif notice.buttons:
        data["sticky"] = "true"
    if not notice.sounding:
        data["alert_once"] = True
    if notice.opens:
        data["clickAction"] = f"entityId:{notice.opens}"
    return data


def _ios(notice: Notice) -> dict[str, Any]:
    level = {
        Urgency.CRITICAL: "critical",
        Urgency.HIGH: "time-sensitive",
        Urgency.NOTICE: "active",
        Urgency.UPDATE: "passive",
    }[notice.urgency]
    push: dict[str, Any] = {"interruption-level": level}
    if not notice.sounding:
        push["sound"] = "none"
    elif notice.urgency is Urgency.CRITICAL:
        push["sound"] = {"name": "default", "critical": 1, "volume": 1.0}
    data: dict[str, Any] = {"push": push}
    if notice.at and not (notice.camera or notice.picture):
        data["action_data"] = {"latitude": str(notice.at[0]), "longitude": str(notice.at[1])}
    if notice.camera:
        data["entity_id"] = notice.camera
    if notice.opens:
        data["url"] = f"entityId:{notice.opens}"
    return data


def _countdown(notice: Notice) -> dict[str, Any]:
    """Until the next tier is told; a Live Update where the Android is new enough for it.

    Not on iOS: a Live Activity there may take the place of the alert that has to sound.
    """
    if not notice.asking or not notice.answer_by:
        return {}
    return {"live_update": True, "chronometer": True, "when": int(notice.answer_by)}


def app_entry(hass: HomeAssistant, device_id: str) -> ConfigEntry | None:
    """The companion app's own config entry behind a device."""
    device = dr.async_get(hass).async_get(device_id)
    entry = hass.config_entries.async_get_entry(device.config_entry_id) if device else None
    return entry if entry and entry.domain == MOBILE_APP else None


def platform_of(hass: HomeAssistant, device_id: str) -> Platform:
    """Which app it is, as far as its registration says."""
    entry = app_entry(hass, device_id)
    told = f"{entry.data.get('os_name', '')} {entry.data.get('app_id', '')}".lower() if entry else ""
    if "android" in told:
        return Platform.ANDROID
    return Platform.IOS if "ios" in told or "robbiet" in told else Platform.UNKNOWN


def device_behind(hass: HomeAssistant, event: Event) -> str:
    """The device in Home Assistant of the app that sent an event; empty when it cannot be told.

    An app names itself by the id that it registered with, iOS not at all; then the user's only phone is meant.
    """
    named, user_id = str(event.data.get("device_id", "")), event.context.user_id
    registry = dr.async_get(hass)
    if named and registry.async_get(named):
        return named
    mine: list[str] = []
    for entry in hass.config_entries.async_entries(MOBILE_APP):
        devices = [device.id for device in dr.async_entries_for_config_entry(registry, entry.entry_id)]
        if named and entry.data.get("device_id") == named and entry.data.get("user_id") == user_id:
            return devices[0] if devices else ""
        if user_id and entry.data.get("user_id") == user_id:
            mine += devices
    return mine[0] if len(mine) == 1 else ""


def notify_action(hass: HomeAssistant, device_id: str) -> str | None:
    """The name of the phone's notify action, which changes with the phone's name; ``None`` when there is none.

    ``mobile_app`` is imported only here and only when it is loaded: this integration also runs without it.
    """
    if MOBILE_APP not in hass.config.components:
        return None
    from homeassistant.components.mobile_app import util  # noqa: PLC0415 - see above

    webhook_id = util.webhook_id_from_device_id(hass, device_id)
    return util.get_notify_service(hass, webhook_id) if webhook_id else None


async def send(hass: HomeAssistant, device_id: str, notice: Notice) -> None:
    """Hand one notice over; raises HomeAssistantError. A call that returns proves nothing more."""
    if notice.gone:
        call: dict[str, Any] = {"message": CLEAR, "data": {"tag": notice.tag}}
    else:
        data = payload(notice, platform_of(hass, device_id))
        call = {"message": notice.message, "title": notice.title, "data": data}
    await hand_over(hass, device_id, call)


async def hand_over(hass: HomeAssistant, device_id: str, call: dict[str, Any]) -> None:
    """Hand over what is no notice: the data of ``notify`` as it is; raises HomeAssistantError."""
    service = notify_action(hass, device_id)
    if service is None:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="phone_gone")
    await hass.services.async_call("notify", service, call, blocking=True)


async def clear(hass: HomeAssistant, device_id: str, tag: str) -> None:
    """Take a notification off a phone's screen; raises HomeAssistantError."""
    await hand_over(hass, device_id, {"message": CLEAR, "data": {"tag": tag}})


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
    kept = hass.data.get(MOBILE_APP)
    channels = kept.get("push_channel", {}) if isinstance(kept, dict) else {}
    registry = dr.async_get(hass)
    return {
        device.id: Registration(
            device.id,
            str(entry.data.get(CONF_WEBHOOK_ID, "")),
            device.name_by_user or device.name or entry.title,
            platform_of(hass, device.id),
            str(entry.data.get("app_version", "")),
            str(entry.data.get("os_version", "")),
            local=entry.data.get(CONF_WEBHOOK_ID) in channels,
            cloud=_cloud(entry.data.get("app_data")),
        )
        for entry in hass.config_entries.async_loaded_entries(MOBILE_APP)
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
    }


def _cloud(app_data: object) -> bool:
    """A phone without Google's services registers without a token, or with an empty one."""
    return isinstance(app_data, dict) and bool(app_data.get("push_token")) and bool(app_data.get("push_url"))
