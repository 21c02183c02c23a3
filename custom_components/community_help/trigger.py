"""Native triggers on the incident layer: they fire for alarms that the built-in state triggers would swallow."""

from typing import Any, ClassVar

from homeassistant.core import HomeAssistant
from homeassistant.helpers.trigger import Trigger

from .absence_triggers import ABSENCE_TRIGGERS
from .announced_trigger import COMPOUND_FIELDS, INCIDENT_FIELDS, AnnouncedTrigger
from .announcer import Announcement
from .contract.values import Drill, IncidentEvent, IncidentEventKind as Kind, Page
from .duty_trigger import SHIFT_TRIGGERS
from .payloads import about_drill, about_event, about_incident, about_page, worsening
from .texts import Texts
from .unanswered_trigger import IncidentUnacknowledgedTrigger


class StaffToBePagedTrigger(AnnouncedTrigger):
    """The gateway demands that a tier of staff be told; answer with the action ``page_staff``."""

    _fields = INCIDENT_FIELDS

    def heard(self, said: Announcement, texts: Texts) -> dict[str, Any] | None:
        """Every page, with its incident."""
        page = said.subject
        if not isinstance(page, Page):
            return None
        return {**about_incident(said, page.incident, texts), **about_page(page)}


class IncidentTrigger(AnnouncedTrigger):
    """Base: something happened to an incident."""

    _fields = INCIDENT_FIELDS
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

    _fields = COMPOUND_FIELDS

    def heard(self, said: Announcement, texts: Texts) -> dict[str, Any] | None:
        """Where, by whom and until when."""
        return about_drill(said.coordinator, said.subject) if isinstance(said.subject, Drill) else None


TRIGGERS: dict[str, type[Trigger]] = {
    "drill_started": DrillStartedTrigger,
    "incident_acknowledged": IncidentAcknowledgedTrigger,
    "incident_closed": IncidentClosedTrigger,
    "incident_escalated": IncidentEscalatedTrigger,
    "incident_raised": IncidentRaisedTrigger,
    "incident_unacknowledged": IncidentUnacknowledgedTrigger,
    "incident_worsened": IncidentWorsenedTrigger,
    "staff_to_be_paged": StaffToBePagedTrigger,
    **ABSENCE_TRIGGERS,
    **SHIFT_TRIGGERS,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """All triggers of this integration."""
    return TRIGGERS
