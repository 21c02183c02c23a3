"""Every blueprint, loaded by Home Assistant itself and made to fire by its real trigger: pages, gas and fire lanes."""

from dataclasses import replace
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.community_help.contract import commands
from custom_components.community_help.contract.values import Cause, Hazard, IncidentEventKind as Kind, Page, Severity
from tests.integration.blueprinting import (
    NAMES,
    automate,
    compound,
    edges,
    elapse,
    happen,
    incident_of,
    shipped,
    turns,
    until,
)
from tests.integration.conftest import INCIDENT, PAGE, FakeGateway, Settle, after_grace

__all__ = ["edges", "shipped"]
pytestmark = pytest.mark.usefixtures("shipped")
ANNOUNCE = {"speakers": ["media_player.hall"], "voice": "tts.piper"}
SPOT = {"sirens": ["siren.hall"], "lights": ["light.stairs"], "color": [0, 0, 255], **ANNOUNCE}
GAS = incident_of(Hazard.GAS, "septic", "septic.ch4", "清水湾 化粪池", severity=Severity.WARNING)
LANE = incident_of(Hazard.FIRE_LANE, "lane", "lane.lane", "清水湾 消防车通道", severity=Severity.WARNING)
LANE_PAGE = replace(PAGE, incident=LANE)
OCCUPIED = "binary_sensor.qing_shui_wan_xiao_fang_che_tong_dao_occupied"

type Edges = dict[str, list[ServiceCall]]


def page_of(incident: Any) -> Page:
    """A page about an incident."""
    return replace(PAGE, incident=incident)


