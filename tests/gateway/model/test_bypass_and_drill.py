"""Silencing a point and rehearsing: with an owner and an end, and never at the cost of something real."""

import pytest

from community_help_gateway.model import bypass, lifecycle
from community_help_gateway.model.incident import Cause, DeadlineKind, Person
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.model.state import EventKind
from tests.gateway.model.world import LI, START, ZHANG, World

HOUR = 3600.0


def silence(world: World, *devices: str, seconds: float = HOUR) -> None:
    """Zhang silences smoke alarms."""
    for device in devices:
        world.decide(bypass.set_bypass, f"{device}.smoke", seconds, "装修", ZHANG)


def rehearse(world: World, *devices: str, seconds: float = HOUR) -> None:
    """Zhang begins a drill in which these devices' own alarms are part of it."""
    points = [world.site.devices[device].points[0].id for device in devices]
    world.decide(bypass.start_drill, "bay", seconds, points, ZHANG)


def test_a_bypass_has_an_owner_a_reason_and_an_end(world: World) -> None:
    """Promise 9: all three are kept and in the record."""
    silence(world, "f201")
    (kept,) = world.state.bypasses.values()
    assert (kept.person, kept.reason, kept.until) == ("zhang", "装修", START + HOUR)
    event = world.events[-1]
    assert (event.kind, event.subject, event.person, event.detail) == (
        EventKind.BYPASSED,
        "f201.smoke",
        "zhang",
        "装修",
    )


@pytest.mark.parametrize(
    ("point", "seconds", "reason", "person", "refusal"),
    [
        ("f201.smoke", 60, " ", ZHANG, "bypass_needs"),
        ("f201.smoke", 0, "why", ZHANG, "bypass_needs"),
        ("f201.smoke", -5, "why", ZHANG, "bypass_needs"),
        ("f201.smoke", 32 * 86400, "why", ZHANG, "bypass_needs"),
        ("f201.smoke", float("nan"), "why", ZHANG, "bypass_needs"),
        ("f201.smoke", 60, "why", Person("", ""), "unidentified"),
        ("f201.smoke", 60, "why", Person("automation", ""), "unidentified"),
        ("gone", 60, "why", ZHANG, "unknown_point"),
    ],
)
def test_a_bypass_without_one_of_them_is_refused(
    world: World, point: str, seconds: float, reason: str, person: Person, refusal: str
) -> None:
    """Nothing is silent for ever, for no reason, or by nobody."""
    assert world.decide(bypass.set_bypass, point, seconds, reason, person).refusal == refusal
    assert not world.state.bypasses


def test_a_bypassed_alarm_is_recorded_and_shown_and_pages_nobody(world: World) -> None:
    """The point is live, and the record says why nobody was told."""
    silence(world, "f201")
    decision = world.say("f201")
    assert world.state.points["f201.smoke"].alarm is True
    assert decision.touched == ("f201.smoke",)
    assert world.kinds() == ["bypassed", "bypassed_alarm"]


def test_a_bypass_ends_by_itself_and_what_is_still_in_alarm_raises(world: World) -> None:
    """Promise 9: as the episode that it is."""
    silence(world, "f201")
    world.say("f201")
    world.pass_(HOUR + 1)
    assert world.paged()[0] == ("raised_again", 1, "zhang")
    assert world.state.points["f201.smoke"].episode == 1
    assert not world.state.bypasses
    assert world.events[[e.kind for e in world.events].index(EventKind.BYPASS_ENDED)].person == "gateway"


def test_a_person_ends_a_bypass_early(world: World) -> None:
    """With the same consequence."""
    silence(world, "f201")
    world.say("f201")
    world.decide(bypass.end_bypass, "f201.smoke", LI)
    assert world.paged() == [("raised_again", 1, "zhang")]
    assert not world.waits(DeadlineKind.BYPASS)
    assert world.decide(bypass.end_bypass, "f201.smoke", LI).refusal == "no_bypass"


def test_a_bypass_that_ended_without_an_alarm_raises_nothing(world: World) -> None:
    """Never from a default value."""
    silence(world, "f201")
    world.say("f201")
    world.say("f201", False)
    world.pass_(HOUR + 1)
    assert not world.state.incidents


@pytest.mark.parametrize("second", ["f301", "button"])
def test_a_second_point_in_the_building_breaks_through(world: World, second: str) -> None:
    """Promise 9: both are in the incident, whichever came first."""
    silence(world, "f201")
    world.say("f201")
    world.say(second)
    assert len(world.members()) == 2
    assert world.paged()[0] == ("raised", 1, "zhang")


