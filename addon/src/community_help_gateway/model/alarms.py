"""From a point in alarm to an incident: what its alarm means, whether it is drill, whether a bypass holds it back."""

from dataclasses import replace

from .draft import Draft
from .fold import DRILL, Arrival, fold, key_of, worsen
from .gas import severity
from .kinds import Hazard, PointKind, Severity
from .site import Device, Point
from .state import EventKind, PointRecord

MANUAL = "manual"
"""The state of a panel at which somebody pressed the alarm button."""


def sound(draft: Draft, point: Point, record: PointRecord, *, reason: str = "raised") -> None:
    """A new alarm episode of ``point``: it raises, joins, or is held back by a bypass as long as it is alone."""
    device = draft.site.devices[point.device]
    key = fold_key(draft, point, device)
    record = replace(record, fold=key, incident="")
    if _held_back(draft, point, key):
        draft.about_point(replace(record, number=draft.number), EventKind.BYPASSED_ALARM)
        return
    fold(draft, _arrival(point, device, record, draft, reason))
    for other_id in draft.state.loose.get(key, {}):
        other = draft.site.points.get(other_id)
        if other and other_id != point.id and not draft.incident(draft.point(other_id).incident):
            fold(draft, _arrival(other, draft.site.devices[other.device], draft.point(other_id), draft, reason))


def rise(draft: Draft, point: Point, record: PointRecord) -> None:
    """A point that is in alarm already came to a higher level: what it is in became more severe."""
    draft.about_point(replace(record, number=draft.number))
    incident = draft.incident(record.incident)
    if incident and severity(record.level).rank > incident.severity.rank:
        worsen(draft, incident, severity(record.level), "severity")


def sound_again(draft: Draft, point: Point) -> None:
    """A point that is in alarm but in no open incident: what held it back is over, or its incident was closed."""
    record = draft.point(point.id)
    if record.alarm and not draft.incident(record.incident):
        episode = record.episode + bool(record.incident)  # one membership for each episode (promise 2)
        sound(draft, point, replace(record, episode=episode), reason="raised_again")


def inject(draft: Draft, point: Point) -> str:
    """Let a point alarm as drill without touching what its sensor says; the incident's id."""
    device = draft.site.devices[point.device]
    record = PointRecord(point.id, fold=DRILL + key_of(device, point.hazard), level=2)
    arrival = _arrival(point, device, record, draft, "raised")
    return fold(draft, replace(arrival, record=None)).id


def fold_key(draft: Draft, point: Point, device: Device) -> str:
    """What the point's alarm folds into; a point that was named for a running drill folds into the drill."""
    drill = draft.drill(device.compound)
    named = drill is not None and point.id in drill.points
    return (DRILL if named else "") + key_of(device, point.hazard)


def _held_back(draft: Draft, point: Point, key: str) -> bool:
    """A bypass holds while no second point alarms there and no incident is open (promise 9)."""
    if draft.bypass(point.id) is None or draft.incident_for(key):
        return False
    return not any(other != point.id for other in draft.state.alarming.get(key, {}))


def _arrival(point: Point, device: Device, record: PointRecord, draft: Draft, reason: str) -> Arrival:
    return Arrival(
        key=record.fold,
        compound=device.compound,
        hazard=point.hazard,
        severity=_severity(point, record),
        point=point.id,
        place=draft.site.place(device),
        at=record.changed_at or draft.now,
        device=device.id,
        floor=device.floor,
        device_at=record.device_at,
        episode=record.episode,
        test=bool(record.test),
        call_point=point.kind is PointKind.CALL_POINT or record.state == MANUAL,
        detector=point.kind is not PointKind.SYSTEM or record.state == MANUAL,
        record=record,
        reason=reason,
    )


def _severity(point: Point, record: PointRecord) -> Severity:
    if point.kind is PointKind.CALL_POINT or record.state == MANUAL:
        return Severity.DANGER
    if point.hazard in (Hazard.GAS, Hazard.FIRE_LANE):
        return severity(record.level)
    return Severity.WARNING if point.hazard is Hazard.APPLIANCE else Severity.ALARM
