"""The self-test: one silent page to all staff of a compound proves, night after night, the whole way to their phones.

It is an incident of its own, a drill, in which nothing is asked of anybody: it ends by itself, never escalates, never
goes out by the gateway's own channels, and no alarm folds into it.
"""

from copy import replace
from datetime import date, datetime, time, timedelta

from .draft import Decision, Draft
from .fold import DRILL, Arrival, fold
from .incident import GATEWAY, Cause, DeadlineKind, Incident, Person, SelfTest
from .kinds import Hazard, Severity
from .lifecycle import UNIDENTIFIED, end, refuse
from .policy import SELF_TEST_SECONDS
from .site import Point
from .state import EventKind, State

LATE_SECONDS = 3600.0
"""A night's test may begin so late, after a restart for instance; later the night is left out (project's choice)."""

SPEAKS = 3
"""From this version of the contract on an integration knows a self-test; an older one would ring for it."""

ALIKE_SECONDS = 1.0
"""Two moments that differ by less are the same: a wait's end is a sum of floats."""


def arm(draft: Draft) -> None:
    """Every compound of the site has its next night, at the hour that the site file names now; others have none."""
    armed = [wait.subject for wait in draft.state.deadlines.values() if wait.kind is DeadlineKind.SELF_TEST]
    wanted = draft.site.compounds if draft.site.self_test is not None else {}
    for compound in {*armed, *draft.state.self_tests} - wanted.keys():
        draft.stop((DeadlineKind.SELF_TEST,), compound)
        _put_by(draft, compound)
    for compound in wanted:
        wait = draft.deadline(DeadlineKind.SELF_TEST, compound)
        if wait is None or abs(_nights(draft, wait.due_at - ALIKE_SECONDS)[1] - wait.due_at) >= ALIKE_SECONDS:
            draft.wait(DeadlineKind.SELF_TEST, compound, _nights(draft, draft.now)[1] - draft.now)


def _put_by(draft: Draft, compound: str) -> None:
    """No finding any more; but which night was tested is known as long as the compound is there."""
    known = draft.self_test(compound)
    if known and compound not in draft.site.compounds:
        draft.drop(compound, SelfTest)
    elif known and not known.accepted:
        draft.put(compound, replace(known, accepted=True))


def nightly(draft: Draft, compound: str) -> None:
    """The hour has come, or was slept through; a night is tested once at most.

    A test that lies more than ``LATE_SECONDS`` ahead was made under a clock that was wrong then or is now: it does not
    count, or one wrong night would end all tests for years.
    """
    if draft.site.self_test is None or compound not in draft.site.compounds:
        return
    tonight, tomorrow = _nights(draft, draft.now)
    draft.wait(DeadlineKind.SELF_TEST, compound, tomorrow - draft.now)
    known = draft.self_test(compound)
    tested = known is not None and tonight <= known.started_at <= draft.now + LATE_SECONDS
    if draft.now - tonight < LATE_SECONDS and not tested and not _obstacle(draft, compound):
        _begin(draft, compound, GATEWAY.id)


def start(draft: Draft, compound: str, person: Person) -> Decision:
    """``person`` wants a self-test now."""
    obstacle = "unidentified" if person.id in UNIDENTIFIED else _obstacle(draft, compound)
    if obstacle:
        return refuse(obstacle)
    return draft.decision({"incident": _begin(draft, compound, draft.remember(person)).id})


def finish(draft: Draft, incident: Incident) -> None:
    """Its time is over."""
    end(draft, incident, Cause.TEST, incident.note, GATEWAY.id, "self_test")


def unaccepted(state: State) -> tuple[str, ...]:
    """The compounds whose last self-test Home Assistant did not take over: last night it could not page there."""
    return tuple(
        test.compound
        for test in state.self_tests.values()
        if not test.accepted and (test.failing or test.incident not in state.incidents)
    )


def _obstacle(draft: Draft, compound: str) -> str:
    """Why there can be no self-test now, as an error's key."""
    if compound not in draft.site.compounds:
        return "unknown_compound"
    if draft.state.lease is None or draft.state.lease.version < SPEAKS:
        return "no_pager"
    if not draft.roster.serving(compound):
        return "nobody_serves"
    if not draft.site.points_of(compound):
        return "no_devices"
    return "self_test_runs" if draft.incident_for(_key(compound)) else ""


def _key(compound: str) -> str:
    return f"{DRILL}self_test:{compound}"


def _begin(draft: Draft, compound: str, person: str) -> Incident:
    point = _member(draft, compound)
    device = draft.site.devices[point.device]
    incident = fold(
        draft,
        Arrival(
            key=_key(compound),
            compound=compound,
            hazard=Hazard.SELF_TEST,
            severity=Severity.NOTICE,
            point=point.id,
            place=draft.site.compound_name(compound),
            at=draft.now,
            device=device.id,
            episode=0,
            reason="self_test",
        ),
    )
    before = draft.self_test(compound)
    failing = before is not None and not before.accepted
    draft.note(EventKind.SELF_TEST, compound, person=person, about=incident.id)
    draft.put(compound, SelfTest(compound, incident.id, draft.now, failing=failing))
    draft.wait(DeadlineKind.TEST_END, incident.id, SELF_TEST_SECONDS)
    return incident


def _member(draft: Draft, compound: str) -> Point:
    """Another point each day, so that in time every one of them was named to the phones."""
    points = draft.site.points_of(compound)
    return points[_day(draft, draft.now).toordinal() % len(points)]


def _nights(draft: Draft, now: float) -> tuple[float, float]:
    """The last moment of a self-test up to ``now``, and the next one; each day of the calendar has one."""
    hour, minute = divmod(draft.site.self_test or 0, 60)
    today = _day(draft, now)
    days = (today + timedelta(days=offset) for offset in (-2, -1, 0, 1, 2))
    moments = [datetime.combine(day, time(hour, minute), draft.site.zone).timestamp() for day in days]
    return max(item for item in moments if item <= now), min(item for item in moments if item > now)


def _day(draft: Draft, now: float) -> date:
    return datetime.fromtimestamp(now, draft.site.zone).date()
