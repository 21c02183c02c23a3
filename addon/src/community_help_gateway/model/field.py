"""What follows from what the field says: signals, episodes, and the alarms of devices that nobody knows."""

from copy import replace

from . import gas, guard, lane, supervision
from .alarms import rise, sound, sound_again
from .draft import Decision, Draft
from .fold import Arrival, fold, restore
from .incident import MAX_MEMBERS, DeadlineKind, Incident, Member
from .kinds import Hazard, PointKind, Severity
from .observation import Observation, Reset
from .site import Point
from .state import PointRecord

BY_CONTACT = frozenset({PointKind.LEAK, PointKind.SMOKE, PointKind.CALL_POINT})
"""What is in alarm while its contact is closed, where its protocol knows no alarm of its own."""

MAX_UNPLACED = 10
"""Open "unplaced alarm" incidents; alarms of further unknown devices share one (project's choice)."""


def observe(draft: Draft, seen: Observation) -> Decision:
    """Judge one observation. Its cost does not depend on how many points there are."""
    point = _resolve(draft, seen)
    if point is None:
        return _unplaced(draft, seen)
    old = draft.point(point.id)
    new = _signals(draft, point, old, seen)
    same = new == old
    reading = not same and _only_reading(old, new)
    if not same:
        new = replace(new, changed_at=seen.received_at, device_at=seen.device_at)
    new = replace(new, alarm_device_at=_newest_alarm(old, new, seen))
    if not same and not reading:
        _carry(draft, point, old, new, seen)
    if not same or point.kind is PointKind.POWER:  # its readings are not journalled, what follows from them is
        guard.heard(draft, point, old, new)
    if not same or _supervised(draft, point, seen):
        link = (point.address.link, point.address.device)
        supervision.signals(draft, draft.site.devices[point.device], new, seen.clock_offset, link)
    if reading:
        draft.touched.append(new.id)
    return replace(draft.decision(), volatile=(new,)) if reading or (same and new != old) else draft.decision()


def _newest_alarm(old: PointRecord, new: PointRecord, seen: Observation) -> float | None:
    """When the newest alarm of a point was: what a repeat changes is what counts as older than it (promise 6)."""
    if not seen.alarm or not (old.alarm or old.on) or seen.device_at is None:
        return new.alarm_device_at
    return max(seen.device_at, new.alarm_device_at or seen.device_at)


def _carry(draft: Draft, point: Point, old: PointRecord, new: PointRecord, seen: Observation) -> None:
    """Write what changed: an alarm that began, one that ended, one that became more severe, or other signals."""
    if point.kind is PointKind.LANE:
        lane.changed(draft, point, old, new)
    elif new.alarm and not old.alarm:
        new = replace(new, episode=old.episode + 1, alarm_device_at=seen.device_at, alarm_source=seen.source)
        sound(draft, point, new)
    elif old.alarm and not new.alarm:
        restore(draft, new.incident, new.id, new, seen.received_at)
        if point.hazard is Hazard.APPLIANCE:
            draft.wait(DeadlineKind.FREE, point.id, lane.policy_of(draft, point).free)
    elif new.alarm and new.level > old.level:
        rise(draft, point, new)
    else:
        draft.about_point(replace(new, number=draft.number))


def reset(draft: Draft, said: Reset) -> Decision:
    """A system's own device says that the system was reset: its live alarms have restored."""
    for point in draft.site.on_link(said.address.link, said.address.device):
        record = draft.point(point.id)
        if not (record.alarm or record.on) or not point.address.part.startswith(said.address.part):
            continue
        if _older(said.device_at, record) or _foreign(draft, point, record, said.source):
            continue
        if point.kind is PointKind.LANE:
            lane.changed(draft, point, record, replace(record, on=False))
        elif record.alarm:
            restored = replace(record, alarm=False, level=0, changed_at=said.received_at)
            restore(draft, record.incident, point.id, restored, said.received_at)
    return draft.decision()


def raise_again(draft: Draft, point: Point) -> Decision:
    """An incident was closed while this point was live, and the point still is."""
    sound_again(draft, point)
    return draft.decision()


def _resolve(draft: Draft, seen: Observation) -> Point | None:
    for address in (seen.address, *seen.also):
        point = draft.site.resolve(address)
        if point is not None:
            return point
    return None


def _signals(draft: Draft, point: Point, old: PointRecord, seen: Observation) -> PointRecord:
    new = replace(
        old,
        fault=old.fault if seen.fault is None else seen.fault,
        tamper=old.tamper if seen.tamper is None else seen.tamper,
        test=old.test if seen.test is None else seen.test,
        value=seen.value if seen.state else old.value if seen.value is None else seen.value,
        on=old.on if seen.on is None else seen.on,
        state=seen.state or ("" if _answers_again(old, seen) else old.state),
        battery_low=old.battery_low if seen.battery_low is None else seen.battery_low,
    )
    if point.kind is PointKind.LANE:  # an alarm of a lane is its being occupied; the clock judges (lane.py)
        return _occupied(draft, point, old, replace(new, on=new.on if seen.alarm is None else seen.alarm), seen)
    if point.kind in BY_CONTACT and seen.alarm is None:  # an input of a box says on, and means it
        seen = replace(seen, alarm=seen.on)
    if point.hazard is Hazard.GAS:
        return _gas(draft, point, old, new, seen)
    return replace(new, alarm=_alarm(draft, point, old, seen))


def _occupied(draft: Draft, point: Point, old: PointRecord, new: PointRecord, seen: Observation) -> PointRecord:
    """A lane's "free", too, ends nothing when it is older, or from a rival."""
    if new.on and not old.on:
        return replace(new, alarm_device_at=seen.device_at, alarm_source=seen.source)
    late = old.on and not new.on and (_older(seen.device_at, old) or _foreign(draft, point, old, seen.source))
    return replace(new, on=True) if late else new


