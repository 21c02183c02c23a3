"""What an integration brings: the roster, adopted entities, the pager's lease, and proofs about pages."""

from collections.abc import Sequence
from copy import replace

from .adopted import Adopted, AdoptedDevice
from .draft import Decision, Draft
from .incident import DeadlineKind, Lease, Name, ReceiptStep
from .lifecycle import refuse
from .paging import accept, hurry
from .roster import Roster, Shift, StaffMember
from .state import EventKind, Receipt

NOT_THERE = frozenset({ReceiptStep.UNPROVEN, ReceiptStep.FAILED})
"""Said of a page as a whole: nobody may have it."""


def receive(draft: Draft, receipt: Receipt) -> Decision:
    """Keep a proof; of the page as a whole "accepted" ends the wait for the integration, a lack shortens another."""
    epoch, _, number = receipt.page.rpartition("-")
    known = draft.page(receipt.page)
    if not known and (epoch != draft.state.epoch or not number.isdecimal() or int(number) > draft.state.number):
        return refuse("unknown_page")
    draft.note(EventKind.RECEIPT, receipt.page, receipt=receipt, about=known.incident if known else "")
    if known and not known.accepted and receipt.step == ReceiptStep.ACCEPTED and not receipt.phone:
        accept(draft, known)
    incident = draft.incident(known.incident) if known else None
    if known and incident and receipt.step in NOT_THERE and not receipt.phone and not receipt.person:
        hurry(draft, known, incident)
    return draft.decision()


def set_roster(
    draft: Draft, staff: Sequence[StaffMember], shifts: Sequence[Shift] = (), until: float | None = None
) -> Decision:
    """A new version of the roster, if it differs from the last one; pages that run keep their people."""
    old = draft.state.roster
    new = Roster(old.version + 1 if old else 1, tuple(staff), tuple(shifts), until)
    if old and replace(new, version=old.version) == old:
        return Decision(result={"version": old.version})
    draft.note(EventKind.ROSTER, str(new.version))
    draft.put("roster", new)
    return draft.decision({"version": new.version})


def set_adopted(draft: Draft, devices: Sequence[AdoptedDevice]) -> Decision:
    """All adopted entities, if they differ from the last ones; open incidents are not touched."""
    old, new = draft.state.adopted or Adopted(()), Adopted(tuple(devices))
    if new != old:
        draft.note(EventKind.ADOPTED, str(len(new.devices)))
        draft.put("adopted", new)
    return draft.decision()


def claim_lease(draft: Draft, holder: str, name: str, *, force: bool, version: int = 0) -> Decision:
    """Who asks first pages; another one only takes over by a person's word (``force``).

    ``version`` is that of the contract which the holder speaks: a newer one may come with an update.
    """
    old = draft.state.lease
    if old and old.holder == holder:
        if old.version != version:
            draft.put("lease", replace(old, version=version))
        return draft.decision({"fence": old.fence})
    if old and not force:
        return refuse("lease_held")
    lease = Lease(holder, name, old.fence + 1 if old else 1, version)
    draft.note(EventKind.LEASE, holder, detail=str(lease.fence))
    draft.put("lease", lease)
    for page in draft.state.pages.values():  # what is still demanded is the new holder's business now
        incident = draft.incident(page.incident)
        length = draft.policy(incident).accept if incident else page.accept_by - page.demanded_at
        taken = replace(page, fence=lease.fence, accepted=False, accept_by=draft.now + length)
        draft.about_page(EventKind.PAGED, taken, incident)
        draft.wait(DeadlineKind.ACCEPT, page.id, length)
    return draft.decision({"fence": lease.fence})


def erase_name(draft: Draft, person: str) -> Decision:
    """Forget how a person is called; what they decided stays under their id, and the chain does not change.

    Who is in the roster is still paged by name, so they leave the roster first.
    """
    if any(member.id == person for member in draft.roster.staff):
        return refuse("still_on_roster")
    if person not in draft.state.names:
        return refuse("unknown_name")
    draft.note(EventKind.NAME_ERASED, person)
    draft.drop(person, Name)
    return draft.decision({"erased": True})
