"""Every shipped blueprint in a real Home Assistant: installed, made into an automation, fired, and read by people."""

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
import yaml
from playwright.async_api import Page

from tests.e2e import browser, pictures, scenes
from tests.e2e.companion_app import Notification
from tests.e2e.develop import Demo
from tests.e2e.processes import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]
FOLDER = ROOT / "blueprints/automation/community_help"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
BY_TIME = ("device_health_digest", "drill")
STATION = ("appliance_left_on", "first_aid_cabinet", "station_hours", "water_filter_due")
"""With defaults only these wait for a time of day, for half an hour, or for something to be chosen: the editor's "run"
starts them, those of the station while it is as they look for. Filled in, what really happens starts them."""

THAT_WAIT = ("appliance_left_on", "fire_lane_voice", "duty_handover")
"""A minute and more: they wait together."""

TRACED_SECONDS = 20
"""So soon after its end a run is in the list (project's choice)."""


async def traces(demo: Demo, key: str) -> list[dict[str, Any]]:
    """What Home Assistant recorded of an automation's runs, but for those that did not trigger."""
    socket = await demo.hass.socket()
    found = await socket.call("trace/list", domain="automation", item_id=key)
    await socket.close()
    return [item for item in found if item.get("script_execution") != "not_triggered"]


async def test_home_assistant_lists_and_saves_every_blueprint(demo: Demo) -> None:
    """From the folder that was shipped, and as an import saves it; without a complaint about any."""
    socket = await demo.hass.socket()
    listed = await socket.call("blueprint/list", domain="automation")
    ours = {path: item for path, item in listed.items() if path.startswith("community_help/")}
    assert set(ours) == {f"community_help/{name}.yaml" for name in NAMES}
    assert not [item["error"] for item in ours.values() if "error" in item]
    for name in NAMES:
        text = (FOLDER / f"{name}.yaml").read_text("utf-8")
        path = f"imported/{name}.yaml"
        await socket.call("blueprint/save", domain="automation", path=path, yaml=text, allow_override=True)
    again = await socket.call("blueprint/list", domain="automation")
    for name in NAMES:
        assert again[f"imported/{name}.yaml"]["metadata"] == ours[f"community_help/{name}.yaml"]["metadata"]
        await socket.call("blueprint/delete", domain="automation", path=f"imported/{name}.yaml")
    await socket.close()


async def played(demo: Demo, name: str) -> Notification:
    """The scene of a blueprint; an automation with defaults only runs beside it, and ends without an error."""
    key = f"defaults_{name}"
    await demo.hass.add_automation(key, name, {})
    await demo.hass.until(f"automation.{key}", "on")
    by_hand = partial(scenes.run, demo, f"automation.{key}")
    if name in BY_TIME:
        await by_hand()
    shown = await (scenes.SCENES[name](demo, by_hand) if name in STATION else scenes.SCENES[name](demo))
    deadline = time.monotonic() + TRACED_SECONDS
    while not (runs := [item for item in await traces(demo, key) if item["state"] == "stopped"]):
        assert time.monotonic() < deadline, f"{name} did not run. The log ends:\n{demo.hass.tail()}"
        await asyncio.sleep(0.2)
    assert not [item["error"] for item in runs if item.get("error")]
    ended = {item["script_execution"] for item in runs}
    assert ended == {"finished"} if name in STATION else ended <= {"finished", "aborted", "failed_conditions"}
    await demo.hass.remove_automation(key)
    return shown


@pytest.mark.parametrize("name", [name for name in NAMES if name not in THAT_WAIT])
async def test_a_blueprint_fires_with_defaults_only_and_filled_in_reaches_the_phone(demo: Demo, name: str) -> None:
    """By what happens in the field; it does what it is for, and somebody reads it."""
    assert readable(await played(demo, name))


async def test_what_waits_for_a_minute_fires_and_reaches_the_phone(demo: Demo) -> None:
    """A car in the lane, a chair that was left on, and a shift that ends soon, all in the same minutes."""
    found = await asyncio.gather(*(played(demo, name) for name in THAT_WAIT))
    assert all(map(readable, found))


def readable(shown: Notification) -> bool:
    """Whether words stand there, and no template."""
    return bool(shown.message.strip()) and "{{" not in shown.title + shown.message


async def test_no_template_of_ours_lacked_anything(demo: Demo) -> None:
    """Whatever happened until now: each ran with all that it names, and no call of theirs was refused."""
    log = (demo.folder / "home-assistant.log").read_text("utf-8")
    wrong = re.findall(r".*(?:Template variable|components\.automation\.\w+\] .*Error).*", log)
    assert not wrong


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chinese(demo: Demo) -> AsyncIterator[Page]:
    """One page of the Chinese user interface, tall enough for every form."""
    async with browser.opened(demo.hass, "zh-Hans", width=pictures.FORM_WIDTH, height=3000) as page:
        yield page


@pytest.mark.skipif(
    not shutil.which("chromium"), reason="no chromium: scripts/setup browser installs it as root on Debian"
)
@pytest.mark.parametrize("name", NAMES)
async def test_the_form_is_read_in_chinese(demo: Demo, chinese: Page, name: str) -> None:
    """Every name and description that somebody must understand is on the page of the Chinese user interface."""
    key = f"form_{name}"
    await demo.hass.add_automation(key, name, {})
    await demo.hass.until(f"automation.{key}", "on")
    about = re.sub(r"!input ", "", (FOLDER / f"{name}.yaml").read_text("utf-8"))
    sections = yaml.safe_load(about)["blueprint"]["input"].values()
    names = [
        item["name"]
        for section in sections
        for item in ([section] if section.get("collapsed") else [section, *section["input"].values()])
    ]
    await pictures.open_form(chinese, key)
    missing = await browser.missing(chinese, names)
    await demo.hass.remove_automation(key)
    assert not missing
