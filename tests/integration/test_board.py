"""The readiness board in Home Assistant: facts about phones, proofs on disk, sensors, repairs, diagnostics."""

import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_send
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.community_help.const import SIGNAL_PROOF
from custom_components.community_help.contract.values import ReceiptStep
from custom_components.community_help.diagnostics import async_get_config_entry_diagnostics
from custom_components.community_help.handsets import handsets
from custom_components.community_help.readiness_board import BOARDS
from tests.integration.companions import Companions
from tests.integration.conftest import GATEWAY_ID, FakeGateway, Settle, add_member

DAY = 86400.0
PROVEN = (ReceiptStep.RECEIVED, 0.0)


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """So much time passes; what was due is done."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=False)


async def prove(
    hass: HomeAssistant, entry: MockConfigEntry, phone: str, step: ReceiptStep = ReceiptStep.RECEIVED, age: float = 0.0
) -> None:
    """A phone proves something, as the pager says it."""
    async_dispatcher_send(hass, SIGNAL_PROOF, entry.entry_id, phone, step, time.time() - age)
    await look(hass, entry)


async def look(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The board looks."""
    hass.data[BOARDS][entry.entry_id].async_look()
    await hass.async_block_till_done(wait_background_tasks=False)


def state(hass: HomeAssistant, key: str) -> State:
    """The binary sensor with this key."""
    entity = er.async_get(hass).async_get_entity_id("binary_sensor", "community_help", f"{GATEWAY_ID}_{key}")
    assert entity, key
    found = hass.states.get(entity)
    assert found
    return found


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """What is shown as wrong, by kind."""
    found = ir.async_get(hass).issues.values()
    return {item.translation_key: item for item in found if item.domain == "community_help" and item.translation_key}


@pytest.fixture
async def board(
    hass: HomeAssistant, gateway: FakeGateway, companions: Companions, loaded: MockConfigEntry, settle: Settle
) -> MockConfigEntry:
    """The entry, which is the one that pages."""
    await settle(lambda: loaded.runtime_data.fence == 1)
    return loaded


def test_the_names_of_mobile_app_are_those_of_its_source() -> None:
    """It has no public API: what is read of it is held against what is installed."""
    spec = find_spec("homeassistant")
    assert spec
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "components/mobile_app"
    source = (folder / "const.py").read_text()
    for name, value in {
        "DATA_PUSH_CHANNEL": "push_channel",
        "ATTR_APP_DATA": "app_data",
        "ATTR_PUSH_TOKEN": "push_token",
        "ATTR_PUSH_URL": "push_url",
        "ATTR_OS_NAME": "os_name",
        "ATTR_OS_VERSION": "os_version",
        "ATTR_APP_ID": "app_id",
        "ATTR_APP_VERSION": "app_version",
    }.items():
        assert f'{name} = "{value}"\n' in source
    websocket = (folder / "websocket_api.py").read_text()
    assert "channel = registered_channels[webhook_id] = PushChannel(" in websocket
    assert 'return f"{webhook_id}_{sensor_unique_id}"' in (folder / "webhook.py").read_text()


def test_without_mobile_app_there_are_no_phones(hass: HomeAssistant) -> None:
    """And nothing fails, whatever it keeps where."""
    assert handsets(hass) == {}
    hass.data["mobile_app"] = object()
    assert handsets(hass) == {}


def test_what_is_known_of_a_phone(hass: HomeAssistant, companions: Companions) -> None:
    """Platform, versions, the way that a page would take now; unknown is unknown."""
    android, iphone = companions.add("zhang"), companions.add("li", "ios", local=False, cloud=True)
    mac = companions.add("mac", "mac", local=False)
    companions.sensor("zhang", "sensor", "battery_level", "37")
    companions.sensor("zhang", "binary_sensor", "is_charging", "on")
    companions.sensor("zhang", "sensor", "dnd_sensor", "priority_only")
    companions.sensor("li", "sensor", "battery_level", "unavailable")
    companions.sensor("li", "sensor", "battery_state", "Not Charging")
    companions.sensor("li", "binary_sensor", "focus", "off")
    found = handsets(hass)
    one, two, three = found[android], found[iphone], found[mac]
    assert (one.name, one.platform, one.app_version, one.os_version) == ("zhang", "android", "2026.11.1", "16")
    assert (one.channel, one.battery, one.charging, one.quiet) == ("local", 37, True, True)
    assert (two.platform, two.channel, two.battery, two.charging, two.quiet) == ("ios", "cloud", None, False, False)
    assert (three.platform, three.channel, three.battery, three.charging, three.quiet) == (
        "unknown",
        "",
        None,
        None,
        None,
    )
    companions.disconnect("zhang")
    assert handsets(hass)[android].channel == ""


