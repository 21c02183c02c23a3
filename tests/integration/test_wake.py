"""States are written in slices, and incident events and pages are never delayed behind them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help import wake
from custom_components.community_help.const import SIGNAL_INCIDENT, SIGNAL_PAGE
from custom_components.community_help.contract import values
from custom_components.community_help.wake import AT_ONCE, SLICE, Wakes
from tests.integration.conftest import DEVICES, PAGE, FakeGateway, eventually, incident_event
from tests.integration.entity_world import entity, smoke_alarm, state, until


def turns(hass: HomeAssistant) -> Callable[[], int]:
    """How often the loop has turned so far, by a callback that comes again with every turn."""
    count = 0

    def turn() -> None:
        nonlocal count
        count += 1
        hass.loop.call_soon(turn)

    hass.loop.call_soon(turn)
    return lambda: count


async def drained(wakes: Wakes) -> None:
    """Everybody who was due was called."""
    async with asyncio.timeout(5):
        while wakes._due:
            await asyncio.sleep(0)


async def test_many_are_called_in_slices_with_a_turn_of_the_loop_between(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """At most 500 in one turn; nobody twice, nobody left out; none of them before the caller is done."""
    wakes, turn = Wakes(hass, entry), turns(hass)
    called: list[tuple[int, int]] = []
    for number in range(1700):
        wakes.async_listen((f"p{number}",), lambda number=number: called.append((number, turn())))
    wakes.async_wake(f"p{number}" for number in range(1700))
    assert called == []
    await drained(wakes)
    assert [number for number, _ in called] == list(range(1700))
    per_turn = [sum(at == this for _, at in called) for this in sorted({at for _, at in called})]
    assert per_turn == [SLICE, SLICE, SLICE, 200]


async def test_between_full_slices_slow_clients_have_time_to_read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """As much as the slice took, for it is the busy machine that makes clients slow; the last ones wait for nothing."""
    wakes = Wakes(hass, entry)
    called: list[float] = []

    def write(_number: int) -> None:
        time.sleep(0.0002)
        called.append(time.perf_counter())

    for number in range(3 * SLICE):
        wakes.async_listen((f"p{number}",), lambda number=number: write(number))
    wakes.async_wake_all()
    await drained(wakes)
    for end in (SLICE, 2 * SLICE):
        worked, rested = called[end - 1] - called[end - SLICE], called[end] - called[end - 1]
        assert rested > 0.9 * worked


async def test_a_few_are_called_at_once_even_while_many_wait(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """An alarm's state does not queue behind a reconnect's; who was called so is not called again for the same."""
    wakes = Wakes(hass, entry)
    called: list[int] = []
    for number in range(1000):
        wakes.async_listen((f"p{number}",), lambda number=number: called.append(number))
    wakes.async_wake_all()
    wakes.async_wake([f"p{number}" for number in range(900, 900 + AT_ONCE)])
    assert called == list(range(900, 900 + AT_ONCE))
    await drained(wakes)
    assert sorted(called) == list(range(1000))


async def test_who_waits_for_the_connection_alone_hears_at_once(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The watch over a gateway that is gone does not queue behind entities."""
    wakes = Wakes(hass, entry)
    called: list[str] = []
    for number in range(600):
        wakes.async_listen((f"p{number}",), lambda: called.append("entity"))
    wakes.async_listen((), lambda: called.append("watch"))
    wakes.async_wake_all()
    assert called == ["watch"]


