"""What a restart, a crash or a lost file leaves of pages: nobody is left out, nothing stays that is over."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.const import STORES
from custom_components.community_help.contract import commands, values
from custom_components.community_help.standby import STANDBYS
from tests.integration.conftest import INCIDENT, PAGE, FakeGateway, Settle, incident_event, later
from tests.integration.ladders import add, device, page, received, steps, tried

pytestmark = pytest.mark.parametrize("phones", [("one", "two")], indirect=True)
TAKEN = (replace(PAGE, accepted=True),)
OTHER = values.Page("ep-5", 5, replace(INCIDENT, revision=2), 2, 2, (), "escalated", 1010.0, 1020.0, 1200.0, 1)


def kept(hass_storage: dict[str, Any], entry: MockConfigEntry, name: str) -> dict[str, Any]:
    """What a file of the entry says."""
    found: dict[str, Any] = hass_storage[f"community_help.{entry.entry_id}.{name}"]["data"]
    return found


def keep(hass_storage: dict[str, Any], entry: MockConfigEntry, name: str, data: object) -> None:
    """A file as the last run left it."""
    key = f"community_help.{entry.entry_id}.{name}"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}


async def start(hass: HomeAssistant, entry: MockConfigEntry, settle: Settle) -> None:
    """Home Assistant comes up with what is on disk."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(lambda: entry.runtime_data.fence == 1)
    await hass.async_block_till_done(wait_background_tasks=False)


async def test_the_gateway_hears_that_a_page_was_taken_only_when_disk_knows_who_shows_it(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    hass_storage: dict[str, Any],
) -> None:
    """A crash before that leaves the page demanded; after it the right phones are found again."""
    add(hass, loaded, "张三", "one")
    seen: list[dict[str, Any]] = []

    def answer(command: Any) -> Any:
        if isinstance(command.body, commands.RecordReceipt) and command.body.step is values.ReceiptStep.ACCEPTED:
            seen.append(kept(hass_storage, loaded, "told")["ep-1"])
        gateway.answer = None
        outcome = gateway._outcome(command)
        gateway.answer = answer
        return outcome

    gateway.answer = answer
    await page(hass, gateway, settle)
    await settle(lambda: bool(seen))
    assert seen[0]["people"].keys() == {device(hass, "one")} == seen[0]["sent"].keys()


