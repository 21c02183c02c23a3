"""Pages, buttons, triggers and actions; the phone's own end is the only thing that is played here."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
)

from custom_components.community_help import roster
from custom_components.community_help.contract import commands, messages, values
from tests.integration.conftest import (
    GATEWAY_ID,
    INCIDENT,
    PAGE,
    FakeGateway,
    Settle,
    add_staff,
    after_grace,
    demand,
    incident_event,
    press,
)


async def test_promise_11_without_an_automation_the_page_goes_out_with_default_words(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Promise 11: after the grace time; a repair says that no automation answered."""
    await demand(hass, gateway, settle)
    assert not phones
    await after_grace(hass)
    await settle(lambda: bool(gateway.bodies(commands.RecordReceipt)))
    (shown,) = phones
    assert shown["title"] == "FIRE ALARM: 清水湾 1号楼 2 201 烟感"
    assert shown["data"]["tag"] == "community_help_ep-1"
    assert shown["data"]["channel"] == "alarm_stream"
    assert shown["data"]["push"]["sound"]["critical"] == 1
    assert [item["action"] for item in shown["data"]["actions"]] == [
        "COMMUNITY_HELP_ACKNOWLEDGE:ep-1:1",
        "COMMUNITY_HELP_ON_MY_WAY:ep-1:1",
        "COMMUNITY_HELP_FALSE_ALARM:ep-1:1",
    ]
    assert ir.async_get(hass).async_get_issue("community_help", f"page_unhandled_{loaded.entry_id}")


async def test_one_dead_phone_never_stops_the_others(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Each phone has its own receipt, and the page as a whole is accepted."""
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: len(gateway.bodies(commands.RecordReceipt)) == 3)
    steps = [(body.step.value, bool(body.phone)) for body in gateway.bodies(commands.RecordReceipt)]
    assert sorted(steps) == [("accepted", False), ("failed", True), ("handed_over", True)]
    assert all(command.fence == 1 for command in gateway.commands if isinstance(command.body, commands.RecordReceipt))


async def test_chinese_homes_are_paged_in_chinese(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """The words follow Home Assistant's language."""
    hass.config.language = "zh-Hans"
    assert await hass.config_entries.async_setup(entry.entry_id)
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: bool(phones))
    assert phones[0]["title"] == "火警：清水湾 1号楼 2 201 烟感"
    assert phones[0]["data"]["actions"][0]["title"] == "我来处理"


async def test_an_automation_answers_with_its_own_words(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """The native trigger fires, page_staff sends once, no repair."""
    await automation(hass, {})
    await demand(hass, gateway, settle)
    await settle(lambda: bool(phones))
    await after_grace(hass)
    (shown,) = phones
    assert shown["message"] == "fire at 清水湾 1号楼 2 201 烟感, tier 1"
    assert not ir.async_get(hass).async_get_issue("community_help", f"page_unhandled_{loaded.entry_id}")


async def automation(hass: HomeAssistant, options: dict[str, Any]) -> None:
    """An automation that answers pages."""
    message = "{{ trigger.hazard }} at {{ trigger.place }}, tier {{ trigger.tier }}"
    config = {
        "alias": "pages",
        "mode": "parallel",
        "triggers": {"trigger": "community_help.staff_to_be_paged", "options": options},
        "actions": {
            "action": "community_help.page_staff",
            "data": {"page_id": "{{ trigger.page_id }}", "message": message},
        },
    }
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()


@pytest.mark.parametrize("options", [{"hazard": ["gas"]}, {"device_id": ["another-compound"]}])
async def test_an_automation_for_something_else_is_not_run_and_the_page_goes_out(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    options: dict[str, Any],
) -> None:
    """Nothing is swallowed by a filter."""
    await automation(hass, options)
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: bool(phones))
    assert phones[0]["title"].startswith("FIRE ALARM")


