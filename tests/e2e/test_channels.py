"""Whatever a phone or a push relay does, the page goes on to the next way or tier in time, and the record says why.

Everything real but the other side of it: phones that sleep, hang or lie, a relay that refuses, an ntfy server.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.companion_app import ANDROID, IOS, App, CompanionApp, Notification
from tests.e2e.develop import Demo
from tests.e2e.ntfy_server import NtfyApp, NtfyServer
from tests.e2e.relay import Answer, Relay
from tests.e2e.steps import (
    UNPROVEN_SECONDS,
    Staff,
    answered,
    closed,
    export,
    fire,
    impatient,
    ringing,
    site_file,
    staffed,
    until,
)

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

PROOF_SECONDS = 10.0
"""How long a way has to prove that the page arrived, as the integration has it."""

LATE = 6.0
"""How long a phone sleeps that still proves in time."""

SLACK = 5.0
"""For a busy machine: what is due after PROOF_SECONDS is here so much later at the latest."""

WATCHED = PROOF_SECONDS + SLACK


@dataclass
class Night:
    """One alarm, and everybody's phones in their states. ``sent`` is when its frame went out."""

    phones: dict[str, CompanionApp] = field(default_factory=dict)
    apps: dict[str, NtfyApp] = field(default_factory=dict)
    sent: float = 0.0
    sheet: dict[str, Any] = field(default_factory=dict)
    ways: dict[str, str] = field(default_factory=dict)

    def after(self, shown: list[Notification]) -> float | None:
        """How long after the frame the first page was shown."""
        return next((item.shown_at - self.sent for item in shown), None)

    def receipts(self, name: str) -> list[str]:
        """What the record says about one way, in order."""
        found = [event["receipt"] for event in self.sheet["events"] if event["receipt"]]
        return [item["step"] for item in found if item["phone"] == self.ways[name]]


async def _phone(demo: Demo, name: str, app: App = ANDROID, **ways: Any) -> CompanionApp:
    phone = CompanionApp(demo.hass, name, demo.folder, app=app, **ways)
    await phone.register()
    await phone.connect()
    return phone


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def relay(demo: Demo) -> AsyncIterator[dict[Answer, Relay]]:
    """A relay for each way to answer."""
    relays = {answer: await Relay().start() for answer in Answer}
    for answer, one in relays.items():
        one.answer = answer
    yield relays
    for one in relays.values():
        await one.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ntfy(demo: Demo) -> AsyncIterator[NtfyServer]:
    """An ntfy server of the community's own."""
    server = await NtfyServer().start()
    yield server
    await server.stop()


FAILING = ("off", "half_open", "never_confirms", "iphone", "forbids", "limits", "hangs")
"""Everybody whose first phone cannot be relied on, by what is wrong with it."""

PROVING = ("late", "old_app", "relayed")
"""Everybody whose first phone proves in its own way that the page came."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def night(demo: Demo, relay: dict[Answer, Relay], ntfy: NtfyServer) -> AsyncIterator[Night]:
    """A fire at night: all are paged by one page; each has a first phone, and ntfy as the next way."""
    await demo.phone.disconnect()
    night = Night()
    for name in ("off", "half_open", "never_confirms", "late"):
        night.phones[name] = await _phone(demo, name)
    night.phones["iphone"] = await _phone(demo, "iphone", IOS)
    night.phones["old_app"] = await _phone(demo, "old_app", confirming=False)
    for name, answer in (("relayed", Answer.TAKES), ("forbids", Answer.FORBIDS), ("limits", Answer.LIMITS)):
        night.phones[name] = await _phone(demo, name, local=False, relay=relay[answer])
    night.phones["hangs"] = await _phone(demo, "hangs", local=False, relay=relay[Answer.HANGS])
    staff = []
    for name, phone in night.phones.items():
        entity = await demo.hass.add_ntfy(ntfy.address, f"night_{name}")
        night.apps[name] = await NtfyApp(ntfy, f"night_{name}").connect()
        staff.append(Staff(name, (phone,), (entity,)))
        night.ways |= {name: await phone.device_id(), f"ntfy {name}": entity}
    await night.phones["off"].disconnect()
    night.phones["half_open"].freeze()
    night.phones["never_confirms"].confirms = night.phones["never_confirms"].reports = False
    night.phones["late"].lag = LATE
    async with staffed(demo, *staff):
        night.sent = await fire(demo, 101)
        page = await night.phones["old_app"].until(ringing, what="page of the night")
        await asyncio.sleep(max(0.0, night.sent + WATCHED - time.time()))
        night.sheet = await export(demo, page)
        await closed(demo, page, 101)
        yield night
    for phone in night.phones.values():
        await phone.disconnect()
    for app in night.apps.values():
        await app.disconnect()
    await demo.phone.connect()


@pytest.mark.parametrize("name", FAILING)
async def test_the_next_way_is_taken_in_time_when_the_phone_fails(night: Night, name: str) -> None:
    """At once where Home Assistant knows that it cannot deliver, else when nothing has proven that the page came."""
    after = night.after(night.apps[name].history)
    assert after is not None, f"ntfy never showed the page of {name}"
    if name == "off":
        assert after < PROOF_SECONDS / 2
    else:
        assert PROOF_SECONDS - 1 < after < WATCHED


@pytest.mark.parametrize("name", PROVING)
async def test_no_further_way_is_taken_where_the_phone_proves(night: Night, name: str) -> None:
    """Late but in time, without confirmation on the channel, or by the relay: who has the page is left alone."""
    after = night.after(night.phones[name].history)
    assert after is not None, f"the phone {name} never showed the page"
    assert after < PROOF_SECONDS
    assert not night.apps[name].history
    assert "received" in night.receipts(name)


@pytest.mark.parametrize("name", [*FAILING, *PROVING])
async def test_the_record_says_what_became_of_each_way(night: Night, name: str) -> None:
    """In the gateway's export: tried, proven or not, and the next one after it."""
    steps, further = night.receipts(name), night.receipts(f"ntfy {name}")
    assert steps, f"nothing is said about the phone {name}"
    if name in PROVING:
        assert "received" in steps
        assert not further
    else:
        assert "received" not in steps
        assert ("failed" if name == "off" else "unproven") in steps, "why the next way was tried"
        assert further[0] == "handed_over"
    words = " ".join(line["what"] for line in night.sheet["lines"])
    assert night.ways[name] in words or name in words


