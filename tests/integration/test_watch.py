"""Promise 10 in Home Assistant: what happens while the gateway is gone."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.community_help import notice
from custom_components.community_help.contract import commands, messages, values
from custom_components.community_help.notice import Words
from custom_components.community_help.standby import STANDBYS
from tests.integration.conftest import (
    INCIDENT,
    PAGE,
    FakeGateway,
    Settle,
    add_staff,
    after_grace,
    demand,
    eventually,
    later,
    press,
)

LOSS = "community_help_gateway_"
TWO_PHONES = pytest.mark.parametrize("phones", [("one", "two")], indirect=True)
NOTICE = replace(INCIDENT, id="ep-8", severity=values.Severity.NOTICE, hazard=values.Hazard.SUPERVISION)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream is tried again without a wait."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))


def losses(phones: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was shown about the gateway itself."""
    return [shown for shown in phones if shown["data"]["tag"].startswith(LOSS)]


def incidents(phones: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was shown about incidents."""
    return [shown for shown in phones if not shown["data"]["tag"].startswith(LOSS)]


def gone_issue(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """The repair issue that says that the gateway is gone."""
    return ir.async_get(hass).async_get_issue("community_help", f"gateway_gone_{entry.entry_id}")


async def lose(hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, settle: Settle) -> None:
    """The gateway goes away, and that is noticed."""
    await settle(lambda: entry.runtime_data.fence == 1)
    await gateway.go_away()
    await settle(lambda: not entry.runtime_data.connected)


async def test_promise_10_while_the_gateway_is_gone_open_incidents_are_paged_again(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """The loss once, the unanswered page again and again under its tag, and silence as soon as it is back."""
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: len(phones) == 1)
    await lose(hass, gateway, loaded, settle)
    await later(hass, 61)
    await settle(lambda: len(phones) == 3)
    (loss,) = losses(phones)
    assert loss["title"] == "The gateway is gone: Demo"
    assert "Unanswered incidents: 1." in loss["message"]
    assert loss["data"]["push"]["sound"]["critical"] == 1
    again = incidents(phones)[1]
    assert again["data"]["tag"] == phones[0]["data"]["tag"]
    assert again["data"]["actions"] == phones[0]["data"]["actions"]
    assert again["data"]["push"]["sound"]["critical"] == 1
    assert "Home Assistant repeats what it knew last" in again["message"]
    assert gone_issue(hass, loaded)
    await later(hass, 61 + 121)
    await settle(lambda: len(incidents(phones)) == 3)
    assert len(losses(phones)) == 1
    gateway.pages, gateway.incidents, gateway.away = (replace(PAGE, accepted=True),), (INCIDENT,), False
    await settle(lambda: len(losses(phones)) == 2)
    back = losses(phones)[1]
    assert back["title"] == "The gateway is back: Demo"
    assert back["data"]["tag"] == loss["data"]["tag"]
    assert (back["data"]["push"]["sound"], back["data"]["alert_once"]) == ("none", True)
    assert not gone_issue(hass, loaded)
    await later(hass, 61 + 121 + 600)
    assert len(phones) == 5


async def test_promise_10_a_gateway_that_restarts_within_a_minute_pages_nobody(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """An update of the app wakes nobody; the next loss has its full minute again."""
    for _ in range(2):
        await lose(hass, gateway, loaded, settle)
        await later(hass, 58)
        gateway.away = False
        await settle(lambda: loaded.runtime_data.connected)
        await hass.async_block_till_done()
    await later(hass, 300)
    assert not phones
    assert not gone_issue(hass, loaded)


@TWO_PHONES
async def test_promise_10_the_loss_is_paged_to_the_first_tier_of_each_compound(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Not to the next tier, and not over silence when nothing is unanswered."""
    add_staff(hass, loaded, "张三", 1, "one", "bay")
    add_staff(hass, loaded, "李四", 2, "two")
    add_staff(hass, loaded, "别处", 1, "two", "elsewhere")
    await lose(hass, gateway, loaded, settle)
    await later(hass, 61)
    await settle(lambda: bool(phones))
    (loss,) = phones
    assert loss["phone"] == "one"
    assert loss["data"]["push"] == {"interruption-level": "time-sensitive"}


@TWO_PHONES
async def test_promise_10_pages_are_repeated_to_their_people_and_only_while_unanswered(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """The tiers that were paged, each incident once; neither what is answered nor a mere notice."""
    first = add_staff(hass, loaded, "张三", 1, "one")
    second = add_staff(hass, loaded, "李四", 2, "two")
    taken = replace(INCIDENT, id="ep-9", answered=True)
    pages = (
        replace(PAGE, people=(first,), accepted=True),
        replace(PAGE, id="ep-4", number=4, people=(second,), tier=2, accepted=True),
        replace(PAGE, id="ep-5", number=5, incident=taken, accepted=True),
        replace(PAGE, id="ep-6", number=6, incident=NOTICE, answer_by=0.0, accepted=True),
    )
    for page in pages:
        hass.data[STANDBYS][loaded.entry_id].board.note(page.incident.id, "", Words())
        await demand(hass, gateway, settle, page)
    await lose(hass, gateway, loaded, settle)
    await later(hass, 61)
    await settle(lambda: len(incidents(phones)) == 2)
    assert {shown["data"]["tag"] for shown in incidents(phones)} == {"community_help_ep-1"}
    assert sorted(shown["phone"] for shown in incidents(phones)) == ["one", "two"]


async def test_promise_10_home_assistant_starts_while_the_gateway_is_gone(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    hass_storage: dict[str, Any],
) -> None:
    """From the picture on disk, over the retries of the set-up; the return is told by the next set-up."""
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await lose(hass, gateway, loaded, settle)
    phones.clear()
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await later(hass, 6)
    assert not hass.data[STANDBYS]
    await hass.config_entries.async_setup(loaded.entry_id)
    assert loaded.state is ConfigEntryState.SETUP_RETRY
    await later(hass, 61)
    await settle(lambda: len(phones) == 2)
    assert [len(losses(phones)), len(incidents(phones))] == [1, 1]
    assert incidents(phones)[0]["title"] == "FIRE ALARM: 清水湾 1号楼 2 201 烟感"
    assert gone_issue(hass, loaded)
    gateway.away = False
    await later(hass, 200)
    await settle(lambda: loaded.state is ConfigEntryState.LOADED)
    await settle(lambda: len(losses(phones)) == 2)
    assert losses(phones)[1]["title"] == "The gateway is back: Demo"
    assert not gone_issue(hass, loaded)


async def test_promise_10_a_gateway_that_is_back_is_found_long_before_home_assistant_tries_again(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Its retries grow to ten minutes apart; a look every ten seconds finds the gateway."""
    await lose(hass, gateway, loaded, settle)
    await hass.config_entries.async_reload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.SETUP_RETRY
    loaded.async_cancel_retry_setup()
    await later(hass, 11)
    assert loaded.state is ConfigEntryState.SETUP_RETRY
    gateway.away = False
    await later(hass, 22)
    await settle(lambda: loaded.state is ConfigEntryState.LOADED)
    await later(hass, 300)
    assert not phones


async def test_promise_10_a_loss_before_the_lease_was_confirmed_again_is_paged(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Who paged before the restart goes on until somebody else is named."""
    await settle(lambda: loaded.runtime_data.fence == 1)
    await hass.config_entries.async_unload(loaded.entry_id)
    gateway.mute = True
    await hass.config_entries.async_setup(loaded.entry_id)
    assert loaded.state is ConfigEntryState.LOADED
    await later(hass, 4)
    await gateway.go_away()
    await settle(lambda: not loaded.runtime_data.connected)
    await later(hass, 66)
    await settle(lambda: len(losses(phones)) == 1)


async def test_promise_10_the_minute_runs_from_the_end_of_home_assistants_start(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """The Supervisor starts the gateway's app only after Home Assistant: an ordinary boot pages nobody."""
    await lose(hass, gateway, loaded, settle)
    await hass.config_entries.async_unload(loaded.entry_id)
    await later(hass, 6)
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_setup(loaded.entry_id)
    await later(hass, 300)
    assert not phones
    hass.bus.async_fire("homeassistant_started")
    hass.set_state(CoreState.running)
    await hass.async_block_till_done()
    await later(hass, 61)
    await settle(lambda: bool(phones))


async def test_promise_10_a_press_is_kept_while_the_gateway_is_gone_and_no_phone_says_taken(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
    hass_storage: dict[str, Any],
) -> None:
    """Also when Home Assistant was started meanwhile. Who pressed is not rung again; the press arrives at the end."""
    person = add_staff(hass, loaded, "张三", 1, "one")
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: len(phones) == 1)
    await lose(hass, gateway, loaded, settle)
    await hass.config_entries.async_unload(loaded.entry_id)
    await later(hass, 6)
    await hass.config_entries.async_setup(loaded.entry_id)
    press(hass, phones[0], user)
    key = f"community_help.{loaded.entry_id}.presses"
    await settle(lambda: bool(hass_storage.get(key, {}).get("data")))
    await settle(lambda: len(incidents(phones)) == 2)
    assert phones[1]["message"].startswith("Noted. It counts as soon as the gateway is reached.\n")
    assert phones[1]["data"]["alert_once"]
    await later(hass, 61)
    await settle(lambda: len(losses(phones)) == 1)
    assert len(incidents(phones)) == 2
    gateway.away = False
    await later(hass, 200)
    await settle(lambda: bool(gateway.bodies(commands.Acknowledge)))
    (said,) = gateway.bodies(commands.Acknowledge)
    assert (said.incident, said.person.id) == ("ep-1", person)


async def test_promise_10_who_says_that_it_is_real_is_still_rung_until_somebody_takes_it(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
    hass_storage: dict[str, Any],
) -> None:
    """To declare is not to take; the declaration is kept, too."""
    add_staff(hass, loaded, "张三", 1, "one")
    await demand(hass, gateway, settle, replace(PAGE, incident=replace(INCIDENT, drill=True)))
    await after_grace(hass)
    await settle(lambda: len(phones) == 1)
    await lose(hass, gateway, loaded, settle)
    press(hass, phones[0], user, 2)
    await settle(lambda: bool(hass_storage.get(f"community_help.{loaded.entry_id}.presses", {}).get("data")))
    await later(hass, 61)
    await settle(lambda: [bool(shown["data"].get("alert_once")) for shown in incidents(phones)] == [False, True, False])
    gateway.away = False
    await settle(lambda: bool(gateway.bodies(commands.DeclareReal)))


async def test_promise_10_who_does_not_page_does_not_watch(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Another integration holds the lease: the repair shows, the phones stay silent."""
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: len(phones) == 1)
    await gateway.say(lease=values.Lease("elsewhere", "Other", 2))
    await settle(lambda: loaded.runtime_data.fence == 0)
    await gateway.go_away()
    await settle(lambda: not loaded.runtime_data.connected)
    await later(hass, 61)
    assert gone_issue(hass, loaded)
    assert len(phones) == 1


@pytest.mark.parametrize("stored", [{}, {"epoch": "ep", "fence": 1, "compounds": [], "incidents": [{}], "pages": []}])
async def test_promise_12_a_picture_that_cannot_be_read_does_not_stop_the_rest(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any], stored: dict[str, Any]
) -> None:
    """Written by another version: the gateway is followed all the same."""
    stored = {**stored, "more": 1}
    key = f"community_help.{entry.entry_id}.picture"
    hass_storage[key] = {"version": 1, "key": key, "data": stored}
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED


async def test_an_entry_that_is_disabled_is_watched_no_more(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Even when its gateway was gone, so that there was nothing to unload."""
    await demand(hass, gateway, settle)
    await lose(hass, gateway, loaded, settle)
    await hass.config_entries.async_reload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.SETUP_RETRY
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await later(hass, 6)
    phones.clear()
    await later(hass, 600)
    assert not phones
    assert not hass.data[STANDBYS]


async def test_nothing_of_a_removed_gateway_stays_on_disk_or_among_the_repairs(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    hass_storage: dict[str, Any],
) -> None:
    """The picture holds places, and places are where people live."""
    await demand(hass, gateway, settle)
    await gateway.say(health=values.Health(recorded=False, holes=("bay 22:00",), head_number=2, head_hash="a"))
    await gateway.say(health=values.Health(recorded=False, holes=("bay 22:00",), head_number=2, head_hash="b"))
    await settle(lambda: bool(ir.async_get(hass).async_get_issue("community_help", f"chain_broken_{loaded.entry_id}")))
    await later(hass, 10)
    kept = [key for key in hass_storage if key.startswith(f"community_help.{loaded.entry_id}")]
    assert f"community_help.{loaded.entry_id}.picture" in kept
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert not [key for key in hass_storage if key.startswith(f"community_help.{loaded.entry_id}")]
    assert not [key for key in ir.async_get(hass).issues if key[0] == "community_help"]
    assert not hass.data[STANDBYS]


async def test_promise_10_the_watch_goes_on_while_set_ups_fail_although_the_gateway_answers(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Versions that do not fit, say: each attempt and each reload leaves the minute running."""
    await lose(hass, gateway, loaded, settle)
    await hass.config_entries.async_unload(loaded.entry_id)
    gateway.away, gateway.goodbye = False, messages.Goodbye("version_integration")
    await hass.config_entries.async_setup(loaded.entry_id)
    assert loaded.state is ConfigEntryState.SETUP_RETRY
    for seconds in (11, 22, 33, 44, 61):
        await later(hass, seconds)
    await settle(lambda: len(losses(phones)) == 1)


async def test_a_press_for_an_incident_of_an_earlier_epoch_counts(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """The journal was replaced while the incident was open: its id is of the old epoch, the button works on."""
    old = replace(INCIDENT, id="older-7", mark="set_aside")
    gateway.incidents = (old,)
    await gateway.say(
        events=(values.IncidentEvent(gateway.number + 1, 1000.0, values.IncidentEventKind.WORSENED, old),)
    )
    await eventually(hass, lambda: "older-7" in loaded.runtime_data.incidents)
    hass.bus.async_fire("mobile_app_notification_action", {"action": f"{notice.ACKNOWLEDGE}:older-7:1"})
    await eventually(hass, lambda: bool(gateway.bodies(commands.Acknowledge)))
    assert gateway.bodies(commands.Acknowledge)[0].incident == "older-7"
