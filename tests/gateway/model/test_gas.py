"""Gas levels: several samples in a row, hysteresis, the detector's own alarm, and a sensor without oxygen."""

import pytest
from hypothesis import given, strategies as st

from community_help_gateway.model import gas, lifecycle
from community_help_gateway.model.kinds import PointKind, Severity
from community_help_gateway.model.policy import GAS, Limits
from community_help_gateway.model.state import EventKind, PointRecord
from tests.gateway.model.world import ZHANG, World

CH4 = GAS[PointKind.CH4]
VALUES = st.floats(0, 100)


def after(values: list[float], limits: Limits = CH4, own: bool | None = False) -> PointRecord:
    """A point after these samples."""
    record = PointRecord("p", alarm=False)
    for value in values:
        record = gas.judged(record, PointRecord("p", value=value, rising=record.rising), limits, own_alarm=own)
    return record


def measure(world: World, kind: str, *values: float, **more: object) -> None:
    """The septic tank's detector measures."""
    for value in values:
        world.say("septic-1", None, kind=kind, value=value, **more)


def level(world: World, kind: str = "ch4") -> int:
    """The level of a gas in the septic tank."""
    return world.state.points[f"septic-1.{kind}"].level


@pytest.mark.parametrize(
    ("kind", "warning", "alarm", "danger", "normal"),
    [
        (PointKind.CH4, 10.0, 20.0, 50.0, 8.9),
        (PointKind.H2S, 5.0, 7.0, 14.0, 4.4),
        (PointKind.CO, 16.0, 24.0, 50.0, 14.3),
        (PointKind.O2, 19.5, 19.5, 16.0, 20.9),
    ],
)
def test_every_gas_has_its_levels(kind: PointKind, warning: float, alarm: float, danger: float, normal: float) -> None:
    """GB/T 50493-2019 and GBZ 2.1-2019; O2 has one alarm level below, and another above."""
    limits = GAS[kind]
    assert after([danger], limits).level == 3
    assert after([alarm, alarm], limits).level == 2
    assert after([warning, warning], limits).level == (2 if kind is PointKind.O2 else 1)
    assert after([danger, normal], limits).level == 0


def test_oxygen_alarms_both_ways() -> None:
    """Below 19.5 and above 23.5 %VOL (GB/T 50493-2019, 5.5.2); 19.7 is not yet well inside again."""
    limits = GAS[PointKind.O2]
    assert [after([value, value], limits).level for value in (20.9, 19.5, 23.5, 31.0, 15.0)] == [0, 2, 2, 3, 3]
    assert after([19.0, 19.0, 19.7], limits).level == 2
    assert after([19.0, 19.0, 19.9], limits).level == 0


@given(VALUES.filter(lambda value: value < 50), st.lists(VALUES.filter(lambda value: value < 10), max_size=3))
def test_one_sample_is_no_alarm(value: float, before: list[float]) -> None:
    """A spike below danger raises nothing."""
    record = after([*before, value])
    assert not record.alarm
    assert not after([*before, value, 0.0]).rising


@given(st.lists(VALUES, max_size=6), st.floats(50, 100))
def test_danger_counts_at_once(before: list[float], value: float) -> None:
    """One sample is enough, whatever came before."""
    assert after([*before, value]).level == 3


@given(st.lists(VALUES, max_size=6), st.floats(10, 100))
def test_two_samples_in_a_row_count(before: list[float], value: float) -> None:
    """Whatever came before, the same value twice has its level at least."""
    expected = sum(value >= limit for limit in CH4.rising)
    assert after([*before, value, value]).level >= expected


@given(st.lists(VALUES, min_size=1, max_size=12), st.booleans())
def test_a_level_is_left_only_beyond_the_hysteresis(values: list[float], own: bool) -> None:
    """A step down means that the value is a tenth under the limit of every level that was left."""
    record = PointRecord("p", alarm=False)
    for value in values:
        new = gas.judged(record, PointRecord("p", value=value, rising=record.rising), CH4, own_alarm=own)
        for left in range(new.level + 1, record.level + 1):
            assert value < CH4.rising[left - 1] * 0.9
        assert new.alarm is (new.level > 0)
        record = new


@given(st.floats(18.1, 19.9))
def test_a_value_that_swings_around_its_limit_is_one_episode(value: float) -> None:
    """Within the hysteresis nothing restores, so nothing flaps."""
    record = after([20.0, 20.0] + [value, 20.0] * 10)
    assert record.level == 2


def test_a_rising_gas_becomes_worse_and_pages_again(world: World) -> None:
    """Two levels and danger, each told, in one incident."""
    measure(world, "ch4", 12.0, 12.0)
    assert world.incident.severity is Severity.WARNING
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    world.now += 60
    measure(world, "ch4", 25.0, 25.0)
    assert world.incident.severity is Severity.ALARM
    assert not world.incident.answered
    assert world.paged()[-1] == ("worse", 2, "zhang,li")
    world.now += 60
    measure(world, "ch4", 55.0)
    assert world.incident.severity is Severity.DANGER
    assert world.details(EventKind.WORSENED) == ["severity", "severity"]
    assert len(world.details(EventKind.RAISED)) == 1


