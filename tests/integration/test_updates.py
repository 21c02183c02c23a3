"""What phones show after the first page: few silent updates, nothing unanswered taken away, the newest last."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.community_help.contract import commands, values
from custom_components.community_help.pager import PAGERS
from tests.integration.conftest import (
    INCIDENT,
    PAGE,
    FakeGateway,
    Settle,
    add_staff,
    after_grace,
    demand,
    incident_event,
    later,
    press,
)

JOINED = values.IncidentEventKind.JOINED
OWNER = values.Person("z", "张三")
DRILL = replace(INCIDENT, drill=True)


@pytest.fixture
async def paged(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> list[dict[str, Any]]:
    """The phone shows a page that nobody answered."""
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: len(phones) == 1)
    return phones


async def happen(gateway: FakeGateway, kind: values.IncidentEventKind, **changes: Any) -> None:
    """Something happens to the incident."""
    await gateway.say(events=(incident_event(kind, gateway.number + 1, **changes),))


async def test_a_burst_of_joins_is_not_one_push_per_join(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    paged: list[dict[str, Any]],
    settle: Settle,
) -> None:
    """One at once, one after five seconds with the last state, then none."""
    for count in range(2, 32):
        await happen(gateway, JOINED, revision=count, detectors=count, live=count)
    await settle(lambda: loaded.runtime_data.incidents["ep-1"].revision == 31)
    await hass.async_block_till_done()
    assert len(paged) == 2
    await later(hass, 6)
    await settle(lambda: len(paged) == 3)
    assert paged[-1]["message"].startswith("Detectors: 31, still in alarm: 31.")
    await later(hass, 600)
    assert len(paged) == 3


async def test_an_update_takes_neither_buttons_nor_prominence_from_an_unanswered_page(
    hass: HomeAssistant, gateway: FakeGateway, paged: list[dict[str, Any]], settle: Settle
) -> None:
    """Also when somebody took an older revision: silent, in place, and the button names what is shown now."""
    await happen(
        gateway,
        values.IncidentEventKind.ACKNOWLEDGED,
        revision=2,
        acknowledged_revision=1,
        owner=OWNER,
        floors=("2", "3"),
    )
    await settle(lambda: len(paged) == 2)
    page, update = paged[0]["data"], paged[1]["data"]
    assert update["tag"] == page["tag"]
    assert (update["channel"], update["importance"]) == (page["channel"], page["importance"])
    assert update["push"] == {"interruption-level": "critical", "sound": "none"}
    assert update["alert_once"] is True
    assert [item["action"] for item in update["actions"]] == [
        "COMMUNITY_HELP_ACKNOWLEDGE:ep-1:2",
        "COMMUNITY_HELP_ON_MY_WAY:ep-1:2",
        "COMMUNITY_HELP_FALSE_ALARM:ep-1:2",
    ]
    assert "Floors: 2, 3." in paged[1]["message"]
    assert "张三 has taken the earlier part." in paged[1]["message"]


@pytest.mark.parametrize(
    ("kind", "changes", "text"),
    [
        ("acknowledged", {"acknowledged_at": 1040.0}, "张三 has taken it, 40 s after the alarm."),
        ("handling", {"state": values.IncidentState.HANDLING}, "张三 is dealing with it."),
        ("handed_over", {"acknowledged_at": 1002.0}, "张三 has taken it, 2 s after the alarm."),
        (
            "resolved",
            {"state": values.IncidentState.RESOLVED},
            "The danger is over. The incident is still to be closed.",
        ),
        (
            "needs_review",
            {"acknowledged_at": 1001.0, "needs_review": True},
            "张三 has taken it, 1 s after the alarm.\nNobody has touched it for long. Please review and close it.",
        ),
    ],
)
async def test_everybody_who_was_told_sees_how_it_stands(
    gateway: FakeGateway,
    paged: list[dict[str, Any]],
    settle: Settle,
    kind: str,
    changes: dict[str, Any],
    text: str,
) -> None:
    """Silent, in place of the page, without its button."""
    state = {"state": values.IncidentState.ACKNOWLEDGED, "answered": True, "owner": OWNER, **changes}
    await happen(gateway, values.IncidentEventKind(kind), **state)
    await settle(lambda: len(paged) == 2)
    assert paged[1]["message"] == text
    assert "actions" not in paged[1]["data"]
    assert paged[1]["data"]["push"] == {"interruption-level": "passive", "sound": "none"}


@pytest.mark.parametrize("phones", [("one", "two")], indirect=True)
async def test_whoever_has_it_goes_on_from_the_same_notification(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
) -> None:
    """The owner is on the way, and says what it was; everybody else only reads who has it."""
    owner = values.Person(add_staff(hass, loaded, "张三", 1, "one"), "张三")
    add_staff(hass, loaded, "李四", 1, "two")
    await demand(hass, gateway, settle)
    await after_grace(hass)
    await settle(lambda: len(phones) == 2)
    taken: dict[str, Any] = {"owner": owner, "answered": True, "acknowledged_at": 1040.0}
    await happen(gateway, values.IncidentEventKind.ACKNOWLEDGED, state=values.IncidentState.ACKNOWLEDGED, **taken)
    await settle(lambda: len(phones) == 4)
    shown = {item["phone"]: item["data"] for item in phones[2:]}
    assert [item["title"] for item in shown["one"]["actions"]] == ["On my way", "False alarm"]
    assert "confirmation" not in shown["one"]
    assert "actions" not in shown["two"]
    await later(hass, 6)
    await happen(gateway, values.IncidentEventKind.HANDLING, state=values.IncidentState.HANDLING, **taken)
    await settle(lambda: len(phones) == 6)
    shown = {item["phone"]: item["data"] for item in phones[4:]}
    assert [item["title"] for item in shown["one"]["actions"]] == ["False alarm"]
    assert "actions" not in shown["two"]


async def test_a_closed_incident_leaves_every_screen(
    gateway: FakeGateway, paged: list[dict[str, Any]], settle: Settle
) -> None:
    """Whoever was told has it taken away, under the same tag."""
    await happen(gateway, values.IncidentEventKind.CLOSED, state=values.IncidentState.CLOSED, closed_at=2000.0)
    await settle(lambda: len(paged) == 2)
    assert (paged[1]["message"], paged[1]["data"]) == ("clear_notification", {"tag": paged[0]["data"]["tag"]})


async def test_an_update_that_says_nothing_new_is_not_sent(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, paged: list[dict[str, Any]], settle: Settle
) -> None:
    """A notification that somebody swiped away does not come back for a detector that joins what is taken."""
    taken = {"state": values.IncidentState.ACKNOWLEDGED, "answered": True, "owner": OWNER, "acknowledged_at": 1040.0}
    await happen(gateway, values.IncidentEventKind.ACKNOWLEDGED, **taken)
    await settle(lambda: len(paged) == 2)
    await later(hass, 6)
    await happen(gateway, JOINED, revision=2, detectors=2, live=2, **taken)
    await settle(lambda: loaded.runtime_data.incidents["ep-1"].revision == 2)
    await later(hass, 12)
    assert len(paged) == 2


async def test_an_update_that_waited_does_not_cover_a_newer_page(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, paged: list[dict[str, Any]], settle: Settle
) -> None:
    """Its five seconds end after the page of what came later was sent."""
    for revision in (2, 3):
        await happen(gateway, JOINED, revision=revision, detectors=revision, live=revision)
    await settle(lambda: loaded.runtime_data.incidents["ep-1"].revision == 3)
    newest = replace(INCIDENT, revision=4, detectors=4, live=4)
    await gateway.say(pages=(replace(PAGE, id="ep-4", number=4, incident=newest, revision=4, reason="worse"),))
    await settle(lambda: "ep-4" in loaded.runtime_data.pages)
    await hass.services.async_call("community_help", "page_staff", {"page_id": "ep-4"}, blocking=True)
    await later(hass, 6)
    assert [shown["message"][:13] for shown in paged[1:]] == ["Detectors: 2,", "Detectors: 4,"]


async def test_nothing_older_comes_after_something_newer_on_a_slow_phone(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, paged: list[dict[str, Any]]
) -> None:
    """A push that hangs delays the next one to that phone, and cannot arrive after it."""
    hanging, asked, arrived = asyncio.Event(), [], []

    async def notify(call: ServiceCall) -> None:
        asked.append(call.data["message"])
        if len(asked) == 1:
            await hanging.wait()
        arrived.append(call.data["message"])

    hass.services.async_register("notify", "one", notify)
    await happen(gateway, JOINED, revision=2, detectors=2, live=2)
    await turns(lambda: len(asked) == 1)
    newer = replace(INCIDENT, revision=3, detectors=3, live=3)
    page = replace(PAGE, id="ep-4", number=4, incident=newer, revision=3, reason="worse")
    await gateway.say(pages=(page,))
    await turns(lambda: page.id in loaded.runtime_data.pages)
    call = hass.services.async_call("community_help", "page_staff", {"page_id": page.id}, blocking=True)
    sending = asyncio.create_task(call)
    await turns(lambda: hass.data[PAGERS][loaded.entry_id]._board.told["ep-1"].page == page.id)
    hanging.set()
    await sending
    assert [text[:13] for text in arrived] == ["Detectors: 2,", "Detectors: 3,"]


async def turns(condition: Callable[[], bool]) -> None:
    """Wait by turns of the loop while something hangs on purpose."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0)


