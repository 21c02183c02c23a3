"""A fire lane: passing cars are ignored, a standing one becomes worse by the clock, and only a held "free" ends it."""

from copy import replace

from .alarms import rise, sound
from .draft import Draft
from .fold import restore
from .incident import DeadlineKind
from .kinds import PointKind, Severity
from .lifecycle import resolve_itself
from .policy import Policy
from .site import Point
from .state import PointRecord
from .supervision import NO_ANSWER

LOOK_AGAIN_SECONDS = 30.0
"""After how long a lane that cannot be seen is looked at again (project's choice)."""


def changed(draft: Draft, point: Point, old: PointRecord, new: PointRecord) -> None:
    """Occupied or free: the clocks start, and stop."""
    policy = policy_of(draft, point)
    if new.on and not old.on:
        since = new.since if old.level and new.since else draft.now
        new = replace(new, since=since)
        draft.stop((DeadlineKind.FREE,), point.id)
        _wait(draft, point, policy, new)
    elif old.on and not new.on:
        draft.stop((DeadlineKind.DWELL,), point.id)
        if old.level:
            draft.wait(DeadlineKind.FREE, point.id, policy.free)
    draft.about_point(replace(new, number=draft.number))


def dwelt(draft: Draft, point: Point) -> None:
    """Occupied for long enough: the first level raises, each further one makes it worse; unknown is not occupied."""
    policy, record = policy_of(draft, point), draft.point(point.id)
    if not record.on or record.level >= len(policy.dwell):
        return
    if not _live(draft, point, record):
        draft.wait(DeadlineKind.DWELL, point.id, LOOK_AGAIN_SECONDS)
        return
    record = replace(record, level=record.level + 1, changed_at=draft.now)
    _wait(draft, point, policy, record)
    if record.level == 1:
        sound(draft, point, replace(record, alarm=True, episode=record.episode + 1))
    else:
        rise(draft, point, record)


def freed(draft: Draft, point: Point) -> None:
    """The lane was free for long enough: the alarm restores, and an incident with nothing else live ends by itself.

    Never on silence: while the lane's link is down, or its sensor does not answer, it must hold anew (promise 3).
    The same holds for an appliance, whose free is that its alarm ended.
    """
    record = draft.point(point.id)
    if record.alarm if point.kind is not PointKind.LANE else record.on or not record.level:
        return
    if not _live(draft, point, record):
        draft.wait(DeadlineKind.FREE, point.id, max(policy_of(draft, point).free, LOOK_AGAIN_SECONDS))
        return
    incident = draft.incident(record.incident)
    if point.kind is PointKind.LANE:
        record = replace(record, alarm=False, level=0, since=None, changed_at=draft.now)
        incident = restore(draft, record.incident, point.id, record, draft.now)
    if incident and incident.live == 0 and draft.policy(incident).resolves:
        resolve_itself(draft, incident)


def look(draft: Draft) -> None:
    """After a start and with another site: no lane is left without the clock that it needs."""
    for point in draft.site.points.values():
        record = draft.state.points.get(point.id)
        if point.kind is not PointKind.LANE or record is None:
            continue
        if record.on and not draft.deadline(DeadlineKind.DWELL, point.id):
            _wait(draft, point, policy_of(draft, point), record)
        elif record.level and not record.on and not draft.deadline(DeadlineKind.FREE, point.id):
            draft.wait(DeadlineKind.FREE, point.id, policy_of(draft, point).free)


def policy_of(draft: Draft, point: Point) -> Policy:
    """The policy for a lane or an appliance; its open incident keeps the one that it was raised under."""
    rules = draft.rules(draft.incident(draft.point(point.id).incident))
    return rules.find(draft.site.devices[point.device].compound, point.hazard, Severity.WARNING)


def _live(draft: Draft, point: Point, record: PointRecord) -> bool:
    """Whether what is known of a point is what it says now."""
    answers = not record.fault and record.state != NO_ANSWER
    return answers and (point.address.link, point.address.device) in draft.state.links_up


def _wait(draft: Draft, point: Point, policy: Policy, record: PointRecord) -> None:
    """Wait for the next level, counted from when the lane was occupied; a clock that jumped stretches nothing."""
    if record.level < len(policy.dwell):
        stage = policy.dwell[record.level]
        stood = max(draft.now - (record.since or draft.now), 0.0)
        draft.wait(DeadlineKind.DWELL, point.id, min(max(stage - stood, 0.0), stage))