def test_a_falling_gas_is_no_second_worsening(world: World) -> None:
    """Down to the warning and up again: the incident was that bad already."""
    measure(world, "ch4", 25.0, 25.0)
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    measure(world, "ch4", 12.0, 25.0, 25.0)
    assert world.incident.answered
    assert len(world.paged()) == 1


def test_a_gas_alarm_restores_by_its_value_and_stays_latched(world: World) -> None:
    """Promise 6: a measured, explicit normal."""
    measure(world, "h2s", 8.0, 8.0)
    measure(world, "h2s", 2.0)
    assert world.state.points["septic-1.h2s"].alarm is False
    assert world.incident.live == 0


def test_readings_cost_no_journal_row(world: World) -> None:
    """A value that stays within its level is shown, not written."""
    measure(world, "ch4", 1.0)
    number = world.state.number
    measure(world, "ch4", 2.0, 3.0, 12.0, 4.0)
    assert world.state.number == number
    assert world.state.points["septic-1.ch4"].value == 4.0


def test_the_detectors_own_alarm_counts_with_its_value(world: World) -> None:
    """Whoever of the two says alarm is believed."""
    world.say("septic-1", True, kind="ch4", value=1.0, state="low_alarm")
    assert level(world) == 2
    world.say("septic-1", True, kind="ch4", value=55.0, state="high_alarm")
    assert level(world) == 3
    world.say("septic-1", True, kind="ch4", value=46.0, state="high_alarm")
    assert level(world) == 3
    world.say("septic-1", False, kind="ch4", value=1.0, state="normal")
    assert level(world) == 0


@pytest.mark.parametrize("state", ["sensor_fault", "warming_up", "no_answer"])
def test_a_fault_never_ends_a_gas_alarm(world: World, state: str) -> None:
    """Promise 6: its value is unknown, its alarm is what it was."""
    measure(world, "ch4", 25.0, 25.0)
    world.say("septic-1", None, kind="ch4", fault=True, state=state)
    record = world.state.points["septic-1.ch4"]
    assert (record.alarm, record.level, record.value) == (True, 2, None)
    measure(world, "ch4", 1.0, fault=False, state="normal")
    assert level(world) == 0


def test_methane_that_vanishes_with_the_oxygen_stays_in_alarm(world: World) -> None:
    """A catalytic sensor reads zero without oxygen: the sensor is suspect, the alarm is not over."""
    measure(world, "ch4", 30.0, 30.0)
    measure(world, "o2", 8.0)
    measure(world, "ch4", 0.0)
    assert level(world) == 2
    assert [i.key for i in world.state.incidents.values()][-1].startswith("supervision:sensor_suspect")
    measure(world, "o2", 20.9)
    measure(world, "ch4", 0.0)
    assert level(world) == 0
    assert [incident.hazard.value for incident in world.state.incidents.values()] == ["gas"]


def test_a_sensor_becomes_suspect_and_credible_by_readings_alone(world: World) -> None:
    """No alarm has to begin or end for it."""
    measure(world, "o2", 9.0)
    measure(world, "ch4", 5.0)
    assert not world.state.has_cause("septic-1", "sensor_suspect")
    measure(world, "ch4", 0.2)
    assert world.state.has_cause("septic-1", "sensor_suspect")
    measure(world, "ch4", 5.0)
    assert not world.state.has_cause("septic-1", "sensor_suspect")


@given(st.none() | VALUES, st.none() | VALUES)
def test_a_reading_is_suspect_only_without_oxygen_and_without_gas(oxygen: float | None, methane: float | None) -> None:
    """Unknown is not suspect."""
    known = oxygen is not None and methane is not None
    assert gas.suspicious(oxygen, methane) is (known and oxygen < 10 and methane < 1)  # type: ignore[operator]


def test_a_detector_without_levels_shows_its_reading_and_alarms_by_itself(world: World) -> None:
    """A kitchen's gas alarm with an analog value."""
    world.say("kitchen", None, value=3.0)
    assert world.state.points["kitchen.gas"].value == 3.0
    world.say("kitchen", True)
    assert world.state.points["kitchen.gas"].value == 3.0
    assert world.incident.severity is Severity.ALARM
    world.say("kitchen", False)
    assert world.state.points["kitchen.gas"].alarm is False


def test_a_second_worse_gas_is_as_bad_as_it_is(world: World) -> None:
    """A warning in one flat and an alarm in the next: an alarm, not danger."""
    measure(world, "ch4", 12.0, 12.0)
    measure(world, "h2s", 8.0, 8.0)
    assert world.incident.severity is Severity.ALARM
    assert world.details(EventKind.JOINED) == ["collected:severity"]
