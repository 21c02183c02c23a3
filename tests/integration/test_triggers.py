"""The native triggers: each fires for its own event, once, with all that a template needs; never for a self-test."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.community_help.announcer import SIGNAL_ANNOUNCED
from custom_components.community_help.contract import values
from custom_components.community_help.contract.values import IncidentEventKind as Kind
from custom_components.community_help.trigger import TRIGGERS
from tests.integration.conftest import (
    GATEWAY_ID,
    INCIDENT,
    PAGE,
    FakeGateway,
    Settle,
    demand,
    eventually,
    incident_event,
    later,
)

ZHANG = values.Person("z", "张三")
DRILL = values.Drill("bay", ZHANG, 1000.0, 4600.0)
CLOSED = {"state": values.IncidentState.CLOSED, "closed_at": 1200.0, "cause": values.Cause.COOKING, "note": "油烟"}
OURS = [key for key in TRIGGERS if not key.startswith("shift_") and key != "incident_unacknowledged"]
"""Those that fire for what is told; one waits by itself (``test_absences.py``)."""


async def listen(hass: HomeAssistant, *keys: str, **options: Any) -> list[Event]:
    """Automations that tell what their trigger said."""
    seen = async_capture_events(hass, "told")
    configs = [
        {
            "alias": key,
            "mode": "parallel",
            "triggers": {"trigger": f"community_help.{key}", "options": options},
            "actions": {"event": "told", "event_data": {"key": key, "trigger": "{{ trigger }}"}},
        }
        for key in keys
    ]
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: configs})
    await hass.async_block_till_done()
    return seen


def keys(seen: list[Event]) -> list[str]:
    """Which triggers fired, in order."""
    return [event.data["key"] for event in seen]


async def say(hass: HomeAssistant, gateway: FakeGateway, kind: Kind, **changes: Any) -> values.IncidentEvent:
    """The gateway tells an event, and Home Assistant has dealt with it."""
    extra = {key: changes.pop(key) for key in ("person", "detail", "member") if key in changes}
    event = replace(incident_event(kind, gateway.number + 1, **changes), **extra)
    await gateway.say(events=(event,))
    coordinator = hass.config_entries.async_entries("community_help")[0].runtime_data
    await eventually(hass, lambda: coordinator._followed.cursor.number == gateway.number)
    await hass.async_block_till_done()
    return event


@pytest.mark.parametrize(
    ("kind", "detail", "fired"),
    [
        (Kind.RAISED, "", "incident_raised"),
        (Kind.DECLARED_REAL, "button", "incident_raised"),
        (Kind.WORSENED, "severity", "incident_worsened"),
        (Kind.JOINED, "paged:new_floor", "incident_worsened"),
        (Kind.JOINED, "collected:second_hazard", "incident_worsened"),
        (Kind.JOINED, "folded:same_floor", None),
        (Kind.ESCALATED, "", "incident_escalated"),
        (Kind.ACKNOWLEDGED, "button", "incident_acknowledged"),
        (Kind.HANDLING, "action", "incident_acknowledged"),
        (Kind.HANDED_OVER, "action:li", "incident_acknowledged"),
        (Kind.RESOLVED, "action", "incident_acknowledged"),
        (Kind.CLOSED, "action", "incident_closed"),
        (Kind.NOTED, "油烟", None),
        (Kind.RESTORED, "", None),
        (Kind.OWNER_SILENT, "", None),
    ],
)
async def test_each_event_fires_its_own_trigger_and_no_other(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    kind: Kind,
    detail: str,
    fired: str | None,
) -> None:
    """What joins without being told again fires none."""
    seen = await listen(hass, *OURS)
    await say(hass, gateway, kind, detail=detail, person=ZHANG, **(CLOSED if kind is Kind.CLOSED else {}))
    assert keys(seen) == ([fired] if fired else [])


async def test_a_trigger_tells_all_that_an_automation_may_want_to_say(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Place, building and the detector's device; in Home Assistant's words; who closed it and why."""
    seen = await listen(hass, "incident_raised", "incident_worsened", "incident_closed")
    await say(hass, gateway, Kind.RAISED, detectors=1, live=1, floors=("2",))
    second = replace(INCIDENT.members[0], point="f202.smoke", device="f202")
    worse = {"severity": values.Severity.DANGER, "hazards": (values.Hazard.FIRE, values.Hazard.GAS)}
    await say(hass, gateway, Kind.JOINED, detail="paged:second_hazard", members=(second,), member=second, **worse)
    await say(hass, gateway, Kind.CLOSED, person=ZHANG, members=(), **CLOSED, **worse)
    raised, joined, closed = (event.data["trigger"] for event in seen)
    registry = dr.async_get(hass)
    device = {
        flat: registry.async_get_device_by_identifier(("community_help", f"{GATEWAY_ID}_{flat}"), loaded.entry_id)
        for flat in ("f201", "f202")
    }
    assert {
        key: raised[key] for key in ("incident_id", "hazard", "hazards", "severity", "drill", "real", "reason")
    } == {
        "incident_id": "ep-1",
        "hazard": "fire",
        "hazards": ["fire"],
        "severity": "alarm",
        "drill": False,
        "real": True,
        "reason": "raised",
    }
    assert raised["summary"] == "FIRE ALARM: 清水湾 1号楼 2 201 烟感"
    assert (raised["place"], raised["compound"], raised["building"]) == (INCIDENT.place, "清水湾", "1号楼")
    assert (raised["devices"], raised["detectors"], raised["floors"]) == ([device["f201"].id], 1, ["2"])
    assert (raised["unanswered"], raised["person"], raised["opened_at"]) == (1, None, "1970-01-01T00:16:40+00:00")
    assert (joined["hazards"], joined["reason"], joined["severity"]) == (["fire", "gas"], "second_hazard", "danger")
    assert closed["devices"] == [device["f201"].id, device["f202"].id], "an end names no detector itself"
    assert (closed["cause"], closed["note"], closed["person"], closed["person_id"]) == ("cooking", "油烟", "张三", "z")
    assert closed["unanswered"] == 0