async def test_no_phone_ever_showed_more_than_one(night: Night) -> None:
    """At any time: one notification per incident, on phones and in ntfy."""
    for name in night.phones:
        assert max(night.phones[name].most_of.values(), default=0) <= 1
        assert max(night.apps[name].most_of.values(), default=0) <= 1


async def test_a_phone_whose_channel_hangs_gets_the_page_by_its_relay(demo: Demo, relay: dict[Answer, Relay]) -> None:
    """Home Assistant notices after its own time that nothing was confirmed; the phone shows one notification."""
    phone = await _phone(demo, "both_ways", relay=relay[Answer.TAKES])
    async with staffed(demo, Staff("both ways", (phone,))), _quiet(demo.phone):
        phone.freeze()
        phone.online = True
        sent = await fire(demo, 102)
        page = await phone.until(ringing, WATCHED, "page by the relay")
        assert page.shown_at - sent > PROOF_SECONDS - 1
        await phone.press(page)
        await phone.until(answered(page), what="'taken' by the relay")
        await closed(demo, page, 102)
        assert phone.most_of[page.incident] == 1
    await phone.disconnect()


async def test_the_next_tier_is_told_sooner_when_nothing_reaches_the_first(
    demo: Demo, relay: dict[Answer, Relay], ntfy: NtfyServer
) -> None:
    """The relay refuses, ntfy is broken: the wait for an answer of people who cannot have the page is cut short."""
    phone = await _phone(demo, "nobody_home", local=False, relay=relay[Answer.FORBIDS])
    second = await _phone(demo, "second_tier")
    entity = await demo.hass.add_ntfy(ntfy.address, "broken")
    ntfy.failing = 500
    first = Staff("first", (phone,), (entity,))
    patience = site_file(demo, partial(impatient, unproven=UNPROVEN_SECONDS))
    async with staffed(demo, first, Staff("second", (second,), tier=2)), _quiet(demo.phone), patience:
        sent = await fire(demo, 103)
        page = await second.until(ringing, 60, "page of the second tier")
        assert page.shown_at - sent < 45, "no sooner than after the whole wait for an answer, a minute"
        sheet = await export(demo, page)
        await second.press(page)
        await second.until(answered(page), what="'taken'")
        await closed(demo, page, 103)
    ntfy.failing = 0
    await phone.disconnect()
    await second.disconnect()
    kinds = [event["kind"] for event in sheet["events"]]
    assert "escalated" in kinds
    failed = [
        event["receipt"] for event in sheet["events"] if event["receipt"] and event["receipt"]["step"] == "failed"
    ]
    assert [item["phone"] for item in failed if item["phone"]] == [entity]
    assert all(item["detail"] for item in failed if item["phone"]), "a failure is told with its reason"
    whole = [
        event["receipt"]["step"] for event in sheet["events"] if event["receipt"] and not event["receipt"]["phone"]
    ]
    assert "unproven" in whole


async def test_a_button_of_ntfy_takes_the_incident_without_the_app(demo: Demo, ntfy: NtfyServer) -> None:
    """A GET does nothing, the first POST takes it in that person's name, the same token again does nothing."""
    entity = await demo.hass.add_ntfy(ntfy.address, "buttons")
    app = await NtfyApp(ntfy, "buttons").connect()
    async with staffed(demo, Staff("王五 Wang Wu", channels=(entity,))), _quiet(demo.phone):
        await fire(demo, 201)
        page = await app.until(lambda shown: shown.asks, what="page in ntfy")
        take = page.buttons[0]
        async with demo.hass.session.get(take["url"]) as answer:
            assert answer.status == 405
        assert page.data["sequence_id"] in app.screen
        assert not _decisions(await export(demo, page))
        status, said = await app.press(page, take["label"])
        assert (status, bool(said)) == (200, True)
        taken = await app.until(answered(page), what="'taken' in ntfy")
        assert "王五" in taken.message
        assert (await app.press(page, take["label"]))[0] == 410
        decided = _decisions(await export(demo, page))
        assert [event["kind"] for event in decided] == ["acknowledged"]
        assert app.most_of[page.tag] == 1
        await closed(demo, page, 201)
        await until(lambda: page.tag not in app.screen, 20, "end in ntfy")
    await app.disconnect()


async def test_what_is_over_is_not_shown_again(night: Night) -> None:
    """Long after the end nobody's screen shows it, although phones that hang held up what was to be said."""
    for name in ("old_app", "relayed", "late"):
        assert not [shown for shown in night.phones[name].screen.values() if ringing(shown)], name


def _decisions(sheet: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in sheet["events"] if event["person"]]


@contextlib.asynccontextmanager
async def _quiet(phone: CompanionApp) -> AsyncIterator[None]:
    """The demo's own phone is off meanwhile: it is nobody's."""
    await phone.disconnect()
    try:
        yield
    finally:
        await phone.connect()
