"""The actions: acknowledge, close, page_staff."""

import time
from typing import Any

import probatio as vol
from homeassistant.core import Context, HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .const import ATTR_CAUSE, ATTR_CRITICAL, ATTR_INCIDENT_ID, ATTR_NOTE, ATTR_PAGE_ID, DOMAIN
from .contract.messages import Acknowledge, Close
from .contract.values import Cause, Incident, Person, Way
from .coordinator import Coordinator
from .notice import Words
from .pager import PAGERS
from .roster import person_for

CAUSES = [cause.value for cause in Cause]
_INCIDENT: dict[vol.Marker, Any] = {vol.Required(ATTR_INCIDENT_ID): cv.string}
_ACKNOWLEDGE = vol.Schema(_INCIDENT)
_CLOSE = vol.Schema(
    {
        **_INCIDENT,
        vol.Required(ATTR_CAUSE): vol.In(CAUSES),
        vol.Optional(ATTR_NOTE, default=""): vol.All(cv.string, vol.Length(max=1000)),
    }
)
_PAGE_STAFF = vol.Schema(
    {
        vol.Required(ATTR_PAGE_ID): cv.string,
        vol.Optional("title", default=""): vol.All(cv.string, vol.Length(max=200)),
        vol.Optional("message", default=""): vol.All(cv.string, vol.Length(max=2000)),
        vol.Optional(ATTR_CRITICAL, default=True): cv.boolean,
    }
)


@callback
def async_register(hass: HomeAssistant) -> None:
    """Register the actions; they work as soon as a gateway is set up."""
    hass.services.async_register(DOMAIN, "acknowledge", _acknowledge, _ACKNOWLEDGE)
    hass.services.async_register(DOMAIN, "close", _close, _CLOSE)
    hass.services.async_register(DOMAIN, "page_staff", _page_staff, _PAGE_STAFF)


def _find(hass: HomeAssistant, incident_id: str) -> tuple[Coordinator, Incident]:
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        coordinator: Coordinator = entry.runtime_data
        incident = coordinator.incidents.get(incident_id)
        if incident:
            return coordinator, incident
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="unknown_incident", translation_placeholders={"id": incident_id}
    )


async def _who(hass: HomeAssistant, coordinator: Coordinator, context: Context) -> Person:
    """The person who called; an automation acts in its own name."""
    found = await person_for(hass, coordinator.entry, context.user_id)
    return found or Person("automation", "Home Assistant")


async def _acknowledge(call: ServiceCall) -> None:
    coordinator, incident = _find(call.hass, call.data[ATTR_INCIDENT_ID])
    who = await _who(call.hass, coordinator, call.context)
    await coordinator.async_order(Acknowledge(incident.id, incident.revision, who, Way.ACTION, time.time()))


async def _close(call: ServiceCall) -> None:
    coordinator, incident = _find(call.hass, call.data[ATTR_INCIDENT_ID])
    who = await _who(call.hass, coordinator, call.context)
    cause, note = Cause(call.data[ATTR_CAUSE]), call.data[ATTR_NOTE]
    await coordinator.async_order(Close(incident.id, cause, who, Way.ACTION, time.time(), note))


async def _page_staff(call: ServiceCall) -> None:
    page_id = call.data[ATTR_PAGE_ID]
    for entry in call.hass.config_entries.async_loaded_entries(DOMAIN):
        page = entry.runtime_data.pages.get(page_id)
        if page:
            await call.hass.data[PAGERS][entry.entry_id].async_page_staff(
                page, Words(call.data["title"], call.data["message"], call.data[ATTR_CRITICAL])
            )
            return
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="unknown_page", translation_placeholders={"id": page_id}
    )
