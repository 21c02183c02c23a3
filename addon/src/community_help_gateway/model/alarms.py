"""From a point in alarm to an incident: what its alarm means, whether it is drill, whether a bypass holds it back."""

from copy import replace

from .draft import Draft
from .fold import DRILL, Arrival, fold, key_of, taker, worsen
from .gas import severity
from .incident import DeadlineKind
from .kinds import Hazard, PointKind, Severity
from .site import Device, Point
from .state import EventKind, PointRecord

MANUAL = "manual"
"""The state of a panel at which somebody pressed the alarm button."""


def sound(draft: Draft, point: Point, record: PointRecord, *, reason: str = "raised") -> None:
    """A new alarm episode of ``point``: it raises, joins, or is held back by a bypass as long as it is alone."""
    device = draft.site.devices[point.device]
    key = fold_key(draft, point, device)
    record = replace(record, fold=key)
    if _held_back(draft, point, key):
        draft.about_point(replace(record, incident="", number=draft.number), EventKind.BYPASSED_ALARM)
        return
    fold(draft, _arrival(point, device, record, draft, reason))
    for other_id in draft.loose(key):
        other = draft.site.points.get(other_id)
        if other and other_id != point.id and not draft.incident(draft.point(other_id).incident):
            taken = _anew(draft.point(other_id))
            fold(draft, _arrival(other, draft.site.devices[other.device], taken, draft, reason))


def rise(draft: Draft, point: Point, record: PointRecord) -> None:
    """A point that is in alarm already came to a higher level: what it is in became more severe."""
    draft.about_point(replace(record, number=draft.number))
    incident = draft.incident(record.incident)
    if incident is None:  # closed while it was live, or bypassed
        sound_again(draft, point)
    elif severity(record.level).rank > incident.severity.rank:
        worsen(draft, incident, severity(record.level), "severity")


def sound_again(draft: Draft, point: Point) -> None:
    """A point that is in alarm but in no open incident: what held it back is over, or its incident was closed."""
    record = draft.point(point.id)
    if record.alarm and not draft.incident(record.incident):
        sound(draft, point, _anew(record), reason="raised_again")


def sound_missing(draft: Draft) -> None:
    """What is in alarm but nobody deals with, as a device that is back on the site after its wait came, raises."""
    for group in draft.state.alarming.values():
        for point_id in group:
            point = draft.site.points.get(point_id)
            if point and not _waits(draft, point):
                sound_again(draft, point)


def _waits(draft: Draft, point: Point) -> bool:
    """Whether it will raise by itself: after its incident was closed, with the end of its bypass or its drill."""
    drill = draft.drill(draft.site.devices[point.device].compound)
    named = drill is not None and point.id in drill.points
    return named or bool(draft.bypass(point.id) or draft.deadline(DeadlineKind.RAISE_AGAIN, point.id))


def _anew(record: PointRecord) -> PointRecord:
    """What was in an incident that is closed joins the next one as a new episode: one membership each (promise 2)."""
    return replace(record, episode=record.episode + bool(record.incident))


def inject(draft: Draft, point: Point) -> str:
    """Let a point alarm as drill without touching what its sensor says; the incident's id."""
    device = draft.site.devices[point.device]
    record = PointRecord(point.id, fold=DRILL + key_of(device, point.hazard), level=2)
    arrival = _arrival(point, device, record, draft, "raised")
    return fold(draft, replace(arrival, record=None)).id


def fold_key(draft: Draft, point: Point, device: Device) -> str:
    """What the point's alarm folds into; a point that was named for a running drill folds into the drill.

    An alarm that was real before its point was named stays real, also when it raises again (promise 5).
    """
    drill, known = draft.drill(device.compound), draft.point(point.id)
    real = known.alarm and known.fold and not known.fold.startswith(DRILL)
    named = drill is not None and point.id in drill.points and draft.now < drill.ends_at and not real
    return (DRILL if named else "") + key_of(device, point.hazard)


def _held_back(draft: Draft, point: Point, key: str) -> bool:
    """A bypass holds while no second point alarms there, or did in the incident that would take it (promise 9)."""
    bypass = draft.bypass(point.id)
    if bypass is None or bypass.until <= draft.now:
        return False
    if any(other != point.id for other in draft.alarming(key)):
        return False
    incident = taker(draft, key)
    return incident is None or not any(other != point.id for other in draft.state.members.get(incident.id, {}))


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