def test_a_bypassed_point_breaks_through_when_it_is_the_second(world: World) -> None:
    """Somebody else burns already."""
    world.say("f301")
    silence(world, "f201")
    world.say("f201")
    assert world.members() == ["f301.smoke", "f201.smoke"]


def test_two_bypassed_points_break_through_together(world: World) -> None:
    """Two that are silenced for dust are still two."""
    silence(world, "f201", "f202")
    world.say("f201")
    assert not world.state.incidents
    world.say("f202")
    assert len(world.members()) == 2
    assert len(world.paged()) == 1


def test_a_point_next_door_does_not_break_through(world: World) -> None:
    """Another building is another matter."""
    silence(world, "f201")
    world.say("f201")
    world.say("b2-101")
    assert world.members() == ["b2-101.smoke"]


def test_a_bypass_holds_although_the_points_own_incident_is_open(world: World) -> None:
    """The one case for which it is made: a detector that keeps coming back while its incident is dealt with."""
    world.say("f201")
    world.decide(lifecycle.handle, world.incident.id, ZHANG, "app")
    silence(world, "f201")
    world.say("f201", False)
    for _ in range(3):
        world.say("f201")
        world.say("f201", False)
        world.pass_(301)
    assert len(world.paged()) == 1
    assert len(world.details(EventKind.BYPASSED_ALARM)) == 3


def test_a_bypass_does_not_touch_an_alarm_that_is_open(world: World) -> None:
    """It goes on paging until somebody takes it."""
    world.say("f201")
    silence(world, "f201")
    world.pass_(61)
    assert world.paged()[-1] == ("escalated", 2, "li")


def test_a_bypass_whose_wait_was_lost_holds_no_longer_than_it_said(world: World) -> None:
    """Its end is its own, not only a timer's."""
    silence(world, "f201")
    world.state.deadlines.clear()
    world.now += HOUR + 1
    world.say("f201")
    assert world.paged() == [("raised", 1, "zhang")]


def test_a_bypassed_gas_that_becomes_dangerous_stays_bypassed(world: World) -> None:
    """It is one point; every level of it is in the record."""
    world.decide(bypass.set_bypass, "septic-1.ch4", HOUR, "清掏", ZHANG)
    for value in (12.0, 12.0, 60.0):
        world.say("septic-1", None, kind="ch4", value=value)
    assert not world.state.incidents
    assert len(world.details(EventKind.BYPASSED_ALARM)) == 2


def test_a_drill_runs_the_whole_chain_and_is_marked(world: World) -> None:
    """Paged, escalated, and called a drill."""
    rehearse(world)
    world.decide(bypass.inject, "f201.smoke", ZHANG)
    world.pass_(61)
    assert world.paged() == [("raised", 1, "zhang"), ("escalated", 2, "li")]
    assert world.incident.drill


def test_an_injected_alarm_touches_nothing_that_the_sensor_says(world: World) -> None:
    """Promise 5: what the gateway invented is no observation."""
    rehearse(world)
    world.say("f201", False)
    before = world.state.points["f201.smoke"]
    world.decide(bypass.inject, "f201.smoke", ZHANG)
    assert world.state.points["f201.smoke"] == before


def test_everything_else_that_alarms_during_a_drill_is_real(world: World) -> None:
    """Promise 5: another point, another kind of point, and the injected point itself."""
    rehearse(world, "f201")
    world.decide(bypass.inject, "f202.smoke", ZHANG)
    for device in ("f202", "f301", "kitchen", "b2-101"):
        world.say(device)
    real = [incident for incident in world.state.incidents.values() if not incident.drill]
    assert sorted(point for incident in real for point in world.members(incident)) == [
        "b2-101.smoke",
        "f202.smoke",
        "f301.smoke",
        "kitchen.gas",
    ]


def test_a_point_that_was_named_beforehand_is_drill(world: World) -> None:
    """Its own alarm, by test gas."""
    rehearse(world, "f201")
    world.say("f201")
    assert world.incident.drill
    assert world.incident.key == "drill:building:bay:1号楼"


def test_an_alarm_that_was_there_before_the_drill_stays_real(world: World) -> None:
    """Naming it changes nothing of what is open."""
    world.say("f201")
    rehearse(world, "f201")
    assert not world.incident.drill
    world.pass_(HOUR + 1)
    assert len(world.state.incidents) == 1


