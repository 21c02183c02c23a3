"""From the frame at the gateway's socket to the acknowledged page on the phone, through real processes."""

import asyncio
import shutil
import time
from functools import partial

import pytest

from tests.e2e import browser
from tests.e2e.companion_app import CompanionApp, Notification
from tests.e2e.develop import Demo, alarm
from tests.e2e.steps import UNPROVEN_SECONDS, impatient, site_file

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


def page_for(flat: int) -> object:
    """A notification with a button about this flat."""
    return lambda shown: shown.asks and f" {flat} " in shown.title


async def close(demo: Demo, page: Notification) -> None:
    """End the incident, so that the next test starts quiet."""
    incident = page.tag.removeprefix("community_help_")
    await demo.hass.post("/api/services/community_help/close", {"incident_id": incident, "cause": "drill"})


async def recorded(demo: Demo, event: str, place: str) -> set[str]:
    """The states of an incident event about a place; the recorder writes once a second."""
    deadline = time.monotonic() + 20
    while True:
        history = await demo.hass.get(f"/api/history/period?filter_entity_id={event}")
        told = {item["state"] for item in history[0] if place in str(item["attributes"].get("place"))}
        if told or time.monotonic() > deadline:
            return told
        await asyncio.sleep(0.5)


async def test_frame_entity_page_acknowledgement(demo: Demo) -> None:
    """The whole way, and the blueprint's automation is what answered the page."""
    before = (await demo.hass.until("automation.community_help_alarm", "on"))["attributes"]["last_triggered"]
    times = await alarm(demo, 203)
    assert set(times) == {"frame confirmed", "entity on", "page on the phone", "press -> taken"}
    after = (await demo.hass.state("automation.community_help_alarm"))["attributes"]["last_triggered"]
    assert after is not None
    assert after != before
    shown = [item for item in demo.phone.history if " 203 " in item.title]
    assert [item.critical for item in shown] == [True, False, False][: len(shown)]
    assert "张三 Zhang San" in shown[1].message


async def test_an_alarm_while_home_assistant_is_down(demo: Demo) -> None:
    """Stopped, alarm, started: the entity is on, the incident event comes once, the page goes out."""
    entity = await demo.smoke_entity(301)
    event = await demo.entity_of("clearwater", "incident")
    before = (await demo.hass.state(event))["state"]
    await demo.phone.disconnect()
    await demo.hass.stop()
    sent, confirmed = map(float, (await demo.field.command("fire 301")).split())
    assert confirmed > sent
    demo.phone.look_for_home()
    await demo.hass.started()
    await demo.phone.at_home()
    await demo.hass.until(entity, "on", 30)
    page = await demo.phone.until(page_for(301), 150, "page of flat 301")
    assert page.critical
    found = await demo.hass.state(event)
    assert found["state"] != before
    assert (found["attributes"]["event_type"], " 301 " in found["attributes"]["place"]) == ("raised", True)
    assert len(await recorded(demo, event, " 301 ")) == 1
    await demo.phone.press(page)
    await demo.phone.until(lambda shown: shown.tag == page.tag and not shown.asks, what="'taken'")
    await demo.field.command("restore 301")
    await close(demo, page)


async def test_a_relay_is_switched_from_home_assistant(demo: Demo) -> None:
    """The station's second appliance, verified by the device."""
    relay = await demo.entity_of("station-2", "relay")
    await demo.hass.until(relay, "off", 60)
    await demo.hass.post("/api/services/switch/turn_on", {"entity_id": relay})
    await demo.hass.until(relay, "on")
    assert await demo.field.command("relay 2") == "True"


async def test_septic_gas_pages(demo: Demo) -> None:
    """12 ppm of H2S: the value, the alarm, the page."""
    await demo.hass.until(await demo.entity_of("septic-1", "gas"), "off", 60)
    await demo.field.command("gas h2s 12")
    await demo.hass.until(await demo.entity_of("septic-1", "gas"), "on", 30)
    page = await demo.phone.until(lambda shown: shown.asks and "GAS" in shown.title, what="gas page")
    await demo.hass.until(await demo.entity_of("septic-1", "h2s"), "12.0")
    await demo.field.command("gas h2s 0")
    await close(demo, page)


async def test_the_alarm_is_told_to_a_phone_that_was_off(demo: Demo) -> None:
    """The only phone is off: nothing is lost, the page is repeated until somebody answers."""
    async with site_file(demo, partial(impatient, unproven=UNPROVEN_SECONDS)):
        await demo.phone.disconnect()
        await demo.field.command("fire 501")
        await demo.phone.connect()
        page = await demo.phone.until(page_for(501), 180, "repeated page of flat 501")
    await demo.phone.press(page)
    await demo.phone.until(lambda shown: shown.tag == page.tag and not shown.asks, what="'taken'")
    await demo.field.command("restore 501")
    await close(demo, page)


async def test_a_second_phone_sees_who_has_it(demo: Demo) -> None:
    """Everybody's notification is replaced, not only that of the one who pressed."""
    second = CompanionApp(demo.hass, "Li", demo.folder)
    await second.register()
    await second.connect()
    (entry,) = await demo.hass.get("/api/config/config_entries/entry?domain=community_help")
    await demo.hass.add_staff(entry["entry_id"], "李四", [await second.device_id()])
    await demo.field.command("fire 604")
    page = await demo.phone.until(page_for(604), what="page on the first phone")
    await second.until(page_for(604), what="page on the second phone")
    await second.press(page)
    taken = await demo.phone.until(lambda shown: shown.tag == page.tag and not shown.asks, what="'taken'")
    assert "李四" in taken.message
    await second.until(lambda shown: shown.tag == page.tag and not shown.asks, what="'taken' on the second phone")
    await second.disconnect()
    await demo.field.command("restore 604")
    await close(demo, page)


@pytest.mark.skipif(
    not shutil.which("chromium"), reason="no chromium: scripts/setup browser installs it as root on Debian"
)
@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["Septic gas", "Smoke alarm", "Love station"]), ("zh-Hans", ["化粪池气体", "烟感", "爱心驿站"])],
)
async def test_the_devices_page_shows_names_and_areas(demo: Demo, language: str, words: list[str]) -> None:
    """In a real browser, in both languages."""
    async with browser.opened(demo.hass, language) as page:
        text = await browser.devices_text(page)
    assert not [word for word in words if word not in text]
