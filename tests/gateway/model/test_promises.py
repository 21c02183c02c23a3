"""One test per promise that the pure model can show, named after it."""

import pytest
from hypothesis import given, settings, strategies as st

from community_help_gateway.model import bypass, lifecycle
from community_help_gateway.model.incident import Cause, DeadlineKind, IncidentState
from community_help_gateway.model.observation import Address, Reset
from community_help_gateway.model.reduce import due, field_input
from community_help_gateway.model.state import EventKind
from community_help_gateway.site import parse
from tests.gateway.model.conftest import COMPOUND
from tests.gateway.model.world import LI, ZHANG, World

SITE = parse(COMPOUND, "compound.yaml").site
FLATS = ("f201", "f202", "f301")
SAID = st.tuples(st.sampled_from(FLATS), st.sampled_from([True, True, False]), st.integers(0, 400))


@given(st.lists(SAID, max_size=20), st.integers(0, 3))
@settings(max_examples=60)
def test_promise_02_each_episode_is_one_membership(said: list[tuple[str, bool, int]], repeats: int) -> None:
    """However often the device repeats it; an alarm after a restore is a new one and is told or waits to be."""
    world = World(SITE)
    episodes = dict.fromkeys(FLATS, 0)
    alarmed = dict.fromkeys(FLATS, False)
    for flat, alarm, seconds in said:
        episodes[flat] += alarm and not alarmed[flat]
        alarmed[flat] = alarm
        for _ in range(repeats + 1):
            world.say(flat, alarm, device_at=500.0)
        world.pass_(seconds)
    joined = [e.member for e in world.events if e.kind in (EventKind.RAISED, EventKind.JOINED) and e.member]
    for flat in FLATS:
        assert [m.episode for m in joined if m.device == flat] == list(range(1, episodes[flat] + 1))
    assert all(not incident.answered for incident in world.state.incidents.values())


@pytest.mark.parametrize("device", ["f201", "kitchen", "button"])
def test_promise_03_every_alarm_is_paged_until_an_identified_person_answers(world: World, device: str) -> None:
    """For a day, in every tier, the last one repeating, whatever is said by nobody; then it is quiet."""
    world.say(device)
    world.say(device, False)
    world.decide(lifecycle.acknowledge, world.incident.id, 1, lifecycle.GATEWAY, "button")
    world.pass_(86400)
    assert [tier for _, tier, _ in world.paged()[:3]] == [1, 2, 3]
    assert len(world.paged()) > 86400 / 120 - 2
    world.decide(lifecycle.handle, world.incident.id, ZHANG, "button")
    pages = len(world.paged())
    world.pass_(30 * 86400)
    assert len(world.paged()) == pages
    assert (world.incident.needs_review, world.incident.state) == (True, IncidentState.HANDLING)


@pytest.mark.parametrize(
    ("device", "reason"),
    [
        ("f301", "paged:new_floor"),
        ("unknown-floor", "paged:unknown_floor"),
        ("kitchen", "paged:second_hazard"),
        ("button", "paged:call_point"),
    ],
)
def test_promise_04_an_acknowledgement_covers_what_was_seen_and_worse_pages_again(
    world: World, device: str, reason: str
) -> None:
    """Same floor: no page, still taken. Worse: unanswered, paged at once."""
    world.say("f201")
    world.say("f202")
    world.pass_(61)
    world.decide(lifecycle.acknowledge, world.incident.id, world.incident.revision, ZHANG, "button")
    pages = len(world.paged())
    world.say("f203")
    assert (world.incident.answered, len(world.paged())) == (True, pages)
    world.say(device)
    assert (world.incident.answered, len(world.paged())) == (False, pages + 1)
    assert world.details(EventKind.JOINED)[-1] == reason


def test_promise_04_what_is_closed_while_live_raises_again(world: World) -> None:
    """The closing says how many still sound; after the stated time they are back."""
    world.say("f201")
    assert world.decide(lifecycle.close, world.incident.id, Cause.DUST, "", ZHANG).result == {"live": 1}
    world.pass_(1799)
    assert not world.state.incidents
    world.pass_(2)
    assert world.paged()[-1] == ("raised_again", 1, "zhang")


@given(
    st.lists(
        st.fixed_dictionaries(
            {"fault": st.none() | st.booleans(), "tamper": st.none() | st.booleans(), "test": st.none() | st.booleans()}
        ),
        max_size=8,
    ),
    st.booleans(),
)
@settings(max_examples=60)
def test_promise_05_alarm_fault_tamper_and_test_never_turn_into_each_other(
    said: list[dict[str, bool | None]], test: bool
) -> None:
    """Nothing of them raises a fire or ends one; a fire with the test bit is a fire; each signal is what was said."""
    world = World(SITE)
    for more in said:
        world.say("f201", None, **more)
    assert world.state.points.get("f201.smoke") is None or world.state.points["f201.smoke"].alarm is None
    world.say("f201", True, test=test)
    for more in said:
        world.say("f201", None, **more)
    record = world.state.points["f201.smoke"]
    assert record.alarm is True
    assert world.paged()[-1][0] in ("raised", "worse")
    for signal in ("fault", "tamper"):
        told = [more[signal] for more in said if more[signal] is not None]
        assert getattr(record, signal) == (told[-1] if told else None)


