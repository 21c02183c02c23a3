"""Every shipped blueprint in a real Home Assistant: installed, made into an automation, fired, and read by people."""

import asyncio
import re
import shutil
import time
from typing import Any

import pytest
import yaml

from tests.e2e import browser, pictures, scenes
from tests.e2e.develop import Demo
from tests.e2e.processes import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]
FOLDER = ROOT / "blueprints/automation/community_help"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
STATION = ("appliance_left_on", "first_aid_cabinet", "station_hours", "water_filter_due")
"""What they wait for takes minutes and days: they fire in ``tests/integration/test_blueprints_station.py``."""

FIRED = [name for name in NAMES if name not in STATION]
BY_TIME = ("device_health_digest", "drill")
"""Their trigger is a time of day: the tests press the editor's "run" instead of waiting for it."""


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


@pytest.mark.parametrize("name", [name for name in FIRED if name != "duty_handover"])
async def test_a_blueprint_fires_with_defaults_only(demo: Demo, name: str) -> None:
    """By what happens in the field, and it ends without an error. Shifts have a scene of their own."""
    key = f"defaults_{name}"
    await demo.hass.add_automation(key, name, {})
    await demo.hass.until(f"automation.{key}", "on")
    if name in BY_TIME:
        await scenes.run(demo, f"automation.{key}")
    elif name == "gas_ventilate":
        await demo.field.command("gas h2s 12")
    elif name == "fire_lane_voice":
        await demo.field.command("lane on")
    else:
        await demo.field.command("fire 103")
    deadline = time.monotonic() + scenes.LANE_SECONDS
    while not (runs := [item for item in await traces(demo, key) if item["state"] == "stopped"]):
        assert time.monotonic() < deadline, f"{name} did not run. The log ends:\n{demo.hass.tail()}"
        await asyncio.sleep(0.2)
    assert not [item["error"] for item in runs if item.get("error")]
    assert {item["script_execution"] for item in runs} <= {"finished", "aborted", "failed_conditions"}
    await demo.hass.remove_automation(key)
    for line in ("gas h2s 0", "lane off", "restore 103"):
        await demo.field.command(line)
    await scenes.end(demo)


@pytest.mark.parametrize("name", FIRED)
async def test_a_blueprint_reaches_the_phone(demo: Demo, name: str) -> None:
    """Filled in, it does what it is for, and somebody reads it."""
    shown = await scenes.SCENES[name](demo)
    assert shown.message.strip()
    assert "{{" not in shown.title + shown.message


@pytest.mark.skipif(
    not shutil.which("chromium"), reason="no chromium: scripts/setup browser installs it as root on Debian"
)
@pytest.mark.parametrize("name", NAMES)
async def test_the_form_is_read_in_chinese(demo: Demo, name: str) -> None:
    """Every name and description that somebody must understand is on the page of the Chinese user interface."""
    key = f"form_{name}"
    await demo.hass.add_automation(key, name, {})
    await demo.hass.until(f"automation.{key}", "on")
    async with browser.opened(demo.hass, "zh-Hans", width=pictures.FORM_WIDTH, height=3000) as page:
        text = await pictures.form_text(page, key)
    await demo.hass.remove_automation(key)
    about = re.sub(r"!input ", "", (FOLDER / f"{name}.yaml").read_text("utf-8"))
    sections = yaml.safe_load(about)["blueprint"]["input"].values()
    missing = [
        item["name"]
        for section in sections
        for item in ([section] if section.get("collapsed") else [section, *section["input"].values()])
        if item["name"] not in text
    ]
    assert not missing
