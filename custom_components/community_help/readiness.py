"""Whether a phone, a person, tonight's duty can be reached: pure judgement over proofs and ways."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from .contract.values import ReceiptStep, Shift
from .handsets import Handset
from .phone import Platform
from .proof import Record
from .roster import Member

DAY = 86400.0

SILENT_DAYS = 2
"""A phone that confirms the nightly self-test by itself may miss one night: it was off, or out of reach (project's
choice)."""

TAP_DAYS = 9
"""A phone that only a person's tap can prove is asked once a week, and twice more if nobody taps (project's choice)."""

TONIGHT_HOURS = 12.0
"""How far ahead duty is looked at: at six in the evening, until six in the morning (project's choice)."""

SELF_TEST_VERSION = 3
"""The first version of the contract whose gateway tests the phones every night."""


class Verdict(StrEnum):
    """Whether a page would reach it."""

    READY = "ready"
    UNPROVEN = "unproven"
    UNREACHABLE = "unreachable"


_ORDER = (Verdict.READY, Verdict.UNPROVEN, Verdict.UNREACHABLE)


def best(verdicts: Iterable[Verdict]) -> Verdict:
    """One good way is enough."""
    return min(verdicts, key=_ORDER.index, default=Verdict.UNREACHABLE)


def confirms_silently(handset: Handset | None, record: Record | None, version: int) -> bool:
    """Whether a phone proves itself at night without anybody noticing: an Android phone that ever confirmed anything.

    A gateway before version 3 tests nothing at night.
    """
    from_android = handset is not None and handset.platform is Platform.ANDROID
    ever = record is not None and any(step is ReceiptStep.RECEIVED for step in record.proofs)
    return from_android and ever and version >= SELF_TEST_VERSION


def age_limit(*, silently: bool) -> float:
    """How old, in seconds, a proof may be and still count."""
    return (SILENT_DAYS if silently else TAP_DAYS) * DAY


def judge(handset: Handset | None, record: Record | None, now: float, *, silently: bool) -> Verdict:
    """A phone that is gone, or has no way open now, is unreachable whatever it proved; else the proof's age decides."""
    if handset is None or not handset.channel:
        return Verdict.UNREACHABLE
    last = record.last if record else None
    fresh = last is not None and now - last.at <= age_limit(silently=silently)
    return Verdict.READY if fresh else Verdict.UNPROVEN


def stale(record: Record | None, now: float, *, silently: bool) -> bool:
    """Whether a phone has proven nothing for too long; a new phone has that time to prove something at all."""
    if record is None:
        return False
    begin = max(record.since, record.last.at) if record.last else record.since
    return now - begin > age_limit(silently=silently)


@dataclass(frozen=True, slots=True)
class Gap:
    """From ``at`` on nobody of ``people`` (ids), who are told first, is known to be reachable."""

    at: float
    people: tuple[str, ...]
    verdict: Verdict
    on_duty: bool

    def continues(self, later: Gap, now: float) -> bool:
        """Whether ``later``, which was found ``now``, is this one, which still lasts."""
        same = (self.people, self.verdict, self.on_duty) == (later.people, later.verdict, later.on_duty)
        return same and self.at <= later.at == now


def moments(shifts: Iterable[Shift], now: float) -> list[float]:
    """Now, and whenever tonight somebody's duty begins or ends."""
    until = now + TONIGHT_HOURS * 3600.0
    changes = {time for shift in shifts for time in (shift.start, shift.end) if now < time <= until}
    return [now, *sorted(changes)]


def gaps(
    times: Iterable[float],
    on_duty: Callable[[float], tuple[Member, ...]],
    staff: tuple[Member, ...],
    verdict: Callable[[Member], Verdict],
) -> list[Gap]:
    """The stretches of tonight in which the first tier on duty has nobody who is ready.

    Without anybody on duty the gateway tells all of ``staff``, so any of them will do.
    """
    found: list[Gap] = []
    last: Gap | None = None
    for time in times:
        duty = on_duty(time)
        first = tuple(item for item in duty if item.tier == min(member.tier for member in duty)) or staff
        judged = best(map(verdict, first))
        gap = Gap(time, tuple(item.id for item in first), judged, bool(duty))
        if judged is not Verdict.READY and (last is None or not last.continues(gap, time)):
            found.append(gap)
        last = gap
    return found


def empty_tiers(staff: tuple[Member, ...]) -> tuple[int, ...]:
    """Tiers before the last one that nobody is in: there, no time is left for an answer before the next is told."""
    tiers = {member.tier for member in staff}
    return tuple(tier for tier in range(1, max(tiers, default=0)) if tier not in tiers)
