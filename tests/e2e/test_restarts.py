"""Gateway and Home Assistant stop, start, move and change in any order: all recovers, or a person is asked just once.

An installation of its own, whose gateway announces itself in the network. The tests are one story, told in order: one
fire is open from the beginning to the end, and one phone shows it once.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.another_gateway import SINCE_VERSION_3, speaking, usual
from tests.e2e.companion_app import CompanionApp, Notification
from tests.e2e.develop import Demo
from tests.e2e.home_assistant import HomeAssistant
from tests.e2e.processes import FieldProcess, GatewayProcess, free_port
from tests.e2e.steps import alone, answered, ended, fire, record, ringing, tags

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]

BURNING, QUIET = 201, 202
BACK_SECONDS = 90.0
"""Longest wait for the return of everything on a busy machine (project's choice)."""

AT_ONCE_SECONDS = 8.0
"""Less than the wait between two attempts by then, and enough for a busy machine (project's choice)."""

FLOWS = "/api/config/config_entries/flow"
QUIET_SECONDS = 5.0
"""Nothing further may happen within this time (project's choice)."""


REPAIRS = ("update_gateway", "update_integration", "gateway_gone", "lease_held", "chain_broken")
"""What may be wrong between the two."""


@dataclass
class Story:
    """The installation, its open fire, and what was registered when it began."""

    demo: Demo
    page: Notification
    burning: str
    quiet: str
    registered: dict[str, tuple[str, str]]

    @property
    def incident(self) -> str:
        """The fire's incident."""
        return self.page.incident


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def story(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Story]:
    """Gateway, field, Home Assistant and a phone; a smoke alarm sounds and nobody has taken it yet."""
    folder = tmp_path_factory.mktemp("restarts")
    site = folder / "site.yaml"
    gateway = GatewayProcess(folder, site, announced=True, name="Restarts")
    field = FieldProcess(folder, gateway.gb_port, site)
    hass = HomeAssistant(folder, more=("zeroconf",))
    demo = Demo(folder, gateway, field, hass, CompanionApp(hass, "Zhang", folder))
    try:
        await demo.start()
        await alone(hass)
        burning, quiet = await demo.smoke_entity(BURNING), await demo.smoke_entity(QUIET)
        await hass.until(quiet, "off", 30)
        await fire(demo, BURNING)
        page = await demo.phone.until(ringing, what="page")
        yield Story(demo, page, burning, quiet, await registered(demo))
    finally:
        await demo.stop()


async def registered(demo: Demo) -> dict[str, tuple[str, str]]:
    """The integration's entities with their ids, by unique id."""
    socket = await demo.hass.socket()
    found = await socket.call("config/entity_registry/list")
    await socket.close()
    return {
        item["unique_id"]: (item["entity_id"], item["id"]) for item in found if item["platform"] == "community_help"
    }


async def is_back(story: Story) -> None:
    """Everything is seen, the fire is open, and the phone shows it once; no entity is new, lost or renamed."""
    demo = story.demo
    await demo.hass.until(story.burning, "on", BACK_SECONDS)
    await demo.hass.until(story.quiet, "off", BACK_SECONDS)
    found = await demo.hass.state(await demo.entity_of("clearwater", "open_incidents"))
    fires = [item["id"] for item in found["attributes"]["incidents"] if item["hazard"] == "fire"]
    assert fires == [story.incident]
    assert await registered(demo) == story.registered
    assert [tag for tag in tags(demo.phone) if story.incident in tag] == [story.page.tag]
    assert demo.phone.most_of[story.incident] == 1
    assert {shown.incident for shown in demo.phone.history if shown.asks} == {story.incident}
    assert not await repairs(demo)


async def repairs(demo: Demo) -> list[str]:
    """Which repairs about the gateway are shown."""
    return [item["translation_key"] for item in await demo.hass.issues() if item["translation_key"] in REPAIRS]


async def down(demo: Demo, *, killed: bool = True) -> None:
    """Home Assistant ends; the phone looks for it until it is there again."""
    await demo.phone.disconnect()
    if killed:
        demo.hass.kill()
    else:
        await demo.hass.stop()
    await demo.hass.hang_up()
    demo.phone.look_for_home()


async def up(demo: Demo) -> None:
    """Home Assistant starts; the phone finds it."""
    await demo.hass.started()
    await demo.phone.at_home()


async def gateway_up(demo: Demo) -> None:
    """The gateway starts."""
    demo.gateway.start()
    await demo.gateway.ready()


async def moved(demo: Demo, *, announced: bool) -> None:
    """The gateway comes back at another address; the field knows where."""
    await demo.gateway.stop()
    gb_port, site = demo.gateway.gb_port, demo.folder / "site.yaml"
    demo.gateway = GatewayProcess(demo.folder, site, gb_port=gb_port, announced=announced, name="Restarts")
    await gateway_up(demo)


async def home_assistant_first(demo: Demo) -> None:
    """Both were stopped; Home Assistant runs long before the gateway."""
    await down(demo, killed=False)
    await demo.gateway.stop()
    await up(demo)
    await gateway_up(demo)


async def gateway_first(demo: Demo) -> None:
    """Both were stopped; the gateway runs before Home Assistant is started."""
    await down(demo)
    await demo.gateway.stop()
    await gateway_up(demo)
    await up(demo)


async def both_at_once_and_the_gateway_moved(demo: Demo) -> None:
    """Power was cut, and is back; the router gave the gateway another address."""
    await down(demo)
    demo.gateway.kill()
    await asyncio.gather(moved(demo, announced=True), up(demo))


async def gateway_killed_while_home_assistant_starts(demo: Demo) -> None:
    """It dies when Home Assistant has begun to answer, and is back after the start."""
    await down(demo)
    starting = asyncio.create_task(up(demo))
    await asyncio.sleep(0)
    await demo.hass._answering(BACK_SECONDS)
    demo.gateway.kill()
    await starting
    await gateway_up(demo)


async def home_assistant_stopped_while_the_gateway_starts(demo: Demo) -> None:
    """The connection is just coming back when Home Assistant goes."""
    demo.gateway.kill()
    demo.gateway.start()
    await down(demo, killed=False)
    await demo.gateway.ready()
    await up(demo)


@pytest.mark.parametrize(
    "order",
    [
        home_assistant_first,
        gateway_first,
        both_at_once_and_the_gateway_moved,
        gateway_killed_while_home_assistant_starts,
        home_assistant_stopped_while_the_gateway_starts,
    ],
)
async def test_in_any_order_everything_is_back_and_paged_once(
    story: Story, order: Callable[[Demo], Awaitable[None]]
) -> None:
    """Entities available, the fire still open and nobody's, one notification for it, no second incident."""
    await order(story.demo)
    await is_back(story)
    found = [json.loads(body) for (body,) in record(story.demo, "SELECT body FROM record WHERE kind = 'incident'")]
    assert len([item for item in found if item["hazard"] == "fire"]) == 1


async def replaced(demo: Demo) -> None:
    """The gateway is stopped, and started as what it is by now."""
    await demo.gateway.stop()
    await gateway_up(demo)


async def test_an_older_gateway_that_is_understood_keeps_working(story: Story) -> None:
    """Version 2 lacks commands that this integration has: nothing is asked of anybody, and a new alarm rings."""
    speaking(story.demo.gateway, 2, 1, SINCE_VERSION_3)
    await replaced(story.demo)
    await is_back(story)
    flat = 301
    await fire(story.demo, flat)
    entity = await story.demo.smoke_entity(flat)
    await story.demo.hass.until(entity, "on")
    await story.demo.field.command(f"restore {flat}")
    await story.demo.hass.until(entity, "off")


async def asked_to_update(story: Story, side: str) -> None:
    """Exactly one repair is shown, nothing is shown as if it were known, and no flow bothers anybody."""
    demo, deadline = story.demo, time.monotonic() + BACK_SECONDS
    while (found := [key for key in await repairs(demo) if key.startswith("update_")]) != [f"update_{side}"]:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.2)
    await demo.hass.until(story.burning, "unavailable")
    assert not await flows(demo)


