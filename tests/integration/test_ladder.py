"""A page climbs from way to way until one proves that it arrived; every step leaves its receipt."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.community_help.contract import commands
from custom_components.community_help.pager import PAGERS
from tests.integration.conftest import PAGE, FakeGateway, Settle, demand, later
from tests.integration.ladders import add, device, page, received, steps, tried

pytestmark = pytest.mark.parametrize("phones", [("one", "two")], indirect=True)


async def test_without_proof_the_next_way_is_tried_after_ten_seconds(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    notified: list[dict[str, Any]],
) -> None:
    """First phone, second phone, second channel, and then the gateway hears that nothing was proven."""
    add(hass, loaded, "张三", "one", "two", channels=("notify.sms",))
    gateway.info = replace(gateway.info, version=3)
    loaded.runtime_data.gateway = gateway.info
    await page(hass, gateway, settle)
    assert [shown["phone"] for shown in phones] == ["one"]
    await later(hass, 11)
    await tried(hass, gateway, settle, device(hass, "two"))
    assert [shown["phone"] for shown in phones] == ["one", "two"]
    assert not notified
    await later(hass, 22)
    await tried(hass, gateway, settle, "notify.sms")
    assert notified[0]["entity_id"] == "notify.sms"
    assert notified[0]["title"].startswith("FIRE ALARM")
    await later(hass, 33)
    await settle(lambda: ("unproven", "") in steps(gateway))
    assert [step for step, _ in steps(gateway)].count("accepted") == 1
    ways = [device(hass, "one"), device(hass, "two"), "notify.sms"]
    assert [way for step, way in steps(gateway) if step == "unproven"] == [*ways, ""], "why the next one was tried"


async def test_proof_ends_the_climb(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """A phone that has the page spares the second one."""
    add(hass, loaded, "张三", "one", "two")
    await page(hass, gateway, settle)
    received(hass, "one")
    await settle(lambda: ("received", device(hass, "one")) in steps(gateway))
    await later(hass, 60)
    assert [shown["phone"] for shown in phones] == ["one"]
    assert "unproven" not in [step for step, _ in steps(gateway)]


async def test_a_way_that_fails_is_left_at_once(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """No ten seconds for a phone that refuses; why it failed is recorded."""

    async def refuse(_call: ServiceCall) -> None:
        message = "not connected to local push"
        raise HomeAssistantError(message)

    add(hass, loaded, "张三", "one", "two")
    hass.services.async_register("notify", "one", refuse)
    await page(hass, gateway, settle)
    assert [shown["phone"] for shown in phones] == ["two"]
    await settle(lambda: ("failed", device(hass, "one")) in steps(gateway))
    why = next(body.detail for body in gateway.bodies(commands.RecordReceipt) if body.step.value == "failed")
    assert why == "not connected to local push"


async def test_a_notify_action_that_breaks_counts_as_failed(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Whatever a foreign integration raises stops nothing."""

    async def broken(_call: ServiceCall) -> None:
        message = "secret"
        raise KeyError(message)

    add(hass, loaded, "张三", "one", "two")
    hass.services.async_register("notify", "one", broken)
    await page(hass, gateway, settle)
    assert [shown["phone"] for shown in phones] == ["two"]
    await settle(lambda: ("failed", device(hass, "one")) in steps(gateway))
    assert "secret" not in str(gateway.bodies(commands.RecordReceipt))


