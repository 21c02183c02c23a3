"""The self-test on the phones: unseen at night, a tap by day, and proof of both."""

from dataclasses import replace
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.const import SIGNAL_PROOF
from custom_components.community_help.contract import commands, messages, values
from custom_components.community_help.readiness_board import BOARDS
from tests.integration.companions import Companions
from tests.integration.conftest import INCIDENT, PAGE, FakeGateway, Settle, add_member
from tests.integration.test_board import look, pass_time, prove, state

ACTED, RECEIVED = values.ReceiptStep.ACTED, values.ReceiptStep.RECEIVED
NIGHT, MONDAY = "2026-11-24T03:00:00+08:00", "2026-11-30T09:59:00+08:00"
SELF_TEST = replace(
    INCIDENT, id="ep-t", hazard=values.Hazard.SELF_TEST, severity=values.Severity.NOTICE, drill=True, place="清水湾"
)


def page(number: int = 5, **changes: Any) -> values.Page:
    """The gateway's demand for a self-test."""
    test = replace(PAGE, id=f"ep-{number}", number=number, incident=SELF_TEST, reason="self_test", answer_by=0.0)
    return replace(test, **changes)


@pytest.fixture
async def staff(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    entry: MockConfigEntry,
    settle: Settle,
    freezer: FrozenDateTimeFactory,
) -> dict[str, str]:
    """It is night; Zhang's Android phone confirmed yesterday, Li has an iPhone, Wang a new Android phone; their ids."""
    freezer.move_to(NIGHT)
    await hass.config.async_set_time_zone("Asia/Shanghai")
    zhang, li, wang = (
        companions.add("zhang"),
        companions.add("li", "ios", local=False, cloud=True),
        companions.add("wang"),
    )
    people = {
        "zhang": add_member(hass, entry, "张三", phones=[zhang]),
        "li": add_member(hass, entry, "李四", tier=2, phones=[li]),
        "wang": add_member(hass, entry, "王五", tier=2, phones=[wang], compounds=["bay"]),
    }
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await settle(lambda: entry.runtime_data.fence == 1)
    await prove(hass, entry, zhang, age=86400.0)
    await prove(hass, entry, li, ACTED, age=86400.0)
    return people


async def demand_test(
    hass: HomeAssistant,
    gateway: FakeGateway,
    freezer: FrozenDateTimeFactory,
    settle: Settle,
    *pages: values.Page,
) -> None:
    """The gateway demands these self-tests."""
    await gateway.say(pages=pages or (page(),))
    (entry,) = hass.config_entries.async_entries("community_help")
    wanted = pages[0].id if pages else page().id
    await settle(lambda: wanted in entry.runtime_data.pages)
    await pass_time(hass, freezer, 2.1)


def receipts(gateway: FakeGateway, step: str) -> list[tuple[str, str, str]]:
    """Page, phone and person of the receipts of one step."""
    found = [body for body in gateway.bodies(commands.RecordReceipt) if body.step.value == step]
    return [(body.page, body.phone, body.person) for body in found]


