"""What the buttons do, in whose name, and what the phone says when a press changes nothing."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.community_help import roster
from custom_components.community_help.causes import cause_of
from custom_components.community_help.contract import commands, messages, values
from custom_components.community_help.notice import ACKNOWLEDGE, Button, Notice, Urgency, place_of
from custom_components.community_help.pager import PAGERS
from custom_components.community_help.phone import Platform, payload
from tests.integration.conftest import (
    INCIDENT,
    PAGE,
    FakeGateway,
    Settle,
    add_member,
    add_staff,
    after_grace,
    demand,
    incident_event,
    later,
    press,
)


async def paged(
    hass: HomeAssistant, gateway: FakeGateway, phones: list[dict[str, Any]], settle: Settle
) -> dict[str, Any]:
    """A page with default words on the phone."""
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: bool(phones))
    return phones[0]


def reply(hass: HomeAssistant, shown: dict[str, Any], user: MockUser, text: str) -> None:
    """The button that asks for words, with the words."""
    data = {"action": shown["data"]["actions"][2]["action"], "reply_text": text}
    hass.bus.async_fire("mobile_app_notification_action", data, context=Context(user_id=user.id))


async def test_on_my_way_takes_what_was_seen(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
) -> None:
    """The command names the revision that the person saw."""
    shown = await paged(hass, gateway, phones, settle)
    press(hass, shown, user, 1)
    await settle(lambda: bool(gateway.bodies(commands.Handle)))
    (said,) = gateway.bodies(commands.Handle)
    assert (said.incident, said.revision, said.person.name) == ("ep-1", 1, "Zhang San")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("3楼做饭油烟", values.Cause.COOKING),
        ("Burnt TOAST", values.Cause.COOKING),
        ("装修粉尘", values.Cause.DUST),
        ("steam from the shower", values.Cause.DUST),
        ("电池坏了", values.Cause.DEVICE_FAULT),
        ("消防演练", values.Cause.DRILL),
        ("just a test", values.Cause.TEST),
        ("小孩恶作剧", values.Cause.UNKNOWN),
        ("", values.Cause.UNKNOWN),
    ],
)
def test_the_reason_names_the_cause_in_both_languages(text: str, cause: values.Cause) -> None:
    """What it does not name is unknown; the words themselves are the note."""
    assert cause_of(text) is cause


async def test_a_false_alarm_closes_what_was_seen_with_the_reason(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
) -> None:
    """The phone asks for words; they are the note, and bounded."""
    shown = await paged(hass, gateway, phones, settle)
    assert shown["data"]["actions"][2]["behavior"] == "textInput"
    reply(hass, shown, user, "做饭" * 1000)
    await settle(lambda: bool(gateway.bodies(commands.Close)))
    (said,) = gateway.bodies(commands.Close)
    assert (said.incident, said.revision, said.cause) == ("ep-1", 1, values.Cause.COOKING)
    assert len(said.note) == 500


async def test_what_became_worse_meanwhile_is_not_closed_and_the_phone_says_so(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
) -> None:
    """The page keeps its buttons."""
    shown = await paged(hass, gateway, phones, settle)
    gateway.answer = lambda command: messages.Outcome(command.key, False, "worse_since", "worse")
    reply(hass, shown, user, "做饭")
    await settle(lambda: phones[-1]["message"].startswith("Not closed: it became worse since you saw it."))
    assert len(phones[-1]["data"]["actions"]) == 3


async def test_who_is_not_responsible_is_refused_on_the_phone_and_in_the_record(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
) -> None:
    """A user of Home Assistant who is neither staff of the compound nor was told."""
    loaded.runtime_data.gateway = replace(gateway.info, version=3)
    add_staff(hass, loaded, "张三", 1, "one")
    shown = await paged(hass, gateway, phones, settle)
    stranger = MockUser(name="Li Si", groups=[]).add_to_hass(hass)
    press(hass, shown, stranger)
    await settle(lambda: bool(gateway.bodies(commands.RecordRefusal)))
    (refusal,) = gateway.bodies(commands.RecordRefusal)
    assert (refusal.what, refusal.person.name, refusal.incident) == ("acknowledge", "Li Si", "ep-1")
    assert not gateway.bodies(commands.Acknowledge)


async def test_behind_a_duty_phone_is_whoever_is_on_duty(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
) -> None:
    """The record names the phone and the person, under an id of its own."""
    data = {"name": "李四", "tier": 1, "phones": [], "compounds": []}
    member = ConfigSubentry(data=MappingProxyType(data), subentry_type="staff", title="李四", unique_id=None)
    hass.config_entries.async_add_subentry(loaded, member)
    one = next(item.device_id for item in roster.all_phones(hass).values() if item.webhook_id == "one")
    shared_data = {"name": "值班手机", "phones": [one], "people": []}
    shared = ConfigSubentry(
        data=MappingProxyType(shared_data), subentry_type="duty_phone", title="值班手机", unique_id=None
    )
    hass.config_entries.async_add_subentry(loaded, shared)
    shown = await paged(hass, gateway, phones, settle)
    press(hass, shown, user)
    await settle(lambda: bool(gateway.bodies(commands.Acknowledge)))
    (said,) = gateway.bodies(commands.Acknowledge)
    assert said.person.name == "李四 (值班手机)"
    assert said.person.id == f"{shared.subentry_id}+{member.subentry_id}"


async def test_a_press_that_cannot_be_read_does_not_stop_the_others(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, settle: Settle, hass_storage: dict[str, Any]
) -> None:
    """Half of a file of a newer version is left out; the press beside it is carried out."""
    good = {"incident": "ep-1", "revision": 1, "person": {"id": "z", "name": "张三"}, "way": "button", "at": 1.0}
    key = f"community_help.{entry.entry_id}.presses"
    hass_storage[key] = {
        "version": 1,
        "minor_version": 1,
        "key": key,
        "data": {
            "bad": {"kind": "COMMUNITY_HELP_ACKNOWLEDGE", "press": {"incident": 5}},
            "newer": {"kind": "COMMUNITY_HELP_DANCE", "press": good},
            "good": {"kind": "COMMUNITY_HELP_ACKNOWLEDGE", "press": good},
        },
    }
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(lambda: bool(gateway.bodies(commands.Acknowledge)))
    assert len(gateway.bodies(commands.Acknowledge)) == 1


async def test_a_press_after_the_end_is_answered_on_the_phone(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
) -> None:
    """Under the same tag, so that nothing is there twice."""
    shown = await paged(hass, gateway, phones, settle)
    closed = incident_event(
        values.IncidentEventKind.CLOSED, gateway.number + 1, state=values.IncidentState.CLOSED, closed_at=2000.0
    )
    await gateway.say(events=(closed,))
    await settle(lambda: phones[-1]["message"] == "clear_notification")
    gateway.answer = lambda command: messages.Outcome(command.key, False, "unknown_incident", "gone")
    press(hass, shown, user)
    await settle(lambda: phones[-1]["message"] == "This incident is no longer open.")
    assert phones[-1]["data"]["tag"] == shown["data"]["tag"]
    assert "actions" not in phones[-1]["data"]


async def test_who_presses_twice_is_not_told_that_another_has_it(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
) -> None:
    """The second press of the owner changes nothing, and is answered so."""
    person = add_staff(hass, loaded, "张三", 1, "one")
    shown = await paged(hass, gateway, phones, settle)
    gateway.answer = lambda command: messages.Outcome(
        command.key, ok=True, result={"first": False, "owner": "张三", "owner_id": person}
    )
    press(hass, shown, user)
    await settle(lambda: phones[-1]["message"].startswith("You have it already.\n"))


async def test_what_the_gateway_cannot_write_now_is_kept_and_asked_again(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
    hass_storage: dict[str, Any],
) -> None:
    """A full disk is no refusal: the phone says that it waits, and nothing is lost when it is empty again."""
    shown = await paged(hass, gateway, phones, settle)
    gateway.answer = lambda command: messages.Outcome(command.key, False, "journal", "disk full")
    press(hass, shown, user)
    await settle(lambda: phones[-1]["message"].startswith("Noted. It counts as soon as the gateway is reached."))
    assert phones[-1]["data"]["actions"]
    gateway.answer = None
    await later(hass, 11)
    await settle(lambda: not hass_storage[f"community_help.{loaded.entry_id}.presses"]["data"])
    assert len({command.key for command in gateway.commands if isinstance(command.body, commands.Acknowledge)}) == 1


async def test_a_refusal_without_words_of_its_own_still_says_that_nothing_was_done(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
) -> None:
    """Not that the incident is over, which would send people home."""
    shown = await paged(hass, gateway, phones, settle)
    gateway.answer = lambda command: messages.Outcome(command.key, False, "future_revision", "future")
    press(hass, shown, user)
    await settle(lambda: phones[-1]["message"].startswith("Not accepted. Look into Home Assistant.\n"))


async def test_who_has_no_phone_is_not_told_by_everybody_elses(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]]
) -> None:
    """A word to one person is no page: it wakes nobody else."""
    person = add_member(hass, loaded, "张三")
    add_staff(hass, loaded, "李四", 1, "one")
    reached = await hass.data[PAGERS][loaded.entry_id].async_tell([person], "早报", "一切正常")
    assert (reached, phones) == ([], [])


async def test_who_does_not_page_says_so_to_the_automation(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Another Home Assistant holds the lease: two would page twice."""
    await demand(hass, gateway, settle)
    await gateway.say(lease=values.Lease("elsewhere", "Other", 2))
    await settle(lambda: loaded.runtime_data.fence == 0)
    with pytest.raises(HomeAssistantError, match="Another Home Assistant pages the staff"):
        await hass.services.async_call("community_help", "page_staff", {"page_id": PAGE.id}, blocking=True)
    assert not phones


