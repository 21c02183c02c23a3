"""Who is in a tier at a time: one answer for each hour of a week, and never nobody."""

import pytest
from hypothesis import given, strategies as st

from community_help_gateway.model.roster import Roster, Shift, StaffMember, choose
from tests.gateway.model.world import START

HOUR, DAY = 3600.0, 86400.0
MONDAY = START - 9.5 * HOUR - 15
"""Monday, midnight in China."""
STAFF = (
    StaffMember("early", "E", 1, ("bay",), always=False),
    StaffMember("late", "L", 1, ("bay",), always=False),
    StaffMember("chief", "C", 2, ("bay", "hill"), always=False),
    StaffMember("boss", "B", 3),
)


def week() -> Roster:
    """Early 6-14, late 14-22 from Monday to Friday; the chief 8-18 every day, on Sunday for the hill only."""
    shifts = []
    for day in range(5):
        at = MONDAY + day * DAY
        shifts += [Shift("early", at + 6 * HOUR, at + 14 * HOUR), Shift("late", at + 14 * HOUR, at + 22 * HOUR)]
    for day in range(7):
        only = ("hill",) if day == 6 else ()
        shifts.append(Shift("chief", MONDAY + day * DAY + 8 * HOUR, MONDAY + day * DAY + 18 * HOUR, only))
    return Roster(1, STAFF, tuple(shifts), MONDAY + 7 * DAY)


@pytest.mark.parametrize(
    ("day", "hour", "compound", "tier", "people", "found", "why"),
    [
        (0, 5.99, "bay", 1, "boss", 3, "tier_empty"),
        (0, 6, "bay", 1, "early", 1, ""),
        (0, 13.99, "bay", 1, "early", 1, ""),
        (0, 14, "bay", 1, "late", 1, ""),
        (0, 22, "bay", 1, "boss", 3, "tier_empty"),
        (0, 9, "bay", 2, "chief", 2, ""),
        (0, 20, "bay", 2, "boss", 3, "tier_empty"),
        (0, 9, "hill", 1, "chief", 2, ""),
        (0, 3, "hill", 2, "boss", 3, "tier_empty"),
        (5, 9, "bay", 1, "chief", 2, "tier_empty"),
        (6, 9, "bay", 1, "boss", 3, "tier_empty"),
        (6, 9, "hill", 1, "chief", 2, ""),
        (2, 9, "bay", 3, "boss", 3, ""),
        (2, 9, "bay", 4, "boss", 3, ""),
        (7, 0, "bay", 1, "early,late,chief,boss", 1, "beyond_horizon"),
        (9, 9, "hill", 2, "chief,boss", 2, "beyond_horizon"),
        (0, 9, "", 1, "early", 1, ""),
    ],
)
def test_a_week_of_shifts(day: int, hour: float, compound: str, tier: int, people: str, found: int, why: str) -> None:
    """To the second, by compound, through empty tiers, and beyond the horizon."""
    chosen = choose(week(), compound, tier, MONDAY + day * DAY + hour * HOUR)
    assert (",".join(chosen.people), chosen.tier, chosen.why) == (people, found, why)


def test_up_to_a_tier_means_those_before_it_too() -> None:
    """Only who is on duty."""
    at = MONDAY + 9 * HOUR
    assert choose(week(), "bay", 2, at, up_to=True).people == ("early", "chief")
    assert choose(week(), "bay", 3, at, up_to=True).people == ("early", "chief", "boss")


def test_without_staff_the_page_is_for_everybody() -> None:
    """No names means the whole compound."""
    assert choose(Roster(1, ()), "bay", 1, START).people == ()
    assert choose(Roster(1, (StaffMember("x", "X", 1, ("hill",)),)), "bay", 1, START).why == "no_staff"


def test_nobody_on_duty_means_all_staff_of_the_compound() -> None:
    """Off duty is better than nobody."""
    chosen = choose(Roster(1, STAFF[:3], (), MONDAY + DAY), "hill", 1, START)
    assert (chosen.people, chosen.why) == (("chief",), "nobody_on_duty")


SHIFTS = st.builds(
    lambda person, start, hours, compounds: Shift(
        person, MONDAY + start * HOUR, MONDAY + (start + hours) * HOUR, compounds
    ),
    st.sampled_from(["early", "late", "chief", "stranger"]),
    st.integers(-10, 180),
    st.integers(0, 30),
    st.sampled_from([(), ("bay",), ("hill",)]),
)


@given(
    st.lists(SHIFTS, max_size=6),
    st.integers(1, 9),
    st.floats(-5, 200),
    st.none() | st.integers(0, 168),
    st.sampled_from(["bay", "hill", ""]),
    st.booleans(),
)
def test_somebody_is_always_told(
    shifts: list[Shift], tier: int, hour: float, until: int | None, compound: str, up_to: bool
) -> None:
    """Whatever the roster says: never an empty list while the compound has staff, never a stranger."""
    horizon = None if until is None else MONDAY + until * HOUR
    roster = Roster(1, STAFF[:3], tuple(shifts), horizon)
    chosen = choose(roster, compound, tier, MONDAY + hour * HOUR, up_to=up_to)
    assert chosen.people
    assert {"early", "late", "chief"}.issuperset(chosen.people)