async def test_promise_5_every_drill_page_says_so_and_has_a_this_is_real_button(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    user: MockUser,
) -> None:
    """In title and text; the button declares it real in the name of whose phone it is."""
    await demand(hass, gateway, settle, replace(PAGE, incident=DRILL))
    await after_grace(hass)
    await settle(lambda: len(phones) == 1)
    assert phones[0]["title"] == "DRILL – FIRE ALARM: 清水湾 1号楼 2 201 烟感"
    assert phones[0]["message"].startswith("DRILL.")
    buttons = phones[0]["data"]["actions"]
    assert [item["title"] for item in buttons] == ["I'll take it", "On my way", "This is real"]
    press(hass, phones[0], user, 2)
    await settle(lambda: bool(gateway.bodies(commands.DeclareReal)))
    (said,) = gateway.bodies(commands.DeclareReal)
    assert (said.incident, said.person.name, said.way.value) == ("ep-1", "Zhang San", "button")
    await gateway.say(events=(incident_event(values.IncidentEventKind.DECLARED_REAL, gateway.number + 1, revision=2),))
    await settle(lambda: len(phones) == 2)
    assert phones[1]["title"].startswith("FIRE ALARM")
    assert [item["title"] for item in phones[1]["data"]["actions"]] == ["I'll take it", "On my way", "False alarm"]