async def test_staff_can_be_told_what_is_no_page(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]]
) -> None:
    """Who is on duty in a compound, by the first phone that takes it; never over silence."""
    add_staff(hass, loaded, "张三", 1, "dead", "bay")
    add_staff(hass, loaded, "李四", 1, "one", "bay")
    compound = dr.async_get(hass).async_get_device_by_identifier(
        ("community_help", loaded.runtime_data.device_key("bay")), loaded.entry_id
    )
    assert compound
    call = {"device_id": compound.id, "title": "早报", "message": "一切正常", "tag": "digest"}
    answer = await hass.services.async_call("community_help", "tell_staff", call, blocking=True, return_response=True)
    assert answer == {"reached": 1}
    (shown,) = phones
    assert (shown["title"], shown["message"], shown["data"]["tag"]) == ("早报", "一切正常", "community_help_digest")
    assert shown["data"]["push"]["interruption-level"] == "active"


async def test_the_communitys_own_runbook_stands_in_the_page(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Edited in the options, in force for the next page; emptied, the default words are back."""
    for text, expected in (("钥匙在门卫处", "钥匙在门卫处"), (" ", "take the extinguisher")):
        result = await hass.config_entries.options.async_init(loaded.entry_id)
        assert result["type"] is FlowResultType.FORM
        result = await hass.config_entries.options.async_configure(result["flow_id"], {"fire": text})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        before = len(phones)
        page = replace(PAGE, id=f"ep-{before + 50}", incident=replace(INCIDENT, id=f"ep-{before + 40}"))
        await demand(hass, gateway, settle, page)
        call = {"page_id": page.id}
        await hass.services.async_call("community_help", "page_staff", call, blocking=True)
        assert expected in phones[before]["message"]


NOTICE = Notice(
    "t", "Fire", "…", Urgency.CRITICAL, 1, sounding=True, answer_by=1234.6, at=(31.2, 121.4), opens="event.x"
)


def test_an_android_phone_gets_what_is_androids() -> None:
    """The alarm stream, the countdown is for pages with buttons only, a tap opens the incidents."""
    data = payload(NOTICE, Platform.ANDROID)
    assert (data["channel"], data["ttl"], data["clickAction"]) == ("alarm_stream", 0, "entityId:event.x")
    assert "push" not in data
    assert "live_update" not in data


def test_an_iphone_gets_what_is_ios() -> None:
    """The critical sound, the map, no Android channel."""
    data = payload(NOTICE, Platform.IOS)
    assert data["push"]["sound"] == {"name": "default", "critical": 1, "volume": 1.0}
    assert data["action_data"] == {"latitude": "31.2", "longitude": "121.4"}
    assert "channel" not in data
    assert payload(replace(NOTICE, camera="camera.yard"), Platform.IOS)["entity_id"] == "camera.yard"


def test_an_unanswered_page_counts_down_to_the_next_tier_on_android() -> None:
    """Only while it wants an answer and there is a next time; never on iOS, where it could replace the alert."""
    button = Button(ACKNOWLEDGE, "ep-1", 1, "I'll take it")
    asking = replace(NOTICE, buttons=(button,), asking=True)
    data = payload(asking, Platform.ANDROID)
    assert (data["live_update"], data["chronometer"], data["when"]) == (True, True, 1234)
    assert "live_update" not in payload(replace(asking, answer_by=0.0), Platform.ANDROID)
    assert "live_update" not in payload(asking, Platform.IOS)


def test_a_map_needs_both_coordinates() -> None:
    """Where a compound was entered with them."""
    compound = values.Compound("bay", "清水湾", 31.2, 121.4)
    assert place_of({"bay": compound}, INCIDENT) == (31.2, 121.4)
    assert place_of({"bay": replace(compound, latitude=None)}, INCIDENT) is None
    assert place_of({}, INCIDENT) is None
