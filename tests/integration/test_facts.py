"""What concerns the gateway as a whole: drills, bypasses, the auditor, and the head of its record."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.contract import commands, values
from custom_components.community_help.diagnostics import async_get_config_entry_diagnostics
from custom_components.community_help.facts import Fact
from custom_components.community_help.incidents import detectors, live
from tests.integration.conftest import INCIDENT, FakeGateway, add_staff, eventually, later

ZHANG = values.Person("z", "张三")
DRILL = values.Drill("bay", ZHANG, 1000.0, 4600.0)
BYPASS = values.Bypass("f201.smoke", ZHANG, "装修", 1000.0, 4600.0)
HEALTH = values.Health(head_number=10, head_hash="a" * 64)


async def test_a_listener_is_woken_only_by_its_own_facts(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """What a change leaves out stays as it was, and wakes nobody."""
    facts = loaded.runtime_data.facts
    woken: list[str] = []
    undo = facts.async_listen((Fact.DRILLS,), lambda: woken.append("drills"))
    facts.async_listen((Fact.HEALTH, Fact.BYPASSES), lambda: woken.append("others"))
    await gateway.say(drills=(DRILL,))
    await eventually(hass, lambda: facts.drills == {"bay": DRILL})
    await gateway.say(bypasses=(BYPASS,), health=HEALTH)
    await eventually(hass, lambda: facts.health == HEALTH)
    assert woken == ["drills", "others"]
    assert facts.drills == {"bay": DRILL}
    assert facts.bypasses == {"f201.smoke": BYPASS}
    undo()
    await gateway.say(drills=())
    await eventually(hass, lambda: not facts.drills)
    assert woken == ["drills", "others"]


async def test_a_snapshot_brings_the_facts(hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry) -> None:
    """Known before the first change, and counted in the diagnostics without a name."""
    gateway.drills, gateway.bypasses = (DRILL,), (BYPASS,)
    gateway.health = replace(HEALTH, findings=("stuck:ep-7",), holes=("bay 22:00-06:00",))
    gateway.incidents = (replace(INCIDENT, detectors=41, live=7),)
    assert await hass.config_entries.async_setup(entry.entry_id)
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert (found["drills"], found["bypasses"], found["policy_holes"]) == (1, 1, 1)
    assert found["findings"] == {"stuck": 1}
    assert found["detectors_in_incidents"] == 41
    assert "张三" not in str(found)


async def test_promise_7_the_head_of_the_record_is_kept_in_home_assistant(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """On disk, beside the cursor."""
    await gateway.say(health=HEALTH)
    await eventually(hass, lambda: loaded.runtime_data.facts.health == HEALTH)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    kept = hass_storage[f"community_help.{loaded.entry_id}.cursor"]["data"]
    assert kept == {"epoch": "ep", "number": 11, "head": {"epoch": "ep", "number": 10, "hash": "a" * 64}}


@pytest.mark.parametrize(
    ("epoch", "number", "hash_", "broken"),
    [
        ("ep", 10, "b", True),
        ("ep", 9, "b", True),
        ("ep", 10, "a", False),
        ("ep", 11, "b", False),
        ("another", 3, "b", False),
        ("ep", 0, "", False),
    ],
)
async def test_promise_7_a_record_that_was_recomputed_or_cut_shows(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    epoch: str,
    number: int,
    hash_: str,
    broken: bool,
) -> None:
    """No further on and yet another hash, in one epoch, even over a restart; a longer record or a new epoch is fine."""
    head = {"epoch": "ep", "number": 10, "hash": "a"}
    data = {"epoch": "ep", "number": 10, "head": head}
    hass_storage[f"community_help.{entry.entry_id}.cursor"] = {"version": 1, "key": "x", "data": data}
    gateway.epoch = epoch
    gateway.health = values.Health(head_number=number, head_hash=hash_)
    assert await hass.config_entries.async_setup(entry.entry_id)
    issue = ir.async_get(hass).async_get_issue("community_help", f"chain_broken_{entry.entry_id}")
    assert bool(issue) is broken
    if issue:
        assert issue.is_persistent
        assert issue.translation_placeholders == {"gateway": "Demo", "kept": "10:a", "came": f"{number}:b"}


async def test_another_integration_that_took_over_silences_this_one(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """The fencing number is given up as soon as the gateway says that somebody else pages."""
    await eventually(hass, lambda: loaded.runtime_data.fence == 1)
    await gateway.say(lease=values.Lease("elsewhere", "Other", 0))
    await gateway.say(lease=values.Lease("elsewhere", "Other", 2))
    await eventually(hass, lambda: loaded.runtime_data.fence == 0)
    assert ir.async_get(hass).async_get_issue("community_help", f"lease_held_{loaded.entry_id}")


async def test_the_roster_is_sent_with_everybody_on_duty_at_any_time(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]]
) -> None:
    """There is no duty plan yet: no shifts, no horizon."""
    person = add_staff(hass, loaded, "张三", 2, "one", "bay")
    await eventually(hass, lambda: bool(gateway.bodies(commands.SetRoster)))
    (roster,) = gateway.bodies(commands.SetRoster)
    assert roster == commands.SetRoster((values.StaffMember(person, "张三", 2, ("bay",), True),), (), None)


async def test_a_busy_gateway_does_not_put_off_the_saving_of_the_cursor(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """Readings come all the time: one save waits, with the last cursor, and no change begins its wait anew."""
    coordinator = loaded.runtime_data
    await later(hass, 2.5)
    asked: list[float] = []
    store = coordinator._followed._kept._store
    save = store.async_delay_save
    store.async_delay_save = lambda data, delay: (asked.append(delay), save(data, delay))
    for number in (11, 12, 13):
        await gateway.say(states=(values.PointState("septic.h2s", True, value=1.0),))
        await eventually(hass, lambda number=number: coordinator._followed.cursor.number == number)
    assert asked == [2.0]
    await later(hass, 5)
    key = f"community_help.{loaded.entry_id}.cursor"
    await eventually(hass, lambda: hass_storage.get(key, {}).get("data", {}).get("number") == 13)


def test_an_older_gateway_that_counts_nothing_is_counted_by_its_members() -> None:
    """Version 1 sends every member and no counts; version 2 the newest few members and the counts."""
    again = replace(INCIDENT.members[0], episode=2)
    other = replace(INCIDENT.members[0], point="f202.smoke", restored_at=1010.0)
    old = replace(INCIDENT, members=(INCIDENT.members[0], again, other))
    assert (detectors(old), live(old)) == (2, 1)
    new = replace(old, detectors=40, live=3)
    assert (detectors(new), live(new)) == (40, 3)
