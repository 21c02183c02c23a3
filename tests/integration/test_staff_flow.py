"""Adding and changing the staff and the duty phones: each mistake is named at its field, and can be mended."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.contract import commands, values
from custom_components.community_help.roster import DutyPhone, Member, duty_phones, members
from tests.integration.conftest import FakeGateway

STAFF = {
    "name": "张三",
    "person": "person.zhang",
    "phones": ["phone-2", "phone-1"],
    "channels": ["notify.ntfy_zhang"],
    "tier": 2,
    "compounds": ["bay"],
    "schedules": ["schedule.night"],
    "away": ["calendar.leave"],
}
PHONE = {"name": "值班手机", "phones": ["phone-9"], "people": []}


@pytest.fixture(autouse=True)
def entities(hass: HomeAssistant) -> None:
    """What the forms can choose; one of them is in the registry only."""
    for entity in ("notify.ntfy_zhang", "calendar.leave", "person.zhang", "person.li"):
        hass.states.async_set(entity, "off")
    er.async_get(hass).async_get_or_create("schedule", "schedule", "night", suggested_object_id="night")


async def add(hass: HomeAssistant, entry: MockConfigEntry, kind: str, answer: dict[str, Any] | None = None) -> Any:
    """Start to add somebody or a phone; with an answer also fill in the form."""
    flows = hass.config_entries.subentries
    result = await flows.async_init((entry.entry_id, kind), context={"source": SOURCE_USER})
    return result if answer is None else await flows.async_configure(result["flow_id"], answer)


async def answer(hass: HomeAssistant, result: Any, **said: Any) -> Any:
    """Fill in the form that is shown."""
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], said)
    await hass.async_block_till_done()
    return result


async def test_a_member_is_kept_as_entered(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The order of the phones and of the channels matters."""
    result = await add(hass, loaded, "staff", {**STAFF, "name": " 张三 "})
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "张三")
    (member,) = members(loaded)
    assert member == Member(
        member.id,
        "张三",
        "person.zhang",
        ("phone-2", "phone-1"),
        ("notify.ntfy_zhang",),
        2,
        ("bay",),
        ("schedule.night",),
        ("calendar.leave",),
    )


