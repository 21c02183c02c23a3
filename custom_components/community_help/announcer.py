"""What triggers hear: every page, incident event and drill once, and nothing before the automations listen.

Automations attach their triggers while Home Assistant starts, after this integration was set up. What happens until
then waits here. Self-tests are never announced: they concern no automation.
"""

from dataclasses import dataclass

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.start import async_at_started

from .const import SIGNAL_INCIDENT, SIGNAL_PAGE
from .contract.values import Drill, Hazard, Incident, IncidentEvent, IncidentEventKind, Page
from .coordinator import Coordinator
from .facts import Fact

SIGNAL_ANNOUNCED = "community_help_announced"
"""Dispatched with an ``Announcement``."""

SIGNAL_LISTENING = "community_help_listening"
"""Dispatched with (coordinator) once the automations listen to a gateway that was set up."""

BEGINNINGS = frozenset({IncidentEventKind.RAISED, IncidentEventKind.DECLARED_REAL})


@dataclass(frozen=True, slots=True)
class Announcement:
    """What automations hear, or why they do not: an incident that is over already calls for nothing any more.

    ``devices`` are the gateway's ids of all devices known to be in the incident; an event itself names only one.
    """

    coordinator: Coordinator
    subject: Page | IncidentEvent | Drill | Incident
    devices: tuple[str, ...] = ()
    why_not: str = ""


class Announcer:
    """Announces what one gateway says."""

    def __init__(self, hass: HomeAssistant, coordinator: Coordinator) -> None:
        """Drills that run already are known: whoever missed their beginning misses nothing."""
        self._hass = hass
        self._coordinator = coordinator
        self._held: list[Page | IncidentEvent | Drill] | None = []
        self._pages: dict[str, None] = {}
        self._drills = set(coordinator.facts.drills)
        self._hushed: set[str] = set()
        self._devices: dict[str, dict[str, None]] = {}
        for incident in coordinator.incidents.values():
            self._note_devices(incident)
        self._undo: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Listen; start before the coordinator releases what it holds."""
        self._undo = [
            async_dispatcher_connect(self._hass, SIGNAL_PAGE, self._on_page),
            async_dispatcher_connect(self._hass, SIGNAL_INCIDENT, self._on_incident),
            self._coordinator.facts.async_listen((Fact.DRILLS,), self._on_drills),
            async_at_started(self._hass, self._release),
        ]

    @callback
    def async_stop(self) -> None:
        """Announce nothing any more."""
        for undo in self._undo:
            undo()

    @callback
    def _release(self, _hass: HomeAssistant) -> None:
        """The automations listen: tell them what they missed."""
        held, self._held = self._held or [], None
        for subject in held:
            self._announce(subject)
        async_dispatcher_send(self._hass, SIGNAL_LISTENING, self._coordinator)

    @callback
    def _on_page(self, coordinator: Coordinator, page: Page) -> None:
        """A page that is ours to send and that nobody has dealt with yet."""
        if coordinator is not self._coordinator or _self_test(page.incident) or page.reason == "self_test":
            return
        if page.settled:
            self._pages.pop(page.id, None)
        elif coordinator.fence and not page.accepted and page.id not in self._pages:
            self._pages[page.id] = None
            self._announce(page)

    @callback
    def _on_incident(self, coordinator: Coordinator, event: IncidentEvent) -> None:
        if coordinator is self._coordinator and not _self_test(event.incident):
            self._announce(event)

    @callback
    def _on_drills(self) -> None:
        """A drill that is prolonged does not start again."""
        running = self._coordinator.facts.drills
        for compound in running.keys() - self._drills:
            self._announce(running[compound])
        self._drills = set(running)

    def _announce(self, subject: Page | IncidentEvent | Drill) -> None:
        if not isinstance(subject, Drill):
            self._note_devices(subject.incident)
        if self._held is not None:
            self._held.append(subject)
            return
        devices = () if isinstance(subject, Drill) else tuple(self._devices[subject.incident.id])
        if isinstance(subject, IncidentEvent) and subject.kind is IncidentEventKind.CLOSED:
            del self._devices[subject.incident.id]
        announcement = Announcement(self._coordinator, subject, devices, self._why_not(subject))
        async_dispatcher_send(self._hass, SIGNAL_ANNOUNCED, announcement)

    def _note_devices(self, incident: Incident) -> None:
        known = self._devices.setdefault(incident.id, {})
        known.update(dict.fromkeys(member.device for member in incident.members))

    def _why_not(self, subject: Page | IncidentEvent | Drill) -> str:
        if isinstance(subject, Page):
            return "" if subject.id in self._coordinator.pages else "already_settled"
        if isinstance(subject, Drill):
            return "" if subject.compound in self._coordinator.facts.drills else "already_over"
        return self._why_no_event(subject)

    def _why_no_event(self, event: IncidentEvent) -> str:
        """What came and went unseen calls for nothing: neither its beginning nor its end is announced."""
        incident = event.incident.id
        if event.kind is IncidentEventKind.CLOSED:
            hushed = incident in self._hushed
            self._hushed.discard(incident)
            return "never_announced" if hushed else ""
        if incident in self._coordinator.incidents:
            return ""
        if event.kind in BEGINNINGS:
            self._hushed.add(incident)
        return "already_closed"


def _self_test(incident: Incident) -> bool:
    return incident.hazard is Hazard.SELF_TEST
