"""A station's relays: on for no longer than they may, off at once where water leaks and at closing time, and proven."""

from collections.abc import Callable
from copy import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from community_help_gateway.model import guard
from community_help_gateway.model.draft import Decision
from community_help_gateway.model.incident import DeadlineKind
from community_help_gateway.model.kinds import Hazard, Severity
from community_help_gateway.model.reduce import take_up
from community_help_gateway.model.state import EventKind
from community_help_gateway.model.station import Station
from community_help_gateway.record.naming import Telling
from community_help_gateway.record.replay import Replay
from community_help_gateway.record.timeline import lines
from community_help_gateway.site import parse
from tests.gateway.model.world import ZHANG, World

SITE = (Path(__file__).parents[2] / "captures/sites/station.yaml").read_text("utf-8")
MICROWAVE, CHAIR, WATER = "microwave.relay", "chair.relay", "water.relay"


@pytest.fixture
def station() -> World:
    """The station at half past nine, everything off, its hours kept."""
    return opened()


def opened() -> World:
    """A world on the station's site file."""
    world = World(parse(SITE, "station.yaml").site)
    restart(world)
    for device in ("microwave", "chair", "water"):
        relay(world, device, on=False)
    watts(world, 0.8)
    wet(world, on=False)
    return world


def restart(world: World) -> None:
    """The gateway begins: what its journal holds is taken up."""
    draft = world.draft()
    take_up(draft)
    world.take(draft.decision())


def relay(world: World, device: str, *, on: bool) -> None:
    """The box says how a relay stands."""
    world.say(device, None, kind="relay", on=on, fault=False)


def watts(world: World, value: float | None) -> None:
    """The microwave's meter speaks."""
    world.say("microwave", None, kind="power", value=value, fault=value is None)


def wet(world: World, on: bool = True) -> None:
    """The leak detector speaks."""
    world.say("floor", None, on=on)


def orders(world: World) -> list[tuple[str, str]]:
    """What the guard ordered off so far, and why."""
    return [(event.subject, event.detail) for event in world.events if event.kind is EventKind.ORDERED]


def local(world: World) -> str:
    """The time of day at the station."""
    return datetime.fromtimestamp(world.now, world.site.zone).strftime("%H:%M")


def value(world: World, point: str) -> float | None:
    """A point's value."""
    return world.state.points[point].value


def test_a_relay_is_on_for_no_longer_than_it_may(station: World) -> None:
    """After 30 minutes it is ordered off, whoever switched it on; an earlier off ends the wait."""
    relay(station, "microwave", on=True)
    station.pass_(30 * 60 - 1)
    assert orders(station) == []
    station.pass_(1)
    assert orders(station) == [(MICROWAVE, "max_on")]
    relay(station, "microwave", on=False)
    station.pass_(guard.VERIFY_SECONDS)
    relay(station, "microwave", on=True)
    relay(station, "microwave", on=False)
    station.pass_(3600)
    assert len(orders(station)) == 1
    assert not station.state.incidents


def test_the_end_is_shown_while_it_is_on(station: World) -> None:
    """As the time of the end, which goes when it is off."""
    relay(station, "microwave", on=True)
    assert value(station, "microwave.ends") == station.now + 30 * 60
    relay(station, "microwave", on=False)
    assert value(station, "microwave.ends") is None


def test_an_off_that_both_signals_show_is_written_down_as_verified(station: World) -> None:
    """The relay read back, and the meter."""
    relay(station, "microwave", on=True)
    station.pass_(30 * 60)
    relay(station, "microwave", on=False)
    station.pass_(guard.VERIFY_SECONDS)
    assert station.details(EventKind.VERIFIED) == ["power"]
    assert not station.waits(DeadlineKind.VERIFY)


