"""The actions: what people decide, drills and bypasses, always in the name of a person."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.community_help.contract import commands, messages, values
from custom_components.community_help.decisions import DECISIONS
from custom_components.community_help.exercises import EXERCISES
from tests.integration.conftest import DEVICES, GATEWAY_ID, INCIDENT, FakeGateway, add_staff, eventually

MORE = {"to": "李四", "note": "油烟", "cause": "cooking"}


@pytest.fixture
async def act(hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, user: MockUser) -> Any:
    """Call an action as that user; the gateway has one open incident."""
    gateway.incidents = (INCIDENT,)
    call_point = values.Device(
        "hand",
        "手报",
        values.DeviceKind.CALL_POINT,
        "bay",
        points=(values.Point("hand.cp", values.PointKind.CALL_POINT),),
    )
    gateway.devices = (*DEVICES, call_point)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    async def call(name: str, context: Context | None = None, **data: Any) -> None:
        context = context or Context(user_id=user.id)
        await hass.services.async_call("community_help", name, data, blocking=True, context=context)

    return call


def entity(hass: HomeAssistant, key: str) -> str:
    """The binary sensor with this key."""
    found = er.async_get(hass).async_get_entity_id("binary_sensor", "community_help", f"{GATEWAY_ID}_{key}")
    assert found, key
    return found


def compound(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The compound's device."""
    found = dr.async_get(hass).async_get_device_by_identifier(("community_help", f"{GATEWAY_ID}_bay"), entry.entry_id)
    assert found
    return found.id


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("acknowledge", {}, {"kind": commands.Acknowledge, "revision": 1}),
        ("handle", {}, {"kind": commands.Handle}),
        ("add_note", {"note": "楼道有烟"}, {"kind": commands.AddNote, "text": "楼道有烟"}),
        ("ask_for_help", {}, {"kind": commands.Ask}),
        ("resolve", {"note": "已通风"}, {"kind": commands.Resolve, "note": "已通风"}),
        ("declare_real", {}, {"kind": commands.DeclareReal}),
        (
            "close",
            {"cause": "cooking", "note": "油烟"},
            {"kind": commands.Close, "cause": values.Cause.COOKING, "note": "油烟"},
        ),
    ],
)
async def test_people_decide_by_action_in_their_own_name(
    gateway: FakeGateway, act: Any, name: str, data: dict[str, Any], said: dict[str, Any]
) -> None:
    """The person comes from the call's context."""
    await act(name, incident_id="ep-1", **data)
    (body,) = gateway.bodies(said.pop("kind"))
    assert (body.incident, body.person.name, body.way.value) == ("ep-1", "Zhang San", "action")
    assert {key: getattr(body, key) for key in said} == said


async def test_an_incident_is_handed_over_to_one_member_of_the_roster(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, phones: list[dict[str, Any]], act: Any
) -> None:
    """By name or id; taken over by oneself; nobody, and two of one name, are refused."""
    li = add_staff(hass, entry, "李四", 2, "dead")
    for name in ("王五", "王五"):
        add_staff(hass, entry, name, 2, "dead")
    await act("hand_over", incident_id="ep-1", to="李四")
    await act("hand_over", incident_id="ep-1", to=li)
    await act("take_over", incident_id="ep-1")
    by_name, by_id, taken = gateway.bodies(commands.HandOver)
    assert by_name.to == by_id.to == values.Person(li, "李四")
    assert taken.to == taken.person
    for nobody in ("赵六", "王五"):
        with pytest.raises(ServiceValidationError, match="no one person called"):
            await act("hand_over", incident_id="ep-1", to=nobody)


@pytest.mark.parametrize("name", list(DECISIONS))
async def test_a_decision_by_nobody_is_refused_in_the_users_language(
    hass: HomeAssistant, gateway: FakeGateway, act: Any, name: str
) -> None:
    """An automation that no person started cannot decide; nothing is sent."""
    fields = {str(key): MORE[str(key)] for key in DECISIONS[name][1]}
    sent = len(gateway.commands)
    with pytest.raises(ServiceValidationError) as error:
        await act(name, Context(), incident_id="ep-1", **fields)
    assert error.value.translation_key == "unidentified"
    assert len(gateway.commands) == sent


@pytest.mark.parametrize("name", list(EXERCISES))
async def test_a_drill_and_a_bypass_need_a_person_too(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, act: Any, name: str
) -> None:
    """They silence something."""
    known = {
        "device_id": "bay",
        "minutes": 5,
        "entity_id": entity(hass, "f201_smoke"),
        "hours": 1,
        "reason": "装修",
    }
    fields = {str(key): known[str(key)] for key in EXERCISES[name][1] if key != "by"}
    with pytest.raises(ServiceValidationError) as error:
        await act(name, Context(), **fields)
    assert error.value.translation_key == "unidentified"


