"""The station without Home Assistant: a gateway process that is killed while an appliance is on."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from community_help_gateway import crash
from community_help_gateway.simulators.modbus_bank import ModbusBank
from tests.gateway.test_process import Gateway

SITE = (Path(__file__).parents[1] / "captures/sites/station.yaml").read_text("utf-8")
BOX, METER, ROOM = 1, 2, 3
SECONDS = 6.0
"""How long the microwave may be on here."""


@pytest.fixture
async def bank() -> AsyncIterator[ModbusBank]:
    """The station's box, meter and thermometer."""
    async with ModbusBank(gas_units=(), box_units=(BOX,), meter_units=(METER,), thermometer_units=(ROOM,)) as bank:
        yield bank


@pytest.fixture
async def gateway(tmp_path: Path, bank: ModbusBank) -> AsyncIterator[Gateway]:
    """A gateway process on the station's site file, open all day, with a microwave that may be on for seconds."""
    gateway = Gateway(tmp_path)
    text = SITE.replace("10.0.0.2", f"127.0.0.1, port: {bank.port}")
    text = text.replace("max_on: 30", f"max_on: {SECONDS / 60}").replace("session: 5", "session: 0.1")
    text = text.replace('    hours: [["07:00", "12:00"], ["13:00", "21:30"]]\n', "")
    gateway.site.write_text(text, "utf-8")
    yield gateway
    if gateway.child and gateway.child.poll() is None:
        gateway.child.kill()
        gateway.child.wait()


async def heard(gateway: Gateway, *, on: bool) -> None:
    """The gateway knows how the relay stands."""
    async with asyncio.timeout(20):
        while {state.point: state.on for state in (await gateway.snapshot()).states}["microwave.relay"] is not on:
            await asyncio.sleep(0.1)


async def off(bank: ModbusBank) -> None:
    """The relay is off."""
    async with asyncio.timeout(20):
        while await bank.relay(BOX, 1):
            await asyncio.sleep(0.05)


async def test_what_is_switched_on_at_the_box_goes_off_by_itself(gateway: Gateway, bank: ModbusBank) -> None:
    """Nobody is connected to the gateway."""
    await gateway.started()
    await heard(gateway, on=False)
    await bank.set_relay(BOX, 1, on=True)
    begun = time.monotonic()
    await heard(gateway, on=True)
    await off(bank)
    assert SECONDS - 1 < time.monotonic() - begun < SECONDS + 10


async def test_an_appliance_that_was_on_at_kill_9_is_turned_off_after_it(gateway: Gateway, bank: ModbusBank) -> None:
    """Its time passed while nobody was there; the next start carries it out, and does not begin anew."""
    await gateway.started()
    await bank.set_relay(BOX, 1, on=True)
    await heard(gateway, on=True)
    gateway.signal(signal.SIGKILL)
    gateway.ended()
    await asyncio.sleep(SECONDS + 1)
    assert await bank.relay(BOX, 1)
    await gateway.started()
    begun = time.monotonic()
    await off(bank)
    assert time.monotonic() - begun < SECONDS - 1


async def test_a_leak_while_the_gateway_was_dead_is_dealt_with_at_its_start(gateway: Gateway, bank: ModbusBank) -> None:
    """The relay and the leak are both news then."""
    await gateway.started()
    await heard(gateway, on=False)
    gateway.signal(signal.SIGKILL)
    gateway.ended()
    await bank.set_relay(BOX, 1, on=True)
    await bank.set_input(BOX, 3, on=True)
    await gateway.started()
    begun = time.monotonic()
    await off(bank)
    assert time.monotonic() - begun < SECONDS - 1


@pytest.mark.parametrize(
    ("point", "count"), [("hub.before_submit", 2), ("journal.before_commit", 1), ("journal.after_commit", 1)]
)
async def test_an_off_survives_a_second_kill_at_every_step_of_its_commit(
    gateway: Gateway, bank: ModbusBank, monkeypatch: pytest.MonkeyPatch, point: str, count: int
) -> None:
    """Killed while it was on, and again while the order was being written: it goes off all the same."""
    await gateway.started()
    await bank.set_relay(BOX, 1, on=True)
    await heard(gateway, on=True)
    gateway.signal(signal.SIGKILL)
    gateway.ended()
    await asyncio.sleep(SECONDS)
    monkeypatch.setenv(crash.VARIABLE, f"{point}:{count}")
    gateway.start()
    assert await asyncio.to_thread(gateway.ended) == -signal.SIGKILL
    monkeypatch.delenv(crash.VARIABLE)
    await gateway.started()
    begun = time.monotonic()
    await off(bank)
    assert time.monotonic() - begun < SECONDS - 1
