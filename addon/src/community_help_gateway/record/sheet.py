"""What an incident's and a month's sheet contain, before it becomes CSV or a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..model.state import Event
from ..words import SEVERITIES
from .devices import DeviceFigures
from .naming import Telling, span
from .proof import rows as proof_rows
from .statistics import Figures, Spread, Statistics, statistics_of, took
from .timeline import Line, lines
from .trace import Trace, Traces

MAX_LINES = 5_000
"""Lines of a timeline, and incidents of a month, on one sheet; what is more is cut and said (project's choice)."""

type Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Foot:
    """What shows later whether the record was altered: the chain's head, and when the sheet was made."""

    number: int
    hash: str
    at: float


@dataclass(frozen=True, slots=True)
class IncidentSheet:
    """One incident: what is known of it, its timeline, its numbers in one line, and how far each page is proven."""

    title: str
    drill: bool
    facts: Pairs
    line: str
    timeline: tuple[Line, ...]
    proofs: tuple[tuple[str, ...], ...]
    foot: Pairs
    cut: bool


@dataclass(frozen=True, slots=True)
class MonthSheet:
    """One month: the incidents, a row each, the figures of every compound, and what was not permitted to people."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sections: tuple[Section, ...]
    refusals: tuple[tuple[str, ...], ...]
    foot: Pairs
    cut: bool


@dataclass(frozen=True, slots=True)
class Section:
    """The figures of one compound: plain numbers, times, and devices."""

    title: str
    numbers: Pairs
    times: tuple[tuple[str, ...], ...]
    devices: tuple[tuple[str, ...], ...]


def incident_sheet(events: Sequence[Event], telling: Telling, foot: Foot) -> IncidentSheet | None:
    """The sheet of the incident that ``events`` concern; ``None`` when none of them says what it was."""
    known = [event.incident for event in events if event.incident]
    if not known:
        return None
    incident, first = known[-1], known[0]
    trace = Trace(incident, first.opened_at, "")
    for event in events:
        trace.take(event, telling.zone)
    return IncidentSheet(
        title=telling.say("sheet_incident"),
        drill=incident.drill,
        facts=_facts(trace, telling),
        line=_line(trace, telling),
        timeline=lines(events[:MAX_LINES], telling),
        proofs=proof_rows(events[:MAX_LINES], telling),
        foot=foot_lines(foot, telling),
        cut=len(events) > MAX_LINES,
    )


def _facts(trace: Trace, telling: Telling) -> Pairs:
    """What is known of it; taken is when the first person took it."""
    incident = trace.incident
    cause = telling.say(f"cause_{incident.cause}") if incident.cause else "-"
    found = (
        ("number", incident.id),
        ("compound", incident.compound_name or incident.compound or "-"),
        ("place", incident.place),
        ("hazard", ", ".join(telling.say(f"hazard_{hazard}") for hazard in incident.hazards or (incident.hazard,))),
        ("severity", SEVERITIES[incident.severity][telling.language]),
        ("floors", ", ".join(incident.floors) or "-"),
        ("detectors", str(incident.detectors)),
        ("state", telling.say(f"state_{incident.state}")),
        ("owner", telling.who(incident.owner) if incident.owner else "-"),
        ("opened", telling.when(incident.opened_at)),
        ("taken", telling.when(trace.acknowledged_at) or "-"),
        ("closed_at", telling.when(incident.closed_at) or "-"),
        ("cause", cause),
        ("note", incident.note or "-"),
    )
    return tuple((telling.say(key), value) for key, value in found)


def _line(trace: Trace, telling: Telling) -> str:
    times = (trace.paged_at, trace.acknowledged_at, trace.closed_at)
    page, taken, closed = (span(took(trace, at) if at is not None else None) for at in times)
    return telling.say(
        "line",
        page=page,
        taken=taken,
        closed=closed,
        pages=trace.pages,
        tier=trace.tier,
        unpaged=trace.joined_unpaged,
    )


def foot_lines(foot: Foot, telling: Telling) -> Pairs:
    """Head of the chain and time of export."""
    return (
        (telling.say("chain"), f"{foot.number} {foot.hash}"),
        (telling.say("exported"), telling.when(foot.at)),
    )


_HEADS = (
    "opened",
    "compound",
    "place",
    "hazard",
    "severity",
    "to_page",
    "to_acknowledge",
    "to_close",
    "owner",
    "cause",
)


def month_sheet(month: str, traces: Traces, telling: Telling, foot: Foot) -> MonthSheet:
    """The sheet of a month whose incidents were followed."""
    statistics = statistics_of(traces)
    found = [trace for trace in traces.found.values() if trace.month == month]
    return MonthSheet(
        title=telling.say("sheet_month", month=month),
        heads=(*(telling.say(key) for key in _HEADS), telling.say("pages"), telling.say("number")),
        rows=tuple(_row(trace, telling) for trace in found[:MAX_LINES]),
        sections=sections(month, statistics, telling),
        refusals=tuple(_refusal(event, telling) for event in traces.refusals),
        foot=foot_lines(foot, telling),
        cut=traces.cut or len(found) > MAX_LINES,
    )


def _refusal(event: Event, telling: Telling) -> tuple[str, ...]:
    about = event.incident.place if event.incident else event.subject
    return telling.clock(event.at), telling.who(event.person), telling.say(f"act_{event.detail}"), about


PROOF_HEADS = ("time", "page_told", "who", "phone", "proof")
REFUSAL_HEADS = ("time", "who", "what_wanted", "about")
"""The heads of two tables of a sheet."""


def _row(trace: Trace, telling: Telling) -> tuple[str, ...]:
    incident = trace.incident
    times = (trace.paged_at, trace.acknowledged_at, trace.closed_at)
    return (
        telling.clock(trace.raised_at),
        incident.compound_name or incident.compound or "-",
        incident.place,
        telling.say(f"hazard_{incident.hazard}"),
        SEVERITIES[incident.severity][telling.language],
        *(span(took(trace, at) if at is not None else None) for at in times),
        telling.who(incident.owner) if incident.owner else "-",
        telling.say(f"cause_{incident.cause}") if incident.cause else telling.say(f"state_{incident.state}"),
        str(trace.pages),
        incident.id,
    )


def sections(month: str, statistics: Statistics, telling: Telling) -> tuple[Section, ...]:
    """The figures of every compound in a month."""
    return tuple(_section(item, telling) for item in statistics.figures if item.month == month)


def _section(figures: Figures, telling: Telling) -> Section:
    numbers = (
        ("incidents", str(figures.incidents)),
        ("still_open", str(figures.still_open)),
        ("hazards", _words("hazard", figures.by_hazard, telling)),
        ("causes", _words("cause", figures.by_cause, telling)),
        ("false_count", str(figures.false)),
        ("real_count", str(figures.real)),
        ("unjudged_count", str(figures.unjudged)),
        ("pages", str(figures.pages)),
        ("escalated_count", str(figures.escalated)),
        ("overdue_count", str(figures.overdue)),
        ("fallback_count", str(figures.by_fallback)),
        ("unpaged_count", str(figures.joined_unpaged)),
        ("not_paged_count", str(figures.not_paged)),
        ("drills_count", str(figures.drills)),
        ("drill_incidents", str(figures.drill_incidents)),
    )
    spreads = ("to_page", "to_accept", "to_acknowledge", "to_close")
    title = figures.compound_name or figures.compound or telling.say("nowhere")
    return Section(
        title=title,
        numbers=tuple((telling.say(key), value) for key, value in numbers),
        times=(
            tuple(telling.say(key) for key in ("times", "count", "median", "p90", "worst")),
            *(_spread(telling.say(key), getattr(figures, key)) for key in spreads),
        ),
        devices=_devices(figures.worst, telling),
    )


def _words(kind: str, found: Iterable[tuple[str, int]], telling: Telling) -> str:
    return ", ".join(f"{telling.say(f'{kind}_{word}')} {count}" for word, count in found) or "-"


def _spread(name: str, found: Spread) -> tuple[str, ...]:
    return (name, str(found.count), span(found.median), span(found.p90), span(found.worst))


def _devices(worst: tuple[DeviceFigures, ...], telling: Telling) -> tuple[tuple[str, ...], ...]:
    heads = ("device", "alarms", "false_count", "real_count", "rate", "day_most", "suggestion")
    rows = tuple(
        (
            item.name or item.device,
            str(item.alarms),
            str(item.false),
            str(item.real),
            f"{item.rate:.0%}" if item.rate is not None else "-",
            str(item.most_in_a_day),
            telling.say(f"suggest_{item.suggestion}") if item.suggestion else "-",
        )
        for item in worst
    )
    return (tuple(map(telling.say, heads)), *rows) if rows else ()
