"""The station through real processes: a session on the wire, and a leak while Home Assistant is down."""

import asyncio
import time

import pytest

from tests.e2e.develop import Demo

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]
MICROWAVE = "relay 2"


async def relay(demo: Demo, wanted: str, seconds: float) -> float:
    """Wait until the field's relay is on or off; how long it took."""
    begun = time.monotonic()
    while await demo.field.command(MICROWAVE) != wanted:
        assert time.monotonic() - begun < seconds, f"the relay does not become {wanted}"
        await asyncio.sleep(0.1)
    return time.monotonic() - begun


async def test_a_session_runs_until_water_leaks(demo: Demo) -> None:
    """Pressed in Home Assistant, seen by the meter, ended by the leak; nobody can begin another one then."""
    button = await demo.entity_of("station-2", "session")
    running, ends = await demo.entity_of("station-2", "running"), await demo.entity_of("station-2", "ends")
    switch = await demo.entity_of("station-2", "relay")
    await demo.hass.post("/api/services/switch/turn_off", {"entity_id": switch})
    await demo.hass.until(running, "off", 60)
    await demo.hass.post("/api/services/button/press", {"entity_id": button})
    await relay(demo, "True", 10)
    await demo.hass.until(running, "on", 30)
    assert (await demo.hass.state(ends))["state"] != "unknown"
    await demo.field.command("leak on")
    assert await relay(demo, "False", 10) < 5
    await demo.hass.until(running, "off", 30)
    leak = await demo.entity_of("leak-1", "leak")
    await demo.hass.until(leak, "on", 30)
    with pytest.raises(RuntimeError):
        await demo.hass.post("/api/services/button/press", {"entity_id": button})
    assert await demo.field.command(MICROWAVE) == "False"
    await demo.field.command("leak off")
    await demo.hass.until(leak, "off", 30)


async def test_how_many_people_the_station_has_is_seen(demo: Demo) -> None:
    """A number is a number, also when nobody is left; what the sensor cannot count is none, and not the last one."""
    people, problem = await demo.entity_of("people-1", "people"), await demo.entity_of("people-1", "problem")
    for sent, shown, troubled in (("4", "4.0", "off"), ("65535", "unknown", "on"), ("0", "0.0", "off")):
        await demo.field.command(f"people {sent}")
        await demo.hass.until(people, shown, 30)
        await demo.hass.until(problem, troubled, 30)


async def test_a_leak_turns_off_while_home_assistant_is_down(demo: Demo) -> None:
    """The gateway needs nobody for it; what is shown afterwards is what is."""
    switch = await demo.entity_of("station-2", "relay")
    await demo.hass.post("/api/services/switch/turn_on", {"entity_id": switch})
    await relay(demo, "True", 10)
    await demo.phone.disconnect()
    await demo.hass.stop()
    await demo.field.command("leak on")
    assert await relay(demo, "False", 10) < 5
    await demo.field.command("leak off")
    demo.phone.look_for_home()
    await demo.hass.started()
    await demo.phone.at_home()
    await demo.hass.until(switch, "off", 60)
