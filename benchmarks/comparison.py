"""The figures of ``benchmarks.entities`` next to each other, as ratios, and held against the goals of the design."""

import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.entities import Figures

Found = Mapping[str, "Figures"]


def p50(times: list[float]) -> float:
    """The median."""
    return statistics.median(times)


def p99(times: list[float]) -> float:
    """What one in a hundred exceeds."""
    return sorted(times)[max(0, -(-len(times) * 99 // 100) - 1)]


@dataclass(frozen=True)
class Row:
    """A figure: ``of`` one of the subjects and the empty one, in ``unit``; ``goal`` says the limit and against what."""

    name: str
    unit: str
    of: Callable[[Figures, Figures], float]
    goal: str = ""
    limit: Callable[[Mapping[str, float]], float] | None = None

    def text(self, values: Mapping[str, float]) -> str:
        """One line."""
        said = [f"{who} {value:.2f}" for who, value in values.items()]
        ours = values.get("ours")
        if ours is not None:
            others = [other for other in ("floor", "mqtt") if values.get(other)]
            said += [f"ours/{other} {ours / values[other]:.2f}" for other in others]
        return f"{self.name} [{self.unit}]: {', '.join(said)}{self._verdict(values)}"

    def _verdict(self, values: Mapping[str, float]) -> str:
        if not self.limit or "ours" not in values:
            return ""
        try:
            limit = self.limit(values)
        except KeyError:
            return f"; goal {self.goal}: not measured"
        return f"; goal {self.goal} = {limit:.2f}: {'met' if values['ours'] <= limit else 'MISSED'}"


ROWS = (
    Row(
        "start until all are available, over the empty one",
        "s",
        lambda one, empty: one.start - empty.start,
        "floor + 2 s",
        lambda of: of["floor"] + 2,
    ),
    Row(
        "memory over the empty one, an entity",
        "KiB",
        lambda one, empty: (one.memory - empty.memory) / (one.entities - empty.entities),
        "1.25 x floor",
        lambda of: 1.25 * of["floor"],
    ),
    Row(
        "field to state at 10 a second, p50", "ms", lambda one, _: 1000 * p50(one.paced), "mqtt", lambda of: of["mqtt"]
    ),
    Row(
        "field to state at 10 a second, p99", "ms", lambda one, _: 1000 * p99(one.paced), "mqtt", lambda of: of["mqtt"]
    ),
    Row("storm in one second, last state", "s", lambda one, _: p50(one.second), "1.1 s", lambda _: 1.1),
    Row("storm at once, last state", "s", lambda one, _: p50(one.at_once), "0.6 x mqtt", lambda of: 0.6 * of["mqtt"]),
    Row(
        "a report a minute each, Home Assistant",
        "% of a core",
        lambda one, _: 100 * one.busy,
        "floor",
        lambda of: of["floor"],
    ),
    Row("a report a minute each, the process beside it", "% of a core", lambda one, _: 100 * one.beside),
)


def lines(alarms: int, found: Found) -> Iterator[str]:
    """A line for each figure, and what went wrong."""
    empty = found["empty"]
    yield f"{alarms} smoke alarms; the empty Home Assistant: start {empty.start:.1f} s,"
    yield f"  {empty.memory / 1024:.0f} MiB, {100 * empty.busy:.2f} % of a core"
    subjects = {who: one for who, one in found.items() if who != "empty"}
    counts = ", ".join(f"{who} {one.entities - empty.entities}" for who, one in subjects.items())
    yield f"entities over the empty one: {counts}"
    for row in ROWS:
        yield row.text({who: row.of(one, empty) for who, one in subjects.items()})
    for who, one in found.items():
        yield f"{who}: websocket client cut off: {'YES' if one.cut else 'no'}; errors in the log: {len(one.errors)}"
        yield from (f"  {line}" for line in one.errors[:5])
