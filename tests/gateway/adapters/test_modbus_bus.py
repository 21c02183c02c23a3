"""Modbus polling against a real pymodbus server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from community_help_gateway.adapters.modbus_bus import ModbusBus
from community_help_gateway.errors import SwitchFailedError
from community_help_gateway.hub import Hub, SystemClock
from community_help_gateway.journal.store import Journal
from community_help_gateway.model.observation import Address, Input, Observation
from community_help_gateway.simulators import demo
from community_help_gateway.simulators.modbus_bank import ModbusBank
from community_help_gateway.site import parse


@pytest.fixture
async def bank() -> AsyncIterator[ModbusBank]:
    """The demo's gas module and relay box."""
    async with demo.bank_of() as bank:
        yield bank


@pytest.fixture
async def world(bank: ModbusBank, tmp_path: object) -> AsyncIterator[tuple[Hub, ModbusBus]]:
    """A hub and the bus that polls for it."""
    found = parse(demo.site(bank.port), "demo")
    hub = Hub(Journal.open(tmp_path / "j.sqlite"), found.site)  # type: ignore[operator]
    bus = ModbusBus(hub, found.modbus, SystemClock())
    hub.switches["modbus"] = bus
    await bus.start()
    yield hub, bus
    await bus.stop()
    await hub.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; polling is real here."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_gas_becomes_a_value_and_an_alarm(world: tuple[Hub, ModbusBus], bank: ModbusBank) -> None:
    """12 ppm of H2S is over the threshold of 7 and raises a gas incident."""
    hub, _ = world
    await until(lambda: "septic-1.h2s" in hub.visible.points)
    assert hub.visible.points["septic-1.o2"].value == 20.9
    await bank.set_gas(demo.GAS_UNIT, "h2s", 12)
    await until(lambda: bool(hub.visible.incidents))
    assert hub.visible.points["septic-1.h2s"].value == 12
    assert [incident.hazard for incident in hub.visible.incidents.values()] == ["gas"]


async def test_a_relay_is_switched_and_verified(world: tuple[Hub, ModbusBus], bank: ModbusBank) -> None:
    """The state shown is what the device confirmed."""
    hub, _ = world
    await until(lambda: "station-2.relay" in hub.visible.points)
    assert await hub.switch("key", "station-2.relay", None, on=True) == {"on": True}
    assert await bank.relay(demo.BOX_UNIT, 2)
    assert hub.visible.points["station-2.relay"].on is True


async def test_a_relay_that_does_not_answer_is_no_success(world: tuple[Hub, ModbusBus], bank: ModbusBank) -> None:
    """The caller learns it."""
    hub, bus = world
    bank.fail(demo.BOX_UNIT)
    with pytest.raises(SwitchFailedError, match="does not answer"):
        await hub.switch("key", "station-1.relay", None, on=True)
    with pytest.raises(SwitchFailedError, match="no writing"):
        await bus.switch(Address("modbus", "box", "input_1"), on=True)


async def test_an_occupied_lane_is_seen(world: tuple[Hub, ModbusBus], bank: ModbusBank) -> None:
    """The input of the relay box is the lane's sensor."""
    hub, _ = world
    await until(lambda: hub.visible.points.get("lane-1.lane") is not None)
    await bank.set_input(demo.BOX_UNIT, demo.LANE_INPUT, on=True)
    await until(lambda: hub.visible.points["lane-1.lane"].on is True)


async def test_people_are_counted_and_what_is_no_count_is_a_fault(
    world: tuple[Hub, ModbusBus], bank: ModbusBank
) -> None:
    """A crowd of 65535 is nobody's number: unknown and a fault, until the sensor counts again."""
    hub, _ = world
    for sent, told in ((3, (3, False)), (0xFFFF, (None, True)), (0, (0, False))):
        await bank.set_people(demo.COUNTER_UNIT, sent)

        def heard(told: tuple[int | None, bool] = told) -> bool:
            point = hub.visible.points.get("people-1.people")
            return point is not None and (point.value, point.fault) == told

        await until(heard)


