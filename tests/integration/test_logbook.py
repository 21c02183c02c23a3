"""What happened to an incident, read in the logbook: through the real recorder and the logbook's real reader."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.components.logbook.const import DOMAIN as LOGBOOK
from homeassistant.components.logbook.models import LogbookConfig
from homeassistant.components.logbook.processor import EventProcessor
from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.community_help.const import DOMAIN, SIGNAL_HAPPENED
from custom_components.community_help.contract import values
from custom_components.community_help.contract.values import IncidentEventKind as Kind
from custom_components.community_help.coordinator import Coordinator
from custom_components.community_help.incident_bus import EVENT_INCIDENT
from custom_components.community_help.logbook import ICONS, async_describe_events
from tests.integration.conftest import GATEWAY_ID, INCIDENT, FakeGateway, eventually

ZHANG, LI = values.Person("z", "张三"), values.Person("l", "李四")
KINDS = [kind for kind in Kind if kind is not Kind.UNKNOWN]


@pytest.fixture(autouse=True)
def _custom(recorder_mock: Any, enable_custom_integrations: None, socket_enabled: None) -> None:
    """A real recorder, which must be there before Home Assistant; its SQL is nobody's business here."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


def happened(kind: Kind, person: values.Person | None = None, detail: str = "", **changes: Any) -> values.IncidentEvent:
    """Something that happened to the incident."""
    return values.IncidentEvent(0, 1000.0, kind, replace(INCIDENT, **changes), person, detail=detail)


async def fired(hass: HomeAssistant, gateway: FakeGateway, *events: values.IncidentEvent) -> list[dict[str, Any]]:
    """What the bus says of ``events``; one more, which is always told, shows that all came through."""
    heard = async_capture_events(hass, EVENT_INCIDENT)
    numbered = [replace(event, number=100 + number) for number, event in enumerate((*events, happened(Kind.ASKED, LI)))]
    await gateway.say(events=tuple(numbered))
    await eventually(hass, lambda: bool(heard) and heard[-1].data["type"] == "asked")
    return [dict(event.data) for event in heard[:-1]]


async def rows(hass: HomeAssistant, **limits: Any) -> list[dict[str, Any]]:
    """The logbook's rows of our events, as Home Assistant itself makes them out of its database, outside its loop."""
    described: dict[str, Any] = {}
    async_describe_events(hass, lambda domain, name, describe: described.update({name: (domain, describe)}))
    hass.data[LOGBOOK] = LogbookConfig(described, None, None)
    await async_wait_recording_done(hass)
    now = dt_util.utcnow()
    reader = EventProcessor(hass, [EVENT_INCIDENT], **limits)
    period = (now - timedelta(hours=1), now + timedelta(hours=1))
    found = await get_instance(hass).async_add_executor_job(reader.get_events, *period)
    return [row for row in found if row.get("domain") == DOMAIN]


@pytest.mark.parametrize(
    ("language", "name", "messages"),
    [
        (
            "en",
            "FIRE ALARM: 清水湾 1号楼 2 201 烟感",
            [
                "was raised",
                "nobody answered in time; tier 2 is told",
                "张三 took it",
                "张三 handed it over to 李四",
                "李四 closed it. Cause: cooking",
                "Somebody asked for help",
            ],
        ),
        (
            "zh-Hans",
            "火警：清水湾 1号楼 2 201 烟感",
            [
                "发生警情",
                "无人按时接警，已通知第 2 梯队",
                "张三已接警",
                "张三移交给李四",
                "李四已结案，原因：做饭油烟",
                "有人请求支援",
            ],
        ),
    ],
)
async def test_the_logbook_tells_who_did_what_in_home_assistants_language(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, language: str, name: str, messages: list[str]
) -> None:
    """From the gateway's events through the database to readable rows; a name that is missing is somebody's."""
    hass.config.language = language
    assert await hass.config_entries.async_setup(entry.entry_id)
    await fired(
        hass,
        gateway,
        happened(Kind.RAISED),
        happened(Kind.ESCALATED, tier=2),
        happened(Kind.ACKNOWLEDGED, ZHANG, owner=ZHANG),
        happened(Kind.HANDED_OVER, ZHANG, owner=LI),
        happened(Kind.CLOSED, LI, owner=LI, cause=values.Cause.COOKING, state=values.IncidentState.CLOSED),
        happened(Kind.ASKED),
    )
    found = await rows(hass)
    assert [row["message"] for row in found][:6] == messages
    assert {row["name"] for row in found} == {name}
    entity = er.async_get(hass).async_get_entity_id("event", DOMAIN, f"{GATEWAY_ID}_bay_incident")
    assert {row["entity_id"] for row in found} == {entity}


