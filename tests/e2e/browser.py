"""A real browser on a real Home Assistant: Debian's Chromium, driven by playwright."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Page, async_playwright

from .home_assistant import HomeAssistant

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 60_000
ALL_TEXT = """() => {
  const walk = node => [...node.childNodes].map(child => child.nodeType === 3
    ? child.textContent
    : (child.shadowRoot ? walk(child.shadowRoot) : '') + walk(child)).join(' ');
  return walk(document.body);
}"""


@contextlib.asynccontextmanager
async def opened(hass: HomeAssistant, language: str, width: int = 1280, height: int = 900) -> AsyncIterator[Page]:
    """A page that is logged in as the owner and speaks ``language``."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = await browser.new_context(
            viewport={"width": width, "height": height}, locale=language, base_url=hass.url
        )
        await hass.refresh()
        script = (
            f"localStorage.hassTokens = {json.dumps(json.dumps(hass.tokens))};"
            f"localStorage.selectedLanguage = {json.dumps(json.dumps(language))};"
        )
        await context.add_init_script(script)
        page = await context.new_page()
        page.set_default_timeout(WAIT)
        try:
            yield page
        finally:
            await browser.close()


async def missing(page: Page, texts: list[str], seconds: float = 20) -> list[str]:
    """Which texts the page still does not show after so long; it answers as soon as all are there."""
    script = f"texts => {{ const all = ({ALL_TEXT})(); return texts.filter(text => !all.includes(text)); }}"
    deadline = time.monotonic() + seconds
    while (found := list(await page.evaluate(script, texts))) and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return found


async def devices_text(page: Page) -> str:
    """All text of the integration's device list."""
    await open_devices(page)
    return str(await page.evaluate(ALL_TEXT))


async def open_devices(page: Page) -> None:
    """The devices of this integration, once they are drawn."""
    await page.goto("/config/devices/dashboard?domain=community_help")
    await page.wait_for_function(f"() => ({ALL_TEXT})().includes('Septic gas')")


async def picture(page: Page, file: Path) -> None:
    """Take a picture once nothing moves any more."""
    await page.wait_for_timeout(1500)
    await page.screenshot(path=file)
