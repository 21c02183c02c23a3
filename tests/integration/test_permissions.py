"""Who may decide: administrators, the staff of the compound, and whom the pager told; every refusal is journalled."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.community_help.contract import commands, messages, values
from custom_components.community_help.decisions import DECISIONS
from custom_components.community_help.exercises import EXERCISES
from custom_components.community_help.permissions import Refusal, async_decider, async_may
from custom_components.community_help.roster import Phone
from custom_components.community_help.services import COMMANDS
from tests.integration.conftest import DEVICES, GATEWAY_ID, INCIDENT, FakeGateway, eventually
from tests.integration.duty_world import add_member

GARDEN = replace(DEVICES[0], id="g101", compound="garden", points=(values.Point("g101.smoke", values.PointKind.SMOKE),))
FIELDS = {
    "to": "张三",
    "note": "油烟",
    "cause": "cooking",
    "device_id": "bay",
    "minutes": 5,
    "hours": 1,
    "reason": "装修",
}


class People:
    """Accounts of Home Assistant, and what they may."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, gateway: FakeGateway) -> None:
        """Two compounds: 张三 is responsible for bay, 李四 for garden, 王五 for both."""
        self.hass, self.entry, self.gateway = hass, entry, gateway
        self.ids = {
            name: add_member(hass, entry, name, person=self.account(name), compounds=places)
            for name, places in (("张三", ["bay"]), ("李四", ["garden"]), ("王五", []))
        }

    def account(self, name: str, *, admin: bool = False) -> str:
        """Somebody who can sign in; their person."""
        MockUser(id=name, name=name, is_owner=admin).add_to_hass(self.hass)
        person = f"person.number_{len(self.hass.states.async_entity_ids('person'))}"
        self.hass.states.async_set(person, "home", {"user_id": name, "friendly_name": name})
        return person

    async def act(self, name: str, action: str, **data: Any) -> None:
        """Call an action."""
        context = Context(user_id=name)
        await self.hass.services.async_call("community_help", action, data, blocking=True, context=context)

    async def refusal(self, name: str, action: str, **data: Any) -> dict[str, str] | None:
        """Whom and where an action is refused to; ``None``: it is not."""
        try:
            await self.act(name, action, **data)
        except ServiceValidationError as error:
            return error.translation_placeholders if error.translation_key == "not_permitted" else {"other": str(error)}
        return None

    def entity(self, key: str) -> str:
        """A binary sensor."""
        found = er.async_get(self.hass).async_get_entity_id("binary_sensor", "community_help", f"{GATEWAY_ID}_{key}")
        assert found
        return found


@pytest.fixture
async def people(hass: HomeAssistant, entry: MockConfigEntry, gateway: FakeGateway) -> People:
    """An incident is open in each compound, and one that has no compound."""
    gateway.compounds = (values.Compound("bay", "清水湾"), values.Compound("garden", "花园"))
    gateway.devices = (*DEVICES, GARDEN)
    gateway.states["g101.smoke"] = values.PointState("g101.smoke", True)
    elsewhere = replace(INCIDENT, id="ep-2", compound="garden", compound_name="花园")
    unplaced = replace(INCIDENT, id="ep-9", compound="", compound_name="", hazard=values.Hazard.UNPLACED)
    gateway.incidents = (INCIDENT, elsewhere, unplaced)
    found = People(hass, entry, gateway)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await eventually(hass, lambda: entry.runtime_data.fence == 1)
    return found


def fields(people: People, action: str) -> dict[str, Any]:
    """What an action about the bay needs."""
    if action in DECISIONS:
        return {"incident_id": "ep-1", **{str(key): FIELDS[str(key)] for key in DECISIONS[action][1]}}
    known = {**FIELDS, "entity_id": people.entity("f201_smoke")}
    return {str(key): known[str(key)] for key in EXERCISES[action][1] if str(key) in known}


