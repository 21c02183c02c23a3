"""The arithmetic of duty, against the minute-by-minute answer; local times in zones that change their clocks."""

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from custom_components.community_help.shifts import (
    Spans,
    covering,
    instant,
    merged,
    midnight,
    weekly,
    within,
    without,
)

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
BEIRUT = ZoneInfo("Asia/Beirut")
"""Puts its clocks forward at midnight: that midnight does not exist."""


def seconds(spans: Spans) -> set[int]:
    """The whole seconds that spans cover."""
    return {at for start, end in spans for at in range(int(start), int(end))}


def canonical(spans: Spans) -> bool:
    """In order, none empty, none touching another."""
    return all(start < end for start, end in spans) and all(one[1] < two[0] for one, two in pairwise(spans))


@pytest.mark.parametrize("seed", range(200))
def test_spans_are_what_their_seconds_are(seed: int) -> None:
    """Whatever overlaps, touches, is empty or turned round: each operation is the one on sets of seconds."""
    chance = random.Random(seed)

    def some() -> Spans:
        return tuple((float(chance.randint(0, 60)), float(chance.randint(0, 60))) for _ in range(chance.randint(0, 8)))

    one, two, start, end = some(), some(), chance.randint(0, 60), chance.randint(0, 60)
    for found, wanted in (
        (merged(one), seconds(one)),
        (within(one, start, end), seconds(one) & set(range(start, end))),
        (without(one, two), seconds(one) - seconds(two)),
        (merged((*one, *two)), seconds(one) | seconds(two)),
    ):
        assert seconds(found) == wanted
        assert canonical(found)
    for at in range(-1, 62):
        span = covering(merged(one), at)
        assert (span is not None) == (at in seconds(one))
        assert span is None or span[0] <= at < span[1]


@pytest.mark.parametrize(
    ("day", "at", "zone", "utc"),
    [
        (date(2026, 10, 25), time(1, 59), BERLIN, "2026-10-24T23:59"),
        (date(2026, 10, 25), time(2, 0), BERLIN, "2026-10-25T00:00"),
        (date(2026, 10, 25), time(2, 30), BERLIN, "2026-10-25T00:30"),
        (date(2026, 10, 25), time(3, 0), BERLIN, "2026-10-25T02:00"),
        (date(2027, 3, 28), time(1, 59), BERLIN, "2027-03-28T00:59"),
        (date(2027, 3, 28), time(2, 0), BERLIN, "2027-03-28T01:00"),
        (date(2027, 3, 28), time(2, 30), BERLIN, "2027-03-28T01:00"),
        (date(2027, 3, 28), time(3, 0), BERLIN, "2027-03-28T01:00"),
        (date(2026, 10, 25), time.max, BERLIN, "2026-10-25T23:00"),
        (date(2026, 3, 29), time(0, 0), BEIRUT, "2026-03-28T22:00"),
        (date(2026, 3, 28), time.max, BEIRUT, "2026-03-28T22:00"),
        (date(2026, 11, 25), time(8, 0), SHANGHAI, "2026-11-25T00:00"),
    ],
)
def test_a_local_time_is_one_instant(day: date, at: time, zone: ZoneInfo, utc: str) -> None:
    """The first when it comes twice, the jump when it never comes; 24:00 is the next midnight."""
    assert instant(day, at, zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize("zone", [BERLIN, SHANGHAI, BEIRUT, ZoneInfo("Australia/Lord_Howe")])
def test_a_later_local_time_is_never_an_earlier_instant(zone: ZoneInfo) -> None:
    """Otherwise a shift could end before it began, and two that meet on the clock could leave a hole."""
    first = date(2026, 1, 1)
    instants = [
        instant(first + timedelta(days=day), time(minute // 60, minute % 60), zone)
        for day in range(365)
        for minute in range(0, 24 * 60, 15)
    ]
    assert instants == sorted(instants)


def test_days_begin_at_local_midnight() -> None:
    """Also the days whose clocks change: they have 25 and 23 hours."""
    noon = datetime(2026, 10, 24, 12, tzinfo=BERLIN).timestamp()
    assert midnight(noon, BERLIN, 2) - midnight(noon, BERLIN, 1) == 25 * 3600
    noon = datetime(2027, 3, 27, 12, tzinfo=BERLIN).timestamp()
    assert midnight(noon, BERLIN, 2) - midnight(noon, BERLIN, 1) == 23 * 3600
    assert midnight(noon, BERLIN, -1) == datetime(2027, 3, 26, tzinfo=BERLIN).timestamp()


def test_weekly_blocks_meet_over_midnight_and_over_changed_clocks() -> None:
    """Two people who share the week between them leave no second open and share none."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    day = {name: [(time(8), time(20))] for name in days}
    night = {name: [(time(0), time(8)), (time(20), time.max)] for name in days}
    window = datetime(2026, 10, 20, tzinfo=BERLIN).timestamp(), datetime(2026, 11, 2, tzinfo=BERLIN).timestamp()
    by_day, by_night = weekly(day, *window, BERLIN), weekly(night, *window, BERLIN)
    assert merged((*by_day, *by_night)) == (window,)
    assert not within(by_day, *by_night[3])
    assert len(by_day) == 13
    assert [(end - start) / 3600 for start, end in by_night] == [8, 12, 12, 12, 12, 13, *[12] * 7, 4]


def test_weekly_blocks_end_with_the_window() -> None:
    """What lies outside is not duty that anybody asked for."""
    start = datetime(2026, 11, 25, 10, tzinfo=SHANGHAI).timestamp()
    blocks = {"wednesday": [(time(8), time(12))], "thursday": [(time(8), time(12))]}
    assert weekly(blocks, start, start + 86400, SHANGHAI) == ((start, start + 7200), (start + 79200, start + 86400))
