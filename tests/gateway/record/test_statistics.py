"""Statistics: times, causes, false alarms per device; by the month in which an incident was raised."""

import tracemalloc
from collections.abc import Iterator
from copy import replace
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from community_help_gateway.model.incident import Cause, Incident, Member, Page
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.model.state import Event, EventKind, PointRecord, Receipt
from community_help_gateway.record.devices import DeviceFigures
from community_help_gateway.record.statistics import Figures, Spread, fold_events
from tests.gateway.conftest import FakeClock
from tests.gateway.record.scenes import a_day, opened, site

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = 1795406400.0
"""2026-11-23 12:00 in China."""

DAY = 86400.0
NUMBERS = count(1)


def told(kind: EventKind, at: float, incident: Incident, **more: object) -> Event:
    """An event of an incident."""
    return Event(next(NUMBERS), at, kind, incident.id, incident, **more)  # type: ignore[arg-type]


def raised(name: str, at: float, device: str = "f201", **more: object) -> tuple[Incident, list[Event]]:
    """An incident that a device raised."""
    fire = Incident(name, name, "bay", "清水湾", Hazard.FIRE, "1号楼", at)
    incident = replace(fire, **more)  # type: ignore[arg-type]
    return incident, [told(EventKind.RAISED, at, incident, member=member(name, device, at))]


def member(incident: str, device: str, at: float) -> Member:
    """A device in an incident."""
    return Member(incident, f"{device}.smoke", device, f"烟感 {device}", 1, at, 1)


def paged(incident: Incident, at: float, tier: int = 1, demanded: float | None = None) -> Event:
    """A page."""
    page = Page(f"p-{tier}-{at}", 1, incident.id, 1, tier, ("zhang",), "raised", demanded or at, at + 10, at + 60, 0)
    return Event(next(NUMBERS), at, EventKind.PAGED, page.id, incident, page)


def closed(incident: Incident, at: float, cause: Cause) -> Event:
    """It ended."""
    return told(EventKind.CLOSED, at, incident.closed(cause, "", at), person="zhang")


def ended(name: str, at: float, cause: Cause, device: str = "f201") -> list[Event]:
    """An incident from its raising to its end a minute later."""
    incident, events = raised(name, at, device)
    return [*events, paged(incident, at), closed(incident, at + 60, cause)]


def only(events: list[Event]) -> Figures:
    """The figures, of the one compound and month there is."""
    (figures,) = fold_events(events, SHANGHAI).figures
    return figures


def worst(events: list[Event]) -> DeviceFigures:
    """The worst device of the one compound and month there is."""
    return only(events).worst[0]