@pytest.mark.parametrize("action", [*DECISIONS, *EXERCISES])
async def test_every_decision_is_refused_to_the_staff_of_another_compound(people: People, action: str) -> None:
    """In words that name person and compound; journalled under the command's name; nothing else is sent."""
    sent = len(people.gateway.commands)
    assert await people.refusal("李四", action, **fields(people, action)) == {"person": "李四", "compound": "清水湾"}
    await eventually(people.hass, lambda: bool(people.gateway.bodies(commands.RecordRefusal)))
    (said,) = people.gateway.bodies(commands.RecordRefusal)
    assert len(people.gateway.commands) == sent + 1
    assert (said.person, said.way) == (values.Person(people.ids["李四"], "李四"), values.Way.ACTION)
    assert said.what in commands.COMMANDS
    what = {"inject_alarm": "inject"}.get(action, COMMANDS.get(action, action))
    about = ("ep-1", "") if action in DECISIONS else ("", "bay" if action.endswith("_drill") else "f201.smoke")
    assert (said.what, said.incident, said.subject) == (what, *about)


@pytest.mark.parametrize("action", [*DECISIONS, *EXERCISES])
@pytest.mark.parametrize("name", ["张三", "王五", "boss"])
async def test_the_staff_of_the_compound_and_administrators_may(people: People, action: str, name: str) -> None:
    """Whoever is responsible there, or everywhere."""
    people.account("boss", admin=True)
    assert await people.refusal(name, action, **fields(people, action)) is None
    assert not people.gateway.bodies(commands.RecordRefusal)


async def test_other_accounts_may_not_and_what_has_no_compound_is_everybodys(people: People) -> None:
    """A resident's account decides nothing; an unplaced alarm is the business of all staff."""
    people.account("resident")
    for incident, place in (("ep-1", "清水湾"), ("ep-9", "Demo")):
        refused = await people.refusal("resident", "acknowledge", incident_id=incident)
        assert refused == {"person": "resident", "compound": place}
    for name in people.ids:
        assert await people.refusal(name, "acknowledge", incident_id="ep-9") is None


async def test_where_nobody_is_responsible_any_of_the_staff_may(people: People) -> None:
    """They are all paged then; without a roster anybody may."""
    people.account("resident")
    for name in ("张三", "王五"):
        people.hass.config_entries.async_remove_subentry(people.entry, people.ids[name])
    assert await people.refusal("李四", "acknowledge", incident_id="ep-1") is None
    assert await people.refusal("resident", "acknowledge", incident_id="ep-1") is not None
    people.hass.config_entries.async_remove_subentry(people.entry, people.ids["李四"])
    assert await people.refusal("resident", "acknowledge", incident_id="ep-1") is None


async def test_one_refused_entity_refuses_the_whole_call(people: People) -> None:
    """No half of a bypass, and no drill that names another compound's detectors."""
    both = [people.entity("f201_smoke"), people.entity("g101_smoke")]
    refused = {"person": "张三", "compound": "花园"}
    assert await people.refusal("张三", "bypass", entity_id=both, hours=1, reason="装修") == refused
    assert await people.refusal("张三", "start_drill", device_id="bay", minutes=5, entity_id=both) == refused
    assert not people.gateway.bodies(commands.SetBypass)
    assert not people.gateway.bodies(commands.StartDrill)
    assert await people.refusal("王五", "bypass", entity_id=both, hours=1, reason="装修") is None
    assert len(people.gateway.bodies(commands.SetBypass)) == 2


async def test_an_older_gateway_is_not_asked_to_record_a_refusal(
    hass: HomeAssistant, people: People, gateway: FakeGateway
) -> None:
    """It would not understand; the caller is refused all the same."""
    people.entry.runtime_data.gateway = messages.GatewayInfo(GATEWAY_ID, "Demo", "0.2.0", version=2)
    assert await people.refusal("李四", "acknowledge", incident_id="ep-1")
    await hass.async_block_till_done(wait_background_tasks=False)
    await people.act("张三", "acknowledge", incident_id="ep-1")
    assert not gateway.bodies(commands.RecordRefusal)


