"""Who is in which tier, and who is on duty now. The gateway alone answers that."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One person; empty ``compounds`` means all of them; ``always`` on duty, or only within their shifts."""

    id: str
    name: str
    tier: int = 1
    compounds: tuple[str, ...] = ()
    always: bool = True

    def serves(self, compound: str) -> bool:
        """Whether this person is responsible for ``compound``; what has no compound concerns everybody."""
        return not compound or not self.compounds or compound in self.compounds


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch of duty, from ``start`` until just before ``end`` (wall time); empty ``compounds``: all of theirs."""

    person: str
    start: float
    end: float
    compounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """A version of the roster, with duty resolved up to ``until`` (``None``: nobody has shifts)."""

    version: int
    staff: tuple[StaffMember, ...]
    shifts: tuple[Shift, ...] = ()
    until: float | None = None

    def serving(self, compound: str) -> list[StaffMember]:
        """All who are responsible for ``compound``, on duty or not."""
        return [member for member in self.staff if member.serves(compound)]

    def on_duty(self, compound: str, now: float) -> list[StaffMember]:
        """Those of them who are on duty for it at ``now``; the shifts are looked through once."""
        there = {
            shift.person
            for shift in self.shifts
            if shift.start <= now < shift.end and (not compound or not shift.compounds or compound in shift.compounds)
        }
        return [member for member in self.serving(compound) if member.always or member.id in there]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom to page: the tier that was found, its people (nobody: everybody), and why it is not the one asked for."""

    tier: int
    people: tuple[str, ...]
    why: str = ""


def choose(roster: Roster, compound: str, tier: int, now: float, *, up_to: bool = False) -> Chosen:
    """The people of ``tier`` (``up_to``: and of those before it) who are on duty for ``compound`` at ``now``.

    An empty tier falls through to the next, the last one repeats. Beyond the horizon, and when nobody is on duty,
    all staff of the compound are paged; without any, everybody.
    """
    serving = roster.serving(compound)
    if not serving:
        return Chosen(tier, (), "no_staff")
    if roster.until is not None and now >= roster.until:
        return Chosen(tier, _ids(serving), "beyond_horizon")
    on_duty = roster.on_duty(compound, now)
    if not on_duty:
        return Chosen(tier, _ids(serving), "nobody_on_duty")
    tiers = sorted({member.tier for member in on_duty})
    found = next((candidate for candidate in tiers if candidate >= tier), tiers[-1])
    people = [member for member in on_duty if member.tier == found or (up_to and member.tier < found)]
    skipped = any(member.tier in range(tier, found) for member in serving)
    return Chosen(found, _ids(people), "tier_empty" if skipped else "")


def everyone(roster: Roster, compound: str) -> Chosen:
    """All staff of ``compound``, whatever the hour."""
    return Chosen(1, _ids(roster.serving(compound)))


def _ids(members: Iterable[StaffMember]) -> tuple[str, ...]:
    return tuple(member.id for member in members)
