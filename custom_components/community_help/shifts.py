"""The arithmetic of duty: stretches of time as sorted, disjoint spans, and a local time of day as one instant."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

type Span = tuple[float, float]
"""From its start until just before its end, in epoch seconds."""

type Spans = tuple[Span, ...]
"""In order of time; none touches another."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def merged(spans: Iterable[Span]) -> Spans:
    """The same time as few spans as possible: overlapping and adjacent ones are one, empty ones none."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)


def within(spans: Iterable[Span], start: float, end: float) -> Spans:
    """What of ``spans`` lies between ``start`` and ``end``."""
    return merged((max(a, start), min(b, end)) for a, b in spans)


def without(spans: Iterable[Span], gone: Iterable[Span]) -> Spans:
    """What of ``spans`` lies in none of ``gone``."""
    found: list[Span] = []
    holes = merged(gone)
    for start, end in merged(spans):
        at = start
        for hole_start, hole_end in holes:
            if hole_end <= at:
                continue
            if hole_start >= end:
                break
            found.append((at, hole_start))
            at = hole_end
        found.append((at, end))
    return merged(found)


def covering(spans: Iterable[Span], at: float) -> Span | None:
    """The one of ``spans`` that ``at`` lies in."""
    return next((span for span in spans if span[0] <= at < span[1]), None)


def instant(day: date, at: time, zone: tzinfo) -> float:
    """The one instant of a local time: the first when the clock shows it twice, the jump when it shows it never.

    Later local times are never earlier instants, so that shifts that meet on the clock meet in time. ``time.max`` is
    the midnight that ends the day (Home Assistant writes 24:00 so).
    """
    if at == time.max:
        day, at = day + timedelta(days=1), time()
    local = datetime.combine(day, at, tzinfo=zone)
    first, second = local.timestamp(), local.replace(fold=1).timestamp()
    return _jump(second, first, zone) if second < first else first


def _jump(before: float, after: float, zone: tzinfo) -> float:
    """The second between ``before`` and ``after`` at which ``zone`` puts its clocks forward."""
    low, high = int(before), int(after)
    later = _offset(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(middle, zone) == later else (middle, high)
    return float(high)


def _offset(at: int, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()


def midnight(at: float, zone: tzinfo, days: int = 0) -> float:
    """The local midnight with which the day of ``at`` began, or that of ``days`` later."""
    day = datetime.fromtimestamp(at, zone).date() + timedelta(days=days)
    return instant(day, time(), zone)


def weekly(blocks: Mapping[str, Sequence[tuple[time, time]]], start: float, end: float, zone: tzinfo) -> Spans:
    """The time between ``start`` and ``end`` that lies in the weekly ``blocks`` (by weekday, local times)."""
    found: list[Span] = []
    day = datetime.fromtimestamp(start, zone).date()
    while instant(day, time(), zone) < end:
        for begins, ends in blocks.get(WEEKDAYS[day.weekday()], ()):
            found.append((instant(day, begins, zone), instant(day, ends, zone)))
        day += timedelta(days=1)
    return within(found, start, end)
