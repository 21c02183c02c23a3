"""What can be read off an incident: how many detectors, whether somebody has it, how loud it may be."""

from .contract.values import Incident, IncidentState, Severity

QUIET = frozenset({Severity.NOTICE, Severity.WARNING})
"""Severities that never sound over a phone's silence; one that is not known yet is loud, to be safe."""

UNANSWERED = frozenset({IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.HANDLING, IncidentState.UNKNOWN})
"""States in which something that joined may still want an answer."""


def detectors(incident: Incident) -> int:
    """How many points ever joined; a gateway of version 1 does not count them, but sends all members."""
    return incident.detectors or len({member.point for member in incident.members})


def live(incident: Incident) -> int:
    """How many points are still in alarm."""
    if incident.detectors:
        return incident.live
    return len({member.point for member in incident.members if member.restored_at is None})


def answered(incident: Incident) -> bool:
    """Whether nobody need answer any more: a person took everything that made it worse, or it is over."""
    if incident.closed_at is not None or incident.state not in UNANSWERED:
        return True
    return incident.answered or incident.acknowledged_revision >= incident.revision


def loud(incident: Incident) -> bool:
    """Whether it may sound although the phone is silent: only alarm and danger may."""
    return incident.severity not in QUIET