@pytest.mark.parametrize("doubt", ["relay", "power", "silent_meter", "dead_box"])
def test_an_off_that_is_not_proven_is_an_incident(station: World, doubt: str) -> None:
    """A relay that stays, a contact that is welded, a meter or a box that says nothing: silence proves nothing."""
    relay(station, "microwave", on=True)
    watts(station, 900)
    station.pass_(30 * 60)
    if doubt != "relay":
        relay(station, "microwave", on=False)
    if doubt == "dead_box":
        watts(station, 0.5)
        station.link("modbus", "box", up=False)
    if doubt == "silent_meter":
        watts(station, None)
    station.pass_(guard.VERIFY_SECONDS)
    (incident,) = [item for item in station.state.incidents.values() if item.hazard is Hazard.APPLIANCE]
    assert (incident.severity, station.members(incident)) == (Severity.WARNING, [MICROWAVE])
    assert orders(station)[1][1] == f"again:{'relay' if doubt in ('relay', 'dead_box') else 'power'}"
    assert station.paged()


def test_what_is_proven_later_resolves_itself(station: World) -> None:
    """The order is given again, ever more rarely; once it is proven and held, the incident is over."""
    relay(station, "microwave", on=True)
    station.pass_(30 * 60 + guard.VERIFY_SECONDS)
    assert station.state.points[MICROWAVE].alarm
    station.pass_(3600)
    given = [reason for _, reason in orders(station)].count("again:relay")
    assert 10 < given < 20
    relay(station, "microwave", on=False)
    station.pass_(guard.VERIFY_MOST_SECONDS + 60)
    assert not station.state.incidents
    assert not station.waits(DeadlineKind.VERIFY)


def test_a_leak_turns_everything_of_the_station_off_at_once(station: World) -> None:
    """And raises; what was off needs no order."""
    relay(station, "microwave", on=True)
    relay(station, "water", on=True)
    wet(station)
    assert sorted(orders(station)) == [(MICROWAVE, "leak"), (WATER, "leak")]
    assert station.incident.hazard is Hazard.APPLIANCE


def test_what_is_switched_on_while_it_leaks_goes_off_again(station: World) -> None:
    """Also by a switch at the device itself."""
    wet(station)
    relay(station, "chair", on=True)
    assert orders(station) == [(CHAIR, "leak")]
    assert guard.may_switch_on(station.draft(), CHAIR) == "leaking"
    wet(station, on=False)
    assert guard.may_switch_on(station.draft(), CHAIR) == ""


def test_an_order_that_somebody_undid_is_given_again_at_once(station: World) -> None:
    """By the switch at the device, while it leaks: not only when the order is to be proven."""
    relay(station, "chair", on=True)
    wet(station)
    relay(station, "chair", on=False)
    station.pass_(guard.VERIFY_SECONDS - 1)
    relay(station, "chair", on=True)
    assert orders(station) == [(CHAIR, "leak"), (CHAIR, "leak")]


def test_a_meter_is_believed_by_what_it_says_now(station: World) -> None:
    """Readings are not in the journal: what it said before a restart proves nothing after it."""
    relay(station, "microwave", on=True)
    watts(station, 900)
    known = station.state.points["microwave.power"]
    station.state.points["microwave.power"] = replace(known, value=0.8)  # as the journal has it
    watts(station, 0.8)
    assert station.state.points["microwave.running"].on is False


def test_closing_time_turns_everything_off(station: World) -> None:
    """At noon and in the evening, whatever was on, with its wait left or none at all."""
    relay(station, "water", on=True)
    station.pass_(2.5 * 3600 - 10)
    assert (local(station), orders(station)) == ("12:00", [(WATER, "closing")])
    assert station.state.points["love.open"].on is False
    relay(station, "water", on=False)
    station.pass_(3600)
    assert station.state.points["love.open"].on is True


def test_a_closing_time_that_was_slept_through_is_made_up_for(station: World) -> None:
    """The gateway was down from eleven to half past twelve."""
    relay(station, "water", on=True)
    station.now += 3 * 3600
    restart(station)
    assert orders(station) == [(WATER, "closing")]


