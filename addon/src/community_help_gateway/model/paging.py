"""Who is told, when, and when again. A page is a demand; only a person's answer ends it."""

from copy import replace
from datetime import datetime, tzinfo

from .draft import Draft
from .incident import Deadline, DeadlineKind, Incident, Page
from .kinds import Hazard
from .roster import Chosen, choose, everyone
from .state import EventKind

EVERYBODY = frozenset({"no_staff", "nobody_on_duty", "beyond_horizon"})
"""Why a page goes to all staff of a compound: there is no further tier then."""

NEXT_TIER = frozenset({"call_point", "second_hazard", "second_detector", "severity"})
"""Worsenings that skip the wait: the next tier is told at once, with those before it."""

WORSENINGS = NEXT_TIER | {"again", "unknown_floor", "new_floor"}
"""Why people must be told again while they are told already, or were."""

_OF_A_PAGE = (DeadlineKind.ACCEPT, DeadlineKind.ANSWER)


def demand(draft: Draft, incident: Incident, reason: str, tier: int, *, up_to: bool = False) -> Incident:
    """Demand that ``tier`` be told (``up_to``: and those before it); the older page is settled.

    A policy that tells nobody, or not at this hour, is kept and written down. Returns the incident.
    """
    settle(draft, incident)
    review_later(draft, incident)
    policy = draft.policy(incident)
    if not policy.pages:
        return _not_now(draft, incident, "policy")
    closed = seconds_until_open(policy.hours, draft.now, draft.site.zone)
    if closed:
        draft.wait(DeadlineKind.PAGE, incident.id, closed)
        return _not_now(draft, replace(incident, pending=reason), "hours")
    if incident.hazard is Hazard.SELF_TEST:
        return _page(draft, incident, reason, everyone(draft.roster, incident.compound))
    return _page(draft, incident, reason, choose(draft.roster, incident.compound, tier, draft.now, up_to=up_to))


def review_later(draft: Draft, incident: Incident) -> None:
    """Where people are told once or never, the incident is looked at again, however often it was reviewed before."""
    policy = draft.policy(incident)
    if not (policy.pages and policy.repeats) and not draft.deadline(DeadlineKind.REVIEW, incident.id):
        draft.wait(DeadlineKind.REVIEW, incident.id, policy.review)


def _not_now(draft: Draft, incident: Incident, why: str) -> Incident:
    draft.about_incident(EventKind.NOT_PAGED, incident, detail=why)
    return incident


def _page(draft: Draft, incident: Incident, reason: str, chosen: Chosen) -> Incident:
    policy = draft.policy(incident)
    page = Page(
        id=draft.identify(),
        number=draft.number,
        incident=incident.id,
        revision=incident.revision,
        tier=chosen.tier,
        people=chosen.people,
        reason=reason,
        demanded_at=draft.now,
        accept_by=draft.now + policy.accept,
        answer_by=draft.now + policy.wait(chosen.tier) if policy.repeats else 0.0,
        fence=draft.state.lease.fence if draft.state.lease else 0,
        why=chosen.why,
    )
    incident = replace(incident, page=page.id, tier=chosen.tier, paged_at=draft.now, pending="")
    draft.about_page(EventKind.PAGED, page, incident)
    draft.put(incident.id, incident)
    draft.stop((DeadlineKind.PAGE,), incident.id)
    draft.wait(DeadlineKind.ACCEPT, page.id, policy.accept)
    if policy.repeats:
        draft.wait(DeadlineKind.ANSWER, page.id, policy.wait(chosen.tier))
    return incident


def demand_worse(draft: Draft, incident: Incident, worsening: str) -> Incident:
    """Tell everybody up to the tier that has it, or up to the next one where the worsening skips the wait."""
    tier = incident.tier + 1 if worsening in NEXT_TIER and incident.paged_at else incident.tier
    return demand(draft, replace(incident, worse_paged_at=draft.now), "worse", tier, up_to=True)


def settle(draft: Draft, incident: Incident) -> None:
    """The incident's page needs nobody any more."""
    page = draft.page(incident.page)
    if page is None:
        return
    draft.about_page(EventKind.SETTLED, replace(page, settled=True), incident)
    draft.stop(_OF_A_PAGE, page.id)


def accept(draft: Draft, page: Page) -> None:
    """The integration has taken the page over."""
    incident = draft.incident(page.incident)
    draft.about_page(EventKind.ACCEPTED, replace(page, accepted=True), incident)
    draft.drop(f"{DeadlineKind.ACCEPT}:{page.id}", Deadline)
    test = draft.self_test(incident.compound) if incident and incident.hazard is Hazard.SELF_TEST else None
    if test and test.incident == page.incident:
        draft.put(test.compound, replace(test, accepted=True, failing=False))


def hurry(draft: Draft, page: Page, incident: Incident) -> None:
    """No phone has shown that it has the page, or no way took it: the next tier is told sooner, never later."""
    wait, unproven = draft.deadline(DeadlineKind.ANSWER, page.id), draft.policy(incident).unproven
    if wait is None or incident.answered or not unproven or wait.remaining(draft.now) <= unproven:
        return
    sooner = replace(page, answer_by=draft.now + unproven)
    draft.about_page(EventKind.UNPROVEN, sooner, incident, detail=str(round(unproven)))
    draft.wait(DeadlineKind.ANSWER, page.id, unproven)


def overdue(draft: Draft, page: Page) -> None:
    """Nobody accepted the page in time: it stays demanded under its id, and the gateway's own channel is due."""
    draft.about_page(EventKind.OVERDUE, replace(page, overdue=True), draft.incident(page.incident))


def unanswered(draft: Draft, page: Page, incident: Incident) -> None:
    """Nobody took the incident in time: the next tier is told, the last one again."""
    if incident.answered:
        return
    chosen = choose(draft.roster, incident.compound, page.tier + 1, draft.now)
    if chosen.tier > page.tier and chosen.why not in EVERYBODY:
        incident = replace(incident, tier=chosen.tier)
        draft.about_incident(EventKind.ESCALATED, incident)
        demand(draft, incident, "escalated", chosen.tier, up_to=bool(incident.pending))
    else:
        demand(draft, incident, "repeated", page.tier)


def page_due(draft: Draft, incident: Incident) -> None:
    """A page that had to wait (worsenings collect, hours close) is due."""
    if incident.answered or not incident.pending:
        return
    if incident.paged_at and incident.pending in WORSENINGS:
        demand_worse(draft, incident, incident.pending)
    else:
        demand(draft, incident, incident.pending, incident.tier, up_to=bool(incident.paged_at))


def seconds_until_open(hours: tuple[int, ...], now: float, zone: tzinfo) -> float:
    """How long until people may be told; 0 within ``hours`` (minutes of the local day, may span midnight)."""
    if not hours:
        return 0.0
    start, end = hours
    local = datetime.fromtimestamp(now, zone)
    minute = local.hour * 60 + local.minute
    if start <= minute < end if start < end else minute >= start or minute < end:
        return 0.0
    return ((start - minute) % 1440) * 60.0 - local.second
