"""What was paged beside what would be: the pages in one order, and the numbers that differ."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from .replay import Called, Outcome
from .statistics import Spread

NIGHT_FROM, NIGHT_TO = 22, 6
"""The hours of the night (project's choice)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A page that was recorded, that would be, or both."""

    then: Called | None
    now: Called | None

    @property
    def at(self) -> float:
        """When."""
        either = self.then or self.now
        return either.at if either else 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """One side in numbers; ``second_tier``: from an incident's first page to its first one for tier 2 or higher."""

    pages: int
    at_night: int
    incidents: int
    second_tier: Spread


def pairs(outcome: Outcome) -> tuple[Pair, ...]:
    """All pages by time; equal ones (same people, tier, reason and second) side by side."""
    waiting: dict[int, list[Called]] = {}
    for then in outcome.then:
        waiting.setdefault(int(then.at), []).append(then)
    found = []
    for now in outcome.now:
        near = (waiting.get(int(now.at) + step, []) for step in (0, -1, 1))
        group, same = next(((some, then) for some in near for then in some if then.same(now)), ([], None))
        if same:
            group.remove(same)
        found.append(Pair(same, now))
    found += [Pair(then, None) for group in waiting.values() for then in group]
    return tuple(sorted(found, key=lambda pair: pair.at))


def summary(pages: tuple[Called, ...], ends_at: float, zone: tzinfo) -> Summary:
    """One side up to the end of the record."""
    within = [page for page in pages if page.at <= ends_at]
    return Summary(
        pages=len(within),
        at_night=sum(night(page.at, zone) for page in within),
        incidents=len({page.incident for page in within}),
        second_tier=Spread.of(_to_second_tier(within)),
    )


def night(at: float, zone: tzinfo) -> bool:
    """Whether people sleep then."""
    hour = datetime.fromtimestamp(at, zone).hour
    return hour >= NIGHT_FROM or hour < NIGHT_TO


def _to_second_tier(pages: list[Called]) -> list[float]:
    first: dict[str, float] = {}
    second: dict[str, float] = {}
    for page in pages:
        first.setdefault(page.incident, page.at)
        if page.tier > 1:
            second.setdefault(page.incident, page.at)
    return [at - first[incident] for incident, at in second.items()]