def _gas(draft: Draft, point: Point, old: PointRecord, new: PointRecord, seen: Observation) -> PointRecord:
    """A gas has levels; its alarm, too, ends only by what is newer and from its own source."""
    limits = draft.site.policies.limits(draft.site.devices[point.device].compound, point.kind)
    measured = seen.value is not None and limits is not None
    own = seen.alarm if measured or seen.alarm is None else _alarm(draft, point, old, seen)
    if not measured:
        return gas.judged(old, new, None, own_alarm=own)
    judged = gas.judged(old, new, limits, own_alarm=own)
    if old.alarm and not judged.alarm and not _ends(draft, point, old, new, seen):
        return replace(judged, alarm=True, level=old.level)
    return judged


def _ends(draft: Draft, point: Point, old: PointRecord, new: PointRecord, seen: Observation) -> bool:
    """Whether a low reading is believed: it is no older, from no rival, and the sensor had the oxygen that it needs."""
    if _older(seen.device_at, old) or _foreign(draft, point, old, seen.source):
        return False
    if point.kind is not PointKind.CH4:
        return True
    siblings = draft.site.devices[point.device].points
    oxygen = next((draft.point(item.id).value for item in siblings if item.kind is PointKind.O2), None)
    return not gas.suspicious(oxygen, new.value)


def _alarm(draft: Draft, point: Point, old: PointRecord, seen: Observation) -> bool | None:
    """Only an explicit restore ends a live alarm: neither a bare self-test, nor something older, nor a rival."""
    if seen.alarm is None or not old.alarm or seen.alarm:
        return old.alarm if seen.alarm is None else seen.alarm
    if (seen.test and not old.test) or _older(seen.device_at, old) or _foreign(draft, point, old, seen.source):
        return old.alarm
    return False


def _older(device_at: float | None, record: PointRecord) -> bool:
    return device_at is not None and record.alarm_device_at is not None and device_at < record.alarm_device_at


def _foreign(draft: Draft, point: Point, record: PointRecord, source: str) -> bool:
    """While two links claim one identity, neither clears what the other raised (promise 8)."""
    subject = supervision.link_id(point.address.link, point.address.device)
    return source != record.alarm_source and draft.state.has_cause(subject, "duplicate_identity")


def _answers_again(old: PointRecord, seen: Observation) -> bool:
    """Whether a part that did not answer, or not with a value, does, and has no word of its own for its state."""
    return old.state in (supervision.NO_ANSWER, supervision.NO_VALUE) and seen.fault is False


def _supervised(draft: Draft, point: Point, seen: Observation) -> bool:
    """Whether hearing from this device ends something that is known to be wrong, or its clock must be judged."""
    return seen.clock_offset is not None or draft.state.has_cause(point.device, "offline")


def _only_reading(old: PointRecord, new: PointRecord) -> bool:
    """Whether nothing but the reading differs; the first word from a point is always journalled."""
    return old.changed_at is not None and new == replace(
        old, value=new.value, rising=new.rising, changed_at=new.changed_at, device_at=new.device_at
    )


def _unplaced(draft: Draft, seen: Observation) -> Decision:
    """An unknown device: only its alarm counts, and it pages, because a mistyped address must not cost a life."""
    if seen.alarm is None:
        return Decision()
    # an incident that was closed while the alarm went on is raised again by a repeat, after its stated time
    key = f"unplaced:{seen.address.link}:{seen.address.device}"
    incident = draft.incident_for(key)
    if incident is None and len(draft.state.unplaced) >= MAX_UNPLACED:
        key = "unplaced"
        incident = draft.incident_for(key)
    part = f"{seen.address.link} {seen.address.device} {seen.address.part}".strip()
    known = draft.member(incident.id, part) if incident else None
    live = known is not None and known.restored_at is None
    crowded = incident is not None and known is None and incident.detectors >= MAX_MEMBERS
    if not seen.alarm:
        draft.stop((DeadlineKind.RAISE_AGAIN,), part)
    if seen.alarm and not live and not crowded and not draft.deadline(DeadlineKind.RAISE_AGAIN, part):
        _raise_unplaced(draft, seen, key, part, known.episode + 1 if known else 1)
    elif known and incident and live:
        _unplaced_again(draft, seen, incident, known)
    return draft.decision()


def _unplaced_again(draft: Draft, seen: Observation, incident: Incident, known: Member) -> None:
    """A repeated alarm counts as the newest; only a normal that is no older than it, and no bare self-test, ends it."""
    at, before = seen.device_at, known.device_at
    if seen.alarm and at is not None and (before is None or at > before):
        draft.put(known.id, replace(known, device_at=at))
    late = at is not None and before is not None and at < before
    if not seen.alarm and not late and (known.test or not seen.test):
        restore(draft, incident.id, known.point, None, seen.received_at)


def _raise_unplaced(draft: Draft, seen: Observation, key: str, part: str, episode: int) -> None:
    """The compound is that of whatever else is heard over the same link, if there is anything."""
    neighbours = draft.site.on_link(seen.address.link, seen.address.device)
    compound = draft.site.devices[neighbours[0].device].compound if neighbours else ""
    place = " ".join(filter(None, (draft.site.compound_name(compound), part, seen.text)))
    fold(
        draft,
        Arrival(
            key=key,
            compound=compound,
            hazard=Hazard.UNPLACED,
            severity=Severity.ALARM,
            point=part,
            place=place,
            at=seen.received_at,
            device_at=seen.device_at,
            episode=episode,
            test=bool(seen.test),
        ),
    )
