"""What belongs together: alarms of one building are one incident, and every joining says whether it pages, and why."""

from copy import replace
from dataclasses import dataclass

from .draft import Draft
from .incident import DeadlineKind, Incident, Member
from .kinds import Hazard, Severity
from .paging import NEXT_TIER, demand, demand_worse
from .policy import Policy
from .site import Device
from .state import EventKind, PointRecord

DRILL = "drill:"
"""What is drill folds apart from what is real."""

PEOPLE_AT_RISK = frozenset({Hazard.FIRE, Hazard.GAS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An alarm episode on its way into an incident; ``record`` is its point's, ``None`` where there is no point.

    ``detector`` is false for a panel that only repeats what its detectors say.
    """

    key: str
    compound: str
    hazard: Hazard
    severity: Severity
    point: str
    place: str
    at: float
    device: str = ""
    floor: str = ""
    device_at: float | None = None
    episode: int = 1
    test: bool = False
    call_point: bool = False
    detector: bool = True
    record: PointRecord | None = None
    reason: str = "raised"

    @property
    def drill(self) -> bool:
        """Whether it is part of a rehearsal."""
        return self.key.startswith(DRILL)


def key_of(device: Device, hazard: Hazard) -> str:
    """What an alarm of ``device`` folds into: its building; without one, fire by compound, the rest by device."""
    if hazard in PEOPLE_AT_RISK and device.building:
        return f"building:{device.compound}:{device.building}"
    return f"compound:{device.compound}" if hazard is Hazard.FIRE else f"device:{device.id}"


def fold(draft: Draft, arrival: Arrival) -> Incident:
    """Let an alarm join the open incident that its point is in already, or that of its building, or raise one."""
    own = draft.incident(arrival.record.incident) if arrival.record else None
    incident = own if own and own.key == arrival.key and not own.needs_review else taker(draft, arrival.key)
    return _join(draft, incident, arrival) if incident else _raise(draft, arrival)


def taker(draft: Draft, key: str) -> Incident | None:
    """The open incident of a building while it takes in what joins."""
    found = draft.incident_for(key)
    if found and (not found.answered or 0 <= draft.now - found.joined_at <= draft.policy(found).fold):
        return found
    return None


def _raise(draft: Draft, arrival: Arrival) -> Incident:
    policies = draft.keep_policies()
    incident = Incident(
        id=draft.identify(),
        key=arrival.key,
        compound=arrival.compound,
        compound_name=draft.site.compound_name(arrival.compound),
        hazard=arrival.hazard,
        place=arrival.place,
        opened_at=draft.now,
        policy=policies,
        severity=arrival.severity,
        drill=arrival.drill,
        revision=0,
        worse_revision=0,
    )
    member = _member(arrival, incident.id, 1, draft.now)
    incident = incident.joined(member, new=arrival.detector, worse=True)
    _write(draft, EventKind.RAISED, incident, member, arrival.record, "")
    return demand(draft, incident, arrival.reason, 1)


def _join(draft: Draft, incident: Incident, arrival: Arrival) -> Incident:
    known = draft.member(incident.id, arrival.point)
    worsening = worsens(incident, arrival, known)
    due = _due(draft, incident, known, worsening) if worsening else 0.0
    told = max(due, draft.now) if worsening else known.paged_at if known else 0.0
    member = _member(arrival, incident.id, incident.revision + 1, told)
    if worsening in ("second_hazard", "second_detector") and arrival.hazard in PEOPLE_AT_RISK:
        member = replace(member, severity=Severity.DANGER)
    was_live = known is not None and known.restored_at is None
    if arrival.detector and not incident.detectors:
        incident = replace(incident, place=arrival.place)  # a panel spoke first; now it is known where
    incident = incident.joined(member, new=known is None and arrival.detector, worse=bool(worsening))
    incident = replace(incident, live=incident.live - was_live)
    if not worsening:
        how = "folded:same_cause" if arrival.hazard is Hazard.SUPERVISION else "folded:same_floor"
        how = how if arrival.detector else "folded:panel"
        _write(draft, EventKind.JOINED, incident, member, arrival.record, how)
        return _watch_the_owner(draft, incident)
    if due <= draft.now:
        _write(draft, EventKind.JOINED, incident, member, arrival.record, f"paged:{worsening}")
        return demand_worse(draft, incident, worsening)
    incident = _collect(draft, incident, worsening, due)
    how = "folded:flapping" if worsening == "again" else f"collected:{worsening}"
    _write(draft, EventKind.JOINED, incident, member, arrival.record, how)
    return incident


def _watch_the_owner(draft: Draft, incident: Incident) -> Incident:
    """Something is in alarm again: the owner may be silent only for so long."""
    quiet = draft.policy(incident).quiet
    if incident.answered and quiet and not draft.deadline(DeadlineKind.QUIET, incident.id):
        draft.wait(DeadlineKind.QUIET, incident.id, quiet)
    return incident


def worsens(incident: Incident, arrival: Arrival, known: Member | None) -> str:
    """Why people must be told again, strongest reason first; empty when the incident is no worse."""
    if arrival.call_point:
        return "call_point"
    if arrival.hazard not in incident.hazards:
        return "second_hazard"
    if arrival.severity.rank > incident.severity.rank:
        return "severity"
    if arrival.hazard is Hazard.SUPERVISION:
        return ""
    if known:
        return "again"
    if not arrival.detector or not incident.detectors:
        return ""
    if arrival.hazard is Hazard.FIRE and incident.detectors == 1:
        return "second_detector"
    if not arrival.floor:
        return "unknown_floor"
    return "" if arrival.floor in incident.floors else "new_floor"


def worsen(draft: Draft, incident: Incident, severity: Severity, reason: str) -> Incident:
    """What is in it already became more severe: people are told, once for all worsenings that come together."""
    due = _due(draft, incident, None, reason)
    incident = incident.worsened(severity)
    if due > draft.now:
        incident = _collect(draft, incident, reason, due)
    draft.about_incident(EventKind.WORSENED, incident, detail=reason)
    return incident if due > draft.now else demand_worse(draft, incident, reason)


def _due(draft: Draft, incident: Incident, known: Member | None, worsening: str) -> float:
    """When a worsening may page: at once after an answer, else collected; a flapping point waits longer."""
    policy: Policy = draft.policy(incident)
    last = incident.worse_paged_at if incident.answered else max(incident.worse_paged_at, incident.paged_at)
    due = last + policy.collect if last else draft.now
    if worsening == "again" and known:
        due = max(due, known.paged_at + policy.flap)
    return min(due, draft.now + max(policy.collect, policy.flap))  # a clock that was set back delays no longer


def _collect(draft: Draft, incident: Incident, worsening: str, due: float) -> Incident:
    """Let the worsening wait for others; the earliest time and the strongest reason count."""
    waiting = draft.deadline(DeadlineKind.PAGE, incident.id)
    if waiting is None or waiting.due_at > due:
        draft.wait(DeadlineKind.PAGE, incident.id, due - draft.now)
    stronger = not incident.pending or worsening in NEXT_TIER
    return replace(incident, pending=worsening) if stronger else incident


def _member(arrival: Arrival, incident: str, revision: int, paged_at: float) -> Member:
    return Member(
        incident=incident,
        point=arrival.point,
        device=arrival.device,
        name=arrival.place,
        episode=arrival.episode,
        raised_at=arrival.at,
        revision=revision,
        test=arrival.test,
        floor=arrival.floor,
        hazard=arrival.hazard,
        severity=arrival.severity,
        device_at=arrival.device_at,
        call_point=arrival.call_point,
        paged_at=paged_at,
    )


def _write(
    draft: Draft, kind: EventKind, incident: Incident, member: Member, record: PointRecord | None, detail: str
) -> None:
    point = replace(record, incident=incident.id, number=draft.number) if record else None
    draft.about_member(kind, incident, member, point, detail)


def restore(draft: Draft, incident_id: str, subject: str, record: PointRecord | None, at: float) -> Incident | None:
    """The live alarm of a member ended; what people have to do stays. The incident, if it is open still."""
    incident, member = draft.incident(incident_id), draft.member(incident_id, subject)
    if record:
        record = replace(record, number=draft.number)
    if incident is None or member is None or member.restored_at is not None:
        if record:
            draft.about_point(record)
        return incident
    incident = incident.restored()
    draft.about_member(EventKind.RESTORED, incident, replace(member, restored_at=at), record)
    return incident
