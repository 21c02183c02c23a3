"""From timetables and stand-ins to shifts: nobody's place is ever left without somebody."""

import random

import pytest

from custom_components.community_help.contract.values import Shift
from custom_components.community_help.plan import MAX_SHIFTS, Plan, StandIn, resolve
from custom_components.community_help.roster import Member
from custom_components.community_help.shifts import Spans

ZHANG, LI, WANG = Member("z", "张三"), Member("l", "李四"), Member("w", "王五", tier=2)
WINDOW = (0.0, 100.0)
BOTH = ("bay", "garden")


def plan(*staff: Member, times: dict[str, Spans | None] | None = None, stand_ins: tuple[StandIn, ...] = ()) -> Plan:
    """The plan of ``staff``, always on duty unless ``times`` says when."""
    tables = {member.id: (times or {}).get(member.id) for member in staff}
    return resolve(staff, tables, stand_ins, BOTH, WINDOW)


def on(found: Plan, person: str, compound: str = "") -> set[int]:
    """The seconds in which somebody is on duty."""
    return {at for at in range(100) if found.on_duty(person, compound, at)}


def test_who_is_always_on_duty_has_no_shifts_and_needs_no_horizon() -> None:
    """A community without schedules sends the same roster every day."""
    assert plan(ZHANG, LI) == Plan((), (), None)


def test_shifts_are_those_of_the_timetable_within_the_window() -> None:
    """Somebody whose timetable is empty has no duty; the others are untouched."""
    found = plan(ZHANG, LI, WANG, times={"z": ((-5.0, 10.0), (20.0, 200.0)), "l": ()})
    assert found == Plan(("z", "l"), (Shift("z", 0.0, 10.0), Shift("z", 20.0, 100.0)), 100.0)
    assert on(found, "z") == {*range(10), *range(20, 100)}
    assert not on(found, "l")
    assert on(found, "w") == set(range(100))


def test_beyond_the_horizon_everybody_is_on_duty() -> None:
    """As the gateway does it: silence is worse than noise."""
    found = plan(ZHANG, times={"z": ((0.0, 10.0),)})
    assert (found.on_duty("z", "", 99.0), found.on_duty("z", "bay", 100.0)) == (False, True)
    assert found.compounds("z", 100.0) is None


def test_a_stand_in_has_the_duty_and_the_other_has_not() -> None:
    """Only while it lasts, only what the other had; somebody who was always on duty has shifts for it."""
    found = plan(ZHANG, LI, times={"l": ((0.0, 30.0),)}, stand_ins=(StandIn("l", "z", (), 20.0, 50.0),))
    assert on(found, "z") == {*range(20), *range(50, 100)}
    assert on(found, "l") == set(range(50))
    found = plan(ZHANG, LI, times={"z": ((10.0, 30.0),), "l": ()}, stand_ins=(StandIn("l", "z", (), 20.0, 50.0),))
    assert on(found, "l") == set(range(20, 30))


def test_duty_is_handed_on_and_on() -> None:
    """Each stand-in takes what the one before has by then."""
    stand_ins = (StandIn("l", "z", (), 20.0, 80.0), StandIn("w", "l", (), 40.0, 60.0))
    found = plan(ZHANG, LI, WANG, times={"l": (), "w": ()}, stand_ins=stand_ins)
    assert on(found, "z") == {*range(20), *range(80, 100)}
    assert on(found, "l") == {*range(20, 40), *range(60, 80)}
    assert on(found, "w") == set(range(40, 60))


def test_a_stand_in_for_one_compound_leaves_the_others() -> None:
    """The shifts name the compounds then; who is on duty in all of theirs names none."""
    found = plan(ZHANG, LI, times={"l": ()}, stand_ins=(StandIn("l", "z", ("bay",), 20.0, 50.0),))
    assert on(found, "z", "garden") == set(range(100))
    assert on(found, "z", "bay") == {*range(20), *range(50, 100)}
    assert (on(found, "l", "bay"), on(found, "l", "garden")) == (set(range(20, 50)), set())
    assert Shift("l", 20.0, 50.0, ("bay",)) in found.shifts
    assert (found.compounds("z", 30.0), found.compounds("l", 30.0)) == ({"garden"}, {"bay"})


