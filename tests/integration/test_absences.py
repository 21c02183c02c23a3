"""Triggers on what could not raise an alarm, and on alarms that nobody takes; who could be told; what is open."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.community_help.contract import values
from custom_components.community_help.contract.values import IncidentEventKind as Kind
from tests.integration.companions import Companions
from tests.integration.conftest import GATEWAY_ID, INCIDENT, FakeGateway, Settle, add_member, eventually
from tests.integration.test_conditions import holds
from tests.integration.test_triggers import keys, listen, say

ZHANG = values.Person("z", "张三")
TAKEN: dict[str, Any] = {"state": values.IncidentState.ACKNOWLEDGED, "answered": True, "owner": ZHANG}


def silent(flat: str) -> values.PointState:
    """The smoke alarm of a flat is not heard."""
    return values.PointState(f"f{flat}.smoke", False, alarm=None, fault=None, problems=("offline",))


async def go_on(hass: HomeAssistant, seconds: float) -> None:
    """So much time passes from now."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=False)


def compound(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The compound's device."""
    found = dr.async_get(hass).async_get_device_by_identifier(("community_help", f"{GATEWAY_ID}_bay"), entry.entry_id)
    assert found
    return found.id


async def test_a_device_that_is_no_longer_heard_is_told_once(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle
) -> None:
    """Which and where; again only after it was heard meanwhile."""
    seen = await listen(hass, "device_offline")
    for _ in range(2):
        await gateway.say(states=(silent("201"),))
        await hass.async_block_till_done(wait_background_tasks=False)
    await settle(lambda: len(seen) == 1)
    told = seen[0].data["trigger"]
    assert (told["device"], told["compound"], told["building"], told["flat"]) == ("烟感", "清水湾", "1号楼", "201")
    assert dr.async_get(hass).async_get(told["device_id"])
    await gateway.say(states=(values.PointState("f201.smoke", True, alarm=False),))
    await settle(lambda: loaded.runtime_data.states["f201.smoke"].available)
    await gateway.say(states=(silent("201"), silent("202")))
    await settle(lambda: len(seen) == 3)


async def test_what_was_silent_at_the_start_is_not_told_and_what_was_lost_meanwhile_is(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart tells nothing of last year's dead batteries; a link that was lost hides no device that died."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))
    gateway.states["f201.smoke"] = silent("201")
    assert await hass.config_entries.async_setup(entry.entry_id)
    seen = await listen(hass, "device_offline")
    await gateway.hang_up()
    gateway.states["f202.smoke"] = silent("202")
    await settle(lambda: len(seen) == 1)
    assert seen[0].data["trigger"]["flat"] == "202"


async def test_a_bypass_is_told_with_its_reason_and_only_to_its_compound(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle
) -> None:
    """By whom, why and until when; one that goes on is not told again, one of an unknown point never."""
    seen = await listen(hass, "point_bypassed", device_id=[compound(hass, loaded)])
    bypass = values.Bypass("f201.smoke", ZHANG, "装修", 1000.0, 4600.0)
    await gateway.say(bypasses=(bypass,))
    await gateway.say(bypasses=(bypass, replace(bypass, point="gone.smoke")))
    await settle(lambda: len(loaded.runtime_data.facts.bypasses) == 2)
    await hass.async_block_till_done(wait_background_tasks=False)
    (event,) = seen
    told = event.data["trigger"]
    assert (told["flat"], told["person"], told["reason"], told["ends_at"]) == (
        "201",
        "张三",
        "装修",
        "1970-01-01T01:16:40+00:00",
    )


async def test_unacknowledged_counts_from_when_it_was_raised(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Five minutes unless chosen; what joins prolongs nothing; once, never for a self-test or what is taken."""
    seen = await listen(hass, "incident_unacknowledged")
    now = time.time()
    await say(hass, gateway, Kind.RAISED, opened_at=now - 200)
    await say(hass, gateway, Kind.RAISED, id="ep-2", opened_at=now)
    await say(hass, gateway, Kind.RAISED, id="ep-5", opened_at=now - 3600, hazard=values.Hazard.SELF_TEST)
    await say(hass, gateway, Kind.JOINED, opened_at=now - 200, revision=2, detail="paged:new_floor")
    await go_on(hass, 99)
    assert not seen
    await go_on(hass, 102)
    assert [event.data["trigger"]["incident_id"] for event in seen] == ["ep-1"]
    await say(hass, gateway, Kind.ACKNOWLEDGED, id="ep-2", opened_at=now, **TAKEN)
    await go_on(hass, 400)
    assert len(seen) == 1


async def test_who_is_switched_off_or_has_an_end_waits_for_nothing(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """No automation that somebody turned off, and none for an incident that was closed before or after it fired."""
    seen = await listen(hass, "incident_unacknowledged")
    now = time.time()
    over = {"state": values.IncidentState.CLOSED, "closed_at": now}
    await say(hass, gateway, Kind.RAISED, opened_at=now)
    await say(hass, gateway, Kind.CLOSED, opened_at=now, **over)
    await say(hass, gateway, Kind.RAISED, id="ep-2", opened_at=now)
    await go_on(hass, 301)
    assert [event.data["trigger"]["incident_id"] for event in seen] == ["ep-2"]
    await say(hass, gateway, Kind.CLOSED, id="ep-2", opened_at=now, **over)
    await say(hass, gateway, Kind.RAISED, id="ep-3", opened_at=time.time())
    for automation in hass.states.async_entity_ids("automation"):
        await hass.services.async_call("automation", "turn_off", {"entity_id": automation}, blocking=True)
    await go_on(hass, 700)
    assert len(seen) == 1


async def test_to_save_an_automation_tells_nothing_that_is_due_already(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """What will be due later is waited for; another hazard says in the trace why not."""
    now = time.time()
    await say(hass, gateway, Kind.RAISED, opened_at=now - 3600)
    await say(hass, gateway, Kind.RAISED, id="ep-2", opened_at=now)
    await say(hass, gateway, Kind.RAISED, id="ep-3", opened_at=now, hazard=values.Hazard.GAS, hazards=())
    seen = await listen(hass, "incident_unacknowledged", hazard=["fire"], **{"for": {"minutes": 1}})
    await go_on(hass, 61)
    assert [event.data["trigger"]["incident_id"] for event in seen] == ["ep-2"]


async def test_what_nobody_took_while_home_assistant_was_away_is_told_after_its_start(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, settle: Settle
) -> None:
    """Once the automations listen, and not again when the entry is reloaded."""
    hass.set_state(CoreState.starting)
    gateway.incidents = (replace(INCIDENT, opened_at=time.time() - 3600),)
    assert await hass.config_entries.async_setup(entry.entry_id)
    seen = await listen(hass, "incident_unacknowledged")
    assert not seen
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await hass.async_block_till_done(wait_background_tasks=False)
    await go_on(hass, 1)
    await settle(lambda: keys(seen) == ["incident_unacknowledged"])
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(lambda: entry.runtime_data.connected)
    await go_on(hass, 2)
    assert len(seen) == 1


async def test_a_tier_is_reachable_when_somebody_on_duty_would_be_rung(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, companions: Companions, settle: Settle
) -> None:
    """By a phone that proved itself or a channel that is there; not by another tier, and not where another pages."""
    await settle(lambda: loaded.runtime_data.fence == 1)
    assert await holds(hass, "is_tier_reachable") is False
    hass.states.async_set("notify.sms", "unknown")
    add_member(hass, loaded, "张三", channels=["notify.sms"])
    await hass.async_block_till_done(wait_background_tasks=False)
    here = compound(hass, loaded)
    await settle(lambda: bool(hass.data["community_help_boards"][loaded.entry_id].staff()))
    assert await holds(hass, "is_tier_reachable", device_id=[here]) is True
    assert await holds(hass, "is_tier_reachable", tier=2) is False
    hass.states.async_set("notify.sms", "unavailable")
    assert await holds(hass, "is_tier_reachable") is False
    hass.states.async_set("notify.sms", "unknown")
    await gateway.say(lease=values.Lease("elsewhere", "Other", 2))
    await settle(lambda: loaded.runtime_data.fence == 0)
    assert await holds(hass, "is_tier_reachable") is False


async def test_what_is_open_can_be_asked(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> None:
    """By compound and hazard, as triggers tell it; that a gateway is away is said, because unknown is not none."""

    async def ask(**data: Any) -> dict[str, Any]:
        answer = await hass.services.async_call(
            "community_help", "get_incidents", data, blocking=True, return_response=True
        )
        assert isinstance(answer, dict)
        (found,) = answer["gateways"]
        return dict(found)

    await say(hass, gateway, Kind.RAISED)
    await say(hass, gateway, Kind.RAISED, id="ep-2", hazard=values.Hazard.GAS, hazards=(), compound="hill")
    await say(hass, gateway, Kind.RAISED, id="ep-4", hazard=values.Hazard.SELF_TEST)
    both = await ask()
    assert (both["gateway"], both["connected"]) == ("Demo", True)
    assert [item["incident_id"] for item in both["incidents"]] == ["ep-1", "ep-2"]
    assert both["incidents"][0]["place"] == INCIDENT.place
    assert [item["incident_id"] for item in (await ask(hazard="gas"))["incidents"]] == ["ep-2"]
    here = await ask(device_id=compound(hass, loaded))
    assert [item["incident_id"] for item in here["incidents"]] == ["ep-1"]
    await gateway.go_away()
    await eventually(hass, lambda: not loaded.runtime_data.connected)
    assert (await ask())["connected"] is False
