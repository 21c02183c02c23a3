"""Buttons while something is down, twice, or by two people: one owner, no page lost, no success that is none."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.companion_app import IOS, CompanionApp, Notification
from tests.e2e.develop import Demo
from tests.e2e.steps import (
    ZHANG,
    Staff,
    answered,
    closed,
    ended,
    export,
    fire,
    impatient,
    ringing,
    site_file,
    staffed,
    tags,
    until,
)

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]

TAKE = "ACKNOWLEDGE"
"""What is in the button's id."""

ANSWER_SECONDS = 30.0
"""How long the first tier has to answer a fire in a test that waits for the second: half of the gateway's default."""


@pytest_asyncio.fixture(loop_scope="session")
async def quiet(demo: Demo) -> Demo:
    """The demo with an empty phone."""
    demo.phone.forget()
    return demo


@contextlib.asynccontextmanager
async def another(demo: Demo, name: str, **how: Any) -> AsyncIterator[CompanionApp]:
    """One more phone."""
    phone = CompanionApp(demo.hass, name, demo.folder, **how)
    await phone.register()
    await phone.connect()
    try:
        yield phone
    finally:
        await phone.disconnect()


async def decisions(demo: Demo, page: Notification, kind: str = "acknowledged") -> list[str]:
    """Who decided that, by the record."""
    sheet = await export(demo, page)
    return [line["who"] for line in sheet["lines"] if line["kind"] == kind]


async def test_the_same_button_twice_is_one_decision(quiet: Demo) -> None:
    """A nervous thumb: the first press counts, the second changes nothing, and the phone goes on saying who has it."""
    demo = quiet
    await fire(demo, 301)
    page = await demo.phone.until(ringing, what="page")
    assert await asyncio.gather(demo.phone.press(page), demo.phone.press(page)) == [200, 200]
    taken = await demo.phone.until(answered(page), what="'taken'")
    await demo.phone.press(page)
    await until(lambda: len(demo.phone.history) > 2, 20, "an answer to the late press")
    assert "张三" in taken.message
    assert await decisions(demo, page) == [ZHANG]
    assert tags(demo.phone) == [page.tag]
    await ended(demo, page, 301)


async def test_two_people_at_once_are_one_owner_on_both_phones(quiet: Demo) -> None:
    """Both press, one has it; both phones say the same, each in one notification."""
    demo = quiet
    async with another(demo, "Both") as second, staffed(demo, Staff(ZHANG, (demo.phone,)), Staff("李四", (second,))):
        await fire(demo, 302)
        pages = [await phone.until(ringing, what="page") for phone in (demo.phone, second)]
        await asyncio.gather(demo.phone.press(pages[0]), second.press(pages[1]))
        for phone in (demo.phone, second):
            await phone.until(answered(pages[0]), what="'taken'")
        owners = await decisions(demo, pages[0])
        assert owners in ([ZHANG], ["李四"])
        for phone in (demo.phone, second):
            await phone.until(lambda shown: not shown.asks and owners[0] in shown.message, what=f"'{owners[0]}'")
        await closed(demo, pages[0], 302)
        for phone in (demo.phone, second):
            await until(lambda phone=phone: not [i for i in phone.screen.values() if ringing(i)], 20, "end")
            assert phone.most_of[pages[0].incident] == 1
    demo.phone.forget()


async def test_a_press_on_an_iphone_counts(quiet: Demo) -> None:
    """It sends neither tag nor device nor reception: the button's own id says which incident the person saw."""
    demo = quiet
    async with another(demo, "Apple", app=IOS) as iphone, staffed(demo, Staff("苹果 Apple", (iphone,))):
        await fire(demo, 303)
        page = await iphone.until(ringing, what="page on the iPhone")
        assert page.critical
        await iphone.press(page)
        taken = await iphone.until(answered(page), what="'taken' on the iPhone")
        assert "Apple" in taken.message
        assert await decisions(demo, page) == ["苹果 Apple"]
        await closed(demo, page, 303)
        assert iphone.most_of[page.incident] == 1
    demo.phone.forget()


async def test_a_false_alarm_is_closed_from_the_phone_with_its_reason(quiet: Demo) -> None:
    """What is typed into the button becomes the cause and the note, and the notification goes."""
    demo = quiet
    await fire(demo, 304)
    page = await demo.phone.until(ringing, what="page")
    await demo.field.command("restore 304")
    await demo.phone.press(page, "FALSE_ALARM", reply="做饭油烟")
    await until(lambda: page.tag not in demo.phone.screen, 20, "end on the phone")
    incident = (await export(demo, page))["incident"]
    assert (incident["state"], incident["cause"], incident["note"]) == ("closed", "cooking", "做饭油烟")
    assert await decisions(demo, page, "closed") == [ZHANG]
    demo.phone.forget()


