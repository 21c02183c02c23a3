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
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.community_help import roster
from custom_components.community_help.contract import commands, values
from custom_components.community_help.pager import PAGERS
from tests.integration.conftest import PAGE, FakeGateway, Settle, demand, later

pytestmark = pytest.mark.parametrize("phones", [("one", "two")], indirect=True)


def device(hass: HomeAssistant, name: str) -> str:
    """The device of the phone called ``name``."""
    return next(item.device_id for item in roster.all_phones(hass).values() if item.webhook_id == name)


def add(hass: HomeAssistant, entry: MockConfigEntry, name: str, *phones: str, channels: tuple[str, ...] = ()) -> str:
    """A member of the staff with phones and channels in order; the person's id."""
    data = {"name": name, "tier": 1, "phones": [device(hass, item) for item in phones], "channels": list(channels)}
    member = ConfigSubentry(data=MappingProxyType(data), subentry_type="staff", title=name, unique_id=None)
    hass.config_entries.async_add_subentry(entry, member)
    return member.subentry_id


def steps(gateway: FakeGateway) -> list[tuple[str, str]]:
    """What was proven so far: step and phone."""
    return [(body.step.value, body.phone) for body in gateway.bodies(commands.RecordReceipt)]


def received(hass: HomeAssistant, name: str) -> None:
    """The phone says that the page is there."""
    data = {"tag": "community_help_ep-1", "device_id": device(hass, name)}
    hass.bus.async_fire("mobile_app_notification_received", data)


async def page(hass: HomeAssistant, gateway: FakeGateway, settle: Settle) -> None:
    """A page that an automation answers at once."""
    await demand(hass, gateway, settle)
    await hass.services.async_call("community_help", "page_staff", {"page_id": PAGE.id}, blocking=True)
    await hass.async_block_till_done(wait_background_tasks=False)


async def tried(hass: HomeAssistant, gateway: FakeGateway, settle: Settle, way: str) -> None:
    """The page was handed over by this way, and its time for proof runs."""
    await settle(lambda: ("handed_over", way) in steps(gateway))
    await hass.async_block_till_done(wait_background_tasks=False)


@pytest.fixture
def notified(hass: HomeAssistant) -> list[dict[str, Any]]:
    """What notify entities were told."""
    told: list[dict[str, Any]] = []

    async def send_message(call: ServiceCall) -> None:
        told.append(dict(call.data))

    hass.services.async_register("notify", "send_message", send_message)
    return told


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
    assert not sending.done()
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


async def test_where_nothing_is_replaced_an_update_is_one_message(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    notified: list[dict[str, Any]],
) -> None:
    """A notify entity gets the page, and once that somebody has it; not every change, and not that it is closed."""
    add(hass, loaded, "张三", channels=("notify.sms",))
    await page(hass, gateway, settle)
    await settle(lambda: len(notified) == 1)
    owner = values.Person("zhang", "张三")
    taken: dict[str, Any] = {
        "state": values.IncidentState.ACKNOWLEDGED,
        "answered": True,
        "owner": owner,
        "acknowledged_at": 1040.0,
    }
    kinds = values.IncidentEventKind
    for number, (kind, changes) in enumerate(
        [
            (kinds.JOINED, {"revision": 2}),
            (kinds.ACKNOWLEDGED, {**taken, "revision": 2}),
            (kinds.HANDLING, {**taken, "state": values.IncidentState.HANDLING, "revision": 2}),
            (kinds.CLOSED, {**taken, "state": values.IncidentState.CLOSED, "closed_at": 2000.0, "revision": 2}),
        ],
        1,
    ):
        incident = replace(PAGE.incident, **changes)
        event = values.IncidentEvent(gateway.number + 1, 1000.0, kind, incident)
        await gateway.say(events=(event,))
        await settle(lambda: loaded.runtime_data._cursor.number == gateway.number)
        await later(hass, 6 * number)
    await settle(lambda: len(notified) == 2)
    assert "张三 has taken it" in notified[1]["message"]


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


