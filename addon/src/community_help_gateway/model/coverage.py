"""The policy check: it names every compound and hour in which an alarm would reach nobody."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from .kinds import Hazard, Severity
from .policy import PolicySet
from .roster import Roster, choose
from .site import Site

HOUR = 3600.0
WEEK_HOURS = 168
GRAVE = (Hazard.FIRE, Hazard.GAS, Hazard.UNPLACED)


def holes(roster: Roster, site: Site, now: float) -> tuple[str, ...]:
    """What is missing, a line each ("COMPOUND: no_staff", "COMPOUND: nobody_on_duty Mon 03:00-Mon 05:00").

    All points of a compound share its staff, so a compound's answer holds for every one of them. Looked at are the
    hours of one week from now, up to the horizon of the roster.
    """
    found: list[str] = []
    for compound in sorted({device.compound for device in site.devices.values()}):
        found += [f"{compound}: {hole}" for hole in _of_duty(roster, compound, now, site.zone)]
        found += [f"{compound}: {hole}" for hole in _of_policies(site.policies, compound)]
    return tuple(found)


def _of_duty(roster: Roster, compound: str, now: float, zone: tzinfo) -> Iterator[str]:
    """Stretches of hours in which nobody is on duty; checked at every hour and wherever a shift begins or ends."""
    if not any(member.serves(compound) for member in roster.staff):
        yield "no_staff"
        return
    last = now + WEEK_HOURS * HOUR if roster.until is None else min(roster.until, now + WEEK_HOURS * HOUR)
    times = {now + hour * HOUR for hour in range(WEEK_HOURS)}
    times |= {edge for shift in roster.shifts for edge in (shift.start, shift.end)}
    begin: float | None = None
    for at in sorted(time for time in times if now <= time < last):
        empty = choose(roster, compound, 1, at).why == "nobody_on_duty"
        if empty and begin is None:
            begin = at
        elif not empty and begin is not None:
            yield f"nobody_on_duty {_hour(begin, zone)}-{_hour(at, zone)}"
            begin = None
    if begin is not None:
        yield f"nobody_on_duty {_hour(begin, zone)}-{_hour(last, zone)}"


def _of_policies(policies: PolicySet, compound: str) -> Iterator[str]:
    """Alarms that would tell nobody, or only within some hours."""
    for hazard in GRAVE:
        for severity in (Severity.ALARM, Severity.DANGER):
            policy = policies.find(compound, hazard, severity)
            if not policy.pages:
                yield f"tells_nobody {hazard}/{severity}"
            elif policy.hours:
                yield f"only_within_hours {hazard}/{severity}"
            elif not policy.repeats:
                yield f"tells_once {hazard}/{severity}"


def _hour(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%a %H:%M")