def test_duty_is_never_handed_to_where_nobody_is_responsible() -> None:
    """In a compound that the stand-in does not serve, the other stays on duty."""
    elsewhere = Member("l", "李四", compounds=("garden",))
    found = plan(ZHANG, elsewhere, times={"l": ()}, stand_ins=(StandIn("l", "z", (), 20.0, 50.0),))
    assert on(found, "z", "bay") == set(range(100))
    assert on(found, "z", "garden") == {*range(20), *range(50, 100)}
    assert on(found, "l") == set(range(20, 50))


def test_a_whole_compound_is_taken_over_up_to_the_own_tier() -> None:
    """Later tiers stay, so that an unanswered page still goes on; the own timetable does not matter."""
    later = Member("x", "赵六", tier=3)
    stand_ins = (StandIn("w", "", ("bay",), 20.0, 50.0),)
    found = plan(ZHANG, LI, WANG, later, times={"w": ()}, stand_ins=stand_ins)
    assert on(found, "w", "bay") == set(range(20, 50))
    for person in ("z", "l"):
        assert on(found, person, "bay") == {*range(20), *range(50, 100)}
        assert on(found, person, "garden") == set(range(100))
    assert on(found, "x", "bay") == set(range(100))


def test_a_stand_in_who_left_leaves_duty_where_it_was() -> None:
    """Nobody takes the place of somebody and then is nobody."""
    assert plan(ZHANG, LI, stand_ins=(StandIn("gone", "z", (), 20.0, 50.0),)) == Plan()
    assert plan(ZHANG, LI, stand_ins=(StandIn("z", "gone", (), 20.0, 50.0),)) == Plan()


@pytest.mark.parametrize("seed", range(100))
def test_handing_on_leaves_no_second_without_somebody(seed: int) -> None:
    """Whoever hands what to whom: where somebody was on duty, somebody still is, in every compound."""
    chance = random.Random(seed)
    places = [(), ("bay",), ("garden",), BOTH]
    staff = [Member(str(n), str(n), tier=chance.randint(1, 3), compounds=chance.choice(places)) for n in range(4)]

    def stretch() -> tuple[float, float]:
        start = chance.randint(0, 80)
        return float(start), float(start + chance.randint(1, 40))

    times: dict[str, Spans | None] = {member.id: chance.choice([None, (stretch(),)]) for member in staff}
    stand_ins = tuple(
        StandIn(str(chance.randint(0, 3)), chance.choice(["", "0", "1", "2", "3"]), chance.choice(places), *stretch())
        for _ in range(6)
    )
    before, after = plan(*staff, times=times), plan(*staff, times=times, stand_ins=stand_ins)
    for compound in BOTH:
        here = [member.id for member in staff if member.serves(compound)]
        for at in range(100):
            if any(before.on_duty(person, compound, at) for person in here):
                assert any(after.on_duty(person, compound, at) for person in here), (compound, at)


def test_more_shifts_than_the_gateway_takes_bring_the_horizon_nearer() -> None:
    """Everything before it is exact; beyond it everybody is paged."""
    many = tuple((float(at), at + 0.5) for at in range(MAX_SHIFTS + 10))
    found = resolve((ZHANG,), {"z": many}, (), BOTH, (0.0, 1e6))
    assert (len(found.shifts), found.until) == (MAX_SHIFTS, float(MAX_SHIFTS))
    assert (found.on_duty("z", "", 10.7), found.on_duty("z", "", MAX_SHIFTS + 0.7)) == (False, True)


def test_the_next_edge_is_a_shifts_or_the_horizon() -> None:
    """Whatever comes first; none for those who are always on duty."""
    found = plan(ZHANG, times={"z": ((10.0, 20.0), (30.0, 40.0))})
    assert [found.next_edge(at) for at in (0.0, 10.0, 20.0, 35.0, 40.0, 100.0)] == [10.0, 20.0, 30.0, 40.0, 100.0, None]
    assert plan(ZHANG).next_edge(0.0) is None