async def test_the_compounds_own_automation_runs(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Filtered by hazard and compound device."""
    compound = dr.async_get(hass).async_get_device_by_identifier(
        ("community_help", f"{GATEWAY_ID}_bay"), loaded.entry_id
    )
    assert compound
    await automation(hass, {"hazard": ["fire"], "device_id": [compound.id]})
    await demand(hass, gateway, settle)
    await settle(lambda: bool(phones))
    assert phones[0]["message"].startswith("fire at")


async def test_a_late_call_only_updates_in_place(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Same tag, silent, still with the button."""
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: bool(phones))
    await hass.services.async_call(
        "community_help", "page_staff", {"page_id": PAGE.id, "message": "late"}, blocking=True
    )
    assert phones[-1]["message"] == "late"
    assert phones[-1]["data"]["tag"] == phones[0]["data"]["tag"]
    assert phones[-1]["data"]["alert_once"] is True
    assert phones[-1]["data"]["actions"]


async def test_a_pressed_button_acknowledges_and_everybody_sees_who(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
) -> None:
    """The person comes from the event's context; the page is replaced without its button."""
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: bool(phones))
    press(hass, phones[0], user)
    await settle(lambda: bool(gateway.bodies(commands.Acknowledge)))
    (said,) = gateway.bodies(commands.Acknowledge)
    assert (said.incident, said.revision, said.person.name, said.way.value) == ("ep-1", 1, "Zhang San", "button")
    owner = values.Person("z", "张三")
    taken = incident_event(
        values.IncidentEventKind.ACKNOWLEDGED,
        gateway.number + 1,
        owner=owner,
        acknowledged_at=1040.0,
        acknowledged_revision=1,
        state=values.IncidentState.ACKNOWLEDGED,
    )
    await gateway.say(events=(taken,))
    await settle(lambda: len(phones) == 2)
    assert phones[1]["message"] == "张三 has taken it, 40 s after the alarm."
    assert "actions" not in phones[1]["data"]
    assert phones[1]["data"]["tag"] == "community_help_ep-1"


async def test_a_press_waits_on_disk_while_the_gateway_is_away(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is sent under the same key when the gateway is back, and no phone shows success before."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: bool(phones))
    token, gateway.token = gateway.token, "changed-for-a-moment"
    coordinator = loaded.runtime_data
    await gateway.hang_up()
    await settle(lambda: not coordinator.connected)
    press(hass, phones[0], user)
    key = f"community_help.{loaded.entry_id}.presses"
    await settle(lambda: bool(hass_storage.get(key, {}).get("data")))
    assert len(phones) == 1
    gateway.token = token
    await coordinator.async_entry_changed()
    await settle(lambda: bool(gateway.bodies(commands.Acknowledge)))
    await settle(lambda: not hass_storage[key]["data"])


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ({"ok": True, "result": {"first": False, "owner": "李四"}}, "李四 has taken it already."),
        ({"ok": False, "code": "unknown_incident"}, "This incident is no longer open."),
        (
            {"ok": False, "code": "unidentified"},
            "Not accepted: nobody knows whose phone this is. Ask for it to be added to the staff.",
        ),
    ],
)
async def test_a_late_press_gets_a_sensible_answer(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
    outcome: dict[str, Any],
    text: str,
) -> None:
    """On the phone that pressed, in place of the page, which keeps its buttons while it is unanswered."""
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: bool(phones))
    gateway.answer = lambda command: messages.Outcome(command.key, **outcome)
    press(hass, phones[0], user)
    await settle(lambda: phones[-1]["message"].startswith(f"{text}\n"))
    assert phones[-1]["data"]["tag"] == phones[0]["data"]["tag"]
    assert phones[-1]["data"]["actions"] == phones[0]["data"]["actions"]


@pytest.mark.parametrize(
    "action",
    [
        "OTHER",
        "COMMUNITY_HELP_ACKNOWLEDGE:",
        "COMMUNITY_HELP_ACKNOWLEDGE:ep-1:x",
        "COMMUNITY_HELP_ACKNOWLEDGE:elsewhere-1:1",
    ],
)
async def test_other_buttons_are_left_alone(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, action: str
) -> None:
    """Foreign, broken, or of another gateway."""
    hass.bus.async_fire("mobile_app_notification_action", {"action": action})
    await hass.async_block_till_done()
    assert not gateway.bodies(commands.Acknowledge)


