"""How well a community answered: times, causes, pages and false alarms, per month and compound."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from statistics import median

from ..model.state import Event
from .devices import DeviceFigures, worst_devices
from .trace import Trace, Traces, counts


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in seconds: how often it happened, the median, the 90th percentile, the worst."""

    count: int = 0
    median: float | None = None
    p90: float | None = None
    worst: float | None = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The 90th percentile is the nearest rank: the value that nine of ten do not exceed."""
        ordered = sorted(values)
        if not ordered:
            return cls()
        return cls(len(ordered), median(ordered), ordered[math.ceil(0.9 * len(ordered)) - 1], ordered[-1])


@dataclass(frozen=True, slots=True)
class Figures:
    """One compound in one month; an incident belongs to the month in which it was raised.

    All times run from the raising. Problems of devices (hazard supervision) are in ``incidents``, ``by_hazard`` and
    ``by_cause`` only: they have their own pace. ``escalated``: a second or higher tier was paged. ``overdue``: pages
    that nobody accepted in time, ``by_fallback`` what went out by the gateway's own channels. ``drills`` and
    ``drill_incidents`` are in no other number.
    """

    month: str
    compound: str
    compound_name: str = ""
    incidents: int = 0
    still_open: int = 0
    by_hazard: tuple[tuple[str, int], ...] = ()
    by_cause: tuple[tuple[str, int], ...] = ()
    to_page: Spread = Spread()
    to_accept: Spread = Spread()
    to_acknowledge: Spread = Spread()
    to_close: Spread = Spread()
    pages: int = 0
    not_paged: int = 0
    escalated: int = 0
    overdue: int = 0
    by_fallback: int = 0
    joined_unpaged: int = 0
    false: int = 0
    real: int = 0
    unjudged: int = 0
    drills: int = 0
    drill_incidents: int = 0
    worst: tuple[DeviceFigures, ...] = ()


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures by month and compound. ``cut``: there were more incidents than are followed."""

    figures: tuple[Figures, ...] = ()
    cut: bool = False


def fold_events(events: Iterable[Event], zone: tzinfo = UTC) -> Statistics:
    """The statistics of a stream of events in their order; ``zone`` decides which month and day something is in."""
    traces = Traces(zone)
    for event in events:
        traces.add(event)
    return statistics_of(traces)


def statistics_of(traces: Traces) -> Statistics:
    """The statistics of what was followed so far."""
    groups: dict[tuple[str, str], list[Trace]] = {key: [] for key in traces.drills}
    for trace in traces.found.values():
        groups.setdefault((trace.month, trace.incident.compound), []).append(trace)
    figures = (_figures(key, group, traces.drills.get(key, [0, 0])) for key, group in sorted(groups.items()))
    return Statistics(tuple(figures), traces.cut)


def _figures(key: tuple[str, str], group: list[Trace], drills: list[int]) -> Figures:
    urgent = [trace for trace in group if counts(trace)]
    verdicts = Counter(trace.false_alarm for trace in urgent if trace.closed_at is not None)
    return Figures(
        month=key[0],
        compound=key[1],
        compound_name=group[-1].incident.compound_name if group else "",
        incidents=len(group),
        still_open=sum(trace.closed_at is None for trace in group),
        by_hazard=_count(trace.incident.hazard for trace in group),
        by_cause=_count(trace.incident.cause for trace in group if trace.incident.cause),
        to_page=Spread.of(took(trace, trace.paged_at) for trace in urgent if trace.paged_at is not None),
        to_accept=Spread.of(took(trace, trace.accepted_at) for trace in urgent if trace.accepted_at is not None),
        to_acknowledge=Spread.of(
            took(trace, trace.acknowledged_at) for trace in urgent if trace.acknowledged_at is not None
        ),
        to_close=Spread.of(took(trace, trace.closed_at) for trace in urgent if trace.closed_at is not None),
        pages=sum(trace.pages for trace in urgent),
        not_paged=sum(trace.not_paged for trace in urgent),
        escalated=sum(trace.tier > 1 for trace in urgent),
        overdue=sum(trace.overdue for trace in urgent),
        by_fallback=sum(trace.by_fallback for trace in urgent),
        joined_unpaged=sum(trace.joined_unpaged for trace in urgent),
        false=verdicts[True],
        real=verdicts[False],
        unjudged=verdicts[None],
        drills=drills[0],
        drill_incidents=drills[1],
        worst=worst_devices(urgent),
    )


def took(trace: Trace, at: float) -> float:
    """Seconds from the raising; never negative, even when the clock was set back."""
    return max(at - trace.raised_at, 0.0)


def _count(words: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(str(word) for word in words).most_common())