async def test_a_gateway_that_does_not_fit_names_the_side_to_update_and_recovers(story: Story) -> None:
    """Too old, too new, too old while Home Assistant starts; the right one is found without anybody's help."""
    demo = story.demo
    speaking(demo.gateway, 0, 0)
    await replaced(demo)
    await asked_to_update(story, "gateway")
    speaking(demo.gateway, 9, 9)
    await replaced(demo)
    await asked_to_update(story, "integration")
    usual(demo.gateway)
    await replaced(demo)
    await is_back(story)
    speaking(demo.gateway, 0, 0)
    await replaced(demo)
    await down(demo)
    await up(demo)
    await asked_to_update(story, "gateway")
    usual(demo.gateway)
    await replaced(demo)
    await is_back(story)


async def flows(demo: Demo) -> list[dict[str, Any]]:
    """What a person is asked for about this gateway."""
    entry = await demo.hass.gateway_entry()
    socket = await demo.hass.socket()
    found = await socket.call("config_entries/flow/progress")
    await socket.close()
    return [item for item in found if item["context"].get("entry_id") == entry]


async def test_another_token_is_asked_for_once(story: Story) -> None:
    """The gateway made a new token: one flow, whatever happens meanwhile; the new code mends it, ids stay."""
    demo = story.demo
    await demo.gateway.stop()
    (demo.gateway.data / "token").unlink()
    await gateway_up(demo)
    deadline = time.monotonic() + BACK_SECONDS
    while not (found := await flows(demo)):
        assert time.monotonic() < deadline, "nobody is asked for the code"
        await asyncio.sleep(0.2)
    await replaced(demo)
    await asyncio.sleep(QUIET_SECONDS)
    assert [item["flow_id"] for item in await flows(demo)] == [found[0]["flow_id"]]
    assert found[0]["context"]["source"] == "reauth"
    assert not [key for key in await repairs(demo) if key.startswith("update_")]
    wrong = await demo.hass.post(f"{FLOWS}/{found[0]['flow_id']}", {"code": "0000-0000"})
    assert wrong["errors"] == {"base": "pairing_refused"}
    done = await demo.hass.post(f"{FLOWS}/{found[0]['flow_id']}", {"code": demo.gateway.pairing_code})
    assert done["reason"] == "reauth_successful"
    await is_back(story)
    assert not await flows(demo)


