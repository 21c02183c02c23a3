"""Pictures for the documents: the form of a blueprint as Home Assistant draws it, and a notification on a phone."""

import html
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

from .companion_app import Notification

FORM_WIDTH = 700
PHONE_WIDTH = 400
COLOURS = 64
"""A user interface has few colours; with so many a picture stays within 60 KiB (project's choice)."""

FORM = "blueprint-automation-editor"
CARD = f"{FORM} ha-card"
BELL = (
    '<svg width="14" height="13" viewBox="0 0 24 24" fill="#b3261e">'
    '<path d="M4 18h16l-3-4v-4a5 5 0 0 0-10 0v4z"/><circle cx="12" cy="20" r="2"/></svg> '
)
"""It rings although the phone is silent."""

PHONE = """<!doctype html><meta charset="utf-8"><style>
  body {{ margin: 0; font: 15px/1.4 "Noto Sans CJK SC", "Noto Sans", sans-serif; background: #26425f; }}
  .screen {{ width: {width}px; box-sizing: border-box; padding: 26px 14px 30px;
             background: linear-gradient(160deg, #1c2b45, #3b6a7d); }}
  .clock {{ color: #fff; text-align: center; font-size: 52px; font-weight: 300; line-height: 1.1; margin: 0 0 22px; }}
  .card {{ background: #f6f6f8; border-radius: 18px; padding: 13px 16px; color: #1b1b1f; }}
  .from {{ color: #5f6368; font-size: 12px; margin-bottom: 4px; }}
  .title {{ font-weight: 700; overflow-wrap: anywhere; }}
  .text {{ white-space: pre-wrap; overflow-wrap: anywhere; margin-top: 2px; }}
  .buttons {{ margin-top: 9px; color: #0b57d0; font-weight: 600; display: flex; gap: 26px; }}
</style><div class="screen"><div class="clock">3:07</div><div class="card">
  <div class="from">{bell}Home Assistant</div><div class="title">{title}</div>
  <div class="text">{message}</div><div class="buttons">{buttons}</div></div></div>"""


async def form(page: Page, key: str, file: Path) -> None:
    """The form of the automation ``key``, which was made from a blueprint."""
    await page.set_viewport_size({"width": FORM_WIDTH, "height": 900})
    await open_form(page, key)
    card = page.locator(CARD).first
    await card.wait_for()
    await page.wait_for_timeout(1500)
    height = await card.evaluate("node => Math.ceil(node.scrollHeight)")
    await page.set_viewport_size({"width": FORM_WIDTH, "height": height + 200})
    await page.wait_for_timeout(800)
    file.parent.mkdir(parents=True, exist_ok=True)
    await card.screenshot(path=file)
    shrink(file)


async def phone(page: Page, shown: Notification, file: Path) -> None:
    """A notification on a locked phone, word for word as it was sent."""
    buttons = "".join(f"<span>{html.escape(item['title'])}</span>" for item in shown.buttons)
    await page.set_viewport_size({"width": PHONE_WIDTH, "height": 700})
    await page.set_content(
        PHONE.format(
            width=PHONE_WIDTH,
            bell=BELL if shown.critical else "",
            title=html.escape(shown.title),
            message=html.escape(shown.message),
            buttons=buttons,
        )
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    await page.locator(".screen").screenshot(path=file)
    shrink(file)


def shrink(file: Path) -> None:
    """Fewer colours: what is read stays readable, and the repository small."""
    with Image.open(file) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


async def open_form(page: Page, key: str) -> None:
    """The form of the automation ``key``, as soon as it is there."""
    await page.goto(f"/config/automation/edit/{key}")
    await page.locator(FORM).wait_for()
