"""What happens to incidents, as events on Home Assistant's bus: the logbook and event triggers need them there.

The incident entities show the same. An event says what a reader wants to know and no more: alarms that joined without
telling anybody again stay in the gateway's timeline, and a detector's restore counts once the last one is quiet.
"""

from typing import Any

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .const import DOMAIN, SIGNAL_HAPPENED
from .contract.values import Hazard, Incident, IncidentEvent, IncidentEventKind as Kind
from .coordinator import Coordinator
from .incidents import detectors, live

EVENT_INCIDENT = "community_help_incident"
"""The event's type on the bus."""

FOLDED = "folded:"
"""How the gateway marks an alarm that joined without anybody being told again."""

CODED = frozenset({Kind.JOINED, Kind.WORSENED})
"""Kinds whose detail is a code; elsewhere it may be what a person wrote, which has no place in a database of states."""


@callback
def async_follow(coordinator: Coordinator) -> CALLBACK_TYPE:
    """Fire what happens to one gateway's incidents until the returned function is called."""

    @callback
    def on_incident(source: Coordinator, event: IncidentEvent) -> None:
        if source is coordinator and told(event):
            coordinator.hass.bus.async_fire(EVENT_INCIDENT, data_of(coordinator, event))

    return async_dispatcher_connect(coordinator.hass, SIGNAL_HAPPENED, on_incident)


def told(event: IncidentEvent) -> bool:
    """Whether a reader wants to know; a storm of a thousand folded alarms must not bury who took charge."""
    if event.kind is Kind.UNKNOWN or event.incident.hazard is Hazard.SELF_TEST:
        return False
    if event.kind is Kind.JOINED:
        return not event.detail.startswith(FOLDED)
    return event.kind is not Kind.RESTORED or not live(event.incident)


def data_of(coordinator: Coordinator, event: IncidentEvent) -> dict[str, Any]:
    """The event's data; it names the place and the people that the incident entity shows, and nothing else."""
    incident = event.incident
    return {
        **_belonging(coordinator, incident),
        "type": event.kind.value,
        "incident_id": incident.id,
        "revision": incident.revision,
        "hazard": incident.hazard.value,
        "severity": incident.severity.value,
        "drill": incident.drill,
        "place": incident.place,
        "compound": incident.compound_name,
        "by": event.person.name if event.person else "",
        "owner": incident.owner.name if incident.owner else "",
        "tier": incident.tier,
        "cause": incident.cause.value if incident.cause and event.kind is Kind.CLOSED else "",
        "reason": event.detail if event.kind in CODED else "",
        "detectors": detectors(incident),
        "live": live(incident),
    }


def _belonging(coordinator: Coordinator, incident: Incident) -> dict[str, str]:
    """The compound's device and incident entity; the gateway's device for what has no compound of its own."""
    hass, entry = coordinator.hass, coordinator.entry
    own = coordinator.device_key(incident.compound) if incident.compound else coordinator.gateway_id
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, own), entry.entry_id)
    entity = er.async_get(hass).async_get_entity_id(Platform.EVENT, DOMAIN, f"{own}_incident")
    return {
        **({ATTR_ENTITY_ID: entity} if entity else {}),
        **({ATTR_DEVICE_ID: device.id} if device else {}),
    }
