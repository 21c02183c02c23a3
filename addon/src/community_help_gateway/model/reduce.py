"""The one entrance to the model: an input at a time becomes a decision.

Nothing here alters the state; ``commit`` does, and only ever by the decision's own changes.
"""

from . import bypass, guard, lane, lifecycle, paging, selftest, supervision
from .alarms import sound_missing
from .draft import Decision, Draft
from .field import observe, raise_again, reset
from .incident import GATEWAY, Deadline, DeadlineKind
from .kinds import Hazard
from .observation import Input, LinkState, Observation
from .site import Site
from .state import State


def field_input(state: State, site: Site, said: Input, now: float) -> Decision:
    """What follows from what the field said, at wall time ``now``."""
    draft = Draft(state, site, now)
    if isinstance(said, Observation):
        return observe(draft, said)
    if isinstance(said, LinkState):
        supervision.link_changed(draft, said)
        return draft.decision()
    return reset(draft, said)


def take_up(draft: Draft) -> None:
    """After a start and with another site: what the site names is expected, watched, and raised if nobody has it."""
    supervision.expect_links(draft)
    lane.look(draft)
    guard.look(draft)
    sound_missing(draft)
    selftest.arm(draft)


def due(state: State, site: Site, deadline: Deadline, now: float) -> Decision:
    """What follows from a deadline that has come; one that no longer matters only goes away."""
    draft = Draft(state, site, now)
    draft.drop(deadline.id, Deadline)
    if deadline.kind in (DeadlineKind.ACCEPT, DeadlineKind.ANSWER):
        _page_due(draft, deadline)
    elif deadline.kind in (DeadlineKind.RAISE_AGAIN, DeadlineKind.DWELL, DeadlineKind.FREE):
        _point_due(draft, deadline)
    elif deadline.kind is DeadlineKind.LINK:
        supervision.link_overdue(draft, deadline.subject)
    elif deadline.kind is DeadlineKind.DRILL:
        bypass.finish_drill(draft, deadline.subject, GATEWAY.id)
    elif deadline.kind is DeadlineKind.BYPASS:
        bypass.lift(draft, deadline.subject, GATEWAY.id)
    elif deadline.kind is DeadlineKind.SELF_TEST:
        selftest.nightly(draft, deadline.subject)
    elif deadline.kind in guard.GUARD_KINDS:
        guard.due(draft, deadline)
    else:
        _incident_due(draft, deadline)
    return draft.decision()


def _page_due(draft: Draft, deadline: Deadline) -> None:
    page = draft.page(deadline.subject)
    incident = draft.incident(page.incident) if page else None
    if page is None or incident is None:
        return
    if incident.hazard is Hazard.SELF_TEST:
        selftest.finish(draft, incident)
    elif deadline.kind is DeadlineKind.ACCEPT:
        paging.overdue(draft, page)
    else:
        paging.unanswered(draft, page, incident)


def _point_due(draft: Draft, deadline: Deadline) -> None:
    point = draft.site.points.get(deadline.subject)
    if point is None:
        return
    if deadline.kind is DeadlineKind.RAISE_AGAIN:
        raise_again(draft, point)
    elif deadline.kind is DeadlineKind.DWELL:
        lane.dwelt(draft, point)
    else:
        lane.freed(draft, point)


def _incident_due(draft: Draft, deadline: Deadline) -> None:
    incident = draft.incident(deadline.subject)
    if incident is None:
        return
    if deadline.kind is DeadlineKind.TEST_END:
        selftest.finish(draft, incident)
    elif deadline.kind is DeadlineKind.PAGE:
        paging.page_due(draft, incident)
    elif deadline.kind is DeadlineKind.REVIEW:
        lifecycle.needs_review(draft, incident)
    else:
        lifecycle.owner_silent(draft, incident, investigating=deadline.kind is DeadlineKind.INVESTIGATE)


def commit(state: State, decision: Decision) -> None:
    """Carry a decision out on ``state``."""
    number = decision.events[-1].number if decision.events else state.number
    state.apply(decision.changes, number)
    for record in decision.volatile:
        state.show(record)