async def test_nobody_reached_is_said_at_once(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """The gateway need not wait for the page's time: no way took it."""

    async def refuse(_call: ServiceCall) -> None:
        message = "off"
        raise HomeAssistantError(message)

    add(hass, loaded, "张三", "one", "two")
    loaded.runtime_data.gateway = replace(gateway.info, version=3)
    for name in ("one", "two"):
        hass.services.async_register("notify", name, refuse)
    await page(hass, gateway, settle)
    await settle(lambda: ("failed", "") in steps(gateway))
    assert "accepted" not in [step for step, _ in steps(gateway)]


async def test_a_way_that_hangs_is_left_behind_like_one_that_proves_nothing(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
) -> None:
    """Ten seconds from when it was begun; what it still brings about later counts."""
    hanging = asyncio.Event()

    async def hang(_call: ServiceCall) -> None:
        await hanging.wait()

    hass.services.async_register("notify", "one", hang)
    person = add(hass, loaded, "张三", "one", "two")
    await demand(hass, gateway, settle)
    call = hass.services.async_call("community_help", "page_staff", {"page_id": PAGE.id}, blocking=True)
    sending = asyncio.create_task(call)
    await settle(lambda: PAGE.id in hass.data[PAGERS][loaded.entry_id]._climbs)
    await later(hass, 11)
    await settle(lambda: [shown["phone"] for shown in phones] == ["two"])
    await sending
    hanging.set()
    await settle(lambda: ("handed_over", device(hass, "one")) in steps(gateway))
    assert {body.person for body in gateway.bodies(commands.RecordReceipt) if body.phone} == {person}


async def test_a_settled_page_waits_for_no_way_that_hangs(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """The way is given up, so that it can be told that somebody else has it."""
    stopped = asyncio.Event()

    async def hang(_call: ServiceCall) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    hass.services.async_register("notify", "one", hang)
    add(hass, loaded, "张三", "one")
    await demand(hass, gateway, settle)
    call = hass.services.async_call("community_help", "page_staff", {"page_id": PAGE.id}, blocking=True)
    sending = asyncio.create_task(call)
    await settle(lambda: PAGE.id in hass.data[PAGERS][loaded.entry_id]._climbs)
    await gateway.say(pages=(replace(PAGE, accepted=True, settled=True),))
    await settle(stopped.is_set)
    await sending


async def test_a_phone_that_hangs_delays_nobody_elses_next_way(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    notified: list[dict[str, Any]],
) -> None:
    """A relay that does not answer holds up its own person only."""
    hanging = asyncio.Event()

    async def hang(_call: ServiceCall) -> None:
        await hanging.wait()

    hass.services.async_register("notify", "one", hang)
    add(hass, loaded, "张三", "one")
    add(hass, loaded, "李四", "two", channels=("notify.sms",))
    await demand(hass, gateway, settle)
    call = hass.services.async_call("community_help", "page_staff", {"page_id": PAGE.id}, blocking=True)
    sending = asyncio.create_task(call)
    await settle(lambda: ("handed_over", device(hass, "two")) in steps(gateway))
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=11))
    await settle(lambda: len(notified) == 1)
    hanging.set()
    await sending


async def test_an_older_gateway_is_not_told_what_it_does_not_know(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Version 2 has no word for unproven."""
    add(hass, loaded, "张三", "one")
    loaded.runtime_data.gateway = replace(gateway.info, version=2)
    await page(hass, gateway, settle)
    await later(hass, 60)
    assert {step for step, _ in steps(gateway)} == {"accepted", "handed_over"}


async def test_a_settled_page_climbs_no_further(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Somebody else took it meanwhile."""
    add(hass, loaded, "张三", "one", "two")
    await page(hass, gateway, settle)
    await gateway.say(pages=(replace(PAGE, accepted=True, settled=True),))
    await settle(lambda: PAGE.id not in loaded.runtime_data.pages)
    await later(hass, 60)
    assert [shown["phone"] for shown in phones] == ["one"]


async def test_after_a_restart_the_climb_goes_on_where_it_was(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """The page is accepted already; the first phone is not rung again, the second one is."""
    add(hass, loaded, "张三", "one", "two")
    await page(hass, gateway, settle)
    gateway.pages = (replace(PAGE, accepted=True),)
    gateway.incidents = (PAGE.incident,)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(lambda: PAGE.id in hass.data[PAGERS][loaded.entry_id]._climbs)
    await hass.async_block_till_done(wait_background_tasks=False)
    await later(hass, 12)
    await settle(lambda: len(phones) == 2)
    assert [shown["phone"] for shown in phones] == ["one", "two"]


async def test_a_shared_duty_phone_rings_for_whoever_is_paged(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """It is in nobody's own list; its receipts are its own."""
    add(hass, loaded, "张三", "one")
    data = {"name": "值班手机", "phones": [device(hass, "two")], "people": []}
    shared = ConfigSubentry(data=MappingProxyType(data), subentry_type="duty_phone", title="值班手机", unique_id=None)
    hass.config_entries.async_add_subentry(loaded, shared)
    await page(hass, gateway, settle)
    assert sorted(shown["phone"] for shown in phones) == ["one", "two"]
    people = {body.phone: body.person for body in gateway.bodies(commands.RecordReceipt) if body.phone}
    assert people[device(hass, "two")] == shared.subentry_id
