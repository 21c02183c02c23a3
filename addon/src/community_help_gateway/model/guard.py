"""What keeps a station safe while nobody looks, with or without Home Assistant: it turns relays off, and proves it.

An order to turn off is a journalled wait, ``VERIFY``: it stands until a second signal (the relay read back, and the
power meter where there is one) shows that the relay is off. Whatever cannot be shown in time is an incident. The
switching itself happens outside (``keeper``), which is told by the event ``ORDERED`` and, after a start, by the wait.
"""

from copy import replace
from datetime import datetime

from .alarms import sound
from .draft import Decision, Draft
from .fold import restore
from .incident import Deadline, DeadlineKind, Person
from .kinds import PointKind
from .lane import policy_of
from .lifecycle import refuse
from .site import Point
from .state import EventKind, PointRecord
from .station import Filter, Hold, Station

VERIFY_SECONDS = 10.0
"""How long an order has until it must be proven: the slowest profile reads its meter every 5 s (project's choice)."""

VERIFY_MOST_SECONDS = 300.0
"""An order that is not followed is given again, after twice as long each time, up to this (project's choice)."""

SOONEST_SECONDS = 1.0
"""A station's clock never rings more often: timers may ring a moment too early (project's choice)."""

DAY = 86400.0
ON_CLOCKS = (DeadlineKind.MAX_ON, DeadlineKind.SESSION)
GUARD_KINDS = frozenset({*ON_CLOCKS, DeadlineKind.VERIFY, DeadlineKind.STATION})
"""The waits that are the guard's."""


def heard(draft: Draft, point: Point, old: PointRecord, new: PointRecord) -> None:
    """Something of a station changed; what concerns no station costs a look at the kind."""
    stations = draft.site.stations
    match point.kind:
        case PointKind.RELAY if new.on != old.on and point.id in stations.holds:
            _switched(draft, stations.holds[point.id], on=bool(new.on))
        case PointKind.LEAK if new.alarm and not old.alarm:
            for hold in stations.dried_by(point.id):
                if draft.point(hold.relay).on or draft.deadline(DeadlineKind.SESSION, hold.relay):
                    order(draft, hold.relay, "leak")
        case PointKind.POWER:
            _measured(draft, point, new.value)
        case PointKind.DISPENSING if old.on and new.on is False:
            _dispensed(draft, point.device, draft.now - (old.changed_at or draft.now))


def look(draft: Draft) -> None:
    """After a start and with another site: no relay that is on is without its clock, no station without its hours."""
    stations = draft.site.stations
    for hold in stations.holds.values():
        if draft.point(hold.relay).on and not draft.deadline(DeadlineKind.VERIFY, hold.relay):
            _switched(draft, hold, on=True)
    for found in stations.filters.values():
        _filter(draft, found)
    for hold in stations.holds.values():
        counted = _own(draft, hold.device, PointKind.SESSIONS)
        if counted and draft.point(counted.id).value is None:
            _tell(draft, counted.id, value=0.0)
    for station in stations.stations.values():
        _keep_hours(draft, station)


def due(draft: Draft, deadline: Deadline) -> None:
    """One of the guard's waits has come."""
    stations, subject = draft.site.stations, deadline.subject
    if deadline.kind is DeadlineKind.STATION:
        if subject in stations.stations:
            _keep_hours(draft, stations.stations[subject])
    elif subject in stations.holds:
        if deadline.kind is DeadlineKind.VERIFY:
            _verify(draft, stations.holds[subject], deadline.length)
        else:
            order(draft, subject, deadline.kind)


def order(draft: Draft, relay: str, reason: str, *, again: bool = False) -> None:
    """Turn a relay off, because of ``reason``; an order that stands is given twice only where it was undone."""
    stands = draft.deadline(DeadlineKind.VERIFY, relay)
    if again or not stands:
        draft.note(EventKind.ORDERED, relay, detail=reason)
    if not stands:
        draft.wait(DeadlineKind.VERIFY, relay, VERIFY_SECONDS)


def may_switch_on(draft: Draft, relay: str) -> str:
    """Why a relay may not be switched on, as an error's key; empty where it may."""
    hold = draft.site.stations.holds.get(relay)
    return "leaking" if hold and _leaking(draft, hold) else ""


def switched_on(draft: Draft, relay: str) -> None:
    """A person switched it on: an order that was given before is not theirs, and nothing is wrong with the relay."""
    hold = draft.site.stations.holds.get(relay)
    if hold and not _leaking(draft, hold):
        draft.stop((DeadlineKind.VERIFY,), relay)
        _calm(draft, relay)
        if draft.point(relay).on:  # an order that was not followed had ended its wait
            _switched(draft, hold, on=True)


