"""Duty that changes hands: by whom, to whom, for how long; and how it is shown."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.community_help import async_remove_config_entry_device, duty as duty_module
from custom_components.community_help.contract import commands, values
from custom_components.community_help.duty import DUTIES, Duty
from tests.integration.conftest import GATEWAY_ID, FakeGateway, eventually
from tests.integration.duty_world import DAYS, add_member, add_schedules, at, week

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)


class Office:
    """A gateway with two compounds, and staff who call actions."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, gateway: FakeGateway, freezer: Any) -> None:
        """Nobody is there yet."""
        self.hass, self.entry, self.gateway, self.freezer = hass, entry, gateway, freezer
        self.people: dict[str, str] = {}

    async def open(self) -> None:
        """张三 has the day in both compounds, 李四 the night; 王五 (garden) and 站长 (tier 2) always."""
        await self.hass.config.async_set_time_zone(str(SHANGHAI))
        self.freezer.move_to(NOON)
        self.gateway.compounds = (values.Compound("bay", "清水湾"), values.Compound("garden", "花园"))
        await add_schedules(self.hass, day=week(DAYS, ("08:00", "20:00")), night=week(DAYS, ("20:00", "24:00")))
        self.member("张三", schedules=["schedule.day"])
        self.member("李四", schedules=["schedule.night"])
        self.member("王五", compounds=["garden"])
        self.member("站长", tier=2, compounds=["bay"])
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done()
        self.duty: Duty = self.hass.data[DUTIES][self.entry.entry_id]

    def member(self, name: str, **data: Any) -> None:
        """Somebody with an account of their own."""
        self.people[name] = add_member(self.hass, self.entry, name, person=self.user(name), **data)

    def user(self, name: str, *, admin: bool = False) -> str:
        """An account and its person."""
        MockUser(id=name, name=name, is_owner=admin).add_to_hass(self.hass)
        person = f"person.number_{len(self.hass.states.async_entity_ids('person'))}"
        self.hass.states.async_set(person, "home", {"user_id": name, "friendly_name": name})
        return person

    async def call(self, caller: str, action: str, **data: Any) -> None:
        """An action of duty, by somebody."""
        context = Context(user_id=caller)
        await self.hass.services.async_call("community_help", f"{action}_duty", data, blocking=True, context=context)
        await self.hass.async_block_till_done()

    async def refused(self, caller: str, action: str, **data: Any) -> str:
        """Why an action of duty is refused."""
        with pytest.raises(ServiceValidationError) as error:
            await self.call(caller, action, **data)
        return (
            f"{error.value.translation_key} {' '.join((error.value.translation_placeholders or {}).values())}".strip()
        )

    def on_duty(self, compound: str, **later: float) -> str:
        """Who is on duty after a while."""
        when = (datetime.now(UTC) + timedelta(**later)).timestamp()
        return "+".join(member.name for member in self.duty.on_duty(compound, when))

    def device(self, key: str) -> str:
        """The device of a compound or a member."""
        known = ("community_help", f"{GATEWAY_ID}_{key}")
        found = dr.async_get(self.hass).async_get_device_by_identifier(known, self.entry.entry_id)
        assert found, key
        return found.id

    def staff(self, name: str) -> str:
        """The device of a member."""
        return self.device(f"staff_{self.people[name]}")

    def state(self, key: str, platform: str = "binary_sensor") -> Any:
        """What an entity shows."""
        found = er.async_get(self.hass).async_get_entity_id(platform, "community_help", f"{GATEWAY_ID}_{key}_on_duty")
        assert found, key
        return self.hass.states.get(found)


