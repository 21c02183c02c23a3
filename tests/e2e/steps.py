"""What the end-to-end tests do and ask again and again."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from .companion_app import CompanionApp, Notification
from .develop import Demo
from .home_assistant import HomeAssistant

TAG = "community_help_"
POLL_SECONDS = 0.05
UNPROVEN_SECONDS = 10.0
"""What is left for an answer of people who cannot have the page, where a test waits for it: a third of the default."""

READ_AGAIN = "The site file was read again"


@dataclass(frozen=True)
class Staff:
    """A member of the staff as somebody enters it: the phones and channels in order of preference."""

    name: str
    phones: tuple[CompanionApp, ...] = ()
    channels: tuple[str, ...] = ()
    tier: int = 1


ZHANG = "张三 Zhang San"
"""Who the demo has from the beginning."""


async def fire(demo: Demo, *flats: int) -> float:
    """Smoke in some flats of the building; when the last frame was sent."""
    sent = 0.0
    for flat in flats:
        sent, confirmed = map(float, (await demo.field.command(f"fire {flat}")).split())
        assert confirmed > sent
    return sent


def ringing(shown: Notification) -> bool:
    """A page that wants an answer."""
    return shown.asks and shown.tag.startswith(TAG)


def answered(page: Notification) -> Callable[[Notification], bool]:
    """What takes the place of ``page`` when somebody has it."""
    return lambda shown: shown.tag == page.tag and not shown.asks


def tags(phone: CompanionApp) -> list[str]:
    """The incidents on a phone's screen."""
    return [shown.tag for shown in phone.screen.values() if shown.tag.startswith(TAG)]


async def closed(demo: Demo, page: Notification, *flats: int) -> None:
    """Restore and close."""
    for flat in flats:
        await demo.field.command(f"restore {flat}")
    data = {"incident_id": page.tag.removeprefix(TAG), "cause": "drill"}
    await demo.hass.post("/api/services/community_help/close", data)


async def ended(demo: Demo, page: Notification, *flats: int) -> None:
    """Restore, close, and leave the phone as it was: the next test starts quiet."""
    await closed(demo, page, *flats)

    def over() -> bool:
        shown = demo.phone.screen.get(page.tag)
        return shown is None or "Closed" in shown.message

    await until(over, 20, "the end on the phone")
    demo.phone.forget()


async def alone(hass: HomeAssistant) -> None:
    """Remove what a fresh Home Assistant sets up by itself and then asks the internet for while it starts."""
    for entry in await hass.get("/api/config/config_entries/entry"):
        if entry["domain"] not in ("community_help", "mobile_app"):
            await hass.remove_entry(entry["entry_id"])


async def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until ``condition`` gives something true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            message = f"no {what} after {seconds} s"
            raise TimeoutError(message)
        await asyncio.sleep(POLL_SECONDS)
    return found


def record(demo: Demo, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Ask the gateway's journal, which stays its own: it is only read."""
    with contextlib.closing(sqlite3.connect(f"file:{demo.gateway.data}/journal.sqlite?mode=ro", uri=True)) as journal:
        return journal.execute(sql, parameters).fetchall()


def kept_names(demo: Demo) -> set[str]:
    """Whom the gateway has in its roster."""
    found = record(demo, "SELECT body FROM record WHERE kind = 'roster'")
    return {member["name"] for (body,) in found for member in json.loads(body)["staff"]}


def impatient(text: str, **waits: float | list[float]) -> str:
    """A site file by which fires wait as the test says, and not as long as by default."""
    rule = ", ".join(f"{name}: {seconds}" for name, seconds in waits.items())
    return f"{text}policies: [{{ hazard: fire, {rule} }}]\n"


@contextlib.asynccontextmanager
async def site_file(demo: Demo, change: Callable[[str], str]) -> AsyncIterator[None]:
    """The installer writes something else into the site file, and the gateway reads it; afterwards it is as it was."""
    file = demo.folder / "site.yaml"
    before = file.read_text("utf-8")
    try:
        await _read_again(demo, change(before))
        yield
    finally:
        await _read_again(demo, before)


async def _read_again(demo: Demo, text: str) -> None:
    (demo.folder / "site.yaml").write_text(text, "utf-8")
    before = demo.gateway.text().count(READ_AGAIN)
    demo.gateway.signal(signal.SIGHUP)
    await until(lambda: demo.gateway.text().count(READ_AGAIN) > before, 10, "word that the site file was read")


@contextlib.asynccontextmanager
async def staffed(demo: Demo, *people: Staff) -> AsyncIterator[None]:
    """The demo with other staff; afterwards with its own again."""
    await _staff(demo, people)
    try:
        yield
    finally:
        await _staff(demo, (Staff(ZHANG, (demo.phone,)),))


async def _staff(demo: Demo, people: tuple[Staff, ...]) -> None:
    entry_id = await demo.hass.gateway_entry()
    await demo.hass.remove_staff()
    for item in people:
        phones = [await phone.device_id() for phone in item.phones]
        await demo.hass.add_staff(entry_id, item.name, phones, item.tier, channels=list(item.channels))
    wanted = {item.name for item in people}
    await until(lambda: kept_names(demo) == wanted, 20, f"roster of {wanted} in the gateway")


async def export(demo: Demo, page: Notification) -> dict[str, Any]:
    """What the gateway exports about the incident: ``lines`` for people, ``events`` for programs."""
    url = f"http://127.0.0.1:{demo.gateway.api_port}/api/v1/incidents/{page.tag.removeprefix(TAG)}.json?lang=en"
    headers = {"Authorization": f"Bearer {demo.gateway.token}"}
    async with demo.hass.session.get(url, headers=headers) as answer:
        answer.raise_for_status()
        return dict(await answer.json())
