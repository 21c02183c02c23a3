"""Which devices alarm falsely, how often, and what to do about the worst ones."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..model.incident import Cause
from .trace import Trace, counts

TOO_MANY_A_DAY = 5
"""More alarms of one device on one day than this are a defect of the device (the practice around GB 50440)."""

TOO_MANY_FALSE = 3
"""More false alarms of one device in a month than this call for doing something (project's choice)."""

WORST = 10
"""So many devices are named, worst first (project's choice)."""

SUGGESTIONS = {Cause.DUST: "clean", Cause.COOKING: "move", Cause.DEVICE_FAULT: "replace"}
"""What helps against a cause; a test is nothing that has to be mended."""


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """What one device did. ``false``, ``real`` and ``unjudged`` count incidents, ``alarms`` its alarm episodes.

    ``rate`` is the share of false ones in what was judged, ``None`` when nothing was. ``most_in_a_day`` counts alarm
    episodes. ``suggestion``: "clean", "replace", "move" or nothing.
    """

    device: str
    name: str
    alarms: int
    false: int
    real: int
    unjudged: int
    rate: float | None
    most_in_a_day: int
    suggestion: str


@dataclass(slots=True)
class _Sum:
    name: str = ""
    verdicts: dict[bool | None, int] = field(default_factory=lambda: {True: 0, False: 0, None: 0})
    causes: dict[Cause, int] = field(default_factory=dict)
    days: dict[str, int] = field(default_factory=dict)


def worst_devices(traces: Iterable[Trace]) -> tuple[DeviceFigures, ...]:
    """The devices with the most false alarms, or with too many alarms on a day; worst first, at most ``WORST``."""
    sums: dict[str, _Sum] = {}
    for trace in filter(counts, traces):
        for device, seen in trace.devices.items():
            found = sums.setdefault(device, _Sum())
            found.name = seen.name
            found.verdicts[trace.false_alarm] += 1
            cause = trace.incident.cause
            if cause and trace.false_alarm:
                found.causes[cause] = found.causes.get(cause, 0) + 1
            for day, count in seen.days.items():
                found.days[day] = found.days.get(day, 0) + count
    figures = [_figures(device, found) for device, found in sums.items()]
    bad = [item for item in figures if item.false or item.most_in_a_day > TOO_MANY_A_DAY]
    return tuple(sorted(bad, key=lambda item: (-item.false, -item.most_in_a_day, item.device))[:WORST])


def _figures(device: str, found: _Sum) -> DeviceFigures:
    false, real = found.verdicts[True], found.verdicts[False]
    most = max(found.days.values(), default=0)
    return DeviceFigures(
        device=device,
        name=found.name,
        alarms=sum(found.days.values()),
        false=false,
        real=real,
        unjudged=found.verdicts[None],
        rate=false / (false + real) if false + real else None,
        most_in_a_day=most,
        suggestion=_suggestion(found, false, most),
    )


def _suggestion(found: _Sum, false: int, most: int) -> str:
    """By the most frequent cause; too many alarms a day without a cause that people named are the device's fault."""
    if false <= TOO_MANY_FALSE and most <= TOO_MANY_A_DAY:
        return ""
    often = max(found.causes, key=lambda cause: found.causes[cause], default=None)
    if often in SUGGESTIONS:
        return SUGGESTIONS[often]
    return "replace" if most > TOO_MANY_A_DAY and often is None and not found.verdicts[False] else ""
