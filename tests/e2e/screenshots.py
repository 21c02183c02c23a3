"""Takes the pictures of the documents in a real browser.

python -m tests.e2e.screenshots                     all of them
python -m tests.e2e.screenshots drill …             only those of these blueprints
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from . import browser, pictures, scenes
from .develop import Demo
from .processes import ROOT

IMAGES = ROOT / "docs/images"
LANGUAGES = ("en", "zh-Hans")


async def take(*names: str) -> None:
    """A demo for each language, for phones are told in Home Assistant's."""
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            demo = Demo.at(Path(folder), fixed_ports=False, language=language)
            try:
                await demo.start()
                async with browser.opened(demo.hass, language) as page:
                    if not names:
                        await demo.field.command("fire 203")
                        await demo.phone.until(lambda shown: shown.asks, what="page")
                        await browser.open_devices(page)
                        await browser.picture(page, IMAGES / f"devices.{language}.png")
                        await demo.field.command("restore 203")
                        await scenes.end(demo)
                    for name in names or scenes.SCENES:
                        await blueprint(demo, page, name, IMAGES / "blueprints", language)
            finally:
                await demo.stop()


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


if __name__ == "__main__":
    asyncio.run(take(*sys.argv[1:]))
