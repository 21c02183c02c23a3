"""How far each page is proven, person by person and phone by phone: the ladder from "sent" to "answered"."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..model.incident import Page, ReceiptStep
from ..model.state import Event, EventKind, Receipt
from .naming import Telling, short
from .trace import FALLBACK

STEPS = (
    ReceiptStep.HANDED_OVER,
    ReceiptStep.ACCEPTED,
    ReceiptStep.RECEIVED,
    ReceiptStep.SEEN,
    ReceiptStep.ACTED,
    ReceiptStep.FAILED,
    ReceiptStep.UNPROVEN,
)
"""The order in which a ladder is told, whatever the order in which the proofs came."""

MAX_PHONES = 200
"""More phones or channels of one page are not followed (project's choice)."""

type Owner = tuple[str, str]
"""A person and a phone; both are empty for the page as a whole."""


@dataclass(slots=True)
class Ladder:
    """One page: whom it was for, and what is proven for each owner: when each step was first reached, and a reason."""

    page: Page
    overdue_at: float | None = None
    owners: dict[Owner, dict[str, tuple[float, str]]] = field(default_factory=dict)

    def take(self, receipt: Receipt, at: float) -> None:
        """One more proof."""
        owner = (receipt.person, receipt.phone)
        if owner in self.owners or len(self.owners) < MAX_PHONES:
            self.owners.setdefault(owner, {}).setdefault(receipt.step, (at, receipt.detail))


class Ladders:
    """Follows the pages of incidents through a stream of events in their order."""

    def __init__(self) -> None:
        """No page yet."""
        self.found: dict[str, Ladder] = {}

    def add(self, event: Event) -> None:
        """One more event; a proof counts for its page, also when it comes after the incident's end."""
        if event.kind is EventKind.PAGED and event.page:
            self.found.setdefault(event.page.id, Ladder(event.page))
        elif event.kind is EventKind.OVERDUE and event.page and event.page.id in self.found:
            self.found[event.page.id].overdue_at = event.at
        elif event.receipt and event.receipt.page in self.found:
            self.found[event.receipt.page].take(event.receipt, event.at)


def furthest(steps: Iterable[str]) -> str:
    """The most that is proven; a failure only where there is nothing else, "nothing" where there is nothing at all."""
    reached = set(steps)
    better = [step for step in STEPS[:5] if step in reached]
    if better:
        return better[-1].value
    return ReceiptStep.FAILED.value if ReceiptStep.FAILED in reached else "nothing"


def of_person(ladder: Ladder, person: str) -> str:
    """How far a page is proven for one person, by whichever phone."""
    return furthest(step for (who, _), steps in ladder.owners.items() if who == person for step in steps)


def rows(events: Iterable[Event], telling: Telling) -> tuple[tuple[str, ...], ...]:
    """Page by page: when and why, who, which phone, and the ladder in one line."""
    ladders = Ladders()
    for event in events:
        ladders.add(event)
    return tuple(row for ladder in ladders.found.values() for row in _of_page(ladder, telling))


def _of_page(ladder: Ladder, telling: Telling) -> Iterable[tuple[str, ...]]:
    page = ladder.page
    head = (
        telling.clock(page.demanded_at),
        telling.say("page_of", tier=page.tier, reason=telling.say(f"why_{page.reason}")),
    )
    known = [owner for owner in ladder.owners if owner[0]]
    silent = [(person, "") for person in page.people if person not in {owner[0] for owner in known}]
    places = {person: place for place, person in enumerate(("", *page.people))}
    owners = {("", ""), *ladder.owners, *silent}
    for owner in sorted(owners, key=lambda item: (places.get(item[0], len(places)), item[1])):
        yield (*head, *_of_owner(ladder, owner, telling))


def _of_owner(ladder: Ladder, owner: Owner, telling: Telling) -> tuple[str, str, str]:
    person, phone = owner
    steps = ladder.owners.get(owner, {})
    told = [_step(step_text(step, phone, telling), *steps[step], telling) for step in STEPS if step in steps]
    if owner == ("", "") and ladder.overdue_at is not None:
        told.append(_step(telling.say("step_overdue"), ladder.overdue_at, "", telling))
    if phone.startswith(FALLBACK):
        who, name = telling.who("gateway"), phone.removeprefix(FALLBACK)
    else:
        who, name = telling.who(person) if person else telling.say("whole"), short(phone)
    return who, name or "-", " → ".join(told) or telling.say("step_none")


def step_text(step: ReceiptStep | str, phone: str, telling: Telling) -> str:
    """What was proven; that a single way proved nothing in time is why the next one was tried."""
    return telling.say("way_unproven" if phone and step == ReceiptStep.UNPROVEN else f"step_{step}")


def _step(said: str, at: float, reason: str, telling: Telling) -> str:
    text = f"{said} {telling.clock(at)[11:]}"
    return f"{text} ({reason})" if reason else text