def test_a_wait_goes_on_after_a_restart(station: World) -> None:
    """It is neither lost nor begun anew, and an order that stands stands on."""
    relay(station, "microwave", on=True)
    station.pass_(20 * 60)
    restart(station)
    station.pass_(10 * 60)
    assert orders(station) == [(MICROWAVE, "max_on")]
    restart(station)
    assert len(station.waits(DeadlineKind.VERIFY)) == 1
    assert not station.waits(DeadlineKind.MAX_ON)


def test_a_relay_that_is_on_when_the_file_first_limits_it_gets_its_wait(station: World) -> None:
    """From then on."""
    relay(station, "microwave", on=True)
    draft = station.draft()
    draft.stop((DeadlineKind.MAX_ON,), MICROWAVE)
    station.take(draft.decision())
    restart(station)
    station.pass_(30 * 60)
    assert orders(station) == [(MICROWAVE, "max_on")]


def test_a_session_ends_by_itself_and_is_counted(station: World) -> None:
    """Its minutes, not the longest time; the count begins anew at midnight."""
    decision = station.decide(guard.start_session, MICROWAVE, ZHANG)
    assert decision.result == {"ends_at": round(station.now + 300)}
    relay(station, "microwave", on=True)
    assert value(station, "microwave.ends") == station.now + 300
    assert value(station, "microwave.sessions") == 1
    station.pass_(300)
    assert orders(station) == [(MICROWAVE, "session")]
    relay(station, "microwave", on=False)
    station.pass_(15 * 3600)
    assert value(station, "microwave.sessions") == 0


@pytest.mark.parametrize(
    ("prepare", "point", "refusal"),
    [
        (local, WATER, "no_session"),
        (local, "floor.leak", "no_session"),
        (wet, MICROWAVE, "leaking"),
        (lambda world: world.pass_(2.75 * 3600), MICROWAVE, "station_closed"),
        (lambda world: world.decide(guard.start_session, MICROWAVE, ZHANG), MICROWAVE, "session_runs"),
    ],
)
def test_a_session_that_may_not_be_is_refused_and_says_why(
    station: World, prepare: Callable[[World], object], point: str, refusal: str
) -> None:
    """Nothing is counted then."""
    prepare(station)
    before = value(station, "microwave.sessions")
    assert station.decide(guard.start_session, point, ZHANG) == Decision(refusal=refusal)
    assert value(station, "microwave.sessions") == before


def test_a_session_whose_relay_did_not_follow_counts_for_nothing(station: World) -> None:
    """And the relay is ordered off: it may be on all the same."""
    station.decide(guard.start_session, MICROWAVE, ZHANG)
    station.decide(guard.session_failed, MICROWAVE)
    assert value(station, "microwave.sessions") == 0
    assert orders(station) == [(MICROWAVE, "session_failed")]
    assert not station.waits(DeadlineKind.SESSION)


def test_whoever_switches_on_takes_an_order_back(station: World) -> None:
    """The order was given to what ran before; a fault that it found is over, too."""
    relay(station, "microwave", on=True)
    station.pass_(30 * 60 + guard.VERIFY_SECONDS)
    draft = station.draft()
    guard.switched_on(draft, MICROWAVE)
    station.take(draft.decision())
    assert not station.waits(DeadlineKind.VERIFY)
    assert station.waits(DeadlineKind.MAX_ON)
    assert station.state.points[MICROWAVE].alarm is False


def test_running_is_what_the_meter_says(station: World) -> None:
    """Not the relay, behind which a door may be open; without a meter the relay is all that is known."""
    relay(station, "microwave", on=True)
    assert not station.state.points["microwave.running"].on
    watts(station, 900)
    assert station.state.points["microwave.running"].on
    relay(station, "chair", on=True)
    assert station.state.points["chair.running"].on