@pytest.fixture
def ntfy(hass: HomeAssistant) -> list[dict[str, Any]]:
    """What ntfy was asked; the entity is of its platform, its server is the outermost edge."""
    asked: list[dict[str, Any]] = []

    async def publish(call: ServiceCall) -> None:
        asked.append({"action": call.service, **call.data})

    er.async_get(hass).async_get_or_create("notify", "ntfy", "topic", suggested_object_id="topic")
    for name in ("publish", "clear"):
        hass.services.async_register("ntfy", name, publish)
    return asked


async def answered_by_ntfy(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle, asked: list[dict[str, Any]]
) -> dict[str, Any]:
    """A page to somebody who has ntfy only."""
    hass.config.external_url = "https://home.example.org"
    add(hass, loaded, "张三", channels=("notify.topic",))
    await page(hass, gateway, settle)
    await settle(lambda: len(asked) == 1)
    return asked[0]


async def test_ntfy_has_buttons_of_its_own_and_each_works_once(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    hass_client_no_auth: Any,
) -> None:
    """A POST acknowledges in the person's name, a GET never acts, the second POST finds nothing."""
    shown = await answered_by_ntfy(hass, gateway, loaded, settle, ntfy)
    assert (shown["priority"], shown["sequence_id"]) == (5, "community_help_ep-1")
    assert [item["label"] for item in shown["actions"]] == ["I'll take it", "On my way", "False alarm"]
    address = shown["actions"][0]["url"]
    assert address.startswith("https://home.example.org/api/community_help/answer/")
    path = address.removeprefix("https://home.example.org")
    client = await hass_client_no_auth()
    assert (await client.get(path)).status == 405
    assert (await client.head(path)).status == 405
    assert not gateway.bodies(commands.Acknowledge)
    first = await client.post(path)
    assert (first.status, await first.text()) == (200, "Done.")
    (said,) = gateway.bodies(commands.Acknowledge)
    assert (said.incident, said.revision, said.person.name, said.way.value) == ("ep-1", 1, "张三", "button")
    assert (await client.post(path)).status == 410
    assert len(gateway.bodies(commands.Acknowledge)) == 1


async def test_the_tokens_of_a_closed_incident_end(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    hass_client_no_auth: Any,
) -> None:
    """And the message is taken away from the app."""
    shown = await answered_by_ntfy(hass, gateway, loaded, settle, ntfy)
    closed = replace(PAGE.incident, state=values.IncidentState.CLOSED, closed_at=2000.0)
    event = values.IncidentEvent(gateway.number + 1, 2000.0, values.IncidentEventKind.CLOSED, closed)
    await gateway.say(events=(event,))
    await settle(lambda: len(ntfy) == 2)
    assert (ntfy[1]["action"], ntfy[1]["sequence_id"]) == ("clear", "community_help_ep-1")
    client = await hass_client_no_auth()
    path = shown["actions"][0]["url"].removeprefix("https://home.example.org")
    assert (await client.post(path)).status == 410
    assert not gateway.bodies(commands.Acknowledge)


async def test_tokens_survive_a_restart_and_are_on_disk_as_fingerprints_only(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    hass_client_no_auth: Any,
    hass_storage: dict[str, Any],
) -> None:
    """Nobody who reads the disk can answer in somebody's name."""
    shown = await answered_by_ntfy(hass, gateway, loaded, settle, ntfy)
    path = shown["actions"][1]["url"].removeprefix("https://home.example.org")
    key = f"community_help.{loaded.entry_id}.answers"
    await later(hass, 2)
    await settle(lambda: key in hass_storage)
    kept = hass_storage[key]["data"]
    assert len(kept) == 3
    assert path.rpartition("/")[2] not in str(kept)
    gateway.pages, gateway.incidents = (replace(PAGE, accepted=True),), (PAGE.incident,)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(lambda: loaded.runtime_data.fence == 1)
    client = await hass_client_no_auth()
    assert (await client.post(path)).status == 200
    assert [said.person.name for said in gateway.bodies(commands.Handle)] == ["张三"]


async def test_guessing_is_slowed_down(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    hass_client_no_auth: Any,
) -> None:
    """Thirty posts a minute from one address are more than any person needs."""
    client = await hass_client_no_auth()
    answers = [(await client.post(f"/api/community_help/answer/{number}")).status for number in range(31)]
    assert answers == [410] * 30 + [429]
