"""Notify entities and ntfy: what they are told, what they can prove, and the answers that come back from them."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.network import NoURLAvailableError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.contract import commands, messages, values
from tests.integration.conftest import PAGE, FakeGateway, Settle, later
from tests.integration.ladders import add, page, steps

pytestmark = pytest.mark.parametrize("phones", [("one", "two")], indirect=True)


async def test_where_nothing_is_replaced_an_update_is_one_message(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    notified: list[dict[str, Any]],
) -> None:
    """A notify entity gets the page, and once that somebody has it; not every change, and not that it is closed."""
    add(hass, loaded, "张三", channels=("notify.sms",))
    await page(hass, gateway, settle)
    await settle(lambda: len(notified) == 1)
    owner = values.Person("zhang", "张三")
    taken: dict[str, Any] = {
        "state": values.IncidentState.ACKNOWLEDGED,
        "answered": True,
        "owner": owner,
        "acknowledged_at": 1040.0,
    }
    kinds = values.IncidentEventKind
    for number, (kind, changes) in enumerate(
        [
            (kinds.JOINED, {"revision": 2}),
            (kinds.ACKNOWLEDGED, {**taken, "revision": 2}),
            (kinds.HANDLING, {**taken, "state": values.IncidentState.HANDLING, "revision": 2}),
            (kinds.CLOSED, {**taken, "state": values.IncidentState.CLOSED, "closed_at": 2000.0, "revision": 2}),
        ],
        1,
    ):
        incident = replace(PAGE.incident, **changes)
        event = values.IncidentEvent(gateway.number + 1, 1000.0, kind, incident)
        await gateway.say(events=(event,))
        await settle(lambda: loaded.runtime_data._followed.cursor.number == gateway.number)
        await later(hass, 6 * number)
    await settle(lambda: len(notified) == 2)
    assert "张三 has taken it" in notified[1]["message"]


@pytest.mark.parametrize("state", [None, "unavailable"])
async def test_a_notify_entity_that_is_not_there_took_nothing(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    notified: list[dict[str, Any]],
    state: str | None,
) -> None:
    """Home Assistant raises nothing for it; the gateway must hear that nobody was reached, and use its own channel."""
    loaded.runtime_data.gateway = replace(gateway.info, version=3)
    add(hass, loaded, "张三", channels=("notify.pager",))
    if state:
        hass.states.async_set("notify.pager", state)
    await page(hass, gateway, settle)
    await settle(lambda: ("failed", "") in steps(gateway))
    assert not notified
    assert "accepted" not in [step for step, _ in steps(gateway)]
    why = next(body.detail for body in gateway.bodies(commands.RecordReceipt) if body.phone)
    assert "notify.pager" in why


async def test_where_there_are_no_titles_the_place_is_in_the_message(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    notified: list[dict[str, Any]],
) -> None:
    """An entity that knows no titles would drop the line that says what burns, and where."""
    hass.states.async_set("notify.sms", "unknown", {"supported_features": 0})
    add(hass, loaded, "张三", channels=("notify.sms",))
    await page(hass, gateway, settle)
    assert "title" not in notified[0]
    assert notified[0]["message"].startswith(f"FIRE ALARM: {PAGE.incident.place}\n")


async def test_a_channel_that_two_people_share_is_told_once(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    notified: list[dict[str, Any]],
) -> None:
    """Both have their receipt; the next page is told again."""
    people = {add(hass, loaded, name, channels=("notify.sms",)) for name in ("张三", "李四")}
    await page(hass, gateway, settle)
    await settle(lambda: steps(gateway).count(("handed_over", "notify.sms")) == 2)
    assert len(notified) == 1
    assert {body.person for body in gateway.bodies(commands.RecordReceipt) if body.phone} == people
    again = replace(PAGE, id="ep-5", number=5, reason="repeated")
    await gateway.say(pages=(replace(PAGE, accepted=True, settled=True), again))
    await settle(lambda: again.id in loaded.runtime_data.pages)
    await hass.services.async_call("community_help", "page_staff", {"page_id": again.id}, blocking=True)
    await settle(lambda: len(notified) == 2)


@pytest.fixture
def ntfy(hass: HomeAssistant) -> list[dict[str, Any]]:
    """What ntfy was asked; the entity is of its platform, its server is the outermost edge."""
    asked: list[dict[str, Any]] = []

    async def publish(call: ServiceCall) -> None:
        asked.append({"action": call.service, **call.data})

    er.async_get(hass).async_get_or_create("notify", "ntfy", "topic", suggested_object_id="topic")
    hass.states.async_set("notify.topic", "unknown")
    for name in ("publish", "clear"):
        hass.services.async_register("ntfy", name, publish)
    return asked


async def answered_by_ntfy(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle, asked: list[dict[str, Any]]
) -> dict[str, Any]:
    """A page to somebody who has ntfy only."""
    hass.config.external_url = "https://home.example.org"
    add(hass, loaded, "张三", channels=("notify.topic",))
    await page(hass, gateway, settle)
    await settle(lambda: len(asked) == 1)
    return asked[0]


async def test_ntfy_has_buttons_of_its_own_and_each_works_once(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    hass_client_no_auth: Any,
) -> None:
    """A POST acknowledges in the person's name, a GET never acts, the second POST finds nothing."""
    shown = await answered_by_ntfy(hass, gateway, loaded, settle, ntfy)
    assert (shown["priority"], shown["sequence_id"]) == (5, "community_help_ep-1")
    assert [item["label"] for item in shown["actions"]] == ["I'll take it", "On my way", "False alarm"]
    address = shown["actions"][0]["url"]
    assert address.startswith("https://home.example.org/api/community_help/answer/")
    path = address.removeprefix("https://home.example.org")
    client = await hass_client_no_auth()
    assert (await client.get(path)).status == 405
    assert (await client.head(path)).status == 405
    assert not gateway.bodies(commands.Acknowledge)
    first = await client.post(path)
    assert (first.status, await first.text()) == (200, "Done.")
    (said,) = gateway.bodies(commands.Acknowledge)
    assert (said.incident, said.revision, said.person.name, said.way.value) == ("ep-1", 1, "张三", "button")
    assert (await client.post(path)).status == 410
    assert len(gateway.bodies(commands.Acknowledge)) == 1


