"""Who is paged, when, and when again."""

from dataclasses import replace

from .draft import Decision, Draft
from .incident import ACCEPT_SECONDS, ANSWER_SECONDS, Deadline, DeadlineKind, Incident, Page
from .site import Site, StaffMember
from .state import EventKind, Roster, State


def roster_of(state: State, site: Site) -> tuple[StaffMember, ...]:
    """The journalled roster, or the site file's while no integration has sent one."""
    roster: Roster | None = state.roster
    return roster.staff if roster else site.staff


def tiers(staff: tuple[StaffMember, ...], compound: str) -> dict[int, tuple[str, ...]]:
    """The people of a compound by tier, lowest tier first; an alarm without a compound concerns everybody."""
    found: dict[int, list[str]] = {}
    for member in staff:
        if not compound or not member.compounds or compound in member.compounds:
            found.setdefault(member.tier, []).append(member.id)
    return {tier: tuple(found[tier]) for tier in sorted(found)}


def choose(staff: tuple[StaffMember, ...], compound: str, tier: int) -> tuple[int, tuple[str, ...]]:
    """The tier to page, an empty one falling through at once; the last one repeats; nobody at all means everybody."""
    by_tier = tiers(staff, compound)
    for candidate, people in by_tier.items():
        if candidate >= tier:
            return candidate, people
    if by_tier:
        return next(reversed(by_tier.items()))
    return tier, ()


def demand(draft: Draft, incident: Incident, reason: str, tier: int) -> Incident:
    """Demand that ``tier`` be told about ``incident``; an older page of it is settled. Returns the incident."""
    settle(draft, incident)
    tier, people = choose(roster_of(draft.state, draft.site), incident.compound, tier)
    page = Page(
        id=draft.identify(),
        number=draft.number,
        incident=incident.id,
        revision=incident.revision,
        tier=tier,
        people=people,
        reason=reason,
        demanded_at=draft.now,
        fence=draft.state.lease.fence if draft.state.lease else 0,
    )
    incident = replace(incident, page=page.id, tier=tier)
    draft.about_page(EventKind.PAGED, page, incident)
    draft.put(incident.id, incident)
    for kind, length in ((DeadlineKind.ACCEPT, ACCEPT_SECONDS), (DeadlineKind.ANSWER, ANSWER_SECONDS)):
        deadline = Deadline(kind, page.id, draft.now + length, length)
        draft.put(deadline.id, deadline)
    return incident


def settle(draft: Draft, incident: Incident) -> None:
    """The incident's page needs nobody any more."""
    page = draft.state.pages.get(incident.page)
    if page is None:
        return
    draft.about_page(EventKind.SETTLED, replace(page, settled=True), incident)
    for kind in (DeadlineKind.ACCEPT, DeadlineKind.ANSWER):
        draft.drop(f"{kind}:{page.id}", Deadline)


def accept(draft: Draft, page: Page) -> None:
    """The integration has taken the page over."""
    draft.about_page(EventKind.ACCEPTED, replace(page, accepted=True), draft.state.incidents.get(page.incident))
    draft.drop(f"{DeadlineKind.ACCEPT}:{page.id}", Deadline)


def overdue(draft: Draft, page: Page) -> Decision:
    """Nobody accepted the page in time: it stays demanded, under the same id, and the record says so."""
    draft.about_page(EventKind.OVERDUE, page, draft.state.incidents.get(page.incident))
    draft.drop(f"{DeadlineKind.ACCEPT}:{page.id}", Deadline)
    return draft.decision()


def unanswered(draft: Draft, page: Page) -> Decision:
    """Nobody took the incident in time: the next tier is paged, the last one again."""
    incident = draft.state.incidents[page.incident]
    tier, _ = choose(roster_of(draft.state, draft.site), incident.compound, page.tier + 1)
    if tier > page.tier:
        draft.about_incident(EventKind.ESCALATED, replace(incident, tier=tier))
    demand(draft, incident, "escalated" if tier > page.tier else "repeated", tier)
    return draft.decision()