async def test_who_showed_an_older_page_is_rung_by_the_newer_one_after_a_restart(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Only what took this page counts as tried; the second page was noted, and the crash came before it was sent."""
    add(hass, loaded, "张三", "one", "two")
    await page(hass, gateway, settle)
    board = hass.data[STANDBYS][loaded.entry_id].board
    board.note("ep-1", OTHER.id, board.told["ep-1"].words)
    await board.async_save()
    gateway.pages, gateway.incidents = (replace(OTHER, accepted=True),), (OTHER.incident,)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(lambda: [shown["phone"] for shown in phones] == ["one", "one"])
    assert phones[1]["data"]["page"] == OTHER.id


async def test_a_page_of_which_nothing_is_known_any_more_is_sent_again(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    hass_storage: dict[str, Any],
) -> None:
    """The file is lost or unreadable: rather twice than not at all, and the start goes on."""
    keep(hass_storage, entry, "told", {"ep-1": {"people": None}, "ep-2": "?", "ep-8": {"page": "x"}})
    keep(hass_storage, entry, "answers", {"a": {"kind": 1}, "b": None})
    keep(hass_storage, entry, "proofs", {"a": {"since": "x"}, "b": 7})
    gateway.pages, gateway.incidents = TAKEN, (INCIDENT,)
    await start(hass, entry, settle)
    await settle(lambda: bool(phones))
    assert phones[0]["data"]["tag"] == "community_help_ep-1"


@pytest.mark.parametrize("name", sorted(STORES))
@pytest.mark.parametrize("data", [[], {"ep-1": []}, {"ep-1": {"people": {"a": 1}, "page": 2, "shown": {"a": "x"}}}])
async def test_no_file_of_ours_stops_the_start(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    hass_storage: dict[str, Any],
    name: str,
    data: object,
) -> None:
    """Whatever stands in it: a damaged memory must not silence the alarm of tonight."""
    keep(hass_storage, entry, name, data)
    await start(hass, entry, settle)
    await page(hass, gateway, settle)
    assert phones


async def test_a_phone_that_was_away_at_the_end_is_cleared_after_a_restart(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Home Assistant was restarted between the end of the incident and the phone's return."""

    async def refuse(_call: ServiceCall) -> None:
        raise HomeAssistantError("not connected")

    async def take(call: ServiceCall) -> None:
        phones.append({**call.data, "phone": "one"})

    add(hass, loaded, "张三", "one")
    await page(hass, gateway, settle)
    hass.services.async_register("notify", "one", refuse)
    closed = {"state": values.IncidentState.CLOSED, "closed_at": 1100.0, "answered": True}
    await gateway.say(events=(incident_event(values.IncidentEventKind.CLOSED, gateway.number + 1, **closed),))
    board = hass.data[STANDBYS][loaded.entry_id].board
    await settle(lambda: board.told["ep-1"].over)
    await hass.async_block_till_done(wait_background_tasks=False)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(lambda: loaded.runtime_data.fence == 1)
    await later(hass, 6)
    await hass.async_block_till_done(wait_background_tasks=False)
    hass.services.async_register("notify", "one", take)
    await later(hass, 30)
    await settle(lambda: len(phones) == 2)
    assert (phones[1]["message"], phones[1]["data"]["tag"]) == ("clear_notification", "community_help_ep-1")
    await settle(lambda: not board.told)


async def test_what_ended_unheard_leaves_the_screens(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    hass_storage: dict[str, Any],
) -> None:
    """The gateway has it no more and tells nothing of its end, as after a new journal."""
    one = device(hass, "one")
    keep(hass_storage, entry, "told", {"old-1": {"people": {one: "", "notify.sms": ""}, "page": "old-3"}})
    await start(hass, entry, settle)
    await later(hass, 6)
    await settle(lambda: bool(phones))
    assert (phones[0]["message"], phones[0]["data"]["tag"]) == ("clear_notification", "community_help_old-1")
    await later(hass, 60)
    assert len(phones) == 1


async def test_a_late_proof_of_an_older_page_does_not_end_the_newer_ones_climb(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """The phone confirms what it has: the first page; whether it has the second is not known."""
    add(hass, loaded, "张三", "one", "two")
    await page(hass, gateway, settle)
    await gateway.say(pages=(replace(PAGE, accepted=True, settled=True), OTHER))
    await settle(lambda: OTHER.id in loaded.runtime_data.pages)
    await hass.services.async_call("community_help", "page_staff", {"page_id": OTHER.id}, blocking=True)
    await tried(hass, gateway, settle, device(hass, "one"))
    received(hass, "one")
    one = device(hass, "one")
    await settle(lambda: ("received", one) in steps(gateway))
    found = [body.page for body in gateway.bodies(commands.RecordReceipt) if body.step.value == "received"]
    assert found == [PAGE.id]
    await later(hass, 12)
    await settle(lambda: [shown["phone"] for shown in phones][-1] == "two")


async def test_to_wipe_away_who_has_it_proves_no_page(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """An update carries no page; what comes back with it is no receipt of one, nor is a page that never was."""
    add(hass, loaded, "张三", "one")
    await page(hass, gateway, settle)
    await gateway.say(
        events=(
            incident_event(
                values.IncidentEventKind.ACKNOWLEDGED,
                gateway.number + 1,
                state=values.IncidentState.ACKNOWLEDGED,
                owner=values.Person("z", "张三"),
                acknowledged_at=1040.0,
                answered=True,
            ),
        )
    )
    await settle(lambda: len(phones) == 2)
    assert "page" not in phones[1]["data"]
    for data in (phones[1]["data"], {**phones[1]["data"], "page": "ep-99"}):
        hass.bus.async_fire("mobile_app_notification_cleared", {**data, "device_id": device(hass, "one")})
    received(hass, "one")
    await settle(lambda: ("received", device(hass, "one")) in steps(gateway))
    assert "seen" not in [step for step, _ in steps(gateway)]