async def test_rows_are_found_by_entity_and_by_device(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """On the compound's page and on the incident entity's, and on no other's."""
    await fired(hass, gateway)
    entity = er.async_get(hass).async_get_entity_id("event", DOMAIN, f"{GATEWAY_ID}_bay_incident")
    registry = dr.async_get(hass)
    compound = registry.async_get_device_by_identifier((DOMAIN, f"{GATEWAY_ID}_bay"), loaded.entry_id)
    other = registry.async_get_device_by_identifier((DOMAIN, f"{GATEWAY_ID}_lane"), loaded.entry_id)
    assert compound
    assert other
    assert len(await rows(hass, entity_ids=[entity])) == 1
    assert len(await rows(hass, device_ids=[compound.id])) == 1
    assert await rows(hass, device_ids=[other.id]) == []


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
async def test_everything_that_may_happen_has_words_and_an_icon(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, language: str
) -> None:
    """No code and no placeholder is left in a row; every cause is named, and what nobody closed ended by itself."""
    hass.config.language = language
    assert await hass.config_entries.async_setup(entry.entry_id)
    quiet = (replace(INCIDENT.members[0], restored_at=1001.0),)
    kinds = [happened(kind, ZHANG, owner=ZHANG, members=quiet) for kind in KINDS if kind is not Kind.ASKED]
    await fired(hass, gateway, *kinds, *(happened(Kind.CLOSED, cause=cause) for cause in values.Cause))
    found = await rows(hass)
    told, ended = found[: len(kinds)], found[len(kinds) : -1]
    assert [row["icon"] for row in told] == [ICONS[event.kind.value] for event in kinds]
    assert not {row["message"] for row in found} & {kind.value for kind in KINDS}
    assert not [row for row in found if "{" in row["message"] + row["name"]]
    start = {"en": "ended by itself. Cause: ", "zh-Hans": "已自行结束，原因："}[language]
    causes = {row["message"].removeprefix(start) for row in ended}
    assert len(causes) == len(values.Cause)
    assert not [cause for cause in causes if not cause or cause.startswith(start[:3])]


async def test_what_nobody_is_told_is_not_on_the_bus(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Folded alarms, restores while others are live, and self-tests would bury who took charge; in the entity, too."""
    states = async_capture_events(hass, "state_changed")
    both = (*INCIDENT.members, values.Member("f202.smoke", "f202", "烟感", 1, 1001.0, restored_at=1002.0))
    found = await fired(
        hass,
        gateway,
        happened(Kind.JOINED, detail="folded:same_floor"),
        happened(Kind.RESTORED, members=both),
        happened(Kind.RAISED, hazard=values.Hazard.SELF_TEST),
        happened(Kind.UNKNOWN),
        happened(Kind.JOINED, detail="paged:new_floor"),
    )
    assert [(data["type"], data["reason"]) for data in found] == [("joined", "paged:new_floor")]
    shown = [event.data["new_state"] for event in states if event.data["entity_id"].startswith("event.")][:-1]
    assert [state.attributes["detail"] for state in shown] == ["paged:new_floor"]


async def test_notes_and_names_of_members_stay_out_of_the_database(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """What a person wrote may name a household; the bus says only that there is a note."""
    (data,) = await fired(hass, gateway, happened(Kind.NOTED, ZHANG, "王五家忘了关火", note="王五"))
    assert "王五" not in str(data)
    assert data["by"] == "张三"


async def test_what_has_no_compound_belongs_to_the_gateway(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Its device is the gateway's, and no compound's entity is named."""
    (data,) = await fired(hass, gateway, happened(Kind.RAISED, compound="", compound_name="", drill=True))
    own = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, GATEWAY_ID), loaded.entry_id)
    assert own
    assert data["device_id"] == own.id
    assert "entity_id" not in data
    assert (await rows(hass))[0]["name"].startswith("DRILL")


async def test_every_gateway_speaks_for_itself(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """What another gateway says is not fired a second time, and an entry that was unloaded fires nothing."""
    heard = async_capture_events(hass, EVENT_INCIDENT)
    async_dispatcher_send(hass, SIGNAL_HAPPENED, Coordinator(hass, loaded), happened(Kind.RAISED))
    await hass.async_block_till_done()
    assert heard == []
    coordinator = loaded.runtime_data
    assert await hass.config_entries.async_unload(loaded.entry_id)
    async_dispatcher_send(hass, SIGNAL_HAPPENED, coordinator, happened(Kind.RAISED))
    await hass.async_block_till_done()
    assert heard == []
