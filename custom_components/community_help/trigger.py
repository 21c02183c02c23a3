"""Native triggers on the incident layer: they fire for alarms that the built-in state triggers would swallow."""

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
from .contract.values import Drill, Hazard, IncidentEvent, IncidentEventKind as Kind, Page
from .duty_trigger import SHIFT_TRIGGERS
from .payloads import about_drill, about_event, about_incident, about_page, compound_device, worsening
from .texts import Texts

HAZARDS = [hazard.value for hazard in Hazard if hazard not in (Hazard.UNKNOWN, Hazard.SELF_TEST)]
_COMPOUND: dict[vol.Marker, Any] = {
    vol.Optional(ATTR_DEVICE_ID, default=list): vol.All(cv.ensure_list, [cv.string]),
}
_INCIDENT: dict[vol.Marker, Any] = {
    vol.Optional("hazard", default=list): vol.All(cv.ensure_list, [vol.In(HAZARDS)]),
    **_COMPOUND,
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
        options = config.options or {}
        self._hazards: list[str] = options.get("hazard", [])
        self._devices: list[str] = options.get(ATTR_DEVICE_ID, [])

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
        if isinstance(said.subject, Drill):
            compound = said.subject.compound
        else:
            incident = said.subject.incident
            compound = incident.compound
            if self._hazards and not {incident.hazard, *incident.hazards} & set(self._hazards):
                return "other_hazard"
        if self._devices and compound and compound_device(said.coordinator, compound) not in self._devices:
            return "other_compound"
        return ""


class StaffToBePagedTrigger(AnnouncedTrigger):
    """The gateway demands that a tier of staff be told; answer with the action ``page_staff``."""

    _fields = _INCIDENT

    def heard(self, said: Announcement, texts: Texts) -> dict[str, Any] | None:
        """Every page, with its incident."""
        page = said.subject
        if not isinstance(page, Page):
            return None
        return {**about_incident(said, page.incident, texts), **about_page(page)}


class IncidentTrigger(AnnouncedTrigger):
    """Base: something happened to an incident."""

    _fields = _INCIDENT
    kinds: ClassVar[frozenset[Kind]]

    def heard(self, said: Announcement, texts: Texts) -> dict[str, Any] | None:
        """The events of the kinds that this trigger is for, with their incident."""
        event = said.subject
        if not isinstance(event, IncidentEvent) or event.kind not in self.kinds:
            return None
        return {**about_incident(said, event.incident, texts), **about_event(event)}


class IncidentRaisedTrigger(IncidentTrigger):
    """An incident was raised, or one that was taken for a drill turned out to be real."""

    kinds = frozenset({Kind.RAISED, Kind.DECLARED_REAL})


class IncidentWorsenedTrigger(IncidentTrigger):
    """What joined made an incident worse, or what is in it became more severe."""

    kinds = frozenset({Kind.WORSENED, Kind.JOINED})

    def heard(self, said: Announcement, texts: Texts) -> dict[str, Any] | None:
        """Of what joined, only what people are told about again."""
        event = said.subject
        folded = isinstance(event, IncidentEvent) and event.kind is Kind.JOINED and not worsening(event)
        return None if folded else super().heard(said, texts)


class IncidentEscalatedTrigger(IncidentTrigger):
    """Nobody answered in time: the next tier is told."""

    kinds = frozenset({Kind.ESCALATED})


class IncidentAcknowledgedTrigger(IncidentTrigger):
    """Somebody has it: took it, is dealing with it, got it handed over, or says that the danger is over."""

    kinds = frozenset({Kind.ACKNOWLEDGED, Kind.HANDLING, Kind.HANDED_OVER, Kind.RESOLVED})


class IncidentClosedTrigger(IncidentTrigger):
    """An incident ended."""

    kinds = frozenset({Kind.CLOSED})


class DrillStartedTrigger(AnnouncedTrigger):
    """A rehearsal began in a compound."""

    _fields = _COMPOUND

    def heard(self, said: Announcement, texts: Texts) -> dict[str, Any] | None:
        """Where, by whom and until when."""
        return about_drill(said.coordinator, said.subject) if isinstance(said.subject, Drill) else None


TRIGGERS: dict[str, type[Trigger]] = {
    "drill_started": DrillStartedTrigger,
    "incident_acknowledged": IncidentAcknowledgedTrigger,
    "incident_closed": IncidentClosedTrigger,
    "incident_escalated": IncidentEscalatedTrigger,
    "incident_raised": IncidentRaisedTrigger,
    "incident_worsened": IncidentWorsenedTrigger,
    "staff_to_be_paged": StaffToBePagedTrigger,
    **SHIFT_TRIGGERS,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """All triggers of this integration."""
    return TRIGGERS