@pytest.fixture
async def office(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: FakeGateway,
    freezer: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Office:
    """It is Monday noon."""
    monkeypatch.setattr("custom_components.community_help.client.HEARTBEAT_SECONDS", None)
    found = Office(hass, entry, gateway, freezer)
    await found.open()
    return found


async def test_somebody_stands_in_for_a_colleague_and_it_ends_by_itself(office: Office) -> None:
    """Taken over by the one, or handed over by the other: for hours or until a time, named in any way."""
    await office.call("李四", "take_over", member=office.staff("张三"), hours=2)
    assert (office.on_duty("bay"), office.on_duty("bay", hours=1.9)) == ("李四+站长", "李四+站长")
    assert office.on_duty("bay", hours=2) == "张三+站长"
    assert office.on_duty("bay", days=1) == "张三+站长"
    await office.call("张三", "hand_over", to="李四", until="2026-11-23 18:00:00")
    assert (office.on_duty("bay", hours=5.9), office.on_duty("bay", hours=6)) == ("李四+站长", "张三+站长")
    await eventually(office.hass, lambda: office.gateway.bodies(commands.SetRoster)[-1].shifts == office.duty.shifts)


async def test_only_common_compounds_change_hands(office: Office) -> None:
    """Where the other is not responsible, duty stays."""
    await office.call("张三", "hand_over", to=office.people["王五"], hours=2)
    assert (office.on_duty("bay"), office.on_duty("garden")) == ("张三+站长", "王五")
    await office.call("李四", "take_over", member="张三", device_id=office.device("bay"), hours=1)
    assert office.on_duty("bay") == "李四+站长"


async def test_a_whole_compound_is_taken_over(office: Office) -> None:
    """From everybody up to the own tier; later tiers stay."""
    await office.call("李四", "take_over", device_id=office.device("garden"), hours=1)
    assert (office.on_duty("garden"), office.on_duty("bay")) == ("李四", "张三+站长")
    await office.call("站长", "take_over", device_id="bay", hours=1)
    assert office.on_duty("bay") == "站长"
    assert office.on_duty("bay", hours=1) == "张三+站长"


async def test_duty_is_taken_back_by_naming_oneself(office: Office) -> None:
    """From then on; what the stand-in did before stays done."""
    await office.call("张三", "hand_over", to="李四", hours=4)
    await at(office.hass, office.freezer, NOON + timedelta(hours=1))
    await office.call("张三", "take_over", member=office.staff("张三"), hours=1)
    assert (office.on_duty("bay"), office.on_duty("bay", hours=-0.5)) == ("张三+站长", "李四+站长")
    await office.call("张三", "take_over", member="张三", hours=1)
    assert office.on_duty("bay") == "张三+站长"


async def test_who_may_hand_over_whose_duty(office: Office) -> None:
    """One's own; an administrator anybody's. A refusal is journalled, and nothing changes."""
    office.user("boss", admin=True)
    office.user("guest")
    assert await office.refused("李四", "hand_over", member="张三", to="李四", hours=1) == "not_your_duty 李四 张三"
    assert await office.refused("guest", "hand_over", member="张三", to="李四", hours=1) == "not_permitted guest Demo"
    assert await office.refused("王五", "take_over", device_id="bay", hours=1) == "not_permitted 王五 清水湾"
    await eventually(office.hass, lambda: len(office.gateway.bodies(commands.RecordRefusal)) == 3)
    said = [(body.what, body.person.name, body.subject) for body in office.gateway.bodies(commands.RecordRefusal)]
    assert said == [("set_roster", "李四", ""), ("set_roster", "guest", ""), ("set_roster", "王五", "bay")]
    assert office.on_duty("bay") == "张三+站长"
    await office.call("boss", "hand_over", member="张三", to="李四", hours=1)
    assert office.on_duty("bay") == "李四+站长"


async def test_what_makes_no_sense_is_refused_in_words(office: Office) -> None:
    """Each with what is missing or wrong."""
    office.user("boss", admin=True)
    refused = office.refused
    assert await refused("李四", "take_over", member="张三") == "until_or_hours"
    assert await refused("李四", "take_over", member="张三", hours=1, until="2026-11-24 00:00") == "until_or_hours"
    assert await refused("李四", "take_over", member="张三", until="2026-11-23 11:59") == "until_range 14"
    assert await refused("李四", "take_over", member="张三", until="2026-12-07 12:01") == "until_range 14"
    assert await refused("李四", "take_over", hours=1) == "whose_duty"
    assert await refused("李四", "take_over", member="赵六", hours=1) == "unknown_person 赵六"
    assert await refused("李四", "take_over", device_id="nowhere", hours=1) == "unknown_compound nowhere"
    assert await refused("boss", "take_over", member="张三", hours=1) == "not_staff"
    assert await refused("boss", "hand_over", to="张三", hours=1) == "not_staff"
    assert await refused("王五", "take_over", member="站长", hours=1) == "nothing_in_common 王五 站长"
    assert await refused("王五", "take_over", member="张三", device_id="bay", hours=1) == "not_permitted 王五 清水湾"
    assert await refused("站长", "hand_over", to="王五", device_id="bay", hours=1) == "nothing_in_common 王五 站长"
    assert await refused("nobody", "take_over", member="张三", hours=1) == "unidentified"
    assert not office.duty.stand_ins


async def test_an_administrator_takes_over_only_where_they_are_responsible(office: Office) -> None:
    """They may decide everywhere, but nobody is paged for a compound that is not theirs."""
    person = office.user("chief", admin=True)
    office.people["主任"] = add_member(office.hass, office.entry, "主任", person=person, compounds=["garden"])
    await office.hass.async_block_till_done()
    assert await office.refused("chief", "take_over", device_id="bay", hours=1) == "not_responsible 主任 清水湾"


async def test_a_loop_that_hands_duty_on_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is bounded; what is there stays."""
    monkeypatch.setattr(duty_module, "MAX_STAND_INS", 2)
    for _ in range(2):
        await office.call("张三", "hand_over", to="李四", hours=1)
    assert await office.refused("张三", "hand_over", to="李四", hours=1) == "too_many_stand_ins"
    assert office.on_duty("bay") == "李四+站长"


async def test_stand_ins_survive_a_restart_and_are_forgotten_when_they_are_past(
    office: Office, hass_storage: dict[str, Any]
) -> None:
    """On disk at once, without names."""
    await office.call("张三", "hand_over", to="李四", hours=2)
    kept = hass_storage[f"community_help.{office.entry.entry_id}.duty"]["data"]
    assert [item["end"] for item in kept["stand_ins"]] == [(NOON + timedelta(hours=2)).timestamp()]
    assert "李四" not in str(kept)
    again = Duty(office.hass, office.entry)
    await again.async_start()
    assert again.stand_ins == office.duty.stand_ins
    assert again.plan == office.duty.plan
    again.async_stop()
    office.hass.data[DUTIES][office.entry.entry_id] = office.duty
    await at(office.hass, office.freezer, NOON + timedelta(days=2))
    assert not office.duty.stand_ins
    assert not hass_storage[f"community_help.{office.entry.entry_id}.duty"]["data"]["stand_ins"]


async def test_each_member_has_a_device_that_shows_duty(office: Office) -> None:
    """On and off by the clock; since when, until when, where, for whom, and by whom relieved."""
    found = dr.async_get(office.hass).async_get(office.staff("张三"))
    assert found
    assert (found.name, found.model_id, found.config_subentry_id) == ("张三", "staff", office.people["张三"])
    zhang, li = f"staff_{office.people['张三']}", f"staff_{office.people['李四']}"
    assert (office.state(zhang).state, office.state(li).state) == ("on", "off")
    shown = office.state(zhang).attributes
    assert (shown["since"], shown["until"]) == ("2026-11-23T00:00:00+00:00", "2026-11-23T12:00:00+00:00")
    assert shown["compounds"] == ["清水湾", "花园"]
    shown = office.state(li).attributes
    assert (shown["since"], shown["next"], shown["compounds"]) == (None, "2026-11-23T12:00:00+00:00", [])
    await office.call("李四", "take_over", member="张三", device_id="bay", hours=2)
    shown = office.state(li).attributes
    assert (office.state(li).state, shown["stands_in_for"], shown["compounds"]) == ("on", ["张三"], ["清水湾"])
    assert shown["until"] == "2026-11-23T06:00:00+00:00"
    shown = office.state(zhang).attributes
    assert (office.state(zhang).state, shown["relieved_by"], shown["compounds"]) == ("on", ["李四"], ["花园"])
    await office.call("站长", "take_over", device_id="bay", hours=1)
    assert office.state(f"staff_{office.people['站长']}").attributes["stands_in_for"] == ["清水湾"]
    await at(office.hass, office.freezer, NOON + timedelta(hours=8))
    assert (office.state(zhang).state, office.state(li).state) == ("off", "on")
    assert office.state(li).attributes["stands_in_for"] == []


async def test_each_compound_shows_who_is_told_first(office: Office) -> None:
    """By name, with all tiers; in words when nobody is on duty and everybody is told."""
    shown = office.state("bay", "sensor")
    assert shown.state == "张三"
    assert shown.attributes["tiers"] == {"1": ["张三"], "2": ["站长"]}
    assert office.state("garden", "sensor").state == "张三, 王五"
    for name in ("王五", "站长"):
        office.hass.config_entries.async_remove_subentry(office.entry, office.people[name])
    await at(office.hass, office.freezer, datetime(2026, 11, 24, 3, tzinfo=SHANGHAI))
    shown = office.state("bay", "sensor")
    assert (shown.state, shown.attributes["everybody"]) == ("Nobody", True)


async def test_staff_come_go_and_change_their_name_without_a_reload(office: Office) -> None:
    """Device and entity with them."""
    office.member("赵六")
    await office.hass.async_block_till_done()
    assert office.state(f"staff_{office.people['赵六']}").state == "on"
    subentry = office.entry.subentries[office.people["赵六"]]
    office.hass.config_entries.async_update_subentry(
        office.entry, subentry, title="赵六六", data={**subentry.data, "name": "赵六六"}
    )
    await office.hass.async_block_till_done()
    device = dr.async_get(office.hass).async_get(office.staff("赵六"))
    assert device
    assert device.name == "赵六六"
    office.hass.config_entries.async_remove_subentry(office.entry, office.people["赵六"])
    await office.hass.async_block_till_done()
    assert dr.async_get(office.hass).async_get(device.id) is None
    assert len(office.gateway.resumed) == 1


async def test_a_members_device_stays_while_the_member_does(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a new snapshot of the gateway nor a person removes it."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))
    await office.gateway.hang_up()
    await eventually(office.hass, lambda: len(office.gateway.resumed) == 2 and office.entry.runtime_data.connected)
    device = dr.async_get(office.hass).async_get(office.staff("张三"))
    assert device
    assert not await async_remove_config_entry_device(office.hass, office.entry, device)