async def test_what_the_gateway_refuses_is_told_in_the_users_language(gateway: FakeGateway, act: Any) -> None:
    """Where this version knows the reason; otherwise in the gateway's own words."""
    for code, key in (("unidentified", "unidentified"), ("malformed", "malformed"), ("not_yet_invented", "refused")):
        gateway.answer = lambda command, code=code: messages.Outcome(command.key, False, code, "so it is")
        with pytest.raises(HomeAssistantError) as error:
            await act("handle", incident_id="ep-1")
        assert error.value.translation_key == key


async def test_a_drill_runs_in_a_compound_with_named_points(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, act: Any
) -> None:
    """The compound by its device or its own id; entities stand for their points."""
    entities = [entity(hass, "f201_smoke"), entity(hass, "hand_call_point")]
    await act("start_drill", device_id=compound(hass, entry), minutes=30, entity_id=entities)
    await act("start_drill", device_id="bay", minutes=5)
    first, second = gateway.bodies(commands.StartDrill)
    assert (first.compound, first.seconds, first.points) == ("bay", 1800.0, ("f201.smoke", "hand.cp"))
    assert (second.compound, second.points) == ("bay", ())
    await act("inject_alarm", entity_id=entity(hass, "septic_gas"))
    assert [body.point for body in gateway.bodies(commands.Inject)] == ["septic.ch4"]
    await act("end_drill", device_id=compound(hass, entry))
    assert gateway.bodies(commands.EndDrill)[0].person.name == "Zhang San"
    with pytest.raises(ServiceValidationError, match="no compound nowhere"):
        await act("end_drill", device_id="nowhere")


async def test_a_bypass_names_points_hours_and_reason(hass: HomeAssistant, gateway: FakeGateway, act: Any) -> None:
    """All points behind the entities; ended only for those that are bypassed."""
    await act("bypass", entity_id=[entity(hass, "f201_smoke"), entity(hass, "septic_gas")], hours=2, reason="装修")
    said = gateway.bodies(commands.SetBypass)
    assert {body.point for body in said} == {"f201.smoke", "septic.ch4", "septic.h2s", "septic.co", "septic.o2"}
    assert {(body.seconds, body.reason, body.person.name) for body in said} == {(7200.0, "装修", "Zhang San")}
    facts = hass.config_entries.async_entries("community_help")[0].runtime_data.facts
    bypass = values.Bypass("septic.h2s", said[0].person, "装修", 1000.0, 8200.0)
    await gateway.say(bypasses=(bypass,))
    await eventually(hass, lambda: bool(facts.bypasses))
    await act("end_bypass", entity_id=[entity(hass, "f201_smoke"), entity(hass, "septic_gas")])
    assert [body.point for body in gateway.bodies(commands.EndBypass)] == ["septic.h2s"]


@pytest.mark.parametrize("wrong", ["binary_sensor.elsewhere", "problem"])
async def test_an_entity_without_a_point_is_refused(
    hass: HomeAssistant, gateway: FakeGateway, act: Any, wrong: str
) -> None:
    """Somebody else's, or one that shows no signal."""
    name = entity(hass, "f201_problem") if wrong == "problem" else wrong
    with pytest.raises(ServiceValidationError) as error:
        await act("bypass", entity_id=name, hours=1, reason="装修")
    assert error.value.translation_key == "no_point"


async def test_what_is_not_open_is_refused_before_it_is_sent(gateway: FakeGateway, act: Any) -> None:
    """Incident and page."""
    with pytest.raises(ServiceValidationError, match="no open incident gone"):
        await act("close", incident_id="gone", cause="real")
    with pytest.raises(ServiceValidationError, match="Nobody waits"):
        await act("page_staff", page_id="gone")
    assert not gateway.bodies(commands.Close)


async def test_an_older_incident_is_acknowledged_as_it_is_shown_now(
    hass: HomeAssistant, gateway: FakeGateway, act: Any
) -> None:
    """Promise 4: the revision is the one that this Home Assistant shows."""
    newer = replace(INCIDENT, revision=3)
    await gateway.say(
        events=(values.IncidentEvent(gateway.number + 1, 1001.0, values.IncidentEventKind.JOINED, newer),)
    )
    coordinator = hass.config_entries.async_entries("community_help")[0].runtime_data
    await eventually(hass, lambda: coordinator.incidents["ep-1"].revision == 3)
    await act("acknowledge", incident_id="ep-1")
    assert gateway.bodies(commands.Acknowledge)[0].revision == 3
