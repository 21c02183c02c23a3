"""The conditions that automations may use."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.condition import Condition

from .duty_condition import OnDutyCondition, TierReachableCondition
from .incident_conditions import GatewayConnected, IncidentOpen, InDrill

CONDITIONS: dict[str, type[Condition]] = {
    "is_gateway_connected": GatewayConnected,
    "is_in_drill": InDrill,
    "is_incident_open": IncidentOpen,
    "is_on_duty": OnDutyCondition,
    "is_tier_reachable": TierReachableCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """All conditions of this integration."""
    return CONDITIONS
