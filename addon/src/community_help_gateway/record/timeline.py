"""An incident's record, line by line, so that "why was I (not) paged" can be read off it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..model.kinds import Hazard
from ..model.state import Event, EventKind
from ..words import RECORD
from .naming import Telling, short
from .proof import step_text
from .trace import FALLBACK


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: its number and time, who decided (empty: nobody), what happened, and by which way."""

    number: int
    at: float
    kind: str
    who: str
    what: str
    way: str = ""


def lines(events: Iterable[Event], telling: Telling) -> tuple[Line, ...]:
    """Every event of an incident in its order, as people read it."""
    return tuple(_line(event, telling) for event in events)


def _line(event: Event, telling: Telling) -> Line:
    told = _TELLERS.get(event.kind, _plain)(event, telling)
    receipt = event.receipt
    person = event.person or (receipt.person if receipt else "")
    return Line(event.number, event.at, event.kind, telling.who(person) if person else "", told, _way(event, telling))


def _plain(event: Event, telling: Telling) -> str:
    """Anything without parts; a kind without a text is told by its own word."""
    if event.kind in RECORD:
        return telling.say(event.kind, who=telling.who(event.person))
    return telling.say("other", kind=f"{event.kind} {event.detail}".strip())


def _raised(event: Event, telling: Telling) -> str:
    if event.member is None:
        return telling.say(f"{event.kind}_first")
    if event.kind is EventKind.RAISED and event.incident and event.incident.hazard is Hazard.SELF_TEST:
        return telling.say("self_test_raised", what=event.member.point)
    return telling.say(event.kind, what=event.member.name)


def _joined(event: Event, telling: Telling) -> str:
    """What joined, and why people were told at once, together with others, or not again."""
    what = telling.say("joined", what=event.member.name if event.member else event.subject)
    how, _, reason = event.detail.partition(":")
    why = telling.say(f"why_{reason}")
    policy = telling.policy(event.incident)
    if event.detail == "folded:flapping":
        return _within("flapping", telling, policy.flap if policy else 0.0, what=what)
    if how == "folded":
        return telling.say("unpaged", what=what, why=why)
    if how == "collected":
        return _within("collected", telling, policy.collect if policy else 0.0, what=what, why=why)
    return telling.say("at_once", what=what, why=why) if how == "paged" else what


def _within(key: str, telling: Telling, seconds: float, **parts: str) -> str:
    """A text with the policy's number, where that policy is still known."""
    return telling.say(f"{key}_within", seconds=round(seconds), **parts) if seconds else telling.say(key, **parts)


def _worsened(event: Event, telling: Telling) -> str:
    return telling.say("worsened", why=telling.say(f"why_{event.detail}"))


def _escalated(event: Event, telling: Telling) -> str:
    return telling.say("escalated", tier=event.incident.tier if event.incident else 0)


def _handed_over(event: Event, telling: Telling) -> str:
    to = event.incident.owner if event.incident else ""
    if to == event.person:
        return telling.say("taken_over", who=telling.who(to))
    return telling.say("handed_over", who=telling.who(event.person), to=telling.who(to))


def _noted(event: Event, telling: Telling) -> str:
    return telling.say("noted", who=telling.who(event.person), text=event.detail)


def _closed(event: Event, telling: Telling) -> str:
    cause = event.incident.cause if event.incident else None
    text = telling.say("closed", who=telling.who(event.person), cause=telling.say(f"cause_{cause or 'unknown'}"))
    note = event.incident.note if event.incident else ""
    return f"{text} ({note})" if note else text


def _paged(event: Event, telling: Telling) -> str:
    page = event.page
    if page is None:
        return _plain(event, telling)
    return paged_text(page.tier, page.people, page.reason, page.why, telling)


def paged_text(tier: int, people: tuple[str, ...], reason: str, why: str, telling: Telling) -> str:
    """Which tier and who was to be told, and why."""
    told, said = telling.people(people), telling.say(f"why_{reason}")
    if not why:
        return telling.say("paged", tier=tier, people=told, reason=said)
    return telling.say("paged_why", tier=tier, people=told, reason=said, why=telling.say(f"why_{why}"))


def _not_paged(event: Event, telling: Telling) -> str:
    return telling.say("not_paged", why=telling.say(f"why_{event.detail}"))


def _refused(event: Event, telling: Telling) -> str:
    return telling.say("refused", who=telling.who(event.person), what=telling.say(f"act_{event.detail}"))


def _self_test(event: Event, telling: Telling) -> str:
    return telling.say("self_test", who=telling.who(event.person))


def _unproven(event: Event, telling: Telling) -> str:
    return telling.say("unproven", seconds=event.detail)


def _ordered(event: Event, telling: Telling) -> str:
    return telling.say("ordered", doubt=telling.say(f"doubt_{event.detail.partition(':')[2]}"))


def _receipt(event: Event, telling: Telling) -> str:
    receipt = event.receipt
    if receipt is None:
        return _plain(event, telling)
    step = step_text(receipt.step, receipt.phone, telling)
    step = f"{step}: {receipt.detail}" if receipt.detail else step
    way = _phone(receipt.phone, telling)
    if not receipt.person:
        return telling.say("receipt", step=step, way=way)
    return telling.say("receipt_of", who=telling.who(receipt.person), step=step, way=way)


def _phone(phone: str, telling: Telling) -> str:
    if phone.startswith(FALLBACK):
        return telling.say("by_fallback", name=phone.removeprefix(FALLBACK))
    return telling.say("by_phone", name=short(phone)) if phone else telling.say("by_whole")


_TELLERS: dict[EventKind, Callable[[Event, Telling], str]] = {
    EventKind.RAISED: _raised,
    EventKind.JOINED: _joined,
    EventKind.RESTORED: _raised,
    EventKind.WORSENED: _worsened,
    EventKind.ESCALATED: _escalated,
    EventKind.HANDED_OVER: _handed_over,
    EventKind.NOTED: _noted,
    EventKind.CLOSED: _closed,
    EventKind.PAGED: _paged,
    EventKind.NOT_PAGED: _not_paged,
    EventKind.ORDERED: _ordered,
    EventKind.RECEIPT: _receipt,
    EventKind.REFUSED: _refused,
    EventKind.UNPROVEN: _unproven,
    EventKind.SELF_TEST: _self_test,
}
_DECIDED = frozenset(
    {
        EventKind.ACKNOWLEDGED,
        EventKind.HANDLING,
        EventKind.HANDED_OVER,
        EventKind.ASKED,
        EventKind.DECLARED_REAL,
        EventKind.RESOLVED,
        EventKind.CLOSED,
    }
)


def _way(event: Event, telling: Telling) -> str:
    """By which way a decision came; a closing without one has its cause in that place."""
    if event.kind not in _DECIDED:
        return ""
    way = event.detail.partition(":")[0]
    cause = event.incident.cause if event.incident else None
    if not way or (event.kind is EventKind.CLOSED and way == cause):
        return ""
    return telling.say(f"by_{way}")