async def test_whoever_took_it_ends_it_from_the_same_notification(quiet: Demo) -> None:
    """Taken, on the way, a false alarm after a look: three presses on one notification, three lines in the record."""
    demo = quiet
    await fire(demo, 305)
    page = await demo.phone.until(ringing, what="page")
    await demo.phone.press(page)
    taken = await demo.phone.until(answered(page), what="'taken'")
    await demo.phone.press(taken, "ON_MY_WAY")
    going = await demo.phone.until(lambda shown: shown.tag == page.tag and len(shown.buttons) == 1, what="'on the way'")
    await demo.field.command("restore 305")
    await demo.phone.press(going, "FALSE_ALARM", reply="油烟")
    await until(lambda: page.tag not in demo.phone.screen, 20, "end on the phone")
    assert [await decisions(demo, page, kind) for kind in ("acknowledged", "handling", "closed")] == [[ZHANG]] * 3
    assert demo.phone.most_of[page.incident] == 1
    demo.phone.forget()


async def test_a_press_while_the_gateway_is_down_is_kept_and_made_good(quiet: Demo) -> None:
    """Nothing is claimed before the journal has it; after the return it counts once, however often it was pressed."""
    demo = quiet
    await fire(demo, 401)
    page = await demo.phone.until(ringing, what="page")
    entity = await demo.smoke_entity(401)
    demo.gateway.kill()
    assert await demo.phone.press(page) == 200
    assert await demo.phone.press(page) == 200
    await demo.hass.until(entity, "unavailable", 60)
    assert not [shown for shown in demo.phone.screen.values() if answered(page)(shown)]
    demo.gateway.start()
    await demo.gateway.ready()
    await demo.phone.until(answered(page), 60, "'taken' after the return")
    await demo.hass.until(entity, "on", 60)
    assert await decisions(demo, page) == [ZHANG]
    assert demo.phone.most_of[page.incident] == 1
    await ended(demo, page, 401)


async def test_a_press_that_never_came_shows_no_success_and_stops_nothing(quiet: Demo) -> None:
    """Home Assistant is killed between page and button: the press is lost, so the next tier is told all the same.

    While it starts it answers 200 to an app that it does not know yet; that, too, is no success.
    """
    demo = quiet
    async with another(demo, "Second") as second:
        staff = Staff(ZHANG, (demo.phone,)), Staff("李四", (second,), tier=2)
        patience = partial(impatient, answer=[ANSWER_SECONDS, 120.0])
        async with staffed(demo, *staff), site_file(demo, patience):
            await _restarted(demo, second)  # it writes who is who only when it stops
            sent = await fire(demo, 402)
            page = await demo.phone.until(ringing, what="page")
            demo.hass.kill()
            assert await demo.phone.press(page) == 0
            await _back(demo, second, pressing=page)
            escalated = await second.until(ringing, 2 * ANSWER_SECONDS, "page of the second tier")
            assert escalated.tag == page.tag
            if not await decisions(demo, page):
                assert not [shown for shown in demo.phone.screen.values() if answered(page)(shown)]
                assert escalated.shown_at - sent > ANSWER_SECONDS / 2
                await demo.phone.press(await demo.phone.until(ringing, ANSWER_SECONDS, "the page again"))
            await demo.phone.until(answered(page), 60, "'taken' by a Home Assistant that has just started")
            assert await decisions(demo, page) == [ZHANG]
            await closed(demo, page, 402)
            assert demo.phone.most_of[page.incident] == second.most_of[page.incident] == 1
    demo.phone.forget()


async def _restarted(demo: Demo, *others: CompanionApp) -> None:
    for phone in (demo.phone, *others):
        await phone.disconnect()
    await demo.hass.stop()
    await _back(demo, *others)


async def _back(demo: Demo, *others: CompanionApp, pressing: Notification | None = None) -> None:
    """Start Home Assistant; the apps connect when they can. ``pressing``: at the first moment that it answers 200."""
    for phone in (demo.phone, *others):
        await phone.disconnect()
    await demo.hass.hang_up()
    pressed = asyncio.create_task(_press_early(demo, pressing)) if pressing else None
    for phone in (demo.phone, *others):
        phone.look_for_home()
    await demo.hass.started()
    for phone in (demo.phone, *others):
        await phone.at_home()
    if pressed:
        await pressed


async def _press_early(demo: Demo, page: Notification) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < 60 and await demo.phone.press(page) != 200:
        await asyncio.sleep(0.02)
