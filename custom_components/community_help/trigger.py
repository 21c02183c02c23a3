"""Native triggers on the incident layer: they fire for alarms that the built-in state triggers would swallow."""

from typing import Any

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID, CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import Trigger, TriggerActionRunner, TriggerConfig, TriggerNotTriggeredReporter
from homeassistant.helpers.trigger.models import NotTriggeredInfo
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN, SIGNAL_INCIDENT, SIGNAL_PAGE
from .contract.values import Hazard, Incident, IncidentEvent, IncidentEventKind, Page
from .coordinator import Coordinator
from .duty_trigger import SHIFT_TRIGGERS
from .incidents import detectors, live

HAZARDS = [hazard.value for hazard in Hazard if hazard is not Hazard.UNKNOWN]
_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_OPTIONS, default=dict): {
            vol.Optional("hazard", default=list): vol.All(cv.ensure_list, [vol.In(HAZARDS)]),
            vol.Optional(ATTR_DEVICE_ID, default=list): vol.All(cv.ensure_list, [cv.string]),
        }
    }
)


class IncidentTrigger(Trigger):
    """Base: which hazards and compounds it listens to (empty: all of them)."""

    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options; the gateway need not be set up for that."""
        checked: ConfigType = _SCHEMA(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Read the options."""
        super().__init__(hass, config)
        options = config.options or {}
        self._hazards: list[str] = options.get("hazard", [])
        self._devices: list[str] = options.get(ATTR_DEVICE_ID, [])

    def _why_not(self, coordinator: Coordinator, incident: Incident) -> str:
        """Why an incident does not concern this trigger; empty when it does."""
        if self._hazards and incident.hazard.value not in self._hazards:
            return "other_hazard"
        if self._devices and incident.compound:
            key = (DOMAIN, coordinator.device_key(incident.compound))
            registry = dr.async_get(self._hass)
            device = registry.async_get_device_by_identifier(key, coordinator.entry.entry_id)
            if device is None or device.id not in self._devices:
                return "other_compound"
        return ""


class StaffToBePagedTrigger(IncidentTrigger):
    """The gateway demands that a tier of staff be told; answer with the action ``page_staff``."""

    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Fire once for every page that nobody has dealt with."""
        fired: dict[str, None] = {}

        @callback
        def on_page(coordinator: Coordinator, page: Page) -> None:
            if page.settled:
                fired.pop(page.id, None)
            if page.settled or page.accepted or page.id in fired:
                return
            reason = self._why_not(coordinator, page.incident)
            if reason:
                if did_not_trigger:
                    did_not_trigger(NotTriggeredInfo(reason, {"page_id": page.id}))
                return
            fired[page.id] = None
            run_action(
                {
                    "page_id": page.id,
                    "tier": page.tier,
                    "reason": page.reason,
                    "why": page.why,
                    **_about(page.incident),
                },
                f"staff to be paged for {page.incident.place}",
            )

        return async_dispatcher_connect(self._hass, SIGNAL_PAGE, on_page)


class IncidentRaisedTrigger(IncidentTrigger):
    """An incident was raised."""

    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Fire for every incident that is raised from now on."""

        @callback
        def on_incident(coordinator: Coordinator, event: IncidentEvent) -> None:
            if event.kind is not IncidentEventKind.RAISED:
                return
            reason = self._why_not(coordinator, event.incident)
            if not reason:
                run_action(_about(event.incident), f"incident at {event.incident.place}")
            elif did_not_trigger:
                did_not_trigger(NotTriggeredInfo(reason, {"incident_id": event.incident.id}))

        return async_dispatcher_connect(self._hass, SIGNAL_INCIDENT, on_incident)


def _about(incident: Incident) -> dict[str, Any]:
    """What an automation can say about an incident."""
    return {
        "incident_id": incident.id,
        "revision": incident.revision,
        "hazard": incident.hazard.value,
        "severity": incident.severity.value,
        "drill": incident.drill,
        "place": incident.place,
        "compound": incident.compound_name,
        "detectors": detectors(incident),
        "live": live(incident),
        "floors": list(incident.floors),
    }


TRIGGERS: dict[str, type[Trigger]] = {
    "incident_raised": IncidentRaisedTrigger,
    "staff_to_be_paged": StaffToBePagedTrigger,
    **SHIFT_TRIGGERS,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """All triggers of this integration."""
    return TRIGGERS
