"""Talks to one companion app. The only module that reads mobile_app's internals, because it has no public API."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .contract.values import Incident

ACKNOWLEDGE_PREFIX = "COMMUNITY_HELP_ACKNOWLEDGE"


def tag_of(incident_id: str) -> str:
    """One notification per incident on a phone: the same tag replaces."""
    return f"community_help_{incident_id}"


def acknowledge_action(incident: Incident) -> str:
    """The button's id; it says which incident, as it was at which revision, the person saw."""
    return f"{ACKNOWLEDGE_PREFIX}:{incident.id}:{incident.revision}"


def parse_acknowledge(action: str) -> tuple[str, int] | None:
    """Incident id and revision of a pressed button, or ``None`` when it is not ours."""
    prefix, _, rest = action.partition(":")
    incident_id, _, revision = rest.partition(":")
    if prefix != ACKNOWLEDGE_PREFIX or not incident_id or not revision.isdecimal():
        return None
    return incident_id, int(revision)


def page_data(incident: Incident, button: str, *, critical: bool, sounding: bool) -> dict[str, Any]:
    """What Android and iOS need for a page: a sound that cannot be missed, the button, proof of reception."""
    data: dict[str, Any] = {
        "tag": tag_of(incident.id),
        "group": "community_help",
        "actions": [{"action": acknowledge_action(incident), "title": button}],
        "confirmation": True,
        "ttl": 0,
        "priority": "high",
        "persistent": True,
        "sticky": "true",
    }
    if not sounding:
        data |= {"alert_once": True, "push": {"interruption-level": "passive", "sound": "none"}}
    elif critical:
        data |= {
            "channel": "alarm_stream",
            "importance": "max",
            "push": {"interruption-level": "critical", "sound": {"name": "default", "critical": 1, "volume": 1.0}},
        }
    else:
        data |= {"channel": "community_help", "importance": "high", "push": {"interruption-level": "time-sensitive"}}
    return data


def update_data(incident: Incident) -> dict[str, Any]:
    """What an update needs that nobody has to answer: silent, in place of the page, without its button."""
    return {
        "tag": tag_of(incident.id),
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