def test_a_filter_is_good_for_its_days_and_litres(station: World) -> None:
    """A minute of dispensing is two litres; a new filter is counted anew."""
    station.say("water", None, kind="dispensing", on=True)
    station.now += 90
    station.say("water", None, kind="dispensing", on=False)
    station.pass_(3 * 86400)
    assert (value(station, "water.filter_days"), value(station, "water.filter_litres")) == (178, 1997)
    station.decide(guard.change_filter, "water.filter_days", ZHANG)
    assert (value(station, "water.filter_days"), value(station, "water.filter_litres")) == (180, 2000)
    assert station.decide(guard.change_filter, MICROWAVE, ZHANG).refusal == "no_filter"


def test_a_station_without_hours_is_always_open() -> None:
    """And one may be open over midnight."""
    zone = opened().site.zone
    assert Station("s", "bay").open_at(0, zone)
    night = Station("s", "bay", ((22 * 60, 6 * 60),))
    at = {hour: night.open_at(datetime(2026, 11, 23, hour, tzinfo=zone).timestamp(), zone) for hour in (21, 22, 3, 6)}
    assert at == {21: False, 22: True, 3: True, 6: False}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["on", "off", "wet", "dry", "session", "restart", "nothing"]),
        st.sampled_from(["microwave", "chair"]),
        st.integers(0, 2400),
    ),
    max_size=30,
)


@given(STEPS)
def test_nothing_is_ever_on_beyond_its_time_without_an_order(steps: list[tuple[str, str, int]]) -> None:
    """Whatever happens: a relay that is on has a wait or an order, and one that is on while it leaks has an order."""
    world = opened()
    limits = {"microwave": 30 * 60, "chair": 15 * 60}
    since: dict[str, float] = {}
    for what, device, seconds in steps:
        if what in ("on", "off"):
            relay(world, device, on=what == "on")
        elif what in ("wet", "dry"):
            wet(world, on=what == "wet")
        elif what == "session":
            decision = world.decide(guard.start_session, f"{device}.relay", ZHANG)
            since = since if decision.refusal else since | {device: world.now}
        elif what == "restart":
            restart(world)
        world.pass_(seconds)
        for name, limit in limits.items():
            own = f"{name}.relay"
            waits = {kind for kind in guard.GUARD_KINDS if world.state.deadlines.get(f"{kind}:{own}")}
            if not world.state.points[own].on:
                since.pop(name, None)
                continue
            start = since.setdefault(name, world.now - seconds)
            assert waits
            ordered = DeadlineKind.VERIFY in waits
            assert ordered or world.now - start <= limit + seconds
            assert ordered or not world.state.points["floor.leak"].alarm


def test_the_incidents_record_says_what_was_tried_and_when_it_was_proven(station: World) -> None:
    """In both languages, so that whoever was paged can read it off."""
    relay(station, "microwave", on=True)
    station.pass_(30 * 60 + guard.VERIFY_SECONDS)
    incident = station.incident
    relay(station, "microwave", on=False)
    station.pass_(3 * guard.VERIFY_SECONDS)
    own = [event for event in station.events if event.about == incident.id and event.subject == MICROWAVE]
    assert [event.kind for event in own] == [EventKind.ORDERED, EventKind.VERIFIED]
    telling = Telling("en", station.site.zone)
    assert [line.what for line in lines(own, telling)] == [
        "It is not proven to be off (the relay does not say so): the gateway turns it off again",
        "It is proven to be off",
    ]


def test_a_replay_of_a_quiet_day_pages_nobody(station: World) -> None:
    """A session with its proof, and a closing time: another policy finds nothing there, either."""
    station.decide(guard.start_session, MICROWAVE, ZHANG)
    for on, power in ((True, 900), (False, 0.7)):
        relay(station, "microwave", on=on)
        watts(station, power)
        station.pass_(300 if on else 4 * 3600)
    replay = Replay(station.site)
    for event in station.events:
        replay.add(event)
    outcome = replay.finish()
    assert (outcome.then, outcome.now, outcome.unknown) == ((), (), ())
