"""What follows when the journal itself was replaced: by an older backup, or because it was damaged."""

from copy import replace

from .draft import Decision, Draft
from .lifecycle import needs_review
from .paging import demand
from .state import EventKind

RESTORED_BACKUP, SET_ASIDE = "restored_backup", "set_aside"


def new_epoch(draft: Draft, mark: str) -> Decision:
    """A new epoch begins: what is live pages and says so; after a backup, other open incidents need review.

    A journal that was set aside was salvaged a moment ago, so its unanswered incidents go on paging by their clocks.
    """
    draft.note(EventKind.EPOCH, draft.state.epoch, detail=mark)
    for known in draft.state.incidents.values():
        incident = replace(known, mark=mark)
        draft.put(incident.id, incident)
        if incident.drill or mark == SET_ASIDE:
            continue
        if incident.live:
            demand(draft, incident.worsened(), "returned", incident.tier, up_to=True)
        else:
            needs_review(draft, replace(incident, acknowledged_revision=incident.worse_revision))
    return draft.decision()
