"""What each command leaves in the record, so that it can be counted."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from community_help_gateway.contract.commands import (
    Acknowledge,
    AddNote,
    Ask,
    ClaimLease,
    Close,
    CommandBody,
    EndBypass,
    EndDrill,
    Handle,
    HandOver,
    RecordReceipt,
    RecordRefusal,
    Resolve,
    SetBypass,
    StartDrill,
    StartSelfTest,
)

type Effect = tuple[str, ...]
"""The kind of the entry, what it is about, who did it, and for a receipt what is proven."""

_KINDS: dict[type, tuple[str, str]] = {
    Acknowledge: ("acknowledged", "incident"),
    Handle: ("handling", "incident"),
    AddNote: ("noted", "incident"),
    HandOver: ("handed_over", "incident"),
    Ask: ("asked", "incident"),
    Resolve: ("resolved", "incident"),
    Close: ("closed", "incident"),
    StartDrill: ("drill_started", "compound"),
    EndDrill: ("drill_ended", "compound"),
    SetBypass: ("bypassed", "point"),
    EndBypass: ("bypass_ended", "point"),
    RecordReceipt: ("receipt", "page"),
    ClaimLease: ("lease", "instance"),
    StartSelfTest: ("self_test", "compound"),
    RecordRefusal: ("refused", "incident"),
}
_WANTED = frozenset(kind for kind, _ in _KINDS.values())


def effect_of(body: CommandBody) -> Effect | None:
    """The entry that a command leaves; None for an injected alarm, which is counted as a membership."""
    if type(body) not in _KINDS:
        return None
    kind, about = _KINDS[type(body)]
    subject = getattr(body, about)
    if isinstance(body, RecordReceipt):
        return kind, subject, body.person, body.step.value, body.phone
    return kind, subject, "" if isinstance(body, ClaimLease) else getattr(body, "person").id  # noqa: B009


def effects(entries: Iterable[dict[str, Any]]) -> Counter[Effect]:
    """The entries that commands left."""
    found: Counter[Effect] = Counter()
    for entry in entries:
        if entry["kind"] not in _WANTED:
            continue
        proof = entry.get("receipt")
        extra = (proof["person"], proof["step"], proof["phone"]) if proof else (entry.get("person", ""),)
        found[entry["kind"], entry["subject"], *extra] += 1
    return found