def test_times_run_from_the_raising() -> None:
    """To the first page, the first acceptance, the first person who took it, the end; later ones do not count."""
    incident, events = raised("i", NOON)
    for after in (3, 63):
        events.append(paged(incident, NOON + after, tier=1 + after // 60))
        accepted = events[-1].page
        events.append(Event(next(NUMBERS), NOON + after + 2, EventKind.ACCEPTED, "p", incident, accepted))
        events.append(told(EventKind.ACKNOWLEDGED, NOON + after + 7, incident, person="zhang"))
    events.append(closed(incident, NOON + 600, Cause.REAL))
    figures = only(events)
    assert [item.worst for item in (figures.to_page, figures.to_accept, figures.to_acknowledge, figures.to_close)] == [
        3.0,
        5.0,
        10.0,
        600.0,
    ]
    assert (figures.pages, figures.escalated, figures.still_open, figures.by_cause) == (2, 1, 0, (("real", 1),))


def test_a_spread_is_median_nearest_rank_and_worst() -> None:
    """Nine of ten values do not exceed the 90th percentile; nothing has no numbers."""
    assert Spread.of(float(value) for value in range(1, 11)) == Spread(10, 5.5, 9.0, 10.0)
    assert Spread.of([7.0]) == Spread(1, 7.0, 7.0, 7.0)
    assert Spread.of([]) == Spread()


def test_what_joins_unpaged_is_overdue_or_goes_by_fallback_is_counted() -> None:
    """Each in its own number; a page that another integration took over is not a second one."""
    incident, events = raised("i", NOON)
    page = paged(incident, NOON)
    again = replace(page, number=next(NUMBERS), at=NOON + 30)
    receipt = Receipt("p", "handed_over", NOON + 12, "fallback:ntfy")
    failed = replace(receipt, step="failed")
    events += [page, again, Event(next(NUMBERS), NOON + 10, EventKind.OVERDUE, "p", incident, page.page)]
    for item in (receipt, failed):
        events.append(Event(next(NUMBERS), NOON + 12, EventKind.RECEIPT, "p", receipt=item, about="i"))
    for detail in ("folded:same_floor", "folded:flapping", "paged:new_floor", "collected:new_floor"):
        events.append(told(EventKind.JOINED, NOON + 20, incident, detail=detail))
    events.append(told(EventKind.NOT_PAGED, NOON + 21, incident, detail="hours"))
    figures = only(events)
    assert (figures.pages, figures.overdue, figures.by_fallback) == (1, 1, 1)
    assert (figures.joined_unpaged, figures.not_paged, figures.still_open) == (2, 1, 1)


def test_an_incident_belongs_to_the_local_month_of_its_raising() -> None:
    """Midnight where the community is divides months; what happens later still counts for the first one."""
    november = 1796054400.0 - 60  # 2026-11-30 23:59 in China, the afternoon in UTC
    events = [*ended("a", november, Cause.REAL), *ended("b", november + 60, Cause.DUST)]
    assert [(item.month, item.by_cause) for item in fold_events(events, SHANGHAI).figures] == [
        ("2026-11", (("real", 1),)),
        ("2026-12", (("dust", 1),)),
    ]


@pytest.mark.parametrize(
    ("cause", "false", "real", "unjudged"),
    [
        (Cause.COOKING, 1, 0, 0),
        (Cause.DUST, 1, 0, 0),
        (Cause.DEVICE_FAULT, 1, 0, 0),
        (Cause.TEST, 1, 0, 0),
        (Cause.REAL, 0, 1, 0),
        (Cause.UNKNOWN, 0, 0, 1),
        (Cause.CLEARED, 0, 0, 1),
    ],
)
def test_a_cause_says_whether_an_alarm_was_false(cause: Cause, false: int, real: int, unjudged: int) -> None:
    """Four causes are false, one is real; what nobody judged is counted apart."""
    figures = only(ended("i", NOON, cause))
    assert (figures.false, figures.real, figures.unjudged) == (false, real, unjudged)


@pytest.mark.parametrize(
    ("cause", "suggestion"),
    [(Cause.DUST, "clean"), (Cause.COOKING, "move"), (Cause.DEVICE_FAULT, "replace"), (Cause.TEST, "")],
)
def test_more_than_three_false_alarms_call_for_something(cause: Cause, suggestion: str) -> None:
    """By their most frequent cause; three are borne, a test is nothing to mend."""
    events = [item for day in range(4) for item in ended(f"i{day}", NOON + day * DAY, cause)]
    found = worst(events)
    assert (found.device, found.name, found.false, found.rate) == ("f201", "烟感 f201", 4, 1.0)
    assert found.suggestion == suggestion
    assert worst(events[:-3]).suggestion == ""


def test_more_than_five_alarms_on_one_local_day_are_a_defect() -> None:
    """Also when nobody judged them; five are not, nor six on two days."""

    def joins(hours: float) -> list[Event]:
        incident, events = raised("i", NOON)
        for number in range(5):
            at = NOON + 1 + number * hours * 3600
            events.append(told(EventKind.JOINED, at, incident, member=member("i", "f201", at)))
        return events

    assert (worst(joins(0.1)).most_in_a_day, worst(joins(0.1)).suggestion) == (6, "replace")
    assert only(joins(0.1)[:-1]).worst == ()
    assert only(joins(4)).worst == ()


def test_the_ten_worst_are_named_worst_first() -> None:
    """More false alarms first; devices without any are not named."""
    events: list[Event] = []
    for number in range(12):
        for turn in range(number):
            events += ended(f"i{number}-{turn}", NOON + turn, Cause.DUST, f"f{number:02d}")
    events += ended("good", NOON, Cause.REAL, "f99")
    found = only(events).worst
    assert [item.device for item in found] == [f"f{number:02d}" for number in range(11, 1, -1)]


async def test_drills_and_device_problems_stay_out_of_the_numbers(tmp_path: Path, clock: FakeClock) -> None:
    """After a day with everything: drills are counted apart, device problems only by hazard and cause."""
    async with opened(tmp_path, site(), clock) as scene:
        await a_day(scene)
        events = await scene.hub.journal.between(0, 1e12, (), 0, 100_000)
    figures = {item.compound: item for item in fold_events(events, SHANGHAI).figures}
    hill, bay = figures["hill"], figures["bay"]
    assert (hill.drills, hill.drill_incidents, hill.incidents) == (1, 1, 2)
    assert dict(bay.by_hazard) == {"fire": 2, "gas": 2, "fire_lane": 1, "supervision": 2}
    assert bay.to_page.count == 5
    assert bay.false + bay.real + bay.unjudged == 5


def test_a_drill_that_was_declared_real_counts() -> None:
    """From the moment when somebody said so."""
    drill, events = raised("i", NOON, drill=True)
    assert (only(events).drill_incidents, only(events).incidents) == (1, 0)
    real = replace(drill, drill=False, revision=2)
    events += [told(EventKind.DECLARED_REAL, NOON + 60, real), paged(real, NOON + 61)]
    figures = only(events)
    assert (figures.drill_incidents, figures.incidents, figures.to_page.worst) == (0, 1, 1.0)


def test_memory_does_not_grow_with_events() -> None:
    """A hundred thousand reports of points, and a flapping detector, leave no trace but their numbers."""

    def stream() -> Iterator[Event]:
        incident, first = raised("i", NOON)
        yield from first
        for number in range(50_000):
            yield Event(number, NOON, EventKind.POINT, "p", point=PointRecord("p"))
            yield told(EventKind.JOINED, NOON, incident, detail="folded:flapping", member=member("i", "f201", NOON))

    tracemalloc.start()
    figures = fold_events(stream(), SHANGHAI).figures[0]
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert figures.joined_unpaged == 50_000
    assert kept < 200_000