async def test_what_the_gateway_ends_by_itself_was_done_by_nobody(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """A lane that became free: no person."""
    seen = await listen(hass, "incident_closed")
    await say(hass, gateway, Kind.RAISED)
    ended = {**CLOSED, "cause": values.Cause.CLEARED, "note": ""}
    await say(hass, gateway, Kind.CLOSED, person=values.Person("gateway", ""), **ended)
    told = seen[0].data["trigger"]
    assert (told["person"], told["person_id"], told["cause"]) == (None, "gateway", "cleared")


async def test_a_drills_incident_that_is_real_fires_again_as_real(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """An automation that leaves out drills must still hear of it."""
    seen = await listen(hass, "incident_raised")
    await say(hass, gateway, Kind.RAISED, drill=True)
    await say(hass, gateway, Kind.DECLARED_REAL, person=ZHANG)
    told = [(event.data["trigger"]["real"], event.data["trigger"]["reason"]) for event in seen]
    assert told == [(False, "raised"), (True, "declared_real")]


async def test_the_hazard_that_joins_is_a_hazard_of_the_incident(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Gas in a burning building must reach the automation for gas."""
    seen = await listen(hass, "incident_raised", "incident_worsened", hazard=["gas"])
    await say(hass, gateway, Kind.RAISED)
    assert not seen
    both = (values.Hazard.FIRE, values.Hazard.GAS)
    await say(hass, gateway, Kind.JOINED, detail="paged:second_hazard", hazards=both)
    assert keys(seen) == ["incident_worsened"]


async def test_why_a_trigger_did_not_fire_is_told(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another hazard or compound, in the automation's trace."""
    told: list[tuple[str, str]] = []

    def note(entity: Any, variables: Any, info: Any, context: Any = None) -> None:
        told.append((info.reason, info.data["incident_id"]))

    monkeypatch.setattr("homeassistant.components.automation.AutomationEntity._handle_not_triggered", note)
    seen = await listen(hass, "incident_raised", hazard=["gas"])
    await say(hass, gateway, Kind.RAISED)
    assert told == [("other_hazard", "ep-1")]
    assert not seen


@pytest.mark.parametrize(("device", "fires"), [("bay", True), ("another", False)])
async def test_a_trigger_listens_to_the_chosen_compounds(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, device: str, fires: bool
) -> None:
    """Incidents and drills alike."""
    found = dr.async_get(hass).async_get_device_by_identifier(("community_help", f"{GATEWAY_ID}_bay"), loaded.entry_id)
    assert found
    chosen = found.id if device == "bay" else device
    seen = await listen(hass, "incident_raised", "drill_started", device_id=[chosen])
    await gateway.say(drills=(DRILL,))
    await say(hass, gateway, Kind.RAISED)
    assert keys(seen) == (["drill_started", "incident_raised"] if fires else [])


async def test_a_drill_that_starts_fires_once(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, settle: Settle
) -> None:
    """Prolonged it does not start again, ended and begun anew it does; one that ran already at start is known."""
    gateway.drills = (DRILL,)
    assert await hass.config_entries.async_setup(entry.entry_id)
    facts = entry.runtime_data.facts
    seen = await listen(hass, "drill_started")

    async def running(*drills: values.Drill) -> None:
        await gateway.say(drills=drills)
        await settle(lambda: tuple(facts.drills.values()) == drills)
        await hass.async_block_till_done()

    await running(replace(DRILL, ends_at=9000.0, started_at=2000.0))
    assert not seen
    await running()
    await running(DRILL)
    (told,) = seen
    assert told.data["trigger"]["person"] == "张三"
    assert told.data["trigger"]["compound"] == "清水湾"
    assert told.data["trigger"]["ends_at"] == "1970-01-01T01:16:40+00:00"


async def test_a_self_test_triggers_nothing(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle
) -> None:
    """Neither its incident nor its page; the next alarm does."""
    seen = await listen(hass, *OURS)
    await settle(lambda: loaded.runtime_data.fence == 1)
    test = {"id": "ep-9", "hazard": values.Hazard.SELF_TEST, "drill": True, "severity": values.Severity.NOTICE}
    about = replace(INCIDENT, **test)
    page = replace(PAGE, id="ep-10", incident=about, reason="self_test")
    odd = replace(PAGE, id="ep-11", reason="self_test")
    await gateway.say(events=(incident_event(Kind.RAISED, gateway.number + 1, **test),), pages=(page, odd))
    await say(hass, gateway, Kind.CLOSED, **test, **(CLOSED | {"cause": values.Cause.TEST}))
    assert not seen
    await say(hass, gateway, Kind.RAISED)
    assert keys(seen) == ["incident_raised"]


async def started(hass: HomeAssistant) -> None:
    """Home Assistant starts as it does after its set-up: automations attach, then it runs."""
    await hass.async_start()
    await hass.async_block_till_done()


async def test_an_alarm_while_home_assistant_starts_is_not_swallowed(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, settle: Settle
) -> None:
    """Raised while it was away, and a page that waits: both fire once when the automations listen."""
    hass.set_state(CoreState.not_running)
    gateway.incidents, gateway.pages = (INCIDENT,), (PAGE,)
    gateway.missed = (incident_event(Kind.RAISED, 9),)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(lambda: entry.runtime_data.fence == 1)
    seen = await listen(hass, *OURS)
    assert not seen
    await started(hass)
    assert sorted(keys(seen)) == ["incident_raised", "staff_to_be_paged"]
    await gateway.hang_up()
    await settle(lambda: len(gateway.sockets) == 1)
    await hass.async_block_till_done()
    assert len(seen) == 2


async def test_a_page_that_went_out_with_default_words_meanwhile_still_runs_the_automation(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, settle: Settle
) -> None:
    """Its sirens and lights must not depend on how long the start takes; one accepted before the start is past."""
    hass.set_state(CoreState.not_running)
    gateway.incidents = (INCIDENT,)
    gateway.pages = (PAGE, replace(PAGE, id="ep-2", accepted=True))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(lambda: entry.runtime_data.fence == 1)
    await gateway.say(pages=(replace(PAGE, accepted=True),))
    await settle(lambda: entry.runtime_data.pages[PAGE.id].accepted)
    seen = await listen(hass, "staff_to_be_paged")
    await started(hass)
    assert [event.data["trigger"]["page_id"] for event in seen] == [PAGE.id]


async def test_what_came_and_went_while_home_assistant_was_away_calls_for_nothing(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, settle: Settle
) -> None:
    """No siren for an incident that is over, and no all-clear for what nobody heard of; the trace says why."""
    reasons: list[str] = []
    async_dispatcher_connect(hass, SIGNAL_ANNOUNCED, callback(lambda said: reasons.append(said.why_not)))
    hass.set_state(CoreState.not_running)
    gateway.missed = (incident_event(Kind.RAISED, 8), incident_event(Kind.CLOSED, 9, **CLOSED))
    assert await hass.config_entries.async_setup(entry.entry_id)
    seen = await listen(hass, *OURS)
    await started(hass)
    assert not seen
    assert reasons == ["already_closed", "never_announced"]


async def test_the_end_of_what_was_announced_before_is_announced(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """Raised before Home Assistant stopped, closed while it was away: sirens must be switched off."""
    hass.set_state(CoreState.not_running)
    gateway.missed = (incident_event(Kind.CLOSED, 9, **CLOSED),)
    assert await hass.config_entries.async_setup(entry.entry_id)
    seen = await listen(hass, *OURS)
    await started(hass)
    assert keys(seen) == ["incident_closed"]


async def test_a_kill_before_the_automations_listen_loses_nothing(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    settle: Settle,
    hass_storage: dict[str, Any],
) -> None:
    """The cursor on disk moves only once the triggers heard what came before it."""
    key = f"community_help.{entry.entry_id}.cursor"
    hass.set_state(CoreState.not_running)
    gateway.incidents, gateway.missed = (INCIDENT,), (incident_event(Kind.RAISED, 9),)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await later(hass, 3)
    await hass.config_entries.async_unload(entry.entry_id)
    assert key not in hass_storage
    assert await hass.config_entries.async_setup(entry.entry_id)
    seen = await listen(hass, "incident_raised")
    await started(hass)
    assert keys(seen) == ["incident_raised"]
    await later(hass, 6)
    assert hass_storage[key]["data"]["number"] == gateway.number


async def test_saving_an_automation_fires_nothing(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle
) -> None:
    """Incident, page and drill are there already, and what repeats them is no news."""
    await demand(hass, gateway, settle)
    await gateway.say(drills=(DRILL,))
    await settle(lambda: bool(loaded.runtime_data.facts.drills))
    seen = await listen(hass, *OURS)
    await gateway.say(pages=(replace(PAGE, overdue=True),))
    await settle(lambda: loaded.runtime_data.pages[PAGE.id].overdue)
    await hass.async_block_till_done()
    assert not seen


async def test_only_the_one_that_pages_is_asked_for_words(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, settle: Settle
) -> None:
    """Another Home Assistant has the lease: its automations page; here the incident fires, the page does not."""
    gateway.lease_holder = "Other"
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(lambda: entry.runtime_data.claimed)
    seen = await listen(hass, *OURS)
    event = incident_event(Kind.RAISED, gateway.number + 1)
    await gateway.say(events=(event,), pages=(PAGE,))
    await settle(lambda: PAGE.id in entry.runtime_data.pages)
    await hass.async_block_till_done()
    assert keys(seen) == ["incident_raised"]
