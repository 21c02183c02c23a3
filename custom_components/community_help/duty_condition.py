"""A native condition on duty: for automations that do different things by day and by night."""

from typing import Unpack

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID, CONF_OPTIONS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import Condition, ConditionCheckParams, ConditionConfig
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .coordinator import Coordinator
from .places import compounds_among
from .roster import member_called
from .staff import duty_of

_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_OPTIONS): {
            vol.Required(ATTR_DEVICE_ID): vol.All(cv.ensure_list, vol.Length(min=1), [cv.string])
        }
    }
)


class OnDutyCondition(Condition):
    """Whether one of the chosen members is on duty, or anybody in one of the chosen compounds."""

    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options; the gateway need not be set up for that."""
        checked: ConfigType = _SCHEMA(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Read the options."""
        super().__init__(hass, config)
        options = config.options or {}
        self._devices: list[str] = options[ATTR_DEVICE_ID]

    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        """Ask every gateway that is there."""
        entries = self._hass.config_entries.async_loaded_entries(DOMAIN)
        return any(self._so(entry.runtime_data) for entry in entries)

    def _so(self, coordinator: Coordinator) -> bool:
        duty = duty_of(coordinator)
        if any(duty.on_duty(compound) for compound in compounds_among(coordinator, self._devices)):
            return True
        chosen = (member_called(self._hass, coordinator.entry, device) for device in self._devices)
        return any(member in duty.on_duty("") for member in chosen)
