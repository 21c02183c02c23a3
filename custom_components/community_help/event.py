"""One incident stream per compound."""

from functools import partial

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, SIGNAL_HAPPENED
from .contract.values import Compound, IncidentEvent, IncidentEventKind
from .coordinator import CommunityHelpEntry, Coordinator
from .incident_bus import told
from .incidents import detectors, live
from .levels import Subject
from .rollout import async_join

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create one entity per compound, now and when compounds come later."""
    await async_join(hass, entry, async_add_entities, partial(_entities, entry.runtime_data))


def _entities(coordinator: Coordinator, subject: Subject) -> list[Entity]:
    return [IncidentEntity(coordinator, subject)] if isinstance(subject, Compound) else []


class IncidentEntity(EventEntity):
    """What happens to the incidents of a compound."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_translation_key = "incident"
    _unrecorded_attributes = frozenset({"members", "detail", "member", "live"})

    def __init__(self, coordinator: Coordinator, compound: Compound) -> None:
        """Of the compound's own device."""
        self.coordinator = coordinator
        self._compound = compound.id
        self._attr_event_types = [kind.value for kind in IncidentEventKind if kind is not IncidentEventKind.UNKNOWN]
        own = coordinator.device_key(compound.id)
        self._attr_unique_id = f"{own}_incident"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, own)})

    async def async_added_to_hass(self) -> None:
        """Listen to incidents and to the connection."""
        self.async_on_remove(async_dispatcher_connect(self.hass, SIGNAL_HAPPENED, self._on_incident))
        self.async_on_remove(self.coordinator.async_listen((), self.async_write_ha_state))

    @property
    def available(self) -> bool:
        """Whether the gateway is there."""
        return self.coordinator.connected

    @callback
    def _on_incident(self, coordinator: Coordinator, event: IncidentEvent) -> None:
        """Show an event; one without a compound of its own concerns every compound, a rehearsal of phones nobody."""
        incident = event.incident
        if coordinator is not self.coordinator or incident.compound not in ("", self._compound):
            return
        if not told(event):
            return
        self._trigger_event(
            event.kind.value,
            {
                "incident_id": incident.id,
                "revision": incident.revision,
                "hazard": incident.hazard.value,
                "severity": incident.severity.value,
                "drill": incident.drill,
                "place": incident.place,
                "by": event.person.name if event.person else None,
                "detail": event.detail,
                "member": event.member.name if event.member else None,
                "detectors": detectors(incident),
                "live": live(incident),
                "members": [member.name for member in incident.members[-20:]],
            },
        )
        self.async_write_ha_state()
