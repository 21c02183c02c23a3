"""Levels of a gas: how a concentration rises into alarm and falls out of it."""

from copy import replace

from .kinds import PointKind, Severity
from .policy import SAMPLES, Limits
from .state import PointRecord

SEVERITIES = (Severity.WARNING, Severity.ALARM, Severity.DANGER)
"""What level 1, 2 and 3 mean."""

DANGER = 3
OWN_ALARM = 2
"""The level that a detector's own alarm stands for."""

LOW_OXYGEN, NO_GAS = 10.0, 1.0
"""Catalytic sensors read low or zero where oxygen is short: below 10 %VOL, a reading under 1 %LEL proves nothing."""


def severity(level: int) -> Severity:
    """The severity of an alarm level from 1."""
    return SEVERITIES[min(max(level, 1), len(SEVERITIES)) - 1]


def judged(old: PointRecord, new: PointRecord, limits: Limits | None, *, own_alarm: bool | None) -> PointRecord:
    """``new`` with its level, by its value and by the detector's own alarm (``None``: it said nothing about that).

    A level counts after ``SAMPLES`` samples in a row, danger at once; it is left only beyond the hysteresis.
    """
    if new.value is None or limits is None:
        if own_alarm is None:
            return replace(new, level=old.level, alarm=old.alarm)
        return _at(new, OWN_ALARM if own_alarm else 0, 0)
    reached, held = _level(new.value, limits, 0.0), _level(new.value, limits, limits.hysteresis)
    if own_alarm:
        reached, held = max(reached, OWN_ALARM), max(held, OWN_ALARM)
        return _at(new, max(reached, min(held, old.level)), 0)
    if reached > old.level:
        rising = old.rising + 1
        if reached >= DANGER or rising >= SAMPLES:
            return _at(new, reached, 0)
        return _at(new, old.level, rising)
    return _at(new, max(reached, min(held, old.level)), 0)


def suspicious(oxygen: float | None, combustible: float | None) -> bool:
    """Whether a combustible gas reading cannot be believed, because the oxygen that its sensor needs is missing."""
    return oxygen is not None and combustible is not None and oxygen < LOW_OXYGEN and combustible < NO_GAS


def _at(record: PointRecord, level: int, rising: int) -> PointRecord:
    return replace(record, level=level, rising=rising, alarm=level > 0)


def _level(value: float, limits: Limits, slack: float) -> int:
    """The highest level that ``value`` is in; with ``slack``, levels are left only that share beyond them."""
    level = 0
    for number, limit in enumerate(limits.rising, 1):
        if value >= limit * (1 - slack):
            level = number
    for number, limit in enumerate(limits.falling, 1):
        if value <= limit * (1 + slack):
            level = max(level, number)
    return level


MEASURED = frozenset({PointKind.CH4, PointKind.H2S, PointKind.CO, PointKind.O2})
"""The gases that have levels."""
