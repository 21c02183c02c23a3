"""Native conditions on people: who is on duty, and whether a tier of the staff could be told now."""

from collections.abc import Iterable
from typing import Unpack

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID, CONF_OPTIONS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import Condition, ConditionCheckParams, ConditionConfig
from homeassistant.helpers.typing import ConfigType

from .const import CONF_TIER, DOMAIN
from .coordinator import Coordinator
from .places import compounds_among
from .readiness import Verdict
from .readiness_board import BOARDS, ReadinessBoard
from .roster import member_called
from .staff import duty_of

MAX_TIER = 9
"""As the form has it (``staff_flow.py``)."""

_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_OPTIONS): {
            vol.Required(ATTR_DEVICE_ID): vol.All(cv.ensure_list, vol.Length(min=1), [cv.string])
        }
    }
)


_TIER = vol.Schema(
    {
        vol.Optional(CONF_OPTIONS, default=dict): {
            vol.Optional(CONF_TIER, default=1): vol.All(vol.Coerce(int), vol.Range(min=1, max=MAX_TIER)),
            vol.Optional(ATTR_DEVICE_ID, default=list): vol.All(cv.ensure_list, [cv.string]),
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


class TierReachableCondition(Condition):
    """Whether in each of the chosen compounds somebody on duty of a tier has a phone that would ring now."""

    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options; the gateway need not be set up for that."""
        checked: ConfigType = _TIER(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Read the options."""
        super().__init__(hass, config)
        options = config.options or {}
        self._tier: int = options[CONF_TIER]
        self._devices: list[str] = options[ATTR_DEVICE_ID]

    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        """Not without any compound, nor where another Home Assistant pages: what is not known is not so."""
        boards = self._hass.data.get(BOARDS, {}).values()
        found = [self._so(board, compound) for board in boards for compound in self._asked(board)]
        return bool(found) and all(found)

    def _asked(self, board: ReadinessBoard) -> Iterable[str]:
        coordinator = board.coordinator
        return compounds_among(coordinator, self._devices) if self._devices else coordinator.compounds

    def _so(self, board: ReadinessBoard, compound: str) -> bool:
        here = [item for item in duty_of(board.coordinator).on_duty(compound) if item.tier == self._tier]
        return board.known and any(board.reached(member) is Verdict.READY for member in here)