async def test_a_refusal_does_not_wait_for_the_gateway(people: People, gateway: FakeGateway) -> None:
    """One that is mute or away records nothing, and the caller knows at once."""
    gateway.mute = True
    assert await people.refusal("李四", "acknowledge", incident_id="ep-1")
    gateway.mute = False
    await gateway.go_away()
    await eventually(people.hass, lambda: not people.entry.runtime_data.connected)
    assert await people.refusal("李四", "acknowledge", incident_id="ep-1")


async def test_promise_3_nobody_is_no_decider(hass: HomeAssistant, people: People) -> None:
    """Not without a user, nor with one who was deleted, nor when the pager told everybody."""
    told = {*people.ids.values(), ""}
    for user in (None, "", "deleted"):
        assert await async_decider(hass, people.entry, user, "bay", told) == Refusal(None, "bay")
        assert not await async_may(hass, people.entry, user, "bay")


async def test_whom_the_pager_told_may_act(
    hass: HomeAssistant, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the person's id, the duty phone's, or the phone's own; for that incident only."""
    li = values.Person(people.ids["李四"], "李四")
    assert await async_decider(hass, people.entry, "李四", "bay") == Refusal(li, "bay")
    assert await async_decider(hass, people.entry, "李四", "bay", {people.ids["张三"]}) == Refusal(li, "bay")
    assert await async_decider(hass, people.entry, "李四", "bay", {people.ids["李四"]}) == li
    people.account("porter")
    known = {"porters-phone": Phone("porters-phone", "hook", "porter")}
    monkeypatch.setattr("custom_components.community_help.roster.all_phones", lambda _hass: known)
    porter = values.Person("porter", "porter")
    assert await async_decider(hass, people.entry, "porter", "bay") == Refusal(porter, "bay")
    assert await async_decider(hass, people.entry, "porter", "bay", {"porters-phone"}) == porter


async def test_behind_a_duty_phone_is_whoever_is_on_duty(
    hass: HomeAssistant, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may what its carriers may; the record names them and the phone."""
    people.account("shared")
    known = {"desk": Phone("desk", "hook", "shared")}
    monkeypatch.setattr("custom_components.community_help.roster.all_phones", lambda _hass: known)
    flows = hass.config_entries.subentries
    result = await flows.async_init((people.entry.entry_id, "duty_phone"), context={"source": "user"})
    answer = {"name": "值班机", "phones": ["desk"], "people": [people.ids["张三"]]}
    await flows.async_configure(result["flow_id"], answer)
    await hass.async_block_till_done()
    who = await async_decider(hass, people.entry, "shared", "bay")
    assert isinstance(who, values.Person)
    assert who.name == "张三 (值班机)"
    refused = await people.refusal("shared", "acknowledge", incident_id="ep-2")
    assert refused == {"person": "值班机", "compound": "花园"}
    assert await people.refusal("shared", "acknowledge", incident_id="ep-1") is None
    assert people.gateway.bodies(commands.Acknowledge)[-1].person == who


async def test_an_incident_is_handed_over_to_a_members_device(hass: HomeAssistant, people: People) -> None:
    """What the user interface offers; another device is nobody."""
    registry = dr.async_get(hass)
    key = ("community_help", f"{GATEWAY_ID}_staff_{people.ids['王五']}")
    device = registry.async_get_device_by_identifier(key, people.entry.entry_id)
    assert device
    await people.act("张三", "hand_over", incident_id="ep-1", to=device.id)
    assert people.gateway.bodies(commands.HandOver)[-1].to == values.Person(people.ids["王五"], "王五")
    compound = registry.async_get_device_by_identifier(("community_help", f"{GATEWAY_ID}_bay"), people.entry.entry_id)
    assert compound
    with pytest.raises(ServiceValidationError, match="no one person called"):
        await people.act("张三", "hand_over", incident_id="ep-1", to=compound.id)
