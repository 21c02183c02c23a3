"""What the triggers on incidents and drills have in common: options, and who says when."""

from abc import abstractmethod
from typing import Any, ClassVar

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID, CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import Trigger, TriggerActionRunner, TriggerConfig, TriggerNotTriggeredReporter
from homeassistant.helpers.trigger.models import NotTriggeredInfo
from homeassistant.helpers.typing import ConfigType

from .announcer import SIGNAL_ANNOUNCED, Announcement
from .contract.values import Drill, Hazard, Incident
from .coordinator import Coordinator
from .payloads import compound_device
from .texts import Texts

HAZARDS = [hazard.value for hazard in Hazard if hazard not in (Hazard.UNKNOWN, Hazard.SELF_TEST)]
COMPOUND_FIELDS: dict[vol.Marker, Any] = {
    vol.Optional(ATTR_DEVICE_ID, default=list): vol.All(cv.ensure_list, [cv.string]),
}
INCIDENT_FIELDS: dict[vol.Marker, Any] = {
    vol.Optional("hazard", default=list): vol.All(cv.ensure_list, [vol.In(HAZARDS)]),
    **COMPOUND_FIELDS,
}


class AnnouncedTrigger(Trigger):
    """Base: fires for what the announcer says, unless it is about another compound or hazard."""

    _fields: ClassVar[dict[vol.Marker, Any]]

    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options; the gateway need not be set up for that."""
        checked: ConfigType = vol.Schema({vol.Optional(CONF_OPTIONS, default=dict): cls._fields})(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Read the options."""
        super().__init__(hass, config)
        self._options: dict[str, Any] = config.options or {}
        self._hazards: list[str] = self._options.get("hazard", [])
        self._devices: list[str] = self._options.get(ATTR_DEVICE_ID, [])

    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Fire for what is announced from now on; what was announced before is past."""
        texts = await Texts.load(self._hass)

        @callback
        def on_announcement(said: Announcement) -> None:
            payload = self.heard(said, texts)
            if payload is None:
                return
            reason = said.why_not or self._why_not(said)
            if not reason:
                run_action(payload, payload["place"])
            elif did_not_trigger:
                did_not_trigger(NotTriggeredInfo(reason, payload))

        return async_dispatcher_connect(self._hass, SIGNAL_ANNOUNCED, on_announcement)

    @abstractmethod
    def heard(self, said: Announcement, texts: Texts) -> dict[str, Any] | None:
        """What the automation gets to know; nothing when it is not of the kind that this trigger waits for."""

    def _why_not(self, said: Announcement) -> str:
        """Why it does not concern the chosen hazards or compounds; empty when it does."""
        subject = said.subject
        if isinstance(subject, Drill):
            return self._elsewhere(said.coordinator, subject.compound)
        return self.why_not(said.coordinator, subject if isinstance(subject, Incident) else subject.incident)

    def why_not(self, coordinator: Coordinator, incident: Incident) -> str:
        """The same for an incident."""
        if self._hazards and not {incident.hazard, *incident.hazards} & set(self._hazards):
            return "other_hazard"
        return self._elsewhere(coordinator, incident.compound)

    def _elsewhere(self, coordinator: Coordinator, compound: str) -> str:
        if self._devices and compound and compound_device(coordinator, compound) not in self._devices:
            return "other_compound"
        return ""
