"""A fire lane: by the clock, never by a passing car, and it ends only by a held, live "free"."""

from collections.abc import Callable

import pytest

from community_help_gateway.model import lifecycle
from community_help_gateway.model.incident import Cause, DeadlineKind, IncidentState
from community_help_gateway.model.kinds import Severity
from community_help_gateway.model.state import EventKind
from community_help_gateway.model.supervision import NO_ANSWER
from tests.gateway.model.world import START, ZHANG, World


def occupied(world: World, on: bool = True) -> None:
    """The lane's sensor speaks."""
    world.say("lane", None, on=on)


def lane(world: World) -> tuple[bool | None, int]:
    """Whether the lane is in alarm, and its level."""
    record = world.state.points["lane.lane"]
    return record.alarm, record.level


def test_a_passing_car_is_ignored(world: World) -> None:
    """However often one passes."""
    for _ in range(20):
        occupied(world)
        world.pass_(59)
        occupied(world, False)
        world.pass_(1)
    assert not world.state.incidents
    assert not world.state.deadlines


def test_a_standing_car_becomes_a_warning_an_alarm_and_danger(world: World) -> None:
    """After 60 s, 180 s and 10 min, each counted from when it came."""
    occupied(world)
    seen = []
    for seconds in (59, 1, 119, 1, 419, 1):
        world.pass_(seconds)
        seen.append(world.incident.severity.value if world.state.incidents else "")
    assert seen == ["", "warning", "warning", "alarm", "alarm", "danger"]
    assert world.details(EventKind.WORSENED) == ["severity", "severity"]
    assert [(reason, tier) for reason, tier, _ in world.paged()] == [("raised", 1), ("worse", 2), ("worse", 3)]


def test_what_became_worse_pages_those_who_took_it(world: World) -> None:
    """An acknowledgement of the warning is none of the alarm."""
    occupied(world)
    world.pass_(60)
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    world.pass_(120)
    assert world.paged()[-1] == ("worse", 2, "zhang,li")
    assert not world.incident.answered


def test_a_held_free_resolves_and_closes_it(world: World) -> None:
    """Promise 3: after 30 s of free, with the record of it."""
    occupied(world)
    world.pass_(100)
    occupied(world, False)
    world.pass_(29)
    assert lane(world) == (True, 1)
    world.pass_(1)
    assert lane(world) == (False, 0)
    assert not world.state.incidents
    assert world.kinds()[-3:] == ["restored", "resolved", "closed"]
    resolved, closed = world.events[-2].incident, world.events[-1].incident
    assert resolved is not None
    assert closed is not None
    assert (resolved.state, closed.state, closed.cause) == (
        IncidentState.RESOLVED,
        IncidentState.CLOSED,
        Cause.CLEARED,
    )
    assert not world.state.pages


def test_a_short_gap_is_no_free_and_its_time_counts_on(world: World) -> None:
    """A car that moves a little has stood since it came."""
    occupied(world)
    world.pass_(100)
    occupied(world, False)
    world.pass_(20)
    occupied(world)
    world.pass_(60)
    assert lane(world) == (True, 2)
    assert len(world.details(EventKind.RAISED)) == 1


def test_silence_never_frees_a_lane(world: World) -> None:
    """Promise 3: its link is down when the time has come, so it must hold anew."""
    occupied(world)
    world.pass_(100)
    occupied(world, False)
    world.link("modbus", "box", up=False)
    world.pass_(3600)
    assert lane(world) == (True, 1)
    world.link("modbus", "box", up=True)
    world.pass_(31)
    assert lane(world) == (False, 0)


def test_a_sensor_that_does_not_answer_never_frees_a_lane(world: World) -> None:
    """Promise 3: its neighbours on the same link answer, it does not."""
    occupied(world)
    world.pass_(100)
    occupied(world, False)
    world.say("lane", None, fault=True, state=NO_ANSWER)
    world.pass_(3600)
    assert lane(world) == (True, 1)
    world.say("lane", None, fault=False, on=False)
    world.pass_(31)
    assert lane(world) == (False, 0)


@pytest.mark.parametrize("silent", ["link", "sensor"])
def test_silence_is_not_a_standing_car(world: World, silent: str) -> None:
    """Unknown is not occupied: nothing is raised from what was true before the link was lost."""
    occupied(world)
    if silent == "link":
        world.link("modbus", "box", up=False)
    else:
        world.say("lane", None, fault=True, state=NO_ANSWER)
    world.pass_(170)
    assert not world.state.incidents
    if silent == "link":
        world.link("modbus", "box", up=True)
    else:
        world.say("lane", None, fault=False, on=True)
    world.pass_(31)
    assert lane(world)[0] is True