async def test_missed_events_are_told_once(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """What happened while Home Assistant was away reaches the event entity after it is set up, once."""
    hass_storage[f"community_help.{entry.entry_id}.cursor"] = {
        "version": 1,
        "key": "x",
        "data": {"epoch": "ep", "number": 4},
    }
    gateway.missed = (
        incident_event(values.IncidentEventKind.RAISED, 4),
        incident_event(values.IncidentEventKind.RAISED, 6),
    )
    gateway.incidents = (INCIDENT,)
    events = async_capture_events(hass, "state_changed")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    told = [
        event
        for event in events
        if event.data["entity_id"].startswith("event.")
        and (event.data["new_state"].attributes.get("event_type") == "raised")
    ]
    assert len(told) == 1
    assert told[0].data["new_state"].attributes["incident_id"] == "ep-1"
    assert gateway.resumed[0].cursor == values.Cursor("ep", 4)


async def test_a_page_that_waited_goes_out_after_a_restart(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """Nobody took it yet: it is sent, once."""
    gateway.pages = (PAGE,)
    gateway.incidents = (INCIDENT,)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(lambda: entry.runtime_data.fence == 1)
    await hass.async_block_till_done()
    await after_grace(hass)
    await settle(lambda: bool(phones))
    assert len(phones) == 1


async def test_another_home_assistant_pages(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> None:
    """This one sends nothing, and a repair says who pages; a person may take over."""

    def issue() -> ir.IssueEntry | None:
        return ir.async_get(hass).async_get_issue("community_help", f"lease_held_{entry.entry_id}")

    gateway.lease_holder = "Other"
    gateway.pages, gateway.incidents = (PAGE,), (INCIDENT,)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(lambda: issue() is not None)
    await after_grace(hass)
    assert not phones
    found = issue()
    assert found
    assert found.translation_placeholders == {"gateway": "Demo", "name": "Other"}
    assert await entry.runtime_data.async_claim(force=True)
    assert not issue()


async def test_an_incident_runs_an_automation(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle
) -> None:
    """Incident raised, filtered by hazard."""
    seen = async_capture_events(hass, "told")
    configs = [
        {
            "alias": name,
            "triggers": {"trigger": "community_help.incident_raised", "options": {"hazard": [name]}},
            "actions": {"event": "told", "event_data_template": {"place": "{{ trigger.place }}", "name": name}},
        }
        for name in ("fire", "gas")
    ]
    assert await async_setup_component(hass, "automation", {"automation": configs})
    await hass.async_block_till_done()
    for kind in (values.IncidentEventKind.RAISED, values.IncidentEventKind.CLOSED):
        await gateway.say(events=(incident_event(kind, gateway.number + 1),))
    await settle(lambda: len(seen) == 1)
    assert seen[0].data == {"place": INCIDENT.place, "name": "fire"}


@pytest.mark.parametrize(
    ("event", "step"),
    [("mobile_app_notification_received", "received"), ("mobile_app_notification_cleared", "seen")],
)
async def test_what_an_android_phone_proves_is_recorded(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    event: str,
    step: str,
) -> None:
    """Its own word that the notification is there, or was wiped away: for the page, the phone and the person."""
    person = add_staff(hass, loaded, "张三", 1, "one")
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: bool(phones))
    (device,) = roster.phones_for(hass, loaded, [person])
    hass.bus.async_fire(event, {"tag": "community_help_ep-1", "device_id": device, "page": PAGE.id})
    await settle(lambda: any(body.step.value == step for body in gateway.bodies(commands.RecordReceipt)))
    proof = next(body for body in gateway.bodies(commands.RecordReceipt) if body.step.value == step)
    assert (proof.page, proof.phone, proof.person) == ("ep-3", device, person)