def test_a_drill_ends_by_itself_and_what_is_still_in_alarm_raises_as_real(world: World) -> None:
    """Promise 9: the drill's incidents are closed as drill, the point is a new, real one."""
    rehearse(world, "f201")
    world.say("f201")
    world.decide(bypass.inject, "f301.smoke", ZHANG)
    world.pass_(HOUR)
    closed = [event.incident for event in world.events if event.kind is EventKind.CLOSED]
    assert [(incident.cause, incident.drill) for incident in closed if incident] == [(Cause.DRILL, True)]
    assert not world.incident.drill
    assert world.members() == ["f201.smoke"]
    assert world.paged()[-1] == ("raised_again", 1, "zhang")
    assert not world.state.drills


def test_a_person_ends_a_drill_early_and_nothing_is_left_of_it(world: World) -> None:
    """No page, no wait, no incident."""
    rehearse(world)
    world.decide(bypass.inject, "f201.smoke", ZHANG)
    world.decide(bypass.end_drill, "bay", LI)
    assert not world.state.incidents
    assert not world.state.pages
    assert not world.state.deadlines
    assert world.decide(bypass.end_drill, "bay", LI).refusal == "no_drill"


def test_a_drill_whose_wait_was_lost_ends_all_the_same(world: World) -> None:
    """After its end a named point is real, whatever became of the timer."""
    rehearse(world, "f201")
    world.state.deadlines.clear()
    world.now += HOUR + 1
    world.say("f201")
    assert not world.incident.drill


def test_every_drill_can_be_declared_real(world: World) -> None:
    """Promise 5: it is paged as such from the first tier, and the drill's end does not touch it."""
    rehearse(world, "f201")
    world.say("f201")
    world.pass_(61)
    world.decide(lifecycle.declare_real, world.incident.id, LI, "button")
    assert world.paged()[-1] == ("declared_real", 1, "zhang")
    assert (world.incident.drill, world.incident.key) == (False, "building:bay:1号楼")
    world.pass_(HOUR)
    assert len(world.state.incidents) == 1
    assert world.incident.state.value == "open"


def test_what_was_declared_real_stays_real_when_it_alarms_anew(world: World) -> None:
    """Promise 5: in that building the named points are no drill any more; elsewhere they are."""
    rehearse(world, "f201", "f301", "b2-101")
    world.say("f201")
    world.decide(lifecycle.declare_real, world.incident.id, LI, "button")
    world.say("f201", False)
    world.say("f201")
    world.say("f301")
    assert world.members() == ["f201.smoke", "f301.smoke"]
    world.say("b2-101")
    assert [incident.drill for incident in world.state.incidents.values()] == [False, True]


def test_declaring_what_is_real_already_changes_nothing(world: World) -> None:
    """The button may be pressed twice."""
    world.say("f201")
    assert world.decide(lifecycle.declare_real, world.incident.id, LI, "button").result == {"drill": False}
    assert len(world.paged()) == 1


@pytest.mark.parametrize(
    ("compound", "seconds", "points", "person", "refusal"),
    [
        ("gone", 60, [], ZHANG, "unknown_compound"),
        ("bay", 60, [], Person("", ""), "unidentified"),
        ("bay", 0, [], ZHANG, "drill_needs"),
        ("bay", 13 * HOUR, [], ZHANG, "drill_needs"),
        ("bay", 60, ["gone"], ZHANG, "unknown_point"),
    ],
)
def test_a_drill_without_an_owner_or_an_end_is_refused(
    world: World, compound: str, seconds: float, points: list[str], person: Person, refusal: str
) -> None:
    """Nothing counts as a rehearsal for ever."""
    assert world.decide(bypass.start_drill, compound, seconds, points, person).refusal == refusal
    assert not world.state.drills


def test_nothing_is_injected_without_a_drill(world: World) -> None:
    """In that compound."""
    rehearse(world)
    assert world.decide(bypass.inject, "hall.smoke", ZHANG).refusal == "no_drill"
    assert world.decide(bypass.inject, "gone", ZHANG).refusal == "unknown_point"
    assert not world.state.incidents


def test_a_drill_never_raises_again(world: World) -> None:
    """A person closes it; what was invented is not live."""
    rehearse(world, "f201")
    world.say("f201")
    world.decide(lifecycle.close, world.incident.id, Cause.DRILL, "", ZHANG)
    assert not world.waits(DeadlineKind.RAISE_AGAIN)


def test_an_unplaced_alarm_during_a_drill_is_real(world: World) -> None:
    """Promise 5: nobody named what nobody knows."""
    rehearse(world)
    world.say("f201")
    assert not world.incident.drill
    assert world.incident.hazard is Hazard.FIRE
