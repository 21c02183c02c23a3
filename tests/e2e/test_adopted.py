"""An entity that Home Assistant has anyway becomes a detector of the compound, and the phone rings for it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.develop import Demo
from tests.e2e.steps import answered, ringing

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

SMOKE, LOST = "input_boolean.workshop_smoke", "input_boolean.workshop_lost"
ENTITY = "binary_sensor.workshop"
SUBENTRIES = "/api/config/config_entries/subentries/flow"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def workshop(demo: Demo) -> AsyncIterator[str]:
    """A smoke alarm made in Home Assistant's own forms, and adopted in ours; the subentry's id."""
    socket = await demo.hass.socket()
    for helper in ("Workshop smoke", "Workshop lost"):
        await socket.call("input_boolean/create", name=helper)
    sensor = {
        "name": "Workshop",
        "state": f"{{{{ is_state('{SMOKE}', 'on') }}}}",
        "device_class": "smoke",
        "additional_options": {"availability": f"{{{{ is_state('{LOST}', 'off') }}}}"},
    }
    made = await demo.hass.flow(
        "/api/config/config_entries/flow", "template", {"next_step_id": "binary_sensor"}, sensor
    )
    assert made["type"] == "create_entry", made
    await demo.hass.until(ENTITY, "off")
    entry = await demo.hass.gateway_entry()
    where = {"name": "木工房 Workshop", "kind": "smoke", "compound": "clearwater", "building": "木工房"}
    adopted = await demo.hass.flow(SUBENTRIES, [entry, "adopted"], {"entity": ENTITY}, where)
    assert adopted["type"] == "create_entry", adopted
    (found,) = [
        item["subentry_id"]
        for item in await socket.call("config_entries/subentries/list", entry_id=entry)
        if item["subentry_type"] == "adopted"
    ]
    yield found
    await socket.call("config_entries/subentries/delete", entry_id=entry, subentry_id=found)
    await socket.close()


async def turn(demo: Demo, helper: str, *, on: bool) -> None:
    """Turn a helper on or off, as somebody does on a dashboard."""
    await demo.hass.post(f"/api/services/input_boolean/turn_{'on' if on else 'off'}", {"entity_id": helper})


async def live(demo: Demo, incident: str) -> Any:
    """Whether an incident is listed among the open ones, with its state; the compound's own sensor says so."""
    found = await demo.hass.state(await demo.entity_of("clearwater", "open_incidents"))
    return incident in str(found["attributes"])


async def test_an_adopted_entity_rings_the_phone(demo: Demo, workshop: str) -> None:
    """On: one page with the place. Unavailable, back, off: the incident stays a person's; nothing rings twice."""
    await turn(demo, SMOKE, on=True)
    page = await demo.phone.until(
        lambda shown: ringing(shown) and "Workshop" in shown.title, what="the workshop's page"
    )
    incident = page.tag.removeprefix("community_help_")
    assert page.critical
    assert await live(demo, incident)
    await turn(demo, LOST, on=True)
    await demo.hass.until(ENTITY, "unavailable")
    await turn(demo, LOST, on=False)
    await demo.hass.until(ENTITY, "on")
    await demo.phone.press(page)
    await demo.phone.until(answered(page), what="'taken'")
    await turn(demo, SMOKE, on=False)
    await demo.hass.until(ENTITY, "off")
    assert await live(demo, incident)
    pages = {shown.tag for shown in demo.phone.history if "Workshop" in shown.title}
    assert pages == {page.tag}
    await demo.hass.post("/api/services/community_help/close", {"incident_id": incident, "cause": "drill"})


async def test_an_alarm_that_began_while_the_gateway_was_down_is_told(demo: Demo, workshop: str) -> None:
    """The gateway keeps the list; what the entity says reaches it when it is back."""
    demo.gateway.kill()
    await turn(demo, SMOKE, on=True)
    demo.gateway.start()
    await demo.gateway.ready()
    page = await demo.phone.until(
        lambda shown: ringing(shown) and "Workshop" in shown.title, 90, what="the workshop's page after the return"
    )
    await demo.phone.press(page)
    await demo.phone.until(answered(page), what="'taken'")
    await turn(demo, SMOKE, on=False)
    incident = page.tag.removeprefix("community_help_")
    await demo.hass.post("/api/services/community_help/close", {"incident_id": incident, "cause": "drill"})
    assert not [item for item in await demo.hass.issues() if "adopted" in item["issue_id"]]
