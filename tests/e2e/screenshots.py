"""Takes the pictures of the documents in a real browser.

python -m tests.e2e.screenshots                     all of them
python -m tests.e2e.screenshots drill …             only those of these blueprints
python -m tests.e2e.screenshots walks               only those of setting up
python -m tests.e2e.screenshots kinds devices       only those of every kind of device, and of the list of devices
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from . import browser, kinds, pictures, scenes, walk
from .develop import Demo
from .home_assistant import HomeAssistant
from .processes import ROOT, FieldProcess, GatewayProcess

IMAGES = ROOT / "docs/images"
LANGUAGES = ("en", "zh-Hans")
NAMES = {"en": "Clearwater gateway", "zh-Hans": "清水湾网关"}


async def take(*names: str) -> None:
    """A demo for each language, for phones are told in Home Assistant's."""
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            demo = Demo.at(Path(folder), fixed_ports=False, language=language)
            try:
                await demo.start()
                async with browser.opened(demo.hass, language) as page:
                    if not names or "kinds" in names:
                        await every_kind(demo, page, language)
                    if not names or "devices" in names:
                        await demo.field.command("fire 203")
                        await demo.phone.until(lambda shown: shown.asks, what="page")
                        await browser.open_devices(page)
                        await browser.picture(page, IMAGES / f"devices.{language}.png")
                        await demo.field.command("restore 203")
                        await scenes.end(demo)
                    for name in set(names) & set(scenes.SCENES) if names else scenes.SCENES:
                        await blueprint(demo, page, name, IMAGES / "blueprints", language)
            finally:
                await demo.stop()


async def every_kind(demo: Demo, page: browser.Page, language: str) -> None:
    """A dashboard for each group of kinds, on a day on which something happened: an alarm, a check, a session."""
    await scenes.alarm_to_staff(demo)
    await demo.field.command("cabinet on")
    await demo.hass.until(await demo.entity_of("cabinet-1", "door"), "on", 30)
    await demo.field.command("cabinet off")
    cabinet = {"entity_id": await walk.stocked_cabinet(demo.hass), "item": walk.GAUZE}
    await demo.hass.post("/api/services/todo/update_item", {**cabinet, "status": "completed"})
    await demo.hass.post("/api/services/button/press", {"entity_id": await demo.entity_of("station-2", "session")})
    await demo.field.command("dispensing on")
    await demo.hass.until(await demo.entity_of("station-2", "running"), "on", 30)
    await demo.hass.until(await demo.entity_of("station-1", "dispensing"), "on", 30)
    for name in kinds.DASHBOARDS:
        await kinds.picture(page, await kinds.dashboard(demo, name), IMAGES / f"kinds/{name}.{language}.png")
    await demo.field.command("dispensing off")
    await demo.hass.post("/api/services/switch/turn_off", {"entity_id": await demo.entity_of("station-2", "relay")})
    await demo.hass.post("/api/services/todo/remove_item", cabinet)


async def walks() -> None:
    """What somebody sees who sets everything up: the gateway that was found, a list, a trigger in the editor."""
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            site = Path(folder) / "site.yaml"
            gateway = GatewayProcess(Path(folder), site, announced=True, name=NAMES[language])
            field = FieldProcess(Path(folder), gateway.gb_port, site, 0)
            hass = HomeAssistant(Path(folder), language=language, more=("zeroconf",))
            try:
                await field.listening()
                gateway.start()
                await gateway.ready()
                await field.reported()
                await hass.started()
                async with browser.opened(hass, language, 1000, 700) as page:
                    await walk.find_gateway(page, language, NAMES[language])
                    await walk.open_pairing(page, language, NAMES[language])
                    await browser.picture(page, IMAGES / f"pairing.{language}.png")
                    await walk.pair(page, language, gateway.pairing_code)
                    await walk.open_list(page, await walk.stocked_cabinet(hass), walk.GAUZE)
                    await browser.picture(page, IMAGES / f"cabinet.{language}.png")
                    await walk.choose_trigger(page, language)
                    await browser.picture(page, IMAGES / f"trigger.{language}.png")
            finally:
                await hass.closed()
                await gateway.stop()
                field.kill()


async def blueprint(demo: Demo, page: browser.Page, name: str, folder: Path, language: str) -> None:
    """The form of one blueprint, and what it puts on a phone."""
    key = f"picture_{name}"
    try:
        await demo.hass.add_automation(key, name, {})
        await pictures.form(page, key, folder / f"{name}.form.{language}.png")
        await demo.hass.remove_automation(key)
        shown = await scenes.SCENES[name](demo)
    except (RuntimeError, TimeoutError) as error:
        print(f"no picture of {name} in {language}: {error}", file=sys.stderr)
        return
    await pictures.phone(page, shown, folder / f"{name}.phone.{language}.png")


async def main(*names: str) -> None:
    """All of them, or those that were named."""
    if not names or "walks" in names:
        await walks()
    if not names or set(names) - {"walks"}:
        await take(*(name for name in names if name != "walks"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
