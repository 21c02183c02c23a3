"""The one entrance to the model: an input at a time becomes a decision.

Nothing here alters the state; ``commit`` does, and only ever by the decision's own changes.
"""

from .draft import Decision, Draft
from .field import observe, raise_again, reset
from .incident import Deadline, DeadlineKind
from .observation import Input, LinkState, Observation
from .paging import overdue, unanswered
from .site import Site
from .state import State


def field_input(state: State, site: Site, said: Input, now: float) -> Decision:
    """What follows from what the field said, at wall time ``now``."""
    if isinstance(said, Observation):
        return observe(Draft(state, site, now), said)
    if isinstance(said, LinkState):
        return _link(state, site, said)
    return reset(Draft(state, site, now), said)


def due(state: State, site: Site, deadline: Deadline, now: float) -> Decision:
    """What follows from a deadline that has come; one that no longer matters only goes away."""
    draft = Draft(state, site, now)
    draft.drop(deadline.id, Deadline)
    if deadline.kind is DeadlineKind.RAISE_AGAIN:
        point = site.points.get(deadline.subject)
        again = raise_again(draft, point) if point else Decision()
        return again if again.events else draft.decision()
    page = state.pages.get(deadline.subject)
    if page is None or page.incident not in state.incidents:
        return draft.decision()
    return overdue(draft, page) if deadline.kind is DeadlineKind.ACCEPT else unanswered(draft, page)


def commit(state: State, decision: Decision) -> None:
    """Carry a decision out on ``state``."""
    number = decision.events[-1].number if decision.events else state.number
    state.apply(decision.changes, number)
    for record in decision.volatile:
        state.points[record.id] = record


def _link(state: State, site: Site, said: LinkState) -> Decision:
    """A link's coming and going shows on its points and clears nothing."""
    if said.up == ((said.link, said.device) in state.links_up):
        return Decision()
    return Decision(touched=tuple(point.id for point in site.on_link(said.link, said.device)))