@pytest.mark.parametrize("said", ["", "half", "nan", "inf"])
def test_a_battery_that_says_no_number_is_unknown(hass: HomeAssistant, companions: Companions, said: str) -> None:
    """An app's word is not trusted to be a number, and the board goes on."""
    phone = companions.add("zhang")
    companions.sensor("zhang", "sensor", "battery_level", said)
    assert handsets(hass)[phone].battery is None


async def test_a_person_is_reachable_once_a_phone_has_proven_it(
    hass: HomeAssistant, companions: Companions, board: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """And no longer when the proof is too old, or the phone's connection is lost."""
    phone = companions.add("zhang")
    key = f"staff_{add_member(hass, board, '张三', phones=[phone])}_reachable"
    await look(hass, board)
    assert state(hass, key).state == "off"
    assert state(hass, key).attributes["verdict"] == "unproven"
    await prove(hass, board, phone)
    shown = state(hass, key)
    assert (shown.state, shown.attributes["device_class"]) == ("on", "connectivity")
    (item,) = shown.attributes["phones"]
    assert (item["name"], item["verdict"], item["channel"], item["proven_by"]) == (
        "zhang",
        "ready",
        "local",
        "page:received",
    )
    companions.disconnect("zhang")
    await pass_time(hass, freezer, 181)
    assert state(hass, key).attributes["verdict"] == "unreachable"
    companions.connect("zhang")
    await pass_time(hass, freezer, 181)
    assert state(hass, key).state == "on"
    await pass_time(hass, freezer, 2 * DAY)
    assert (state(hass, key).state, state(hass, key).attributes["verdict"]) == ("off", "unproven")


async def test_a_proof_shows_within_a_second_without_a_check(
    hass: HomeAssistant, companions: Companions, board: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Event-driven; a burst is looked at once."""
    phone = companions.add("zhang")
    key = f"staff_{add_member(hass, board, '张三', phones=[phone])}_reachable"
    await look(hass, board)
    looks: list[None] = []
    hass.data[BOARDS][board.entry_id].async_listen(lambda: looks.append(None))
    for step in (ReceiptStep.RECEIVED, ReceiptStep.SEEN, ReceiptStep.ACTED):
        async_dispatcher_send(hass, SIGNAL_PROOF, board.entry_id, phone, step, time.time())
    await pass_time(hass, freezer, 1.1)
    assert state(hass, key).state == "on"
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("step", "other", "age"),
    [
        (ReceiptStep.HANDED_OVER, False, 0.0),
        (ReceiptStep.RECEIVED, True, 0.0),
        (ReceiptStep.RECEIVED, False, 3 * DAY),
    ],
)
async def test_what_proves_nothing_changes_nothing(
    hass: HomeAssistant, companions: Companions, board: MockConfigEntry, step: ReceiptStep, other: bool, age: float
) -> None:
    """That it was handed over, what another gateway's page proved, what is older than two days."""
    phone = companions.add("zhang")
    key = f"staff_{add_member(hass, board, '张三', phones=[phone])}_reachable"
    await look(hass, board)
    entry_id = "another" if other else board.entry_id
    async_dispatcher_send(hass, SIGNAL_PROOF, entry_id, phone, step, time.time() - age)
    async_dispatcher_send(hass, SIGNAL_PROOF, entry_id, "a phone that nobody knows", step, time.time())
    await look(hass, board)
    assert state(hass, key).state == "off"


async def test_proofs_survive_a_restart_and_belong_to_known_phones_only(
    hass: HomeAssistant,
    companions: Companions,
    board: MockConfigEntry,
    settle: Settle,
    hass_storage: dict[str, Any],
) -> None:
    """A phone that left the roster is forgotten; a proof from the future counts from now."""
    kept, gone = companions.add("zhang"), companions.add("old")
    add_member(hass, board, "张三", phones=[kept])
    leaving = add_member(hass, board, "李四", phones=[gone])
    await look(hass, board)
    await prove(hass, board, kept, age=-DAY)
    await prove(hass, board, gone)
    hass.config_entries.async_remove_subentry(board, leaving)
    await look(hass, board)
    assert await hass.config_entries.async_reload(board.entry_id)
    await settle(lambda: board.runtime_data.fence == 1)
    stored = hass_storage[f"community_help.{board.entry_id}.proofs"]["data"]
    assert set(stored) == {kept}
    await look(hass, board)
    states = hass.data[BOARDS][board.entry_id].phones
    assert states[kept].verdict == "ready"
    assert states[kept].record
    assert states[kept].record.last
    assert states[kept].record.last.at <= time.time()


async def test_a_channel_is_a_way_and_a_duty_phone_helps_tonight(
    hass: HomeAssistant, companions: Companions, board: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """A person's sensor shows what is the person's own; whoever is told tonight may carry the duty phone."""
    phone, shared = companions.add("zhang"), companions.add("duty")
    hass.states.async_set("notify.ntfy", "unknown")
    zhang = add_member(hass, board, "张三", phones=[phone], channels=["notify.ntfy"])
    await look(hass, board)
    assert state(hass, f"staff_{zhang}_reachable").state == "on"
    hass.states.async_set("notify.ntfy", "unavailable")
    await pass_time(hass, freezer, 1.1)
    assert state(hass, f"staff_{zhang}_reachable").state == "off"
    assert state(hass, "bay_duty_reachable").state == "off"
    add_member(hass, board, "值班手机", kind="duty_phone", phones=[shared], people=[])
    await prove(hass, board, shared)
    assert state(hass, f"staff_{zhang}_reachable").state == "off"
    assert state(hass, "bay_duty_reachable").state == "on"


async def test_without_a_roster_nothing_is_said_of_duty(hass: HomeAssistant, board: MockConfigEntry) -> None:
    """Then every phone is told."""
    assert state(hass, "bay_duty_reachable").state == "unknown"
    assert not issues(hass)


async def test_where_another_home_assistant_pages_nothing_is_claimed(
    hass: HomeAssistant, gateway: FakeGateway, companions: Companions, entry: MockConfigEntry, settle: Settle
) -> None:
    """Its phones prove nothing here: unavailable, and no repair about them."""
    gateway.lease_holder = "the other one"
    phone = companions.add("zhang", local=False)
    zhang = add_member(hass, entry, "张三", tier=2, phones=[phone])
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(lambda: "lease_held" in issues(hass))
    await look(hass, entry)
    assert state(hass, f"staff_{zhang}_reachable").state == "unavailable"
    assert state(hass, "bay_duty_reachable").state == "unavailable"
    assert set(issues(hass)) == {"lease_held"}


async def test_a_duty_that_cannot_be_reached_is_a_repair_until_it_can(
    hass: HomeAssistant, companions: Companions, board: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """After ten minutes, so that a restart does not cry wolf; it names who, where, and is gone at once."""
    phone = companions.add("zhang", local=False)
    add_member(hass, board, "张三", phones=[phone])
    add_member(hass, board, "李四", tier=2, phones=[])
    await look(hass, board)
    await pass_time(hass, freezer, 590)
    assert "duty_unreachable" not in issues(hass)
    await pass_time(hass, freezer, 200)
    issue = issues(hass)["duty_unreachable"]
    assert issue.severity is ir.IssueSeverity.ERROR
    assert issue.translation_placeholders
    assert issue.translation_placeholders["compound"] == "清水湾"
    assert issue.translation_placeholders["people"] == "张三"
    (gap,) = state(hass, "bay_duty_reachable").attributes["gaps"]
    assert (gap["people"], gap["verdict"], gap["on_duty"]) == (["张三"], "unreachable", True)
    companions.connect("zhang")
    await look(hass, board)
    assert issues(hass)["duty_unreachable"].severity is ir.IssueSeverity.WARNING
    await prove(hass, board, phone)
    assert "duty_unreachable" not in issues(hass)
    assert state(hass, "bay_duty_reachable").state == "on"


@pytest.mark.parametrize(
    ("system", "days", "key"),
    [
        ("android", 2.1, "phone_unproven_android"),
        ("ios", 9.1, "phone_unproven_ios"),
        ("mac", 9.1, "phone_unproven_unknown"),
    ],
)
async def test_a_phone_without_proof_for_days_is_a_repair_with_the_remedy(
    hass: HomeAssistant,
    companions: Companions,
    board: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    system: str,
    days: float,
    key: str,
) -> None:
    """Per platform, naming phone and person; the next proof takes it back."""
    phone = companions.add("zhang", system, cloud=True)
    add_member(hass, board, "张三", phones=[phone])
    await look(hass, board)
    await prove(hass, board, phone)
    await pass_time(hass, freezer, (days - 0.2) * DAY)
    assert key not in issues(hass)
    await pass_time(hass, freezer, 0.3 * DAY)
    assert issues(hass)[key].translation_placeholders == {"gateway": "Demo", "person": "张三", "phone": "zhang"}
    await prove(hass, board, phone)
    assert key not in issues(hass)


async def test_a_phone_that_is_gone_and_an_empty_tier_are_repairs(
    hass: HomeAssistant, companions: Companions, board: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """The app was removed or logged out; nobody is in the first tier. Both end with their cause."""
    add_member(hass, board, "张三", tier=2, phones=["gone"])
    await look(hass, board)
    assert issues(hass)["empty_tier"].translation_placeholders == {
        "gateway": "Demo",
        "compound": "清水湾",
        "tiers": "1",
    }
    assert "phone_missing" not in issues(hass)
    await pass_time(hass, freezer, 601)
    placeholders = issues(hass)["phone_missing"].translation_placeholders
    assert placeholders
    assert placeholders["person"] == "张三"
    for subentry_id in tuple(board.subentries):
        hass.config_entries.async_remove_subentry(board, subentry_id)
    add_member(hass, board, "李四", phones=[companions.add("li")])
    await look(hass, board)
    assert not {"empty_tier", "phone_missing"} & set(issues(hass))


async def test_removing_the_gateway_takes_its_repairs_along(
    hass: HomeAssistant, companions: Companions, board: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """And what is on disk about the phones."""
    add_member(hass, board, "张三", tier=2, phones=[companions.add("zhang")])
    await look(hass, board)
    assert issues(hass)
    await hass.config_entries.async_remove(board.entry_id)
    assert not issues(hass)
    assert not [key for key in hass_storage if key.startswith("community_help.")]


async def test_diagnostics_count_phones_and_name_nobody(
    hass: HomeAssistant, companions: Companions, board: MockConfigEntry
) -> None:
    """No person, no phone, no webhook; verdicts, platforms and ways as numbers."""
    phone = companions.add("zhangs-phone")
    add_member(hass, board, "张三丰", phones=[phone, companions.add("lis-phone", "ios", local=False), "gone"])
    await look(hass, board)
    await prove(hass, board, phone)
    found = await async_get_config_entry_diagnostics(hass, board)
    assert found["readiness"] == {
        "known": True,
        "verdicts": {"ready": 1, "unreachable": 2},
        "platforms": {"android": 1, "ios": 1, "missing": 1},
        "channels": {"local": 1, "none": 2},
        "confirm_silently": 1,
        "never_proven": 2,
        "people": {"ready": 1},
        "compounds_with_gaps": 0,
    }
    for secret in ("张三丰", "phone-", "-phone", "webhook", phone):
        assert secret not in str(found)
