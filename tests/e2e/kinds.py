"""Every kind of device on a dashboard of Home Assistant's own: a section for each, with all that it shows."""

from pathlib import Path
from typing import Any

from PIL import Image, ImageChops
from playwright.async_api import Page

from . import pictures
from .develop import Demo

DASHBOARDS = {
    "building": ("smoke_alarm", "call_point", "transmitter", "siren"),
    "outside": ("gas_detector", "fire_lane", "door", "thermometer", "meter"),
    "station": (
        "station",
        "water_dispenser",
        "microwave",
        "massage_chair",
        "first_aid_cabinet",
        "leak",
        "appliance",
        "people_counter",
    ),
    "community": ("compound", "staff", "gateway"),
}
"""The pictures, and which kinds are in each."""

WIDTH, HEIGHT = 1150, 1600
MARGIN = 24
SETTLES = 1500
"""Milliseconds in which tiles and icons are drawn."""


async def shown_by_kind(demo: Demo) -> dict[str, tuple[dict[str, Any], list[str]]]:
    """The first device of each kind, and its entities that are not disabled, in the order of their names."""
    socket = await demo.hass.socket()
    devices = await socket.call("config/device_registry/list")
    entities = await socket.call("config/entity_registry/list")
    await socket.close()
    found: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for device in devices:
        if device["identifiers"] and device["identifiers"][0][0] == "community_help":
            own = [item for item in entities if item["device_id"] == device["id"] and not item["disabled_by"]]
            ids = [item["entity_id"] for item in sorted(own, key=_order)]
            found.setdefault(device["model_id"] or "gateway", (device, ids))
    return found


def _order(entity: dict[str, Any]) -> tuple[bool, str]:
    """What a device is for comes before settings and diagnostics."""
    return bool(entity["entity_category"]), entity["entity_id"]


async def dashboard(demo: Demo, name: str) -> str:
    """Make the dashboard ``name`` as somebody does in the editor; its path."""
    found = await shown_by_kind(demo)
    sections = []
    for kind in DASHBOARDS[name]:
        device, entities = found[kind]
        tiles = [{"type": "tile", "entity": item, "name": {"type": "entity"}} for item in entities]
        sections.append({"type": "grid", "cards": [{"type": "heading", "heading": device["model"]}, *tiles]})
    view = {"type": "sections", "title": name, "max_columns": 3, "dense_section_placement": True, "sections": sections}
    path = f"kinds-{name}"
    socket = await demo.hass.socket()
    await socket.call("lovelace/dashboards/create", url_path=path, title=name)
    await socket.call("lovelace/config/save", url_path=path, config={"views": [view]})
    await socket.close()
    return path


async def picture(page: Page, path: str, file: Path) -> None:
    """The drawn dashboard, without what is around it and without the empty rest of the window."""
    await page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    await page.goto(f"/{path}")
    view = page.locator("hui-sections-view")
    await view.wait_for()
    await page.wait_for_timeout(SETTLES)
    file.parent.mkdir(exist_ok=True)
    await view.locator(".wrapper").first.screenshot(path=file)
    with Image.open(file) as drawn:
        whole = drawn.convert("RGB")
    behind = Image.new("RGB", whole.size, whole.getpixel((0, 0)))
    _left, _top, _right, end = ImageChops.difference(whole, behind).getbbox() or (0, 0, *whole.size)
    whole.crop((0, 0, whole.width, min(end + MARGIN, whole.height))).save(file)
    pictures.shrink(file)