async def test_a_moved_gateway_that_announces_itself_is_followed(story: Story) -> None:
    """In front of a running Home Assistant: nobody is asked for anything, and it finds nothing to blame."""
    await moved(story.demo, announced=True)
    await is_back(story)
    assert not await flows(story.demo)
    assert "has an update listener" not in story.demo.hass.text()


async def test_a_moved_gateway_that_nobody_announces_is_entered_by_hand(story: Story) -> None:
    """Unavailable, not wrong; the form takes the new address, tells a wrong one, and everything is back at once."""
    demo = story.demo
    await moved(demo, announced=False)
    await demo.hass.until(story.burning, "unavailable")
    await asyncio.sleep(QUIET_SECONDS * 2)
    assert (await demo.hass.state(story.burning))["state"] == "unavailable"
    form = await demo.hass.post(FLOWS, {"handler": "community_help", "entry_id": await demo.hass.gateway_entry()})
    assert form["step_id"] == "reconfigure"
    there = {"host": "127.0.0.1", "port": free_port()}
    wrong = await demo.hass.post(f"{FLOWS}/{form['flow_id']}", there)
    assert wrong["errors"] == {"base": "cannot_connect"}
    there["port"] = demo.gateway.api_port
    done = await demo.hass.post(f"{FLOWS}/{form['flow_id']}", there)
    assert done["reason"] == "reconfigure_successful"
    problem, deadline = await demo.entity_of(f"b1-{QUIET}", "problem"), time.monotonic() + AT_ONCE_SECONDS
    while (await demo.hass.state(problem))["state"] == "unavailable":
        assert time.monotonic() < deadline, "it waits for its next attempt"
        await asyncio.sleep(0.1)
    await is_back(story)


async def test_the_fire_is_taken_once(story: Story) -> None:
    """After all of it the button of what the phone shows still acts; flat 301, which joined, is part of it."""
    phone = story.demo.phone
    page = await phone.until(ringing, what="page")
    assert page.tag == story.page.tag
    await phone.press(page)
    await phone.until(answered(page), 60, "'taken'")
    await ended(story.demo, page, BURNING)
