"""The blueprints of every day: digest, drill, handover, and what residents are told."""

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.community_help.contract import commands
from custom_components.community_help.contract.values import Cause, Hazard, IncidentEventKind as Kind, Severity
from tests.integration.blueprinting import automate, compound, edges, elapse, happen, incident_of, shipped, turns, until
from tests.integration.conftest import GATEWAY_ID, INCIDENT, FakeGateway, Settle, add_staff

__all__ = ["edges", "shipped"]
pytestmark = pytest.mark.usefixtures("shipped")
ANNOUNCE = {"speakers": ["media_player.hall"], "voice": "tts.piper"}
GAS = incident_of(Hazard.GAS, "septic", "septic.ch4", "清水湾 化粪池")
SINCE = datetime(2026, 11, 20, 8, tzinfo=dt_util.UTC)

type Edges = dict[str, list[ServiceCall]]


@pytest.fixture
def at_eight(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """The morning of the first Wednesday of a month."""
    freezer.move_to(datetime(2026, 12, 2, 8, 0, tzinfo=dt_util.get_default_time_zone()))


@pytest.fixture
async def health(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> Any:
    """Say which devices have which problem; the action ``get_health`` answers so."""
    if not hass.services.has_service("community_help", "get_health"):

        async def get_health(_call: ServiceCall) -> dict[str, Any]:
            return _report(gateway)

        only = SupportsResponse.ONLY
        hass.services.async_register("community_help", "get_health", get_health, supports_response=only)

    async def say(**problems: str) -> None:
        states = tuple(
            replace(gateway.states[point], problems=(problem,), changed_at=SINCE.timestamp())
            for point, problem in ((key.replace("_", "."), problem) for key, problem in problems.items())
        )
        await gateway.say(states=states)
        coordinator = loaded.runtime_data
        await until(lambda: all(coordinator.states[state.point].problems for state in states))

    return say


def _report(gateway: FakeGateway) -> dict[str, Any]:
    lists: dict[str, list[dict[str, Any]]] = {
        kind: [] for kind in ("offline", "faulty", "battery_low", "end_of_life", "tampered", "bypassed", "drills")
    }
    for device in gateway.devices:
        for problem in {problem for point in device.points for problem in gateway.states[point.id].problems}:
            place = " ".join(filter(None, (device.building, device.floor, device.flat)))
            item = {"name": device.name, "place": place, "cause": problem, "since": SINCE.isoformat()}
            lists["faulty" if problem == "fault" else problem].append(item)
    return {"gateways": [{"gateway": "Demo", "connected": True, "compounds": [{"name": "清水湾", **lists}]}]}


@pytest.mark.usefixtures("at_eight", "loaded", "health")
async def test_the_digest_says_nothing_when_all_is_well(
    hass: HomeAssistant, edges: Edges, freezer: FrozenDateTimeFactory
) -> None:
    """With defaults only: no news is good news."""
    await automate(hass, "device_health_digest")
    await elapse(hass, freezer, 1801)
    assert not any(edges.values())


@pytest.mark.usefixtures("at_eight", "loaded", "health")
@pytest.mark.parametrize(("language", "words"), [("zh", "所有设备正常。"), ("en", "All devices are well.")])
async def test_the_digest_says_that_all_is_well_if_asked_to(
    hass: HomeAssistant, edges: Edges, freezer: FrozenDateTimeFactory, language: str, words: str
) -> None:
    """Then its absence says something."""
    await automate(hass, "device_health_digest", always=True, language=language, recipients=["some-device"])
    await elapse(hass, freezer, 1801)
    (told,) = edges["community_help.tell_staff"]
    assert (told.data["message"], told.data["device_id"]) == (words, ["some-device"])


@pytest.mark.usefixtures("at_eight", "loaded")
@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "zh",
            [
                "清水湾 · 离线 2",
                "- 1号楼 2 201 烟感 · 2026-11-20",
                "- 另有 1",
                "清水湾 · 电量低 1",
                "- 消防车通道 · 2026-11-20",
            ],
        ),
        (
            "en",
            [
                "清水湾 · silent 2",
                "- 1号楼 2 201 烟感 · 2026-11-20",
                "- more: 1",
                "清水湾 · battery low 1",
                "- 消防车通道 · 2026-11-20",
            ],
        ),
    ],
)
async def test_the_digest_names_what_is_wrong(
    hass: HomeAssistant, edges: Edges, freezer: FrozenDateTimeFactory, health: Any, language: str, lines: list[str]
) -> None:
    """By compound and kind, the others counted; shown in Home Assistant when nobody was chosen."""
    await health(f201_smoke="offline", f202_smoke="offline", lane_lane="battery_low")
    await automate(hass, "device_health_digest", language=language, most=1)
    await elapse(hass, freezer, 1801)
    (shown,) = edges["persistent_notification.create"]
    assert [" ".join(line.split()) for line in shown.data["message"].splitlines() if line.strip()] == lines


def smoke(hass: HomeAssistant) -> str:
    """A smoke alarm's entity."""
    found = er.async_get(hass).async_get_entity_id("binary_sensor", "community_help", f"{GATEWAY_ID}_f201_smoke")
    assert found
    return found