@pytest.mark.parametrize(
    ("severity", "asked", "level"),
    [
        ("danger", True, "critical"),
        ("alarm", True, "critical"),
        ("alarm", False, "time-sensitive"),
        ("warning", True, "time-sensitive"),
        ("notice", True, "active"),
        ("a newer one", True, "critical"),
    ],
)
async def test_only_alarm_and_danger_sound_over_silence_whatever_an_automation_asks(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    severity: str,
    asked: bool,
    level: str,
) -> None:
    """A notice wakes nobody; a severity that this version does not know is not hushed."""
    page = replace(PAGE, incident=replace(INCIDENT, severity=values.Severity(severity)))
    await demand(hass, gateway, settle, page)
    call = {"page_id": page.id, "critical": asked}
    await hass.services.async_call("community_help", "page_staff", call, blocking=True)
    (shown,) = phones
    assert shown["data"]["push"]["interruption-level"] == level
    assert (shown["data"]["channel"] == "alarm_stream") is (level == "critical")


async def test_a_late_call_that_asks_for_less_does_not_hush_an_unanswered_page(
    hass: HomeAssistant, paged: list[dict[str, Any]]
) -> None:
    """It went out over silence; the automation's late words come in place, as prominent as before."""
    call = {"page_id": PAGE.id, "message": "late", "critical": False}
    await hass.services.async_call("community_help", "page_staff", call, blocking=True)
    assert paged[1]["data"]["channel"] == "alarm_stream"
    assert paged[1]["data"]["push"] == {"interruption-level": "critical", "sound": "none"}


async def test_a_phone_that_was_away_is_updated_when_it_is_back(
    hass: HomeAssistant,
    gateway: FakeGateway,
    paged: list[dict[str, Any]],
    settle: Settle,
) -> None:
    """A local push that found nobody is tried again, so no phone goes on showing what no longer holds."""
    away = True

    async def notify(call: ServiceCall) -> None:
        if away:
            raise HomeAssistantError("not connected")
        paged.append(dict(call.data))

    hass.services.async_register("notify", "one", notify)
    await happen(
        gateway,
        values.IncidentEventKind.ACKNOWLEDGED,
        state=values.IncidentState.ACKNOWLEDGED,
        owner=OWNER,
        acknowledged_at=1040.0,
        acknowledged_revision=1,
        answered=True,
    )
    await hass.async_block_till_done()
    await later(hass, 6)
    assert len(paged) == 1
    away = False
    await later(hass, 17)
    await settle(lambda: len(paged) == 2)
    assert "张三" in paged[1]["message"]
    await later(hass, 100)
    assert len(paged) == 2


async def test_who_was_told_of_the_end_is_not_told_again(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    paged: list[dict[str, Any]],
    settle: Settle,
) -> None:
    """A dead phone keeps the closed incident alive for itself alone, also when the end is told once more."""
    closed = {"state": values.IncidentState.CLOSED, "closed_at": 1100.0, "answered": True}
    await happen(gateway, values.IncidentEventKind.CLOSED, **closed)
    await settle(lambda: len(paged) == 2)
    await later(hass, 6)
    await happen(gateway, values.IncidentEventKind.CLOSED, **closed)
    await later(hass, 60)
    assert len(paged) == 2