async def test_at_night_only_phones_that_confirm_by_themselves_are_told_and_nobody_notices(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """No sound, no heads-up, no lock screen, never critical; as urgent in delivery as a page; gone on confirmation."""
    await demand_test(hass, gateway, freezer, settle)
    await settle(lambda: bool(companions.shown("zhang")))
    (shown,) = companions.shown("zhang")
    assert companions.shown("li") == companions.shown("wang") == []
    data = shown["data"]
    assert (data["channel"], data["importance"], data["visibility"]) == ("community_help_self_test", "min", "secret")
    assert (data["ttl"], data["priority"], data["confirmation"], data["timeout"]) == (0, "high", True, 60)
    assert (data["push"]["sound"], data["alert_once"]) == ("none", True)
    assert "actions" not in data
    phone = companions.ids["zhang"]
    await settle(lambda: bool(receipts(gateway, "handed_over")))
    assert receipts(gateway, "handed_over") == [("ep-5", phone, staff["zhang"])]
    assert receipts(gateway, "accepted") == [("ep-5", "", "")]
    assert companions.cleared("zhang") == []
    companions.receive(shown)
    await settle(lambda: bool(receipts(gateway, "received")))
    assert receipts(gateway, "received") == [("ep-5", phone, staff["zhang"])]
    assert companions.cleared("zhang") == [data["tag"]]
    (entry,) = hass.config_entries.async_entries("community_help")
    await look(hass, entry)
    (item,) = state(hass, f"staff_{staff['zhang']}_reachable").attributes["phones"]
    assert (item["verdict"], item["proven_by"]) == ("ready", "self_test:received")
    companions.receive(shown)
    await pass_time(hass, freezer, 61)
    assert len(receipts(gateway, "received")) == 1


async def test_what_is_not_confirmed_is_taken_away_after_a_minute(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """A phone that only comes back in the morning still proves it, for the same page."""
    await demand_test(hass, gateway, freezer, settle)
    await settle(lambda: bool(companions.shown("zhang")))
    await pass_time(hass, freezer, 58)
    assert companions.cleared("zhang") == []
    await pass_time(hass, freezer, 3)
    await settle(lambda: len(companions.cleared("zhang")) == 1)
    companions.receive(companions.shown("zhang")[0])
    await settle(lambda: bool(receipts(gateway, "received")))
    assert len(companions.cleared("zhang")) == 2


async def test_the_tests_of_several_compounds_are_one_notification(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """With receipts for each page; a receipt for last night's pages is not one for tonight's."""
    await demand_test(hass, gateway, freezer, settle, page(5), page(6, people=(staff["zhang"],)))
    await settle(lambda: len(receipts(gateway, "handed_over")) == 2)
    (shown,) = companions.shown("zhang")
    companions.receive(shown)
    await settle(lambda: len(receipts(gateway, "received")) == 2)
    assert {item[0] for item in receipts(gateway, "received")} == {"ep-5", "ep-6"}
    await demand_test(hass, gateway, freezer, settle, page(9))
    await settle(lambda: len(receipts(gateway, "handed_over")) == 3)
    companions.receive(shown)
    await pass_time(hass, freezer, 1)
    assert len(receipts(gateway, "received")) == 2


@pytest.mark.parametrize("changes", [{"accepted": True}, {"settled": True}, {"incident": INCIDENT}])
async def test_what_is_no_self_test_for_us_is_left_alone(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
    changes: dict[str, Any],
) -> None:
    """Accepted or settled already; and ordinary pages belong to the pager."""
    await gateway.say(pages=(page(**changes), page(7, people=(staff["li"],))))
    (entry,) = hass.config_entries.async_entries("community_help")
    await settle(lambda: "ep-7" in entry.runtime_data.pages)
    await pass_time(hass, freezer, 2.1)
    await settle(lambda: ("ep-7", "", "") in receipts(gateway, "accepted"))
    assert not [shown for shown in companions.sent if "community_help_test" in str(shown)]


async def test_a_dead_phone_fails_and_stops_nobody(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """Each phone has its own receipt."""
    (entry,) = hass.config_entries.async_entries("community_help")
    await prove(hass, entry, companions.ids["wang"])
    companions.dead.add("zhang")
    await demand_test(hass, gateway, freezer, settle)
    await settle(lambda: bool(receipts(gateway, "handed_over") and receipts(gateway, "failed")))
    assert receipts(gateway, "failed") == [("ep-5", companions.ids["zhang"], staff["zhang"])]
    assert receipts(gateway, "handed_over") == [("ep-5", companions.ids["wang"], staff["wang"])]


async def test_a_restart_in_the_middle_takes_the_notification_away(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
    hass_storage: dict[str, Any],
) -> None:
    """What a phone shows is on disk before it is sent; its receipt is still for its page."""
    await demand_test(hass, gateway, freezer, settle)
    await settle(lambda: bool(receipts(gateway, "handed_over")))
    (entry,) = hass.config_entries.async_entries("community_help")
    stored = hass_storage[f"community_help.{entry.entry_id}.self_test"]["data"][companions.ids["zhang"]]
    assert stored == {"people": {"ep-5": staff["zhang"]}, "shown": True, "received": False}
    gateway.pages = (page(accepted=True),)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(lambda: entry.runtime_data.fence == 1)
    await pass_time(hass, freezer, 61)
    await settle(lambda: len(companions.cleared("zhang")) == 1)
    assert len(companions.shown("zhang")) == 1
    companions.receive(companions.shown("zhang")[0])
    await settle(lambda: receipts(gateway, "received") == [("ep-5", companions.ids["zhang"], staff["zhang"])])


async def test_who_does_not_page_tests_nobody(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """The lease went to another Home Assistant: neither the test nor Monday's question."""
    await gateway.say(lease=values.Lease("another", "Office", 2))
    (entry,) = hass.config_entries.async_entries("community_help")
    await settle(lambda: entry.runtime_data.fence == 0)
    await demand_test(hass, gateway, freezer, settle)
    freezer.move_to(MONDAY)
    await pass_time(hass, freezer, 200)
    assert companions.sent == []


async def test_on_monday_at_ten_one_tap_is_asked_for_and_proves_it(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """Visible, not critical, one button; the tap is proof, also for last night's test, and takes the question away."""
    await demand_test(hass, gateway, freezer, settle)
    freezer.move_to(MONDAY)
    await look(hass, hass.config_entries.async_entries("community_help")[0])
    assert companions.shown("li") == []
    await pass_time(hass, freezer, 200)
    await settle(lambda: bool(companions.shown("li")))
    (asked,) = companions.shown("li")
    assert asked["title"] == "Tap to confirm"
    assert asked["data"]["push"] == {"interruption-level": "active"}
    assert [item["title"] for item in asked["data"]["actions"]] == ["I got it"]
    assert len(companions.shown("zhang")) == 1
    companions.tap(asked)
    phone = companions.ids["li"]
    await settle(lambda: bool(receipts(gateway, "acted")))
    assert receipts(gateway, "acted") == [("ep-5", phone, staff["li"])]
    assert companions.cleared("li") == [asked["data"]["tag"]]
    (entry,) = hass.config_entries.async_entries("community_help")
    record = hass.data[BOARDS][entry.entry_id].phones[phone].record
    assert record
    assert record.last
    assert (record.last.step, record.last.reason) == (ACTED, "confirmation")
    assert not gateway.bodies(commands.Acknowledge)
    await pass_time(hass, freezer, 86400)
    assert len(companions.shown("li")) == 1


async def test_without_a_tap_it_is_asked_again_on_two_days_and_then_not(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """Once a day, under the same tag, over a restart; and in the next week anew."""
    (entry,) = hass.config_entries.async_entries("community_help")
    for day, asked in enumerate([1, 2, 3, 3, 3, 3, 3, 4]):
        freezer.move_to(MONDAY)
        freezer.tick(day * 86400.0)
        for _ in range(3):
            await pass_time(hass, freezer, 200)
        await settle(lambda asked=asked: len(companions.shown("li")) == asked)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await settle(lambda: entry.runtime_data.fence == 1)
    assert len({shown["data"]["tag"] for shown in companions.shown("li")}) == 1


async def test_a_phone_that_cannot_be_told_is_asked_when_it_is_back(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """That was no question yet."""
    companions.dead.add("li")
    freezer.move_to(MONDAY)
    await pass_time(hass, freezer, 200)
    companions.dead.clear()
    await pass_time(hass, freezer, 200)
    await settle(lambda: len(companions.shown("li")) == 1)


async def test_a_new_android_phone_is_asked_once_and_then_tested_unseen(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """On the next day at ten, not only on Monday; that it confirmed the question shows that it can."""
    freezer.move_to("2026-11-27T10:00:00+08:00")
    await pass_time(hass, freezer, 200)
    await settle(lambda: bool(companions.shown("wang")))
    assert companions.shown("li") == []
    companions.receive(companions.shown("wang")[0])
    await pass_time(hass, freezer, 2)
    assert state(hass, f"staff_{staff['wang']}_reachable").state == "on"
    freezer.move_to(MONDAY)
    await pass_time(hass, freezer, 200)
    await settle(lambda: bool(companions.shown("li")))
    assert len(companions.shown("wang")) == 1
    await demand_test(hass, gateway, freezer, settle)
    await settle(lambda: len(companions.shown("wang")) == 2)
    assert companions.shown("wang")[1]["data"]["importance"] == "min"


async def test_a_test_that_somebody_starts_by_day_asks_at_once(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    staff: dict[str, str],
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """Whoever cannot confirm unseen gets the question; at night nobody does (see above)."""
    freezer.move_to("2026-11-26T14:00:00+08:00")
    await demand_test(hass, gateway, freezer, settle)
    await settle(lambda: bool(companions.shown("li") and companions.shown("wang")))
    assert companions.shown("li")[0]["data"]["actions"]


async def test_a_gateway_that_does_not_test_at_night_leaves_all_phones_to_the_tap(
    hass: HomeAssistant,
    gateway: FakeGateway,
    companions: Companions,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    settle: Settle,
) -> None:
    """Version 2: Android is asked on Monday, too, and its proof lasts as long as a tap's."""
    gateway.info = messages.GatewayInfo(gateway.info.id, "Demo", "0.1.0", 2)
    freezer.move_to("2026-11-29T22:00:00+08:00")
    await hass.config.async_set_time_zone("Asia/Shanghai")
    phone = companions.add("zhang")
    zhang = add_member(hass, entry, "张三", phones=[phone])
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(lambda: entry.runtime_data.fence == 1)
    async_dispatcher_send(hass, SIGNAL_PROOF, entry.entry_id, phone, RECEIVED, freezer().timestamp())
    await look(hass, entry)
    freezer.move_to(MONDAY)
    await pass_time(hass, freezer, 200)
    await settle(lambda: len(companions.shown("zhang")) == 1)
    await pass_time(hass, freezer, 5 * 86400)
    assert state(hass, f"staff_{zhang}_reachable").state == "on"
