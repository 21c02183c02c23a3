"""Silencing one point for a while, and rehearsals: both have an owner and end by themselves (promises 5 and 9)."""

from collections.abc import Sequence

from .alarms import inject as inject_alarm, sound_again
from .draft import Decision, Draft
from .incident import GATEWAY, Bypass, Cause, DeadlineKind, Drill, Person
from .kinds import Hazard
from .lifecycle import UNIDENTIFIED, end, refuse
from .state import EventKind

MAX_BYPASS_SECONDS = 31 * 86400.0
MAX_DRILL_SECONDS = 12 * 3600.0
"""Nothing may be silent, or count as a rehearsal, for longer (project's choice)."""


def set_bypass(draft: Draft, point_id: str, seconds: float, reason: str, person: Person) -> Decision:
    """Silence a point; an alarm that is open already is not touched."""
    if point_id not in draft.site.points:
        return refuse("unknown_point")
    if person.id in UNIDENTIFIED:
        return refuse("unidentified")
    if not reason.strip() or not 0 < seconds <= MAX_BYPASS_SECONDS:
        return refuse("bypass_needs")
    until = draft.now + seconds
    draft.note(EventKind.BYPASSED, point_id, person=draft.remember(person), detail=reason)
    draft.put(point_id, Bypass(point_id, person.id, reason, draft.now, until))
    draft.wait(DeadlineKind.BYPASS, point_id, seconds)
    draft.touched.append(point_id)
    return draft.decision({"until": int(until)})


def end_bypass(draft: Draft, point_id: str, person: Person) -> Decision:
    """``person`` ends a bypass early."""
    if point_id not in draft.state.bypasses:
        return refuse("no_bypass")
    if person.id in UNIDENTIFIED:
        return refuse("unidentified")
    lift(draft, point_id, draft.remember(person))
    return draft.decision()


def lift(draft: Draft, point_id: str, person: str) -> None:
    """A bypass is over: a point that is still in alarm raises."""
    draft.stop((DeadlineKind.BYPASS,), point_id)
    draft.note(EventKind.BYPASS_ENDED, point_id, person=person)
    draft.drop(point_id, Bypass)
    draft.touched.append(point_id)
    point = draft.site.points.get(point_id)
    if point:
        sound_again(draft, point)


def start_drill(draft: Draft, compound: str, seconds: float, points: Sequence[str], person: Person) -> Decision:
    """Begin a rehearsal; ``points`` are those whose own alarms shall count as drill."""
    if compound not in draft.site.compounds:
        return refuse("unknown_compound")
    if person.id in UNIDENTIFIED:
        return refuse("unidentified")
    if not 0 < seconds <= MAX_DRILL_SECONDS:
        return refuse("drill_needs")
    if any(point not in draft.site.points for point in points):
        return refuse("unknown_point")
    draft.note(EventKind.DRILL_STARTED, compound, person=draft.remember(person), detail=",".join(points))
    running = draft.drill(compound)
    named = dict.fromkeys((*running.points, *points) if running else points)  # who was named once raises at the end
    draft.put(compound, Drill(compound, person.id, draft.now, draft.now + seconds, tuple(named)))
    draft.wait(DeadlineKind.DRILL, compound, seconds)
    return draft.decision({"until": int(draft.now + seconds)})


def end_drill(draft: Draft, compound: str, person: Person) -> Decision:
    """``person`` ends a rehearsal early."""
    if compound not in draft.state.drills:
        return refuse("no_drill")
    if person.id in UNIDENTIFIED:
        return refuse("unidentified")
    finish_drill(draft, compound, draft.remember(person))
    return draft.decision()


def finish_drill(draft: Draft, compound: str, person: str) -> None:
    """A rehearsal is over: its incidents end, and named points that are still in alarm raise as real."""
    drill = draft.state.drills.get(compound)
    if drill is None:
        return
    draft.stop((DeadlineKind.DRILL,), compound)
    draft.note(EventKind.DRILL_ENDED, compound, person=person)
    draft.drop(compound, Drill)
    for incident in draft.state.incidents.values():
        if incident.drill and incident.compound == compound and incident.hazard is not Hazard.SELF_TEST:
            end(draft, incident, Cause.DRILL, incident.note, GATEWAY.id, "drill_ended")
    for point_id in drill.points:
        point = draft.site.points.get(point_id)
        if point:
            sound_again(draft, point)


def inject(draft: Draft, point_id: str, person: Person) -> Decision:
    """Let a point alarm as part of the drill that runs in its compound."""
    point = draft.site.points.get(point_id)
    device = draft.site.device_of(point_id)
    if point is None or device is None:
        return refuse("unknown_point")
    if person.id in UNIDENTIFIED:
        return refuse("unidentified")
    if device.compound not in draft.state.drills:
        return refuse("no_drill")
    draft.remember(person)
    return draft.decision({"incident": inject_alarm(draft, point)})