def test_an_answered_incident_ends_by_itself_too(world: World) -> None:
    """Nobody has to close what is over."""
    occupied(world)
    world.pass_(60)
    world.decide(lifecycle.handle, world.incident.id, ZHANG, "button")
    occupied(world, False)
    world.pass_(31)
    assert not world.state.incidents
    assert {item.kind for item in world.state.deadlines.values()} == set()


def test_a_community_may_want_to_close_lanes_itself(built: Callable[[str], World]) -> None:
    """With resolves: false the alarm restores and the incident stays."""
    world = built("policies:\n  - { hazard: fire_lane, resolves: false }\n")
    occupied(world)
    world.pass_(100)
    occupied(world, False)
    world.pass_(31)
    assert lane(world) == (False, 0)
    assert (world.incident.live, world.incident.state) == (0, IncidentState.OPEN)


def test_the_next_car_is_a_new_episode(world: World) -> None:
    """Promise 2: and a new incident, when the first one has ended."""
    for _ in range(2):
        occupied(world)
        world.pass_(60)
        occupied(world, False)
        world.pass_(31)
    assert len(world.details(EventKind.RAISED)) == 2
    assert world.state.points["lane.lane"].episode == 2


def test_a_running_lane_incident_keeps_its_times(world: World, built: Callable[[str], World]) -> None:
    """Edits do not change what runs: the alarm still comes at 180 s."""
    occupied(world)
    world.pass_(60)
    world.site = built("policies:\n  - { hazard: fire_lane, dwell: [60, 3000, 6000], free: 3000 }\n").site
    world.pass_(120)
    assert world.incident.severity is Severity.ALARM
    occupied(world, False)
    world.pass_(31)
    assert not world.state.incidents


def test_a_clock_that_jumps_does_not_stretch_the_wait(world: World) -> None:
    """Promise 14: set back by a day while a car stands."""
    occupied(world)
    world.now -= 86400
    occupied(world, False)
    occupied(world)
    (wait,) = world.waits(DeadlineKind.DWELL)
    assert wait.remaining(world.now) == 60


def test_a_restart_during_a_dwell_raises_once_it_is_heard(world: World) -> None:
    """The wait is in the journal; two hours later the car is still there, and one page goes out at once."""
    occupied(world)
    world.now += 7200
    world.pass_(0)
    assert len(world.paged()) == 1
    assert world.incident.tier == 1


def test_a_closed_lane_that_stays_occupied_raises_again(world: World) -> None:
    """Promise 4: after the stated time."""
    occupied(world)
    world.pass_(700)
    world.decide(lifecycle.close, world.incident.id, Cause.UNKNOWN, "", ZHANG)
    world.pass_(1801)
    assert world.incident.severity is Severity.DANGER
    assert world.paged()[-1][0] in ("raised_again", "escalated", "repeated")


def test_an_appliance_ends_by_itself_after_a_held_restore(world: World) -> None:
    """Promise 3: the other kind of incident that may."""
    world.say("kettle")
    assert world.paged() == [("raised", 1, "zhang")]
    world.say("kettle", False)
    world.pass_(29)
    assert world.incident.live == 0
    world.pass_(2)
    assert not world.state.incidents
    assert world.kinds()[-2:] == ["resolved", "closed"]


def test_an_appliance_that_alarms_again_does_not_end(world: World) -> None:
    """The restore must hold, and be live."""
    world.say("kettle")
    world.say("kettle", False)
    world.pass_(20)
    world.say("kettle")
    world.pass_(100)
    assert world.incident.live == 1
    world.say("kettle", False)
    world.link("modbus", "box", up=False)
    world.pass_(100)
    assert world.incident.live == 0


@pytest.mark.parametrize("device", ["f201", "kitchen"])
def test_fire_and_gas_never_end_by_themselves(world: World, device: str) -> None:
    """Promise 3: however long they are over."""
    world.say(device)
    world.say(device, False)
    world.pass_(30 * 86400)
    assert world.incident.state is IncidentState.OPEN
    assert world.page.reason == "repeated"


def test_times_start_at_the_first_word_of_a_sensor(world: World) -> None:
    """A lane that is occupied when it is first heard of has stood since then, not since 1970."""
    occupied(world)
    (wait,) = world.waits(DeadlineKind.DWELL)
    assert wait.due_at == START + 60