async def test_a_dead_device_is_lost_and_never_clears(world: tuple[Hub, ModbusBus], bank: ModbusBank) -> None:
    """The value becomes unknown, the link is lost, its live alarm stays, its neighbour is polled on."""
    hub, _ = world
    await bank.set_gas(demo.GAS_UNIT, "h2s", 12)
    await until(lambda: bool(hub.visible.incidents))
    for unit in range(demo.GAS_UNIT, demo.GAS_UNIT + 4):
        bank.fail(unit)
    for poll in next(iter(world[1]._endpoints.values())).polls:
        poll.failures = 2 if poll.unit.id == "septic" else 0
    await until(lambda: ("modbus", "septic") not in hub.visible.links_up)
    await until(lambda: hub.visible.points["septic-1.h2s"].value is None)
    assert hub.visible.points["septic-1.h2s"].alarm is True
    assert ("modbus", "box") in hub.visible.links_up


async def test_a_smoke_alarm_on_an_input_alarms(bank: ModbusBank, tmp_path: Path) -> None:
    """Its contact is all that it says: closed raises, open restores."""
    text = demo.site(bank.port) + (
        "  - { id: hall, name: 烟感, kind: smoke_alarm, compound: clearwater, at: { modbus: box, input: 8 } }\n"
    )
    found = parse(text, "demo")
    hub = Hub(Journal.open(tmp_path / "j.sqlite"), found.site)
    bus = ModbusBus(hub, found.modbus, SystemClock())
    await bus.start()
    await until(lambda: "hall.smoke" in hub.visible.points)
    await bank.set_input(demo.BOX_UNIT, 8, on=True)
    await until(lambda: bool(hub.visible.incidents))
    assert [incident.hazard for incident in hub.visible.incidents.values()] == ["fire"]
    await bank.set_input(demo.BOX_UNIT, 8, on=False)
    await until(lambda: hub.visible.points["hall.smoke"].alarm is False)
    await bus.stop()
    await hub.close()


class Told:
    """An inlet that notes what it is told."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.said: list[Input] = []

    async def observe(self, inputs: Sequence[Input]) -> None:
        """Note it."""
        self.said += inputs

    def of(self, part: str) -> list[bool | None]:
        """What one reading was told to be."""
        return [one.on for one in self.said if isinstance(one, Observation) and one.address.part == part]


async def test_what_an_input_says_is_told_when_it_changes_and_once_a_second(bank: ModbusBank) -> None:
    """It is read more often than it is told; a change is told at once."""
    told = Told()
    bus = ModbusBus(told, parse(demo.site(bank.port), "demo").modbus, SystemClock())
    await bus.start()
    await until(lambda: len(told.of("input_1")) > 0)
    await asyncio.sleep(0.5)
    assert told.of("input_1") == [False]
    begun = asyncio.get_running_loop().time()
    await bank.set_input(demo.BOX_UNIT, 1, on=True)
    await until(lambda: told.of("input_1")[-1] is True)
    assert asyncio.get_running_loop().time() - begun < 0.5
    await until(lambda: len(told.of("input_1")) >= 3)
    await bus.stop()


async def test_an_endpoint_that_lost_a_request_is_asked_with_a_pause(bank: ModbusBank) -> None:
    """A cheap converter loses the second of two requests; a device that stays dead is no reason to slow the others."""
    told = Told()
    bus = ModbusBus(told, parse(demo.site(bank.port), "demo").modbus, SystemClock())
    await bus.start()
    (endpoint,) = bus._endpoints.values()
    await until(lambda: len(told.of("input_1")) > 0)
    (inputs,) = [poll for poll in endpoint.polls if poll.first]
    bank.fail(demo.BOX_UNIT)
    await until(lambda: inputs.failures > 0)
    assert endpoint.paced_until == 0
    bank.fail(demo.BOX_UNIT, failing=False)
    await until(lambda: inputs.failures == 0)
    assert endpoint.paced_until > SystemClock.monotonic()
    await bus.stop()
