"""Takes the pictures of the documents in a real browser.

python -m tests.e2e.screenshots
"""

import asyncio
import tempfile
from pathlib import Path

from . import browser
from .develop import Demo
from .processes import ROOT


async def take() -> None:
    """Start a demo of its own, let a flat alarm, and photograph the devices in both languages."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo.at(Path(folder), fixed_ports=False)
        try:
            await demo.start()
            await demo.field.command("fire 203")
            await demo.phone.until(lambda shown: bool(shown.buttons), what="page")
            for language in ("en", "zh-Hans"):
                async with browser.opened(demo.hass, language) as page:
                    await browser.open_devices(page)
                    await browser.picture(page, ROOT / f"docs/images/devices.{language}.png")
        finally:
            await demo.stop()


if __name__ == "__main__":
    asyncio.run(take())
