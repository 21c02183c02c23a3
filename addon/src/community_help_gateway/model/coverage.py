"""The policy check: it names every compound and hour in which an alarm would reach nobody."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from .kinds import Hazard, Severity
from .policy import PolicySet
from .roster import Roster
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
    """Stretches of the next week in which nobody is on duty: what the shifts, laid end to end, leave open."""
    serving = {member.id: member for member in roster.staff if member.serves(compound)}
    if not serving:
        yield "no_staff"
    if not serving or any(member.always for member in serving.values()):
        return
    last = now + WEEK_HOURS * HOUR if roster.until is None else min(roster.until, now + WEEK_HOURS * HOUR)
    covered = now
    for shift in sorted((s for s in roster.shifts if s.person in serving), key=lambda shift: shift.start):
        if shift.end <= max(shift.start, covered) or (compound and shift.compounds and compound not in shift.compounds):
            continue
        if covered < min(shift.start, last):
            yield f"nobody_on_duty {_hour(covered, zone)}-{_hour(min(shift.start, last), zone)}"
        covered = shift.end
    if covered < last:
        yield f"nobody_on_duty {_hour(covered, zone)}-{_hour(last, zone)}"


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