async def test_the_tokens_of_a_closed_incident_end(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    hass_client_no_auth: Any,
) -> None:
    """And the message is taken away from the app."""
    shown = await answered_by_ntfy(hass, gateway, loaded, settle, ntfy)
    closed = replace(PAGE.incident, state=values.IncidentState.CLOSED, closed_at=2000.0)
    event = values.IncidentEvent(gateway.number + 1, 2000.0, values.IncidentEventKind.CLOSED, closed)
    await gateway.say(events=(event,))
    await settle(lambda: len(ntfy) == 2)
    assert (ntfy[1]["action"], ntfy[1]["sequence_id"]) == ("clear", "community_help_ep-1")
    client = await hass_client_no_auth()
    path = shown["actions"][0]["url"].removeprefix("https://home.example.org")
    assert (await client.post(path)).status == 410
    assert not gateway.bodies(commands.Acknowledge)


async def test_tokens_survive_a_restart_and_are_on_disk_as_fingerprints_only(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    hass_client_no_auth: Any,
    hass_storage: dict[str, Any],
) -> None:
    """Nobody who reads the disk can answer in somebody's name."""
    shown = await answered_by_ntfy(hass, gateway, loaded, settle, ntfy)
    path = shown["actions"][1]["url"].removeprefix("https://home.example.org")
    key = f"community_help.{loaded.entry_id}.answers"
    await later(hass, 2)
    await settle(lambda: key in hass_storage)
    kept = hass_storage[key]["data"]
    assert len(kept) == 3
    assert path.rpartition("/")[2] not in str(kept)
    gateway.pages, gateway.incidents = (replace(PAGE, accepted=True),), (PAGE.incident,)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(lambda: loaded.runtime_data.fence == 1)
    client = await hass_client_no_auth()
    assert (await client.post(path)).status == 200
    assert [said.person.name for said in gateway.bodies(commands.Handle)] == ["张三"]


async def test_guessing_is_slowed_down(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    hass_client_no_auth: Any,
) -> None:
    """Thirty posts a minute from one address are more than any person needs."""
    client = await hass_client_no_auth()
    answers = [(await client.post(f"/api/community_help/answer/{number}")).status for number in range(31)]
    assert answers == [410] * 30 + [429]


async def test_behind_one_proxy_everybody_can_answer(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    hass_client_no_auth: Any,
) -> None:
    """Who guesses from the same address does not use up the tries of those who hold a token."""
    shown = await answered_by_ntfy(hass, gateway, loaded, settle, ntfy)
    client = await hass_client_no_auth()
    for number in range(31):
        last = await client.post(f"/api/community_help/answer/{number}")
    assert last.status == 429
    path = shown["actions"][0]["url"].removeprefix("https://home.example.org")
    assert (await client.post(path)).status == 200


async def test_a_refused_press_is_no_success_and_a_kept_one_says_that_it_waits(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    hass_client_no_auth: Any,
) -> None:
    """The app shows a press as done only for what the gateway took."""
    shown = await answered_by_ntfy(hass, gateway, loaded, settle, ntfy)
    paths = [item["url"].removeprefix("https://home.example.org") for item in shown["actions"]]
    client = await hass_client_no_auth()
    gateway.answer = lambda command: messages.Outcome(command.key, False, "worse_since", "worse")
    refused = await client.post(paths[2])
    assert (refused.status, await refused.text()) == (409, "Not closed: it became worse since you saw it. Look again.")
    gateway.answer = lambda command: messages.Outcome(command.key, False, "journal", "disk full")
    waits = await client.post(paths[0])
    assert (waits.status, await waits.text()) == (202, "Noted. It counts as soon as the gateway is reached.")
    spent = await client.post(paths[0])
    assert (spent.status, await spent.text()) == (
        410,
        "This button was used already, or is too old. Look into Home Assistant.",
    )
    gateway.answer = None
    before = len(gateway.bodies(commands.Acknowledge))
    await later(hass, 11)
    await settle(lambda: len(gateway.bodies(commands.Acknowledge)) == before + 1)


async def test_the_buttons_are_on_disk_before_anybody_can_press_them(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    hass_storage: dict[str, Any],
) -> None:
    """Home Assistant may be killed right after the message went out."""
    there: list[int] = []

    async def publish(call: ServiceCall) -> None:
        there.append(len(hass_storage[f"community_help.{loaded.entry_id}.answers"]["data"]))
        ntfy.append(dict(call.data))

    hass.services.async_register("ntfy", "publish", publish)
    await answered_by_ntfy(hass, gateway, loaded, settle, ntfy)
    assert there == [3]


async def test_without_an_address_the_message_says_where_to_answer(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    phones: list[dict[str, Any]],
    settle: Settle,
    ntfy: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Home Assistant that nobody can reach from outside has no buttons there."""

    def none(*_: object, **__: object) -> str:
        raise NoURLAvailableError

    monkeypatch.setattr("custom_components.community_help.answers.get_url", none)
    add(hass, loaded, "张三", channels=("notify.topic",))
    await page(hass, gateway, settle)
    assert ntfy[0]["actions"] == []
    assert ntfy[0]["message"].endswith("\nAnswer in Home Assistant.")
