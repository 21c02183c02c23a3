"""What follows from what the field says: episodes of points, and the incidents that they become."""

from dataclasses import replace

from .draft import Decision, Draft
from .incident import MAX_MEMBERS, Incident, Member
from .observation import Address, Observation, Reset
from .paging import demand
from .site import Device, Hazard, Point
from .state import EventKind, PointRecord

MAX_UNPLACED = 10
"""Open "unplaced alarm" incidents; alarms of further unknown devices share one (project's choice)."""


def observe(draft: Draft, seen: Observation) -> Decision:
    """Judge one observation. Its cost does not depend on how many points there are."""
    point = _resolve(draft, seen)
    if point is None:
        return _unplaced(draft, seen)
    old = draft.state.points.get(point.id) or PointRecord(point.id)
    new = _signals(old, seen)
    rises = bool(new.alarm) and not old.alarm
    if rises:
        new = replace(new, episode=old.episode + 1, alarm_device_at=seen.device_at)
    if new == old:
        return Decision()
    new = replace(new, changed_at=seen.received_at, device_at=seen.device_at)
    if _only_reading(old, new):
        return Decision(volatile=(new,), touched=(new.id,))
    if rises:
        _raise(draft, point, new, test=bool(seen.test))
    elif old.alarm and not new.alarm:
        _restore(draft, new, seen.received_at)
    else:
        draft.about_point(replace(new, number=draft.number))
    return draft.decision()


def reset(draft: Draft, said: Reset) -> Decision:
    """A system's own device says that the system was reset: its live alarms have restored."""
    for point in draft.site.on_link(said.address.link, said.address.device):
        record = draft.state.points.get(point.id)
        if record is None or not record.alarm or not point.address.part.startswith(said.address.part):
            continue
        if not _older(said.device_at, record):
            _restore(draft, replace(record, alarm=False, changed_at=said.received_at), said.received_at)
    return draft.decision()


def raise_again(draft: Draft, point: Point) -> Decision:
    """An incident was closed while this point was live, and the point still is."""
    record = draft.state.points.get(point.id)
    if record is None or not record.alarm or record.incident in draft.state.incidents:
        return Decision()
    _raise(draft, point, replace(record, episode=record.episode + 1), test=bool(record.test))
    return draft.decision()


def _resolve(draft: Draft, seen: Observation) -> Point | None:
    for address in (seen.address, *seen.also):
        point = draft.site.resolve(address)
        if point is not None:
            return point
    return None


def _signals(old: PointRecord, seen: Observation) -> PointRecord:
    return replace(
        old,
        alarm=_alarm(old, seen),
        fault=old.fault if seen.fault is None else seen.fault,
        tamper=old.tamper if seen.tamper is None else seen.tamper,
        test=old.test if seen.test is None else seen.test,
        value=seen.value if seen.state else old.value if seen.value is None else seen.value,
        on=old.on if seen.on is None else seen.on,
        state=seen.state or old.state,
    )


def _alarm(old: PointRecord, seen: Observation) -> bool | None:
    """Only an explicit restore ends a live alarm: neither a bare self-test nor something older than the alarm."""
    if seen.alarm is None or not old.alarm or seen.alarm:
        return old.alarm if seen.alarm is None else seen.alarm
    if (seen.test and not old.test) or _older(seen.device_at, old):
        return old.alarm
    return False


def _older(device_at: float | None, record: PointRecord) -> bool:
    return device_at is not None and record.alarm_device_at is not None and device_at < record.alarm_device_at


def _only_reading(old: PointRecord, new: PointRecord) -> bool:
    """Whether nothing but the reading differs; the first word from a point is always journalled."""
    return old.changed_at is not None and new == replace(
        old, value=new.value, changed_at=new.changed_at, device_at=new.device_at
    )


def _raise(draft: Draft, point: Point, record: PointRecord, *, test: bool) -> None:
    device = draft.site.devices[point.device]
    key = f"device:{device.id}"
    incident = draft.state.incident_for(key)
    kind = EventKind.JOINED if incident else EventKind.RAISED
    incident_id = incident.id if incident else draft.identify()
    revision = incident.revision + 1 if incident else 1
    member = Member(
        point.id,
        device.id,
        draft.site.place(device),
        record.episode,
        record.changed_at or draft.now,
        revision,
        test=test,
    )
    incident = incident.joined(member) if incident else _open(draft, incident_id, key, device, point.hazard, member)
    draft.about_incident(kind, incident)
    draft.about_point(replace(record, incident=incident_id, number=draft.number))
    demand(draft, incident, "joined" if kind is EventKind.JOINED else "raised", 1)


def _open(draft: Draft, incident_id: str, key: str, device: Device, hazard: Hazard, member: Member) -> Incident:
    compound = draft.site.compounds.get(device.compound)
    return Incident(
        id=incident_id,
        key=key,
        compound=device.compound,
        compound_name=compound.name if compound else "",
        hazard=hazard,
        place=member.name,
        opened_at=draft.now,
        members=(member,),
    )


def _restore(draft: Draft, record: PointRecord, at: float) -> None:
    incident = draft.state.incidents.get(record.incident)
    if incident:
        draft.about_incident(EventKind.RESTORED, incident.restored(record.id, at))
    draft.about_point(replace(record, number=draft.number))


def _unplaced(draft: Draft, seen: Observation) -> Decision:
    """An unknown device: only its alarm counts, and it pages, because a mistyped address must not cost a life."""
    if seen.alarm is None:
        return Decision()
    key = f"unplaced:{seen.address.link}:{seen.address.device}"
    incident = draft.state.incident_for(key)
    if incident is None and len(draft.state.unplaced) >= MAX_UNPLACED:
        key = "unplaced"
        incident = draft.state.incident_for(key)
    part = _text(seen.address)
    live = incident is not None and any(m.point == part and m.restored_at is None for m in incident.members)
    if seen.alarm and not live:
        _raise_unplaced(draft, seen, key, incident)
    elif not seen.alarm and live and incident:
        draft.about_incident(EventKind.RESTORED, incident.restored(part, seen.received_at))
    return draft.decision()


def _raise_unplaced(draft: Draft, seen: Observation, key: str, incident: Incident | None) -> None:
    part = _text(seen.address)
    revision = incident.revision + 1 if incident else 1
    episodes = sum(m.point == part for m in incident.members) if incident else 0
    member = Member(
        part, "", f"{part} {seen.text}".strip(), episodes + 1, seen.received_at, revision, test=bool(seen.test)
    )
    if incident is None:
        neighbours = draft.site.on_link(seen.address.link, seen.address.device)
        compound = draft.site.devices[neighbours[0].device].compound if neighbours else ""
        name = draft.site.compounds[compound].name if compound else ""
        place = f"{name} {member.name}".strip()
        incident = Incident(draft.identify(), key, compound, name, Hazard.UNPLACED, place, draft.now, members=(member,))
        draft.about_incident(EventKind.RAISED, incident)
        demand(draft, incident, "raised", 1)
        return
    if len(incident.members) >= MAX_MEMBERS:
        return  # a hostile peer may invent addresses for ever; the incident is open and keeps paging
    answered = incident.answered
    incident = incident.joined(member)
    draft.about_incident(EventKind.JOINED, incident)
    if answered:
        demand(draft, incident, "joined", 1)


def _text(address: Address) -> str:
    return f"{address.link} {address.device} {address.part}".strip()