def start_session(draft: Draft, relay: str, person: Person | None) -> Decision:
    """A session begins: it is written down with its end before anything is switched."""
    hold = draft.site.stations.holds.get(relay)
    if hold is None or not hold.session:
        return refuse("no_session")
    if _leaking(draft, hold):
        return refuse("leaking")
    station = draft.site.stations.stations.get(hold.station)
    if station and not station.open_at(draft.now, draft.site.zone):
        return refuse("station_closed")
    if draft.deadline(DeadlineKind.SESSION, relay):
        return refuse("session_runs")
    draft.note(EventKind.SESSION, relay, person=draft.remember(person) if person else "", detail="started")
    draft.stop((DeadlineKind.VERIFY,), relay)
    _calm(draft, relay)
    draft.wait(DeadlineKind.SESSION, relay, hold.session)
    _count(draft, hold, 1)
    _show_end(draft, hold)
    return draft.decision({"ends_at": round(draft.now + hold.session)})


def session_failed(draft: Draft, relay: str) -> Decision:
    """The relay did not follow: the session counts for nothing. It may be on all the same, so it is ordered off."""
    hold = draft.site.stations.holds.get(relay)
    if hold and draft.deadline(DeadlineKind.SESSION, relay):
        draft.stop((DeadlineKind.SESSION,), relay)
        _count(draft, hold, -1)
        _show_end(draft, hold)
        order(draft, relay, "session_failed")
    return draft.decision()


def change_filter(draft: Draft, point_id: str, person: Person | None) -> Decision:
    """Somebody put a new filter in: its life begins."""
    device = draft.site.device_of(point_id)
    found = draft.site.stations.filters.get(device.id) if device else None
    if found is None:
        return refuse("no_filter")
    draft.note(EventKind.FILTER, found.device, person=draft.remember(person) if person else "", detail="changed")
    _filter(draft, found, new=True)
    return draft.decision()


def _switched(draft: Draft, hold: Hold, *, on: bool) -> None:
    """A relay came on or went off, whoever did it."""
    if on and _leaking(draft, hold):
        order(draft, hold.relay, "leak", again=True)
    elif on and hold.max_on and not draft.deadline(DeadlineKind.MAX_ON, hold.relay):
        draft.wait(DeadlineKind.MAX_ON, hold.relay, hold.max_on)
    elif not on:
        draft.stop(ON_CLOCKS, hold.relay)
    _show_end(draft, hold)
    running = _own(draft, hold.device, PointKind.RUNNING)
    if running and not hold.power:
        _tell(draft, running.id, on=on)


def _verify(draft: Draft, hold: Hold, length: float) -> None:
    """An order had its time: the second signal shows that it was followed, or it is an incident and given again."""
    record = draft.point(hold.relay)
    doubt = _doubt(draft, hold)
    if not doubt:
        proof = "power" if hold.power else "relay"
        draft.note(EventKind.VERIFIED, hold.relay, detail=proof, about=record.incident if record.alarm else "")
        _calm(draft, hold.relay)
        return
    if not record.alarm:
        episode = record.episode + 1
        alarming = replace(record, alarm=True, episode=episode, changed_at=draft.now, device_at=None)
        sound(draft, draft.site.points[hold.relay], alarming)
    draft.note(EventKind.ORDERED, hold.relay, detail=f"again:{doubt}", about=draft.point(hold.relay).incident)
    draft.wait(DeadlineKind.VERIFY, hold.relay, min(2 * length, VERIFY_MOST_SECONDS))


def _doubt(draft: Draft, hold: Hold) -> str:
    """Which signal does not show that a relay is off; silence shows nothing."""
    if draft.point(hold.relay).on is not False or not _live(draft, hold.relay):
        return "relay"
    running = _own(draft, hold.device, PointKind.RUNNING) if hold.power else None
    if running and (draft.point(running.id).on is not False or not _live(draft, hold.power)):
        return "power"
    return ""


def _live(draft: Draft, point_id: str) -> bool:
    point = draft.site.points.get(point_id)
    link = (point.address.link, point.address.device) if point else None
    return link in draft.state.links_up and not draft.point(point_id).fault


def _calm(draft: Draft, relay: str) -> None:
    """What the guard raised about a relay is over; its incident ends by itself once that held."""
    record = draft.point(relay)
    if record.alarm:
        ended = replace(record, alarm=False, changed_at=draft.now)
        restore(draft, record.incident, relay, ended, draft.now)
        point = draft.site.points[relay]
        draft.wait(DeadlineKind.FREE, relay, policy_of(draft, point).free)