@pytest.mark.parametrize("name", NAMES)
async def test_every_blueprint_is_valid_with_its_defaults(
    hass: HomeAssistant, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Home Assistant takes the automation although nothing was filled in, and complains about nothing."""
    await automate(hass, name)
    assert not [item.message for item in caplog.records if item.levelname == "ERROR" and "automation" in item.name]


async def test_alarm_to_staff_answers_the_page_with_defaults_only(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    edges: Edges,
) -> None:
    """The default words, at once and once; nothing on the spot."""
    await automate(hass, "alarm_to_staff")
    await happen(hass, gateway, settle, Kind.RAISED, INCIDENT, PAGE)
    await settle(lambda: bool(phones))
    await after_grace(hass)
    (shown,) = phones
    assert shown["title"] == "FIRE ALARM: 清水湾 1号楼 2 201 烟感"
    assert shown["data"]["channel"] == "alarm_stream"
    assert not any(edges.values())


async def test_alarm_to_staff_with_everything(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    edges: Edges,
) -> None:
    """Own words on the phone; siren, lights in the colour, and the announcement."""
    also = async_mock_service(hass, "script", "more")
    await automate(
        hass,
        "alarm_to_staff",
        title="{{ trigger.compound }}",
        message="{{ trigger.building }}: {{ trigger.detectors }}",
        critical=False,
        compound=[compound(hass, loaded)],
        hazard=["fire"],
        also=[{"action": "script.more"}],
        **SPOT,
    )
    await happen(hass, gateway, settle, Kind.RAISED, INCIDENT, PAGE)
    await settle(lambda: bool(phones))
    assert (phones[0]["title"], phones[0]["message"]) == ("清水湾", "1号楼: 1")
    assert phones[0]["data"].get("channel") != "alarm_stream"
    assert [call.data for call in edges["siren.turn_on"]] == [{"entity_id": ["siren.hall"]}]
    (light,) = edges["light.turn_on"]
    assert light.data == {"entity_id": ["light.stairs"], "brightness_pct": 100, "rgb_color": [0, 0, 255]}
    (spoken,) = edges["tts.speak"]
    assert spoken.data["message"] == "FIRE ALARM: 清水湾 1号楼 2 201 烟感"
    assert spoken.data["media_player_entity_id"] == ["media_player.hall"]
    assert len(also) == 1


async def test_a_dead_siren_stops_neither_the_page_nor_the_lights(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    edges: Edges,
) -> None:
    """Each of them may fail on its own."""

    async def fail(_call: ServiceCall) -> None:
        message = "dead"
        raise HomeAssistantError(message)

    hass.services.async_register("siren", "turn_on", fail)
    await automate(hass, "alarm_to_staff", **SPOT)
    await happen(hass, gateway, settle, Kind.RAISED, INCIDENT, PAGE)
    await settle(lambda: bool(phones))
    assert edges["light.turn_on"]
    assert edges["tts.speak"]


@pytest.mark.parametrize(
    ("changes", "inputs", "sounds"),
    [
        ({"severity": Severity.WARNING}, {}, False),
        ({"severity": Severity.WARNING}, {"severity": ["warning"]}, True),
        ({"severity": Severity.UNKNOWN}, {}, True),
        ({"drill": True}, {}, False),
        ({"drill": True}, {"drills": True}, True),
    ],
)
async def test_what_happens_on_the_spot_depends_on_severity_and_drill(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    edges: Edges,
    changes: dict[str, Any],
    inputs: dict[str, Any],
    sounds: bool,
) -> None:
    """The phones are told in any case; a severity that is new here is loud, to be safe."""
    await automate(hass, "alarm_to_staff", **SPOT, **inputs)
    incident = replace(INCIDENT, **changes)
    await happen(hass, gateway, settle, Kind.RAISED, incident, page_of(incident))
    await settle(lambda: bool(phones))
    assert bool(edges["siren.turn_on"]) is sounds
    assert bool(edges["light.turn_on"]) is sounds


async def test_sirens_stop_only_when_somebody_has_every_real_incident(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    edges: Edges,
) -> None:
    """Taking one does not silence the other; an open drill keeps none sounding."""
    await automate(hass, "alarm_to_staff", **SPOT)
    second = replace(INCIDENT, id="ep-2")
    drill = replace(INCIDENT, id="ep-4", drill=True)
    for incident in (INCIDENT, second, drill):
        await happen(hass, gateway, settle, Kind.RAISED, incident)
    await happen(hass, gateway, settle, Kind.ACKNOWLEDGED, replace(INCIDENT, answered=True))
    assert not edges["siren.turn_off"]
    ended = replace(second, closed_at=1200.0, state="closed", cause=Cause.COOKING)
    await happen(hass, gateway, settle, Kind.CLOSED, ended)
    assert [call.data for call in edges["siren.turn_off"]] == [{"entity_id": ["siren.hall"]}]


@pytest.mark.parametrize("inputs", [{"lights": ["light.stairs"], **ANNOUNCE}, SPOT], ids=["no sirens", "one more open"])
async def test_whoever_takes_it_sets_off_nothing(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    settle: Settle,
    edges: Edges,
    caplog: pytest.LogCaptureFixture,
    inputs: dict[str, Any],
) -> None:
    """Taken or closed, with or without sirens: no light, no siren, no word over the speakers, no answer to no page."""
    await automate(hass, "alarm_to_staff", **inputs)
    second = replace(INCIDENT, id="ep-2")
    for incident in (INCIDENT, second):
        await happen(hass, gateway, settle, Kind.RAISED, incident)
    await happen(hass, gateway, settle, Kind.ACKNOWLEDGED, replace(INCIDENT, answered=True))
    closed = replace(INCIDENT, closed_at=1200.0, state="closed", cause=Cause.COOKING)
    await happen(hass, gateway, settle, Kind.CLOSED, closed)
    assert not any(edges.values())
    assert "page_id" not in caplog.text
    assert "Error executing script" not in caplog.text


async def test_gas_with_defaults_only_switches_nothing(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    settle: Settle,
    edges: Edges,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Neither a switch nor a message."""
    await automate(hass, "gas_ventilate")
    await happen(hass, gateway, settle, Kind.RAISED, GAS)
    await elapse(hass, freezer, 400)
    assert not any(edges.values())


async def test_gas_closes_the_valve_and_is_content_when_it_is_closed(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    settle: Settle,
    edges: Edges,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Closed at once; both the valve and its end switch must say so, and nobody is troubled."""
    hass.states.async_set("valve.kitchen", "open")
    hass.states.async_set("binary_sensor.end_switch", "on")
    await automate(hass, "gas_ventilate", valves=["valve.kitchen"], proofs=["binary_sensor.end_switch"])
    await happen(hass, gateway, settle, Kind.RAISED, GAS)
    assert [call.data for call in edges["valve.close_valve"]] == [{"entity_id": ["valve.kitchen"]}]
    hass.states.async_set("valve.kitchen", "closed")
    hass.states.async_set("binary_sensor.end_switch", "off")
    await hass.async_block_till_done()
    await elapse(hass, freezer, 60)
    assert not edges["community_help.tell_staff"]
    assert not edges["persistent_notification.create"]


@pytest.mark.parametrize(
    ("valve", "switch"), [("open", "off"), ("closed", "on"), ("unavailable", "off"), ("closed", "unknown")]
)
async def test_gas_tells_when_the_valve_is_not_proven_closed(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    settle: Settle,
    edges: Edges,
    valve: str,
    switch: str,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Unknown is not closed: the staff of the compound, and Home Assistant, say what was not proven."""
    hass.states.async_set("valve.kitchen", valve, {"friendly_name": "厨房阀"})
    hass.states.async_set("binary_sensor.end_switch", switch, {"friendly_name": "限位"})
    await automate(hass, "gas_ventilate", valves=["valve.kitchen"], proofs=["binary_sensor.end_switch"], seconds=30)
    await happen(hass, gateway, settle, Kind.RAISED, GAS)
    assert not edges["community_help.tell_staff"]
    await elapse(hass, freezer, 31)
    (told,) = edges["community_help.tell_staff"]
    assert told.data["device_id"] == [compound(hass, loaded)]
    assert told.data["title"] == "GAS NOT SHUT OFF (燃气未关断): 清水湾 化粪池"
    assert ("厨房阀" in told.data["message"], "限位" in told.data["message"]) == (valve != "closed", switch != "off")
    (shown,) = edges["persistent_notification.create"]
    assert shown.data["notification_id"] == "community_help_gas_ep-1"


async def test_gas_switches_no_fan_on_that_nobody_confirmed(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle, edges: Edges
) -> None:
    """A fan that is chosen but not confirmed as explosion-proof stays off."""
    await automate(hass, "gas_ventilate", fans=["fan.cellar"])
    await happen(hass, gateway, settle, Kind.RAISED, GAS)
    assert not edges["homeassistant.turn_on"]


async def test_gas_switches_confirmed_fans_on(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle, edges: Edges
) -> None:
    """Also when the gas joins a fire; never in a drill, nor for another detector."""
    septic = compound(hass, loaded, "septic")
    await automate(hass, "gas_ventilate", fans=["fan.cellar"], explosion_proof=True, detectors=[septic])
    await happen(hass, gateway, settle, Kind.RAISED, replace(GAS, id="ep-7", drill=True))
    elsewhere = incident_of(Hazard.GAS, "f201", "f201.smoke", "201", id="ep-8")
    await happen(hass, gateway, settle, Kind.RAISED, elsewhere)
    assert not edges["homeassistant.turn_on"]
    both = replace(GAS, hazard=Hazard.FIRE, hazards=(Hazard.FIRE, Hazard.GAS), severity=Severity.DANGER)
    await happen(hass, gateway, settle, Kind.JOINED, both, detail="paged:second_hazard")
    assert [call.data for call in edges["homeassistant.turn_on"]] == [{"entity_id": ["fan.cellar"]}]


async def occupy(hass: HomeAssistant, gateway: FakeGateway, *, occupied: bool) -> None:
    """A car comes or goes."""
    await gateway.say(states=(replace(gateway.states["lane.lane"], on=occupied),))
    await until(lambda: hass.states.get(OCCUPIED).state == ("on" if occupied else "off"))
    await turns()


async def test_fire_lane_with_defaults_only_answers_the_page(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    edges: Edges,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Nobody speaks, no picture; a fire is left to the other automation."""
    await automate(hass, "fire_lane_voice")
    await occupy(hass, gateway, occupied=True)
    await elapse(hass, freezer, 20)
    await happen(hass, gateway, settle, Kind.RAISED, LANE, LANE_PAGE)
    await settle(lambda: bool(phones))
    assert not any(edges.values())
    await happen(hass, gateway, settle, Kind.RAISED, replace(INCIDENT, id="ep-5"), replace(PAGE, id="ep-6"))
    assert len(phones) == 1


async def test_fire_lane_speaks_first_and_only_as_long_as_somebody_stands_there(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    settle: Settle,
    edges: Edges,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Not to a passing car; again after a pause; not any more once it is free."""
    await automate(hass, "fire_lane_voice", lane=[OCCUPIED], dwell=15, times=3, pause=12, **ANNOUNCE)
    await occupy(hass, gateway, occupied=True)
    await elapse(hass, freezer, 10)
    await occupy(hass, gateway, occupied=False)
    await elapse(hass, freezer, 10)
    assert not edges["tts.speak"]
    await occupy(hass, gateway, occupied=True)
    await elapse(hass, freezer, 16)
    assert len(edges["tts.speak"]) == 1
    assert edges["tts.speak"][0].data["message"].startswith("请注意，这里是消防车通道")
    await elapse(hass, freezer, 13)
    assert len(edges["tts.speak"]) == 2
    await occupy(hass, gateway, occupied=False)
    await elapse(hass, freezer, 13)
    assert len(edges["tts.speak"]) == 2


async def test_fire_lane_keeps_a_picture_before_and_after(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    edges: Edges,
) -> None:
    """Named by the incident, and the staff is told both names; another lane's incident is not photographed."""
    bay = compound(hass, loaded)
    await automate(hass, "fire_lane_voice", lane=[OCCUPIED], camera="camera.gate", folder="/media/x", recipients=[bay])
    other = incident_of(Hazard.FIRE_LANE, "water", "water.relay", "清水湾 东门", id="ep-8")
    await happen(hass, gateway, settle, Kind.RAISED, other)
    assert not edges["camera.snapshot"]
    await happen(hass, gateway, settle, Kind.RAISED, LANE)
    closed = replace(LANE, closed_at=1200.0, state="closed", cause=Cause.CLEARED, members=())
    await happen(hass, gateway, settle, Kind.CLOSED, closed)
    files = [call.data["filename"] for call in edges["camera.snapshot"]]
    assert files == ["/media/x/ep_1_before.jpg", "/media/x/ep_1_after.jpg"]
    (told,) = edges["community_help.tell_staff"]
    assert told.data["device_id"] == [bay]
    assert all(file in told.data["message"] for file in files)
    assert not gateway.bodies(commands.RecordReceipt)


async def test_the_camera_is_handed_on_with_the_page(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle
) -> None:
    """By both blueprints that answer pages; the pager makes the picture."""
    pages = async_mock_service(hass, "community_help", "page_staff")
    await automate(hass, "alarm_to_staff", camera="camera.gate", message="1号楼")
    await happen(hass, gateway, settle, Kind.RAISED, INCIDENT, PAGE)
    assert [call.data for call in pages] == [
        {"page_id": "ep-3", "title": "", "message": "1号楼", "critical": True, "camera": "camera.gate"}
    ]


async def test_the_camera_of_the_lane_is_handed_on_with_the_page(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle
) -> None:
    """Only for the pages of that lane."""
    pages = async_mock_service(hass, "community_help", "page_staff")
    await automate(hass, "fire_lane_voice", lane=[OCCUPIED], camera="camera.gate")
    async_mock_service(hass, "camera", "snapshot")
    await happen(hass, gateway, settle, Kind.RAISED, LANE, LANE_PAGE)
    assert [call.data for call in pages] == [{"page_id": "ep-3", "camera": "camera.gate"}]