async def test_who_stops_listening_while_due_is_not_called(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """An entity that was removed must not be written, even by one that is called before it in the same slice."""
    wakes = Wakes(hass, entry)
    called: list[int] = []
    undo = [wakes.async_listen(("p",), lambda number=number: called.append(number)) for number in range(100)]
    wakes.async_listen(("p",), lambda: None)
    wakes.async_listen(("q",), lambda: None)
    wakes.async_wake(("p", "q"))
    for stop in undo[1:]:
        stop()
    await drained(wakes)
    assert called == [0]


async def test_one_that_fails_does_not_keep_the_others_from_hearing(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither among a few nor among many; it is in the log."""
    wakes = Wakes(hass, entry)
    called: list[str] = []

    def fail() -> None:
        raise ValueError("no such option")

    wakes.async_listen(("one", "all"), fail)
    for _ in range(AT_ONCE + 1):
        wakes.async_listen(("all",), lambda: called.append("many"))
    wakes.async_listen(("one",), lambda: called.append("few"))
    wakes.async_wake(("one",))
    wakes.async_wake(("all",))
    await drained(wakes)
    assert called == ["few", *["many"] * (AT_ONCE + 1)]
    assert caplog.text.count("A change could not be shown") == 2


def many_flats(gateway: FakeGateway, count: int) -> list[str]:
    """So many more smoke alarms in the compound; their points."""
    flats = [smoke_alarm("bay", "9号楼", f"{number}01", f"h{number}") for number in range(count)]
    gateway.devices = (*DEVICES, *flats)
    gateway.all_normal()
    return [f"{device.id}.smoke" for device in flats]


async def test_pages_and_events_come_before_the_states_of_a_batch(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """A storm's page leaves for the phones first; its states wait for the events, too."""
    points = many_flats(gateway, 400)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    seen: list[str] = []

    @callback
    def on_state(event: Event[EventStateChangedData]) -> None:
        if "smoke" in event.data["entity_id"]:
            seen.append("state")

    hass.bus.async_listen("state_changed", on_state)
    async_dispatcher_connect(hass, SIGNAL_INCIDENT, callback(lambda *_: seen.append("event")))
    async_dispatcher_connect(hass, SIGNAL_PAGE, callback(lambda *_: seen.append("page")))
    await gateway.say(
        states=tuple(values.PointState(point, True, alarm=True) for point in points),
        events=(incident_event(values.IncidentEventKind.RAISED, gateway.number + 1),),
        pages=(PAGE,),
    )
    await eventually(hass, lambda: seen.count("state") == 400)
    assert seen[:2] == ["page", "event"]
    assert state(hass, "h399_smoke") == "on"


async def test_who_hears_of_one_alarm_reads_its_state(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """An automation that is told of an incident finds the detector on."""
    read: list[str] = []
    async_dispatcher_connect(hass, SIGNAL_INCIDENT, callback(lambda *_: read.append(state(hass, "f201_smoke"))))
    event = incident_event(values.IncidentEventKind.RAISED, gateway.number + 1)
    await gateway.say(states=(values.PointState("f201.smoke", True, alarm=True),), events=(event,))
    await eventually(hass, lambda: bool(read))
    assert read == ["on"]


async def test_a_reconnect_writes_everything_in_slices_after_what_was_missed(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that changed meanwhile is shown, at most a slice in one turn of the loop, and the missed event before it."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))
    monkeypatch.setattr(wake, "SLICE", 50)
    points = many_flats(gateway, 300)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await gateway.go_away()
    await until(hass, "h299_smoke", "unavailable")
    await eventually(hass, lambda: not entry.runtime_data.wakes._due)
    turn, seen = turns(hass), []

    @callback
    def on_state(event: Event[EventStateChangedData]) -> None:
        if "smoke" in event.data["entity_id"] or "problem" in event.data["entity_id"]:
            seen.append(turn())

    async_dispatcher_connect(hass, SIGNAL_INCIDENT, callback(lambda *_: seen.append("missed")))
    hass.bus.async_listen("state_changed", on_state)
    gateway.states |= {point: values.PointState(point, True, alarm=True) for point in points}
    gateway.number += 1
    gateway.missed = (replace(incident_event(values.IncidentEventKind.RAISED, gateway.number)),)
    gateway.away = False
    await until(hass, "h299_smoke", "on")
    await eventually(hass, lambda: not entry.runtime_data.wakes._due)
    assert seen[0] == "missed"
    writes = [seen.count(at) for at in sorted(set(seen[1:]))]
    assert max(writes) <= 50
    assert sum(writes) >= 600
    assert hass.states.get(entity(hass, "h0_problem")).state == "off"


async def test_an_alarm_does_not_wake_what_shows_only_problems(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """A storm wakes one entity for each alarm; a fault wakes both, and an alarm that has one, too."""
    written: list[str] = []
    own = entity(hass, "f201_problem")

    @callback
    def note(event: Event[Any]) -> None:
        if event.data["entity_id"] == own:
            written.append(str(event.event_type))

    hass.bus.async_listen("state_changed", note)
    hass.bus.async_listen("state_reported", note, event_filter=callback(lambda data: data["entity_id"] == own))
    for alarm, problems in ((True, ()), (False, ()), (False, ("fault",)), (True, ("fault",)), (True, ())):
        await gateway.say(states=(values.PointState("f201.smoke", True, alarm=alarm, problems=problems),))
        await until(hass, "f201_smoke", "on" if alarm else "off")
        await until(hass, "f201_problem", "on" if problems else "off")
    assert written == ["state_changed", "state_changed"]