def _leaking(draft: Draft, hold: Hold) -> bool:
    return any(draft.point(leak).alarm for leak in hold.leaks)


def _keep_hours(draft: Draft, station: Station) -> None:
    """Open or closed as its hours say; closing turns everything off, also when the gateway was down at that time."""
    record, zone = draft.point(station.point), draft.site.zone
    is_open = station.open_at(draft.now, zone)
    if record.on is not is_open or _another_day(draft, record.changed_at):
        if record.on is not False and not is_open:
            for hold in draft.site.stations.held(station.id):
                if draft.point(hold.relay).on or draft.deadline(DeadlineKind.SESSION, hold.relay):
                    order(draft, hold.relay, "closing")
        if _another_day(draft, record.changed_at):
            _new_day(draft, station)
        draft.about_point(replace(record, on=is_open, changed_at=draft.now, number=draft.number))
    ahead = station.next_change(draft.now, zone) - draft.now
    draft.wait(DeadlineKind.STATION, station.id, max(ahead, SOONEST_SECONDS))


def _another_day(draft: Draft, before: float | None) -> bool:
    zone = draft.site.zone
    return (
        before is None or datetime.fromtimestamp(before, zone).date() != datetime.fromtimestamp(draft.now, zone).date()
    )


def _new_day(draft: Draft, station: Station) -> None:
    """Sessions are counted from midnight, and a filter is a day older."""
    for hold in draft.site.stations.held(station.id):
        counted = _own(draft, hold.device, PointKind.SESSIONS)
        if counted:
            _tell(draft, counted.id, value=0.0)
    for found in draft.site.stations.filters.values():
        _filter(draft, found)


def _count(draft: Draft, hold: Hold, step: int) -> None:
    counted = _own(draft, hold.device, PointKind.SESSIONS)
    if counted:
        _tell(draft, counted.id, value=max((draft.point(counted.id).value or 0.0) + step, 0.0))


def _show_end(draft: Draft, hold: Hold) -> None:
    """Until when it stays on, for people to see."""
    ends = _own(draft, hold.device, PointKind.ENDS)
    waits = [draft.deadline(kind, hold.relay) for kind in ON_CLOCKS]
    if ends:
        _tell(draft, ends.id, value=min((wait.due_at for wait in waits if wait), default=None))


def _filter(draft: Draft, found: Filter, *, new: bool = False) -> None:
    """What is left of a filter's days; ``since`` keeps when it was new."""
    days, litres = _own(draft, found.device, PointKind.FILTER_DAYS), _own(draft, found.device, PointKind.FILTER_LITRES)
    if days:
        record = draft.point(days.id)
        since = draft.now if new or record.since is None else record.since
        left = max(found.days - (draft.now - since) // DAY, 0.0)
        if (since, left) != (record.since, record.value):
            changed = replace(record, since=since, value=left, changed_at=draft.now, number=draft.number)
            draft.about_point(changed)
    if litres and (new or draft.point(litres.id).value is None):
        _tell(draft, litres.id, value=found.litres)


def _measured(draft: Draft, point: Point, watts: float | None) -> None:
    """An appliance with a meter runs when it takes more than it does in idleness."""
    hold, running = draft.site.stations.hold_of(point.device), _own(draft, point.device, PointKind.RUNNING)
    if hold and running:
        _tell(draft, running.id, on=None if watts is None else watts > hold.idle)


def _dispensed(draft: Draft, device: str, seconds: float) -> None:
    """Water ran for so long: the filter is good for less."""
    found, litres = draft.site.stations.filters.get(device), _own(draft, device, PointKind.FILTER_LITRES)
    if found and litres and seconds > 0:
        left = draft.point(litres.id).value
        used = found.flow * seconds / 60
        _tell(draft, litres.id, value=round(max((found.litres if left is None else left) - used, 0.0), 2))


def _own(draft: Draft, device: str, kind: PointKind) -> Point | None:
    """A device's point of that kind."""
    found = draft.site.devices.get(device)
    return next((point for point in found.points if point.kind is kind), None) if found else None


def _tell(draft: Draft, point_id: str, *, value: float | None = None, on: bool | None = None) -> None:
    """Show what the guard knows; written down only where it differs."""
    record = draft.point(point_id)
    if (value, on) != (record.value, record.on):
        draft.about_point(replace(record, value=value, on=on, changed_at=draft.now, number=draft.number))
