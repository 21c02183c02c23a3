"""The actions: what people decide, drills and bypasses, and the answer to a page."""

from collections.abc import Callable, Coroutine
from typing import Any

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv

from .callers import incident_of, people_behind, person_of, wrong
from .const import ATTR_CRITICAL, ATTR_INCIDENT_ID, ATTR_PAGE_ID, DOMAIN
from .contract.commands import CommandBody
from .decisions import DECISIONS, INCIDENT, Said
from .exercises import EXERCISES
from .handovers import HANDOVERS
from .notice import Words
from .pager import PAGERS
from .reports import async_register_reports

_PAGE_STAFF = vol.Schema(
    {
        vol.Required(ATTR_PAGE_ID): cv.string,
        vol.Optional("title", default=""): vol.All(cv.string, vol.Length(max=200)),
        vol.Optional("message", default=""): vol.All(cv.string, vol.Length(max=2000)),
        vol.Optional(ATTR_CRITICAL, default=True): cv.boolean,
        vol.Optional("camera", default=""): vol.Any("", cv.entity_domain("camera")),
        vol.Optional("image", default=""): vol.All(cv.string, vol.Length(max=500)),
    }
)


_TELL_STAFF = vol.Schema(
    {
        vol.Required(ATTR_DEVICE_ID): vol.All(cv.ensure_list, [cv.string]),
        vol.Required("message"): vol.All(cv.string, vol.Length(min=1, max=2000)),
        vol.Optional("title", default=""): vol.All(cv.string, vol.Length(max=200)),
        vol.Optional("tag", default=""): vol.Match(r"^[A-Za-z0-9_-]{0,40}$"),
    }
)

COMMANDS = {"take_over": "hand_over", "add_note": "note", "ask_for_help": "ask"}
"""The contract's names of the decisions that people know by another."""


@callback
def async_register(hass: HomeAssistant) -> None:
    """Register the actions; they work as soon as a gateway is set up."""
    for name, (decide, more) in DECISIONS.items():
        hass.services.async_register(
            DOMAIN, name, _deciding(COMMANDS.get(name, name), decide), vol.Schema({**INCIDENT, **more})
        )
    for name, (exercise, fields) in EXERCISES.items():
        hass.services.async_register(DOMAIN, name, exercise, vol.Schema(fields))
    for name, (hand_over, schema) in HANDOVERS.items():
        hass.services.async_register(DOMAIN, name, hand_over, schema)
    hass.services.async_register(DOMAIN, "page_staff", _page_staff, _PAGE_STAFF)
    hass.services.async_register(
        DOMAIN, "tell_staff", _tell_staff, _TELL_STAFF, supports_response=SupportsResponse.OPTIONAL
    )
    async_register_reports(hass)


def _deciding(what: str, decide: Callable[[Said], CommandBody]) -> Callable[[ServiceCall], Coroutine[Any, Any, None]]:
    """An action by which a person decides something about an open incident; ``what`` is the command's name."""

    async def action(call: ServiceCall) -> None:
        coordinator, incident = incident_of(call.hass, call.data[ATTR_INCIDENT_ID])
        who = await person_of(call, coordinator, what, incident.compound, incident=incident.id)
        await coordinator.async_order(decide(Said(coordinator, incident, who, call.data)))

    return action


async def _tell_staff(call: ServiceCall) -> dict[str, Any]:
    """Tell staff members, or who is on duty in compounds, something that is no page; how many were reached."""
    reached: list[str] = []
    for entry in call.hass.config_entries.async_loaded_entries(DOMAIN):
        people = people_behind(call.hass, entry.runtime_data, call.data[ATTR_DEVICE_ID])
        pager = call.hass.data[PAGERS][entry.entry_id]
        if people:
            reached += await pager.async_tell(people, call.data["title"], call.data["message"], call.data["tag"])
    return {"reached": len(reached)}


async def _page_staff(call: ServiceCall) -> None:
    page_id = call.data[ATTR_PAGE_ID]
    for entry in call.hass.config_entries.async_loaded_entries(DOMAIN):
        page = entry.runtime_data.pages.get(page_id)
        if page:
            said = call.data
            words = Words(said["title"], said["message"], said[ATTR_CRITICAL], said["camera"], said["image"])
            await call.hass.data[PAGERS][entry.entry_id].async_page_staff(page, words)
            return
    raise wrong("unknown_page", id=page_id)
