"""Native triggers on what could not raise an alarm: a device that is not heard, a point that somebody silenced."""

from abc import abstractmethod
from typing import Any

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID, CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import Trigger, TriggerActionRunner, TriggerConfig, TriggerNotTriggeredReporter
from homeassistant.helpers.trigger.models import NotTriggeredInfo
from homeassistant.helpers.typing import ConfigType

from .absences import SIGNAL_ABSENT
from .contract.values import Bypass, Device
from .coordinator import Coordinator
from .payloads import about_bypass, about_device

_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_OPTIONS, default=dict): {
            vol.Optional(ATTR_DEVICE_ID, default=list): vol.All(cv.ensure_list, [cv.string])
        }
    }
)


class AbsenceTrigger(Trigger):
    """Base: fires for what is told of the chosen compounds (none chosen: all)."""

    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options; the gateway need not be set up for that."""
        checked: ConfigType = _SCHEMA(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Read the options."""
        super().__init__(hass, config)
        self._devices: list[str] = (config.options or {}).get(ATTR_DEVICE_ID, [])

    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Fire for what happens from now on."""

        @callback
        def on_absent(coordinator: Coordinator, item: Device | Bypass) -> None:
            payload = self.heard(coordinator, item)
            if payload is None:
                return
            compound = payload["compound_device"]
            if not self._devices or compound in self._devices:
                run_action(payload, payload["place"])
            elif did_not_trigger:
                did_not_trigger(NotTriggeredInfo("other_compound", payload))

        return async_dispatcher_connect(self._hass, SIGNAL_ABSENT, on_absent)

    @abstractmethod
    def heard(self, coordinator: Coordinator, item: Device | Bypass) -> dict[str, Any] | None:
        """What the automation gets to know; nothing when it is not what this trigger waits for."""


class DeviceOfflineTrigger(AbsenceTrigger):
    """A device is not heard any more, so that it could not report an alarm."""

    def heard(self, coordinator: Coordinator, item: Device | Bypass) -> dict[str, Any] | None:
        """Which, and where."""
        return about_device(coordinator, item) if isinstance(item, Device) else None


class PointBypassedTrigger(AbsenceTrigger):
    """Somebody silenced a point for a while."""

    def heard(self, coordinator: Coordinator, item: Device | Bypass) -> dict[str, Any] | None:
        """Which, by whom, why and until when."""
        return about_bypass(coordinator, item) if isinstance(item, Bypass) else None


ABSENCE_TRIGGERS: dict[str, type[Trigger]] = {
    "device_offline": DeviceOfflineTrigger,
    "point_bypassed": PointBypassedTrigger,
}
"""The triggers by key."""