@pytest.mark.usefixtures("at_eight")
async def test_a_drill_with_defaults_only_does_not_begin(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory, edges: Edges
) -> None:
    """The first Wednesday came, but no compound and no responsible person was chosen."""
    await automate(hass, "drill")
    await elapse(hass, freezer, 7201)
    assert not gateway.bodies(commands.StartDrill)


@pytest.mark.usefixtures("at_eight", "phones")
async def test_a_drill_is_rehearsed_on_its_day_in_the_name_of_a_member(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory, edges: Edges
) -> None:
    """Drill, announcement, alarm, in this order; not a week later, for it is the month's second Wednesday."""
    li = add_staff(hass, loaded, "李四", 1, "one", "bay")
    await automate(
        hass,
        "drill",
        compound=compound(hass, loaded),
        by=li,
        detector=smoke(hass),
        minutes=20,
        announcement="演练",
        **ANNOUNCE,
    )
    await elapse(hass, freezer, 7201)
    await until(lambda: bool(gateway.bodies(commands.Inject)))
    (drill,), (alarm,) = gateway.bodies(commands.StartDrill), gateway.bodies(commands.Inject)
    assert (drill.compound, drill.seconds, drill.person.name) == ("bay", 1200.0, "李四")
    assert (alarm.point, alarm.person.id) == ("f201.smoke", li)
    assert [call.data["message"] for call in edges["tts.speak"]] == ["演练"]
    await elapse(hass, freezer, 7 * 86400)
    assert len(gateway.bodies(commands.StartDrill)) == 1


@pytest.mark.usefixtures("at_eight", "phones")
async def test_a_drill_begins_at_the_press_of_a_button(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory, edges: Edges
) -> None:
    """On any day; a button that only comes back was not pressed; without a detector nothing alarms."""
    add_staff(hass, loaded, "李四", 1, "one")
    hass.states.async_set("input_button.drill", "2026-12-01T00:00:00+00:00")
    await automate(hass, "drill", compound="bay", by="李四", days=[], buttons=["input_button.drill"])
    for state in ("unavailable", "2026-12-01T00:00:00+00:00"):
        hass.states.async_set("input_button.drill", state)
        await hass.async_block_till_done()
    hass.states.async_set("input_button.drill", "2026-12-02T08:00:00+00:00")
    await until(lambda: bool(gateway.bodies(commands.StartDrill)))
    await elapse(hass, freezer, 7201)
    assert len(gateway.bodies(commands.StartDrill)) == 1
    assert not gateway.bodies(commands.Inject)


async def test_a_drill_that_is_refused_lets_nothing_alarm(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    edges: Edges,
) -> None:
    """Without a drill an injected alarm would have no meaning, and nobody is told of one."""
    add_staff(hass, loaded, "李四", 1, "one", "elsewhere")
    hass.states.async_set("input_button.drill", "2026-12-01T00:00:00+00:00")
    inputs = {"compound": "bay", "by": "李四", "detector": smoke(hass), "buttons": ["input_button.drill"]}
    await automate(hass, "drill", **inputs, **ANNOUNCE)
    hass.states.async_set("input_button.drill", "2026-12-02T08:00:00+00:00")
    await turns()
    assert not gateway.bodies(commands.Inject)
    assert not edges["tts.speak"]


def add_shift_worker(hass: HomeAssistant, entry: MockConfigEntry, name: str, schedule: str) -> str:
    """A member of the staff who is on duty by a schedule; the person's device."""
    data = {"name": name, "tier": 1, "phones": [], "compounds": [], "schedules": [schedule]}
    member = ConfigSubentry(data=MappingProxyType(data), subentry_type="staff", title=name, unique_id=None)
    hass.config_entries.async_add_subentry(entry, member)
    return member.subentry_id


@pytest.mark.usefixtures("at_eight")
@pytest.mark.parametrize(
    ("inputs", "title", "lines"),
    [
        ({}, "值班交接", ["张三 → 李四，未结警情：1", "FIRE ALARM: 清水湾 1号楼 2 201 烟感"]),
        (
            {"language": "en", "more": "Keys on the hook"},
            "Duty handover",
            ["张三 → 李四, open incidents: 1", "FIRE ALARM: 清水湾 1号楼 2 201 烟感", "Keys on the hook"],
        ),
    ],
)
async def test_whoever_goes_and_whoever_comes_are_told_what_is_open(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    edges: Edges,
    inputs: dict[str, Any],
    title: str,
    lines: list[str],
) -> None:
    """A quarter of an hour before the shift ends, with defaults only and in English; each by their own device."""
    blocks = {"early": ("07:00:00", "09:00:00"), "late": ("09:00:00", "17:00:00")}
    schedules = {
        name: {"name": name, "wednesday": [{"from": start, "to": end}]} for name, (start, end) in blocks.items()
    }
    assert await async_setup_component(hass, "schedule", {"schedule": schedules})
    zhang = add_shift_worker(hass, entry, "张三", "schedule.early")
    li = add_shift_worker(hass, entry, "李四", "schedule.late")
    gateway.incidents = (INCIDENT,)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    edges["community_help.tell_staff"] = async_mock_service(hass, "community_help", "tell_staff")
    await automate(hass, "duty_handover", **inputs)
    await elapse(hass, freezer, 44 * 60)
    assert not edges["community_help.tell_staff"]
    await elapse(hass, freezer, 61)
    (told,) = edges["community_help.tell_staff"]
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    own = {device.config_subentry_id: device.id for device in devices if device.config_subentry_id}
    assert told.data["device_id"] == [own[zhang], own[li]]
    assert (told.data["title"], told.data["message"].splitlines()) == (title, lines)