async def test_a_name_is_enough(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> None:
    """Always on duty, for all compounds, in the first tier; the gateway has them at once."""
    await add(hass, loaded, "staff", {"name": "张三"})
    await hass.async_block_till_done()
    (member,) = members(loaded)
    assert member == Member(member.id, "张三")
    assert gateway.bodies(commands.SetRoster) == [commands.SetRoster((values.StaffMember(member.id, "张三"),))]


@pytest.mark.parametrize(
    ("field", "wrong", "error"),
    [
        ("name", "  ", "name_missing"),
        ("name", "长" * 101, "name_too_long"),
        ("name", "李四", "name_taken"),
        ("name", "门卫手机", "name_taken"),
        ("person", "person.li", "person_taken"),
        ("phones", ["phone-1", "phone-li"], "phone_taken"),
        ("phones", ["phone-gate"], "phone_taken"),
        ("channels", ["notify.gone"], "entity_missing"),
        ("schedules", ["schedule.night", "schedule.gone"], "entity_missing"),
        ("away", ["calendar.gone"], "entity_missing"),
        ("tier", 1.5, "tier_not_whole"),
    ],
)
@pytest.mark.parametrize("change", [False, True], ids=["add", "change"])
async def test_a_mistake_about_a_member_is_named_and_can_be_mended(
    hass: HomeAssistant, loaded: MockConfigEntry, field: str, wrong: Any, error: str, change: bool
) -> None:
    """At its field, with the rest of the form as it was; then the same form succeeds."""
    await add(hass, loaded, "staff", {"name": "李四", "person": "person.li", "phones": ["phone-li"]})
    await add(hass, loaded, "duty_phone", {"name": "门卫手机", "phones": ["phone-gate"]})
    before = STAFF
    if change:
        await add(hass, loaded, "staff", STAFF)
        member = next(item for item in members(loaded) if item.name == "张三")
        result = await loaded.start_subentry_reconfigure_flow(hass, member.id)
        before = {**STAFF, "tier": 3}
    else:
        result = await add(hass, loaded, "staff")
    result = await answer(hass, result, **{**before, field: wrong})
    assert result["errors"] == {field: error}
    shown = {str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema}
    assert shown == {**before, field: wrong}
    result = await answer(hass, result, **before)
    assert (result.get("reason"), result["type"]) == (
        ("reconfigure_successful", FlowResultType.ABORT) if change else (None, FlowResultType.CREATE_ENTRY)
    )
    (kept,) = [item for item in members(loaded) if item.name == "张三"]
    assert (kept.tier, kept.person, kept.phones) == (before["tier"], "person.zhang", ("phone-2", "phone-1"))


async def test_whose_phone_it_is_is_named(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """So that one knows where to take it away."""
    await add(hass, loaded, "staff", {"name": "李四", "phones": ["phone-li"]})
    result = await add(hass, loaded, "staff", {"name": "张三", "phones": ["phone-li"]})
    assert result["description_placeholders"] == {"holder": "李四"}


async def test_what_is_cleared_is_gone(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The person and the schedules of a member can be taken away again."""
    await add(hass, loaded, "staff", STAFF)
    (member,) = members(loaded)
    result = await loaded.start_subentry_reconfigure_flow(hass, member.id)
    assert result["step_id"] == "reconfigure"
    result = await answer(hass, result, **{key: value for key, value in STAFF.items() if key in {"name", "tier"}})
    assert result["reason"] == "reconfigure_successful"
    assert members(loaded) == (Member(member.id, "张三", tier=2),)


async def test_a_member_can_be_changed_while_the_gateway_is_away(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """Also when it was never there: the compounds that were chosen stay, by their ids."""
    gateway.away = True
    await hass.config_entries.async_setup(entry.entry_id)
    result = await add(hass, entry, "staff", {"name": "张三"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (member,) = members(entry)
    hass.config_entries.async_update_subentry(
        entry, entry.subentries[member.id], data={**entry.subentries[member.id].data, "compounds": ["bay"]}
    )
    result = await entry.start_subentry_reconfigure_flow(hass, member.id)
    result = await answer(hass, result, name="张三", compounds=["bay"], tier=3)
    assert result["reason"] == "reconfigure_successful"
    assert members(entry) == (Member(member.id, "张三", tier=3, compounds=("bay",)),)


@pytest.mark.parametrize(
    ("field", "wrong", "error"),
    [
        ("name", "", "name_missing"),
        ("name", "张三", "name_taken"),
        ("phones", [], "phones_missing"),
        ("phones", ["phone-9", "phone-1"], "phone_taken"),
    ],
)
async def test_a_mistake_about_a_duty_phone_is_named_and_can_be_mended(
    hass: HomeAssistant, loaded: MockConfigEntry, field: str, wrong: Any, error: str
) -> None:
    """As with the staff."""
    await add(hass, loaded, "staff", STAFF)
    result = await add(hass, loaded, "duty_phone", {**PHONE, field: wrong})
    assert result["errors"] == {field: error}
    result = await answer(hass, result, **PHONE)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (phone,) = duty_phones(loaded)
    assert phone == DutyPhone(phone.id, "值班手机", ("phone-9",))


async def test_who_carries_a_duty_phone_is_chosen_among_the_staff(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Who left carries it no more; a phone whose carriers all left is everybody's."""
    await add(hass, loaded, "staff", STAFF)
    (member,) = members(loaded)
    await add(hass, loaded, "duty_phone", {**PHONE, "people": [member.id]})
    (phone,) = duty_phones(loaded)
    assert phone.people == (member.id,)
    hass.config_entries.async_remove_subentry(loaded, member.id)
    await hass.async_block_till_done()
    assert duty_phones(loaded) == (DutyPhone(phone.id, "值班手机", ("phone-9",)),)
    result = await loaded.start_subentry_reconfigure_flow(hass, phone.id)
    result = await answer(hass, result, **{**PHONE, "name": "新手机"})
    assert result["reason"] == "reconfigure_successful"
    assert duty_phones(loaded) == (DutyPhone(phone.id, "新手机", ("phone-9",)),)
