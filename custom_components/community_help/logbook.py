"""Rows of Home Assistant's logbook: who did what about an incident, in Home Assistant's language.

Home Assistant describes stored events outside its event loop, so the words come from its cache of translations.
"""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.components.logbook.models import LazyEventPartialState
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .const import DOMAIN
from .incident_bus import EVENT_INCIDENT

ICONS = {
    "raised": "mdi:alarm-light",
    "joined": "mdi:alarm-plus",
    "worsened": "mdi:trending-up",
    "restored": "mdi:alarm-light-off",
    "escalated": "mdi:account-arrow-up",
    "acknowledged": "mdi:account-check",
    "handling": "mdi:run-fast",
    "handed_over": "mdi:account-switch",
    "noted": "mdi:note-plus",
    "asked": "mdi:account-multiple-plus",
    "owner_silent": "mdi:account-question",
    "needs_review": "mdi:clipboard-alert",
    "declared_real": "mdi:fire-alert",
    "resolved": "mdi:shield-check",
    "closed": "mdi:check-circle",
    "refused": "mdi:account-cancel",
}
"""By what happened; everything that an incident event may be has one."""

type Describe = Callable[[LazyEventPartialState | Event], dict[str, Any]]


@callback
def async_describe_events(hass: HomeAssistant, async_describe_event: Callable[[str, str, Describe], None]) -> None:
    """Teach the logbook to read incident events."""

    def describe(event: LazyEventPartialState | Event) -> dict[str, Any]:
        """One row."""
        words = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
        data: Mapping[str, Any] = event.data
        return {
            LOGBOOK_ENTRY_NAME: title(words, data),
            LOGBOOK_ENTRY_MESSAGE: message(words, data),
            LOGBOOK_ENTRY_ICON: ICONS.get(data["type"], ICONS["raised"]),
            LOGBOOK_ENTRY_ENTITY_ID: data.get(ATTR_ENTITY_ID),
        }

    async_describe_event(DOMAIN, EVENT_INCIDENT, describe)


def title(words: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """What it is about and where; a drill says so before all else, as on the phones."""
    hazard = _say(words, f"hazard_{data['hazard']}") or _say(words, "hazard_unknown")
    found = _say(words, "page_title", hazard=hazard, place=data["place"])
    return _say(words, "page_title_drill", title=found) if data["drill"] else found


def message(words: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """What happened, and who did it; the code of what a newer gateway may tell and this version has no words for."""
    somebody = _say(words, "somebody")
    text = _say(
        words,
        f"logbook_{_wording(data)}",
        name=data["by"] or somebody,
        owner=data["owner"] or somebody,
        tier=data["tier"],
        cause=_say(words, f"logbook_cause_{data['cause'] or 'unknown'}"),
    )
    return text or data["type"]


def _wording(data: Mapping[str, Any]) -> str:
    """Taking over is told from handing over, and what ended by itself from what a person closed."""
    if data["type"] == "handed_over" and data["by"] == data["owner"]:
        return "taken_over"
    return "closed_itself" if data["type"] == "closed" and not data["by"] else data["type"]


def _say(words: Mapping[str, str], key: str, **placeholders: str | int) -> str:
    return words.get(f"component.{DOMAIN}.common.{key}", "").format(**placeholders)