@pytest.mark.usefixtures("at_eight")
@pytest.mark.parametrize("always", [False, True])
async def test_a_handover_of_nothing_is_told_only_if_asked_for(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    edges: Edges,
    always: bool,
) -> None:
    """Nothing is open, and nobody comes."""
    early = {"early": {"name": "early", "wednesday": [{"from": "07:00:00", "to": "09:00:00"}]}}
    assert await async_setup_component(hass, "schedule", {"schedule": early})
    add_shift_worker(hass, entry, "张三", "schedule.early")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    edges["community_help.tell_staff"] = async_mock_service(hass, "community_help", "tell_staff")
    await automate(hass, "duty_handover", always=always)
    await elapse(hass, freezer, 45 * 60 + 1)
    told = edges["community_help.tell_staff"]
    assert [call.data["message"] for call in told] == (["张三 → 无人，未结警情：0"] if always else [])


async def test_residents_are_told_nothing_with_defaults_only(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle, edges: Edges
) -> None:
    """Nobody chose where."""
    await automate(hass, "resident_line")
    await happen(hass, gateway, settle, Kind.RAISED, INCIDENT)
    assert not any(edges.values())


async def test_residents_are_told_what_to_do_and_that_it_is_over(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle, edges: Edges
) -> None:
    """In both languages, by channel and speaker; the building, never the flat."""
    channels = ["notify.residents", "notify.screens"]
    await automate(hass, "resident_line", channels=channels, **ANNOUNCE)
    await happen(hass, gateway, settle, Kind.RAISED, INCIDENT)
    first, second = edges["notify.send_message"]
    assert [first.data["entity_id"], second.data["entity_id"]] == [[channel] for channel in channels]
    assert "清水湾1号楼发生火警" in first.data["message"]
    assert "Leave by the stairs" in first.data["message"]
    assert "201" not in first.data["message"]
    assert edges["tts.speak"][0].data["message"] == first.data["message"]
    closed = replace(INCIDENT, closed_at=1200.0, state="closed", cause=Cause.COOKING, members=())
    await happen(hass, gateway, settle, Kind.CLOSED, closed)
    assert edges["notify.send_message"][-1].data["message"] == "清水湾1号楼的险情已解除。The incident is over."


async def test_a_dead_channel_does_not_keep_the_others_silent(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle, edges: Edges
) -> None:
    """Each is tried."""
    tried: list[str] = []

    async def fail(call: ServiceCall) -> None:
        tried.append(call.data["entity_id"][0])
        message = "dead"
        raise HomeAssistantError(message)

    hass.services.async_register("notify", "send_message", fail)
    await automate(hass, "resident_line", channels=["notify.a", "notify.b"], **ANNOUNCE)
    await happen(hass, gateway, settle, Kind.RAISED, INCIDENT)
    assert tried == ["notify.a", "notify.b"]
    assert edges["tts.speak"]


@pytest.mark.parametrize(
    ("kind", "changes", "detail", "told"),
    [
        (Kind.RAISED, {"drill": True}, "", 0),
        (Kind.DECLARED_REAL, {}, "button", 1),
        (Kind.RAISED, {"severity": Severity.WARNING}, "", 0),
        (Kind.WORSENED, {"severity": Severity.DANGER}, "severity", 1),
        (Kind.JOINED, {}, "paged:new_floor", 0),
        (Kind.CLOSED, {"drill": True, "closed_at": 1200.0, "cause": Cause.DRILL}, "", 0),
    ],
)
async def test_residents_are_told_of_what_concerns_them(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    settle: Settle,
    edges: Edges,
    kind: Kind,
    changes: dict[str, Any],
    detail: str,
    told: int,
) -> None:
    """No drill, no leak that staff can deal with, and not again for every detector that joins."""
    await automate(hass, "resident_line", channels=["notify.residents"])
    await happen(hass, gateway, settle, kind, replace(GAS, **changes), detail=detail)
    assert len(edges["notify.send_message"]) == told


async def test_an_empty_text_tells_nobody_and_needs_no_all_clear(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle, edges: Edges
) -> None:
    """Gas was left out."""
    await automate(hass, "resident_line", channels=["notify.residents"], gas="")
    await happen(hass, gateway, settle, Kind.RAISED, GAS)
    await happen(hass, gateway, settle, Kind.CLOSED, replace(GAS, closed_at=1200.0, state="closed"))
    assert not edges["notify.send_message"]
