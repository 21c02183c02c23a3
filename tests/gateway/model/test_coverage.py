"""The policy check: whatever would reach nobody is named, and nothing else is."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from community_help_gateway.model.coverage import holes
from community_help_gateway.model.kinds import DeviceKind
from community_help_gateway.model.roster import Roster, Shift, StaffMember, choose
from community_help_gateway.model.site import Compound, Device, Site
from tests.gateway.model.world import START, World

HOUR, DAY = 3600.0, 86400.0
MONDAY = START - 9.5 * HOUR - 15
ONE = StaffMember("a", "A", always=False)


def found(world: World, roster: Roster, now: float = MONDAY) -> list[str]:
    """The holes of the bay."""
    return [hole.removeprefix("bay: ") for hole in holes(roster, world.site, now) if hole.startswith("bay: ")]


def test_a_community_without_holes_has_none(world: World) -> None:
    """Default policies, somebody always on duty."""
    assert holes(Roster(1, world.site.staff), world.site, START) == ()


def test_a_compound_without_staff_is_named(world: World) -> None:
    """Each one that has devices."""
    roster = Roster(1, (StaffMember("a", "A", 1, ("hill",)),))
    assert holes(roster, world.site, START) == ("bay: no_staff",)


def test_the_hours_without_duty_are_named_in_local_time(world: World) -> None:
    """From Monday morning: two stretches, to the minute."""
    shifts = (
        Shift("a", MONDAY, MONDAY + 3 * HOUR),
        Shift("a", MONDAY + 5.5 * HOUR, MONDAY + 6 * DAY),
        Shift("a", MONDAY + 6 * DAY, MONDAY + 6.5 * DAY),
    )
    assert found(world, Roster(1, (ONE,), shifts)) == [
        "nobody_on_duty Mon 03:00-Mon 05:30",
        "nobody_on_duty Sun 12:00-Mon 00:00",
    ]


def test_a_roster_without_shifts_is_one_hole(world: World) -> None:
    """The whole week."""
    assert found(world, Roster(1, (ONE,))) == ["nobody_on_duty Mon 00:00-Mon 00:00"]


def test_beyond_the_horizon_everybody_is_paged_so_it_is_no_hole(world: World) -> None:
    """The check ends where the roster does."""
    assert found(world, Roster(1, (ONE,), (Shift("a", MONDAY, MONDAY + DAY),), MONDAY + DAY)) == []


def test_a_shift_for_another_compound_covers_nothing_here(world: World) -> None:
    """Nor does a stranger's."""
    shifts = (Shift("a", MONDAY, MONDAY + 9 * DAY, ("hill",)), Shift("b", MONDAY, MONDAY + 9 * DAY))
    assert found(world, Roster(1, (ONE,), shifts)) == ["nobody_on_duty Mon 00:00-Mon 00:00"]
    assert not [hole for hole in holes(Roster(1, (ONE,), shifts), world.site, MONDAY) if hole.startswith("hill")]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("hazard: fire, pages: false", ["tells_nobody fire/alarm", "tells_nobody fire/danger"]),
        ("hazard: gas, severity: danger, repeats: false", ["tells_once gas/danger"]),
        (
            'hazard: unplaced, compound: bay, hours: ["08:00", "20:00"]',
            ["only_within_hours unplaced/alarm", "only_within_hours unplaced/danger"],
        ),
        ("hazard: supervision, pages: false", []),
        ("hazard: gas, severity: warning, pages: false", []),
    ],
)
def test_a_policy_that_would_let_an_alarm_sleep_is_named(
    built: Callable[[str], World], rule: str, expected: list[str]
) -> None:
    """Fire, gas and unplaced alarms must reach somebody at any hour until somebody answers."""
    world = built(f"policies:\n  - {{ {rule} }}\n")
    assert found(world, Roster(1, world.site.staff)) == expected


SHIFTS = st.builds(
    lambda person, start, length, compounds: Shift(
        person, MONDAY + start * HOUR, MONDAY + (start + length) * HOUR, compounds
    ),
    st.sampled_from("abx"),
    st.integers(-30, 180),
    st.integers(0, 40),
    st.sampled_from([(), ("bay",), ("hill",)]),
)
SMALL = Site.of([Compound("bay", "B")], [Device("d", "D", DeviceKind.SMOKE_ALARM, "bay")])


@given(st.lists(SHIFTS, max_size=8), st.none() | st.integers(1, 200))
def test_the_check_agrees_with_who_would_be_paged_at_every_hour(shifts: list[Shift], until: int | None) -> None:
    """An hour is in a hole exactly if a page would find nobody on duty then."""
    staff = (StaffMember("a", "A", always=False), StaffMember("b", "B", 2, ("bay",), always=False))
    roster = Roster(1, staff, tuple(shifts), None if until is None else MONDAY + until * HOUR)
    empty = [choose(roster, "bay", 1, MONDAY + hour * HOUR + 1).why == "nobody_on_duty" for hour in range(168)]
    stretches = sum(now and not before for before, now in zip([False, *empty], empty, strict=False))
    assert len(holes(roster, SMALL, MONDAY)) == stretches


def test_the_check_of_a_large_roster_does_not_hold_up_an_alarm(world: World) -> None:
    """14 people in three shifts for two weeks: it looks at each shift once per compound (it runs every minute)."""
    reads = 0

    class Counted(tuple[Shift, ...]):
        """Counts how often its shifts are looked at."""

        __slots__ = ()

        def __iter__(self):  # noqa: ANN204 - of a tuple
            nonlocal reads
            for shift in tuple.__iter__(self):
                reads += 1
                yield shift

    staff = tuple(StaffMember(f"p{n}", "P", 1 + n % 3, always=False) for n in range(14))
    shifts = Counted(
        Shift(f"p{n}", MONDAY + day * DAY + n * HOUR, MONDAY + day * DAY + (n + 8) * HOUR)
        for day in range(14)
        for n in range(14)
    )
    holes(Roster(1, staff, shifts), world.site, MONDAY)
    assert 0 < reads <= 2 * len(shifts)
