"""A Home Assistant that has only the integration: no blueprint, no automation, and yet an alarm rings a phone.

The tests are one story, told in order.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.develop import Demo
from tests.e2e.processes import ROOT
from tests.e2e.steps import closed, fire, ringing

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

FIX = "/api/repairs/issues/fix"
BLUEPRINTS = "config/blueprints/automation/community_help"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fresh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """Gateway, field, phone, and a Home Assistant to which only the gateway and one member of the staff were added."""
    demo = Demo.at(tmp_path_factory.mktemp("fresh"), fixed_ports=False, prepared=False)
    try:
        await demo.start()
        yield demo
    finally:
        await demo.stop()


async def unhandled(demo: Demo) -> list[dict[str, Any]]:
    """The repair that says that no automation answers pages."""
    return [item for item in await demo.hass.issues() if item["issue_id"].startswith("page_unhandled")]


async def test_without_any_automation_the_duty_phone_rings_and_a_repair_says_so(fresh: Demo) -> None:
    """The pager sends by itself after the grace time, over silence, with the default words."""
    assert not (fresh.folder / BLUEPRINTS).exists()
    assert not await unhandled(fresh)
    await fire(fresh, 101)
    page = await fresh.phone.until(ringing, 30, "page without an automation")
    assert page.critical
    assert " 101 " in page.title
    assert fresh.phone.most_of[page.incident] == 1
    (issue,) = await unhandled(fresh)
    assert issue["is_fixable"]
    assert issue["severity"] == "warning"
    await closed(fresh, page, 101)


async def test_the_repair_installs_the_blueprints_and_ends_with_an_automation(fresh: Demo) -> None:
    """Without the internet: the shipped files are put in place; the repair is done when an automation answers."""
    (issue,) = await unhandled(fresh)
    asked = {"handler": issue["domain"], "issue_id": issue["issue_id"]}
    step = await fresh.hass.post(FIX, asked)
    assert (step["type"], step["step_id"]) == ("form", "confirm")
    step = await fresh.hass.post(f"{FIX}/{step['flow_id']}", {})
    assert step["step_id"] == "automation", step
    shipped = {file.name: file.read_bytes() for file in (ROOT / "blueprints/automation/community_help").glob("*.yaml")}
    there = {file.name: file.read_bytes() for file in (fresh.folder / BLUEPRINTS).glob("*.yaml")}
    assert there == shipped
    step = await fresh.hass.post(f"{FIX}/{step['flow_id']}", {})
    assert step["errors"] == {"base": "no_automation"}
    await fresh.answer_pages()
    step = await fresh.hass.post(f"{FIX}/{step['flow_id']}", {})
    assert step["type"] == "create_entry"
    assert not await unhandled(fresh)


async def test_then_the_automation_answers_and_the_repair_stays_away(fresh: Demo) -> None:
    """The next alarm is answered by the automation from the installed blueprint."""
    fresh.phone.forget()
    await fire(fresh, 102)
    page = await fresh.phone.until(ringing, what="page by the automation")
    assert (await fresh.hass.state("automation.community_help_alarm"))["attributes"]["last_triggered"]
    assert not await unhandled(fresh)
    await closed(fresh, page, 102)
