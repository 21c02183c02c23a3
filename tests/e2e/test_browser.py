"""A person in a real browser: adds the gateway that was found, builds automations, and reads no key untranslated."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e import browser, walk
from tests.e2e.home_assistant import HomeAssistant
from tests.e2e.processes import FieldProcess, GatewayProcess

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]
GATEWAY = "Clearwater gateway"
KEYS = re.compile(r"component\.community_help[\w.]*|UNKNOWN_TRANSLATION|\bcommunity_help\.[a-z_]+\.[a-z_.]+")
"""What would be seen in the place of a missing translation."""


@pytest_asyncio.fixture(loop_scope="session", params=["en", "zh-Hans"])
async def bare(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, GatewayProcess, HomeAssistant]]:
    """A gateway that announces itself in the network, and a Home Assistant that knows nothing of it; the language."""
    folder: Path = tmp_path_factory.mktemp("bare")
    gateway = GatewayProcess(folder, folder / "site.yaml", announced=True, name=GATEWAY)
    field = FieldProcess(folder, gateway.gb_port, folder / "site.yaml", 0)
    hass = HomeAssistant(folder, language=request.param, more=("zeroconf",))
    try:
        await field.listening()
        gateway.start()
        await gateway.ready()
        await field.reported()
        await hass.started()
        yield request.param, gateway, hass
    finally:
        await hass.closed()
        await gateway.stop()
        field.kill()


async def automations(hass: HomeAssistant) -> dict[str, str]:
    """Names and states of the automations."""
    states = await hass.get("/api/states")
    found = [state for state in states if state["entity_id"].startswith("automation.")]
    return {state["attributes"]["friendly_name"]: state["state"] for state in found}


async def test_a_person_finds_pairs_and_automates_without_a_line_of_yaml(
    bare: tuple[str, GatewayProcess, HomeAssistant],
) -> None:
    """By discovery, with the code that the gateway shows; the cabinet's list, a native trigger, the main blueprint."""
    language, gateway, hass = bare
    async with browser.opened(hass, language) as page:
        seen = []
        await walk.find_gateway(page, language, GATEWAY)
        await walk.open_pairing(page, language, GATEWAY)
        seen.append(await page.evaluate(browser.ALL_TEXT))
        await walk.pair(page, language, gateway.pairing_code)
        await page.wait_for_function("() => location.pathname.includes('/config/')")
        deadline = time.monotonic() + 30
        while not (entries := await hass.get("/api/config/config_entries/entry?domain=community_help")):
            assert time.monotonic() < deadline, "no config entry after the flow"
        assert [(entry["title"], entry["source"]) for entry in entries] == [(GATEWAY, "zeroconf")]
        cabinet = await walk.stocked_cabinet(hass)
        await walk.open_list(page, cabinet, walk.GAUZE)
        seen.append(await page.evaluate(browser.ALL_TEXT))
        await walk.tick(page)
        await walk.choose_trigger(page, language)
        seen.append(await page.evaluate(browser.ALL_TEXT))
        await walk.save(page, language, "Fire bell")
        await walk.choose_blueprint(page, language, "Community Help: alarm to staff")
        seen.append(await page.evaluate(browser.ALL_TEXT))
        await walk.save(page, language)
        await browser.open_devices(page)
        seen.append(await page.evaluate(browser.ALL_TEXT))
    assert await walk.contents(hass, cabinet) == {walk.GAUZE: "completed"}
    found = await automations(hass)
    assert found["Fire bell"] == "on"
    assert list(found.values()) == ["on", "on"]
    (config,) = [item for item in await _configs(hass) if item["alias"] == "Fire bell"]
    assert [trigger["trigger"] for trigger in config["triggers"]] == ["community_help.incident_raised"]
    assert not [key for text in seen for key in KEYS.findall(text)]


async def _configs(hass: HomeAssistant) -> list[dict[str, object]]:
    socket = await hass.socket()
    states = await hass.get("/api/states")
    try:
        return [
            (await socket.call("automation/config", entity_id=state["entity_id"]))["config"]
            for state in states
            if state["entity_id"].startswith("automation.")
        ]
    finally:
        await socket.close()