def test_promise_05_only_what_was_injected_or_named_is_drill(world: World) -> None:
    """Everything else that alarms in the compound is real, and what was taken for a drill can be declared real."""
    world.decide(bypass.start_drill, "bay", 600.0, ["f201.smoke"], ZHANG)
    world.say("f201")
    world.decide(bypass.inject, "f202.smoke", ZHANG)
    assert world.incident.drill
    drill = world.incident.id
    world.say("f202", test=True)
    assert [incident.drill for incident in world.state.incidents.values()] == [True, False]
    world.decide(lifecycle.declare_real, drill, LI, "button")
    assert not any(incident.drill for incident in world.state.incidents.values())


@pytest.mark.parametrize(
    "more",
    [
        {"alarm": None, "fault": True},
        {"alarm": None, "tamper": True},
        {"alarm": None, "battery_low": True},
        {"alarm": None, "state": "muted"},
        {"alarm": False, "device_at": 899.0},
        {"alarm": False, "test": True},
    ],
)
def test_promise_06_only_an_explicit_restore_or_its_own_reset_ends_a_live_alarm(
    world: World, more: dict[str, object]
) -> None:
    """Neither this, nor a lost link, nor another system's reset; and nothing of it touches what is latched."""
    world.say("f201", device_at=900.0)
    world.say("f201", **more)  # type: ignore[arg-type]
    world.link("gb26875", "4097", up=False)
    world.pass_(600)
    for device, part in (("4098", "1.1."), ("4097", "1.2.")):
        world.take(field_input(world.state, SITE, Reset(Address("gb26875", device, part), world.now), world.now))
    assert world.state.points["f201.smoke"].alarm is True
    incident = world.state.points["f201.smoke"].incident
    world.take(field_input(world.state, SITE, Reset(Address("gb26875", "4097", "1.1."), world.now), world.now))
    assert world.state.points["f201.smoke"].alarm is False
    assert world.state.incidents[incident].state is IncidentState.OPEN


def test_promise_08_a_dead_link_is_an_incident_and_clears_nothing(world: World) -> None:
    """It is one for all behind it, ends with the link's return, and of two rivals neither clears the other's."""
    world.say("f201", source="a")
    world.link("gb26875", "4097", up=False)
    world.pass_(181)
    assert world.state.has_cause("link:gb26875:4097", "link_lost")
    world.link("gb26875", "4097", up=True, rivals=1)
    assert not world.state.has_cause("link:gb26875:4097", "link_lost")
    world.say("f201", False, source="b")
    assert world.state.has_cause("link:gb26875:4097", "duplicate_identity")
    assert world.state.points["f201.smoke"].alarm is True


def test_promise_09_a_bypass_ends_by_itself_and_a_second_point_breaks_through(world: World) -> None:
    """Recorded, shown, broken through by a second; at its end what still sounds raises."""
    for device in ("f201", "b2-101"):
        world.decide(bypass.set_bypass, f"{device}.smoke", 3600.0, "装修", ZHANG)
        world.say(device)
    assert len(world.details(EventKind.BYPASSED_ALARM)) == 2
    assert not world.state.incidents
    world.say("f202")
    assert world.members() == ["f202.smoke", "f201.smoke"]
    world.pass_(3601)
    assert len(world.state.incidents) == 2
    assert not world.state.bypasses


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_promise_14_no_wait_is_stretched_and_no_incident_jumps_tiers(world: World, days: int) -> None:
    """A clock that jumps, or an outage that long: every wait ends within its length, each incident goes one tier."""
    world.say("f201")
    world.say("b2-101")
    before = {incident.id: incident.tier for incident in world.state.incidents.values()}
    world.now += days * 86400
    assert all(item.remaining(world.now) <= item.length for item in world.state.deadlines.values())
    for deadline in tuple(world.state.deadlines.values()):
        if deadline.kind is DeadlineKind.ANSWER:
            world.take(due(world.state, world.site, deadline, world.now))
    assert {incident.id: incident.tier - before[incident.id] for incident in world.state.incidents.values()} == (
        dict.fromkeys(before, 1)
    )
    assert all(item.remaining(world.now) == item.length for item in world.waits(DeadlineKind.ANSWER))


def test_promise_12_a_device_that_is_removed_does_not_alter_its_open_incident(world: World) -> None:
    """Nor does a site that was imported anew; it pages on, and what is left alarms as before."""
    world.say("f201")
    before = world.incident
    lines = [line for line in COMPOUND.splitlines() if "id: f201," not in line]
    world.site = parse("\n".join(lines), "compound.yaml").site
    assert world.incident == before
    world.say("f202")
    world.pass_(61)
    assert world.paged()[-1][1] == 2
    assert world.members() == ["f201.smoke", "f202.smoke"]
    world.decide(lifecycle.close, world.incident.id, Cause.REAL, "", ZHANG)
    world.pass_(1801)
    assert world.members() == ["f202.smoke"]
