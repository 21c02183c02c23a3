"""What follows from what people and their integration decide. A command that cannot be carried out is refused."""

from collections.abc import Sequence
from dataclasses import replace

from .draft import Decision, Draft
from .incident import RAISE_AGAIN_SECONDS, Cause, Deadline, DeadlineKind, Lease, Person, ReceiptStep
from .paging import accept, settle
from .site import StaffMember
from .state import EventKind, Receipt, Roster


def refuse(key: str) -> Decision:
    """Nothing happens; ``key`` names the error."""
    return Decision(refusal=key)


def acknowledge(draft: Draft, incident_id: str, revision: int, person: Person, detail: str) -> Decision:
    """``person`` takes the incident as it was at ``revision``; the first one owns it."""
    incident = draft.state.incidents.get(incident_id)
    if incident is None:
        return refuse("unknown_incident")
    if revision > incident.revision:
        return refuse("future_revision")
    if revision <= incident.acknowledged_revision and incident.owner:
        return Decision(result={"first": False, "owner": incident.owner.name, "owner_id": incident.owner.id})
    incident = incident.acknowledged(person, revision, draft.now)
    draft.about_incident(EventKind.ACKNOWLEDGED, incident, person=person, detail=detail)
    if incident.answered:
        settle(draft, incident)
    return draft.decision({"first": True, "owner": person.name, "owner_id": person.id})


def close(draft: Draft, incident_id: str, cause: Cause, note: str, person: Person) -> Decision:
    """``person`` ends the incident; a point that is still live raises again after a stated time."""
    incident = draft.state.incidents.get(incident_id)
    if incident is None:
        return refuse("unknown_incident")
    settle(draft, incident)
    draft.about_incident(EventKind.CLOSED, incident.closed(cause, note, draft.now), person=person, detail=cause)
    live = [m.point for m in incident.members if m.restored_at is None and m.point in draft.state.live]
    for point in live:
        deadline = Deadline(DeadlineKind.RAISE_AGAIN, point, draft.now + RAISE_AGAIN_SECONDS, RAISE_AGAIN_SECONDS)
        draft.put(deadline.id, deadline)
    draft.touched.extend(member.point for member in incident.members)
    return draft.decision({"live": len(live)})


def receive(draft: Draft, receipt: Receipt) -> Decision:
    """Keep a proof; "accepted" for the page as a whole ends the wait for the integration."""
    epoch, _, number = receipt.page.rpartition("-")
    if epoch != draft.state.epoch or not number.isdecimal() or int(number) > draft.state.number:
        return refuse("unknown_page")
    page = draft.state.pages.get(receipt.page)
    draft.note(EventKind.RECEIPT, receipt.page, receipt=receipt)
    if page and not page.accepted and receipt.step == ReceiptStep.ACCEPTED and not receipt.phone:
        accept(draft, page)
    return draft.decision()


def set_roster(draft: Draft, staff: Sequence[StaffMember]) -> Decision:
    """A new version of the roster, if it differs from the last one."""
    old = draft.state.roster
    if old and old.staff == tuple(staff):
        return Decision(result={"version": old.version})
    roster = Roster(old.version + 1 if old else 1, tuple(staff))
    draft.note(EventKind.ROSTER, str(roster.version))
    draft.put("roster", roster)
    return draft.decision({"version": roster.version})


def claim_lease(draft: Draft, holder: str, name: str, *, force: bool) -> Decision:
    """Who asks first pages; another one only takes over by a person's word (``force``)."""
    old = draft.state.lease
    if old and old.holder == holder:
        return Decision(result={"fence": old.fence})
    if old and not force:
        return refuse("lease_held")
    lease = Lease(holder, name, old.fence + 1 if old else 1)
    draft.note(EventKind.LEASE, holder, detail=str(lease.fence))
    draft.put("lease", lease)
    for page in draft.state.pages.values():  # what is still demanded is the new holder's business now
        draft.about_page(EventKind.PAGED, replace(page, fence=lease.fence), draft.state.incidents.get(page.incident))
    return draft.decision({"fence": lease.fence})
