"""One incident's way through the record, in a few numbers; what statistics and the sheet of a month are made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from ..model.incident import GATEWAY, MAX_MEMBERS, Cause, Incident, ReceiptStep
from ..model.kinds import Hazard
from ..model.state import Event, EventKind

MAX_REFUSALS = 1_000
"""What more was not permitted in a month is left out, and the result says so (project's choice)."""

MAX_TRACES = 50_000
"""Incidents that are followed at once; further ones are left out and the result says so (project's choice)."""

FALLBACK = "fallback:"
"""What stands before the id of one of the gateway's own channels where a receipt names a phone."""

BEGINNINGS = frozenset({EventKind.RAISED, EventKind.DECLARED_REAL})
TAKEN = frozenset({EventKind.ACKNOWLEDGED, EventKind.HANDLING, EventKind.HANDED_OVER, EventKind.RESOLVED})


@dataclass(slots=True)
class DeviceTrace:
    """A device in one incident: how people call it, and its alarm episodes by local day."""

    name: str
    days: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Trace:
    """``incident`` is as the newest event left it; times are wall times, ``None`` for what did not happen."""

    incident: Incident
    raised_at: float
    month: str
    paged_at: float | None = None
    accepted_at: float | None = None
    acknowledged_at: float | None = None
    closed_at: float | None = None
    tier: int = 0
    pages: int = 0
    not_paged: int = 0
    overdue: int = 0
    by_fallback: int = 0
    joined_unpaged: int = 0
    devices: dict[str, DeviceTrace] = field(default_factory=dict)

    @property
    def false_alarm(self) -> bool | None:
        """Whether people judged it false, or real; ``None`` while nobody can say."""
        cause = self.incident.cause
        if cause is Cause.REAL:
            return False
        return True if cause in FALSE else None

    def take(self, event: Event, zone: tzinfo) -> None:
        """One more event of this incident."""
        if event.incident and event.incident.revision >= self.incident.revision:
            self.incident = event.incident
        step = _STEPS.get(event.kind)
        if step:
            step(self, event)
        if event.kind in TAKEN and self.acknowledged_at is None and not _by_gateway(event):
            self.acknowledged_at = event.at
        if event.member and event.kind in (EventKind.RAISED, EventKind.JOINED):
            self._alarmed(event, zone)

    def _alarmed(self, event: Event, zone: tzinfo) -> None:
        member = event.member
        if member is None or not member.device:
            return
        if member.device not in self.devices and len(self.devices) >= MAX_MEMBERS:
            return
        device = self.devices.setdefault(member.device, DeviceTrace(member.name))
        day = local_day(event.at, zone)
        device.days[day] = device.days.get(day, 0) + 1

    def paged(self, event: Event) -> None:
        """People were to be told."""
        self.pages += 1
        self.paged_at = self.paged_at or event.at
        self.tier = max(self.tier, event.page.tier if event.page else 0)

    def accepted(self, event: Event) -> None:
        """The integration took a page over."""
        self.accepted_at = self.accepted_at or event.at

    def joined(self, event: Event) -> None:
        """An episode joined; it was folded when it pages nobody by itself."""
        self.joined_unpaged += event.detail.startswith("folded:")

    def received(self, event: Event) -> None:
        """A proof about a page."""
        receipt = event.receipt
        if receipt and receipt.phone.startswith(FALLBACK) and receipt.step == ReceiptStep.HANDED_OVER:
            self.by_fallback += 1

    def unpaged(self, _event: Event) -> None:
        """The policy told nobody, or not at that hour."""
        self.not_paged += 1

    def late(self, _event: Event) -> None:
        """A page was not accepted in time."""
        self.overdue += 1

    def closed(self, event: Event) -> None:
        """It ended."""
        self.closed_at = event.at


FALSE = frozenset({Cause.COOKING, Cause.DUST, Cause.DEVICE_FAULT, Cause.TEST})
"""Causes that make an alarm a false one; a drill, what ended by itself and the unknown are neither."""

_STEPS: dict[EventKind, Callable[[Trace, Event], None]] = {
    EventKind.PAGED: Trace.paged,
    EventKind.ACCEPTED: Trace.accepted,
    EventKind.JOINED: Trace.joined,
    EventKind.RECEIPT: Trace.received,
    EventKind.NOT_PAGED: Trace.unpaged,
    EventKind.OVERDUE: Trace.late,
    EventKind.CLOSED: Trace.closed,
}
NEEDED = frozenset(_STEPS) | BEGINNINGS | TAKEN | {EventKind.DRILL_STARTED, EventKind.REFUSED}
"""The kinds of events that a month needs; the reports of points are most of a journal and not among them."""


class Traces:
    """Follows incidents that were raised in ``month`` (empty: in any) through a stream of events in their order.

    Memory grows with the incidents of the month, not with events.
    """

    def __init__(self, zone: tzinfo, month: str = "") -> None:
        """Nothing is followed yet."""
        self.found: dict[str, Trace] = {}
        self.drills: dict[tuple[str, str], list[int]] = {}
        self.refusals: list[Event] = []
        self.cut = False
        self._zone = zone
        self._month = month
        self._drill_incidents: dict[str, tuple[str, str]] = {}

    def add(self, event: Event) -> None:
        """One more event."""
        if event.kind is EventKind.DRILL_STARTED:
            self._count_drill(event.at, event.subject, 0)
        if event.kind is EventKind.REFUSED and self._month in ("", local_month(event.at, self._zone)):
            if len(self.refusals) < MAX_REFUSALS:
                self.refusals.append(event)
            else:
                self.cut = True
        if event.kind in BEGINNINGS and event.incident:
            self._begin(event, event.incident)
        trace = self.found.get(event.incident.id if event.incident else event.about)
        if trace and not self._repeated(event):
            trace.take(event, self._zone)

    def all_closed(self) -> bool:
        """Whether nothing more can come for what is followed."""
        return all(trace.closed_at is not None for trace in self.found.values())

    @staticmethod
    def _repeated(event: Event) -> bool:
        """A page is recorded again when another integration takes it over: it was demanded once."""
        return event.kind is EventKind.PAGED and event.page is not None and event.at > event.page.demanded_at

    def _begin(self, event: Event, incident: Incident) -> None:
        month = local_month(event.at, self._zone)
        if self._month not in ("", month) or incident.hazard is Hazard.SELF_TEST:
            return
        if incident.drill:
            self._drill_incidents[incident.id] = (month, incident.compound)
            self._count_drill(event.at, incident.compound, 1)
        elif len(self.found) >= MAX_TRACES:
            self.cut = True
        elif incident.id not in self.found:
            self.found[incident.id] = Trace(incident, event.at, month)
            before = self._drill_incidents.pop(incident.id, None)
            if before:  # what was taken for a drill is real
                self.drills[before][1] -= 1

    def _count_drill(self, at: float, compound: str, index: int) -> None:
        month = local_month(at, self._zone)
        if self._month in ("", month):
            self.drills.setdefault((month, compound), [0, 0])[index] += 1


def local_month(at: float, zone: tzinfo) -> str:
    """The month that a moment belongs to where the community is, such as "2026-11"."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m")


def local_day(at: float, zone: tzinfo) -> str:
    """The day that a moment belongs to where the community is, such as "2026-11-25"."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d")


def counts(trace: Trace) -> bool:
    """Whether people had to act at once: what is wrong with devices has its own pace and is left out of times."""
    return trace.incident.hazard is not Hazard.SUPERVISION


def _by_gateway(event: Event) -> bool:
    return event.person == GATEWAY.id
