"""How long a page takes, and how few there are, held against a bare automation in the same Home Assistant and run.

A short form of ``benchmarks/pages.py``. Only ratios are held, and generously: what a machine can do is its own.
"""

from typing import Any

import pytest
import pytest_asyncio

from benchmarks.pages import Alarm, Place, measured, percentiles
from community_help_gateway.simulators.transmitter import Part
from tests.e2e.develop import Demo
from tests.e2e.steps import TAG, closed, ringing

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

TRANSMITTER = 4097
FLATS = [floor * 100 + flat for floor in range(1, 7) for flat in range(1, 5)]
"""As the demo's field has them."""

AT_IDLE = 15
"""Alarms at idle (project's choice)."""

PAUSE, SETTLES = 0.1, 1.0
"""Seconds; the benchmark is more patient (project's choice)."""

IDLE_FACTOR = 15
"""A page is judged, journalled, answered by an automation and noted on the disk before it is sent; the floor is none of
that. About 2 on a machine with nothing else to do (project's choice)."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def times(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Floor and ours, at idle and in the storm of the whole building."""
    demo.phone.forget()
    alarms = [Alarm(TRANSMITTER, Part(zone=1, position=flat), "1号楼") for flat in FLATS]
    place = Place(demo.gateway, demo.hass, demo.phone, alarms, pause=PAUSE, settles=SETTLES)
    found = await measured(place, AT_IDLE, tmp_path_factory.mktemp("floor"))
    for page in [shown for shown in demo.phone.screen.values() if ringing(shown)]:
        await closed(demo, page, *FLATS)
    return found


async def test_a_page_at_idle_takes_little_longer_than_a_bare_automation(times: dict[str, Any]) -> None:
    """From the frame at the gateway's socket to the phone."""
    ours, floor = percentiles(times["idle"])[0], percentiles(times["bare idle"])[0]
    assert ours / floor < IDLE_FACTOR


async def test_a_storm_is_one_incident_and_few_notifications(times: dict[str, Any]) -> None:
    """One notification per incident at any time; what joins does not ring anew for each detector."""
    found = times["storm"]
    assert len(found.times) == 1
    assert found.most == 1
    assert found.shown <= times["alarms"] / 4


async def test_the_first_page_of_a_storm_does_not_wait_for_its_end(times: dict[str, Any]) -> None:
    """It is on the phone in a time of the order of that in which a bare automation has pushed every single alarm."""
    assert times["storm"].first / times["bare storm"].last < IDLE_FACTOR
    assert times["bare storm"].shown == times["alarms"]


async def test_nothing_is_left_on_the_phone(demo: Demo, times: dict[str, Any]) -> None:
    """The floor's notifications are gone, and the storm's incident was closed."""
    assert times
    assert not [tag for tag in demo.phone.screen if not tag.startswith(TAG)]
