"""Phones first: what is only shown waits until a message has left, in the order of the stream."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp._websocket.writer import WebSocketWriter
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.const import SIGNAL_HAPPENED, SIGNAL_INCIDENT, SIGNAL_PAGE
from custom_components.community_help.contract import messages, values
from custom_components.community_help.departure import ROUNDS, Departures, async_departed
from tests.integration.conftest import PAGE, FakeGateway, eventually, incident_event
from tests.integration.entity_world import state


async def test_a_message_to_an_open_connection_has_left(
    hass: HomeAssistant, hass_ws_client: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through Home Assistant's own websocket connection, as the companion app keeps one."""
    left: list[bytes] = []
    send = WebSocketWriter.send_frame

    async def note(self: WebSocketWriter, message: bytes, *rest: Any, **more: Any) -> None:
        left.append(bytes(message))
        await send(self, message, *rest, **more)

    monkeypatch.setattr(WebSocketWriter, "send_frame", note)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "subscribe_events", "event_type": "to_the_phone"})
    assert (await client.receive_json())["success"]
    left.clear()
    hass.bus.async_fire("to_the_phone")
    assert not left
    await async_departed()
    assert b"to_the_phone" in left[0]


async def test_what_waits_is_told_in_its_order(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """The page, then the detector's state with what happened, then what is only shown; the next message after that."""
    seen: list[str] = []

    def note(name: str) -> Callable[..., None]:
        return callback(lambda *_: seen.append(f"{name} {state(hass, 'f201_smoke')}"))

    for signal, name in ((SIGNAL_PAGE, "page"), (SIGNAL_INCIDENT, "event"), (SIGNAL_HAPPENED, "shown")):
        async_dispatcher_connect(hass, signal, note(name))
    raised = incident_event(values.IncidentEventKind.RAISED, gateway.number + 1)
    taken = incident_event(values.IncidentEventKind.ACKNOWLEDGED, gateway.number + 2)
    alarm = (values.PointState("f201.smoke", True, alarm=True),)
    await gateway.say(states=alarm, events=(raised,), pages=(PAGE,))
    await gateway.say(events=(taken,))
    await eventually(hass, lambda: seen.count("shown on") == 2)
    assert seen[:2] == ["page off", "event on"]
    assert seen.count("event on") == 2
    assert len(seen) == 5


async def test_one_that_fails_does_not_keep_the_others(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """What happened next is shown all the same."""
    done: list[int] = []

    def fail() -> None:
        raise ValueError("no such place")

    departures = Departures(hass, entry)
    departures.async_then(fail)
    departures.async_then(lambda: done.append(1))
    assert departures.waiting
    assert not done
    await hass.async_block_till_done()
    assert done == [1]
    assert not departures.waiting
    assert "What happened could not be shown" in caplog.text


async def test_a_page_leaves_before_the_next_message_is_read(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """However many wait in the socket: otherwise a storm would have to be dealt with before its first pages leave."""
    count, told = 0, []

    def turn() -> None:
        nonlocal count
        count += 1
        hass.loop.call_soon(turn)

    turn()
    async_dispatcher_connect(hass, SIGNAL_PAGE, callback(lambda _, page: told.append((page.id, count))))
    (socket,) = gateway.sockets
    for number in range(4):  # nothing is awaited but the sending itself: they come together
        cursor = values.Cursor(gateway.epoch, gateway.number + number)
        await socket.send_json(messages.encode(messages.Changes(cursor, pages=(replace(PAGE, id=f"p{number}"),))))
    await eventually(hass, lambda: len(told) == 4)
    assert [page for page, _ in told] == ["p0", "p1", "p2", "p3"]
    assert all(later - sooner >= ROUNDS for (_, sooner), (_, later) in itertools.pairwise(told))
