"""kill -9 of Home Assistant, of the gateway, and of both: no page lost, one owner, one notification per incident."""

import pytest
import pytest_asyncio

from tests.e2e.develop import Demo
from tests.e2e.steps import ended, fire, ringing, tags

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _set_up_for_long(demo: Demo) -> None:
    """Home Assistant writes its own accounts minutes after they were made, or when it stops: it has stopped once."""
    if demo.hass.stopped:
        return
    await demo.phone.disconnect()
    await demo.hass.stop()
    await demo.hass.hang_up()
    demo.phone.look_for_home()
    await demo.hass.started()
    await demo.phone.at_home()


async def killed_and_back(demo: Demo, *, gateway: bool) -> None:
    """SIGKILL, then a start; the phone's app connects again by itself."""
    await demo.phone.disconnect()
    demo.hass.kill()
    if gateway:
        demo.gateway.kill()
        demo.gateway.start()
        await demo.gateway.ready()
    await demo.hass.hang_up()
    demo.phone.look_for_home()
    await demo.hass.started()
    await demo.phone.at_home()


@pytest.mark.parametrize("gateway", [False, True], ids=["home-assistant", "both"])
async def test_killed_right_after_the_alarm_the_page_still_comes_once(demo: Demo, gateway: bool) -> None:
    """The frame was confirmed, so the page reaches the phone, whoever died before it did."""
    demo.phone.forget()
    await fire(demo, 102)
    await killed_and_back(demo, gateway=gateway)
    page = await demo.phone.until(ringing, 150, "page after the kill")
    assert tags(demo.phone) == [page.tag]
    await demo.phone.press(page)
    taken = await demo.phone.until(lambda shown: shown.tag == page.tag and not shown.asks, 60, "'taken'")
    assert "张三" in taken.message
    assert tags(demo.phone) == [page.tag]
    await ended(demo, page, 102)


async def test_killed_right_after_the_press_nothing_is_claimed_and_nothing_lost(demo: Demo) -> None:
    """The press is carried out after the restart, or the page comes again; never a success that is none."""
    demo.phone.forget()
    await fire(demo, 103)
    page = await demo.phone.until(ringing, what="page")
    await demo.phone.press(page)
    await killed_and_back(demo, gateway=False)
    seen = await demo.phone.until(lambda shown: shown.tag == page.tag and shown is not page, 150, "an answer or a page")
    if seen.asks:
        await demo.phone.press(seen)
        await demo.phone.until(lambda shown: shown.tag == page.tag and not shown.asks, 60, "'taken'")
    assert tags(demo.phone) == [page.tag]
    await ended(demo, page, 103)


async def test_killed_in_a_spreading_fire_the_building_is_one_notification(demo: Demo) -> None:
    """A dozen flats alarm while both die; afterwards one incident knows all of them and one notification says so."""
    demo.phone.forget()
    flats = (104, 201, 202, 204, 302, 303, 304, 401, 403, 404, 503, 504)
    await fire(demo, *flats[:6])
    demo.hass.kill()
    await fire(demo, *flats[6:])
    await killed_and_back(demo, gateway=True)
    page = await demo.phone.until(lambda shown: ringing(shown) and "12" in shown.message, 180, "one page for all")
    assert tags(demo.phone) == [page.tag]
    await demo.phone.press(page)
    await demo.phone.until(lambda shown: shown.tag == page.tag and not shown.asks, 60, "'taken'")
    await ended(demo, page, *flats)
