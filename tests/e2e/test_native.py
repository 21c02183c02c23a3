"""What Home Assistant itself finds in the integration: rows of the logbook, conditions in the editor."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.develop import Demo, alarm

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


async def test_an_alarm_and_who_took_it_are_readable_in_the_logbook(demo: Demo) -> None:
    """Home Assistant finds the module, and its own reader makes the rows out of its database, the note left out."""
    start = datetime.now(UTC) - timedelta(seconds=2)
    await alarm(demo, 304)
    socket = await demo.hass.socket()
    rows: list[dict[str, Any]] = []
    async with asyncio.timeout(30):
        while not any("closed it" in row.get("message", "") for row in rows):
            rows = await socket.call("logbook/get_events", start_time=start.isoformat())
    await socket.close()
    told = [row for row in rows if row.get("domain") == "community_help"]
    assert [row["message"] for row in told] == [
        "was raised",
        "张三 Zhang San took it",
        "no detector is in alarm any more",
        "Owner closed it. Cause: drill",
    ]
    assert all(" 304 " in row["name"] for row in told)
    assert {row["entity_id"].partition(".")[0] for row in told} == {"event"}


async def test_the_editor_offers_the_conditions_and_they_can_be_tested(demo: Demo) -> None:
    """What the frontend asks for when a condition is added, and its "test" button."""
    offered: dict[str, Any] = {}
    socket = await demo.hass.socket()
    await socket.subscribe(offered.update, "condition_platforms/subscribe")
    async with asyncio.timeout(30):
        while "community_help.is_incident_open" not in offered:
            await asyncio.sleep(0.05)
    assert set(offered["community_help.is_incident_open"]["fields"]) == {"hazard", "severity", "device_id"}
    for name, expected in (("is_gateway_connected", True), ("is_incident_open", False), ("is_in_drill", False)):
        answer = await socket.call("test_condition", condition={"condition": f"community_help.{name}"})
        assert answer == {"result": expected}, name
    await socket.close()
