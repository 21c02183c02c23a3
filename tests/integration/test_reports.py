"""The actions that answer: readiness, health, the drill report; and the one that starts a self-test."""

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.community_help import health
from custom_components.community_help.contract import commands, messages, values
from tests.integration.companions import Companions
from tests.integration.conftest import GATEWAY_ID, TOKEN, FakeGateway, Settle, add_member, eventually
from tests.integration.test_board import look, prove

ZHANG = values.Person("z", "张三")


async def ask(hass: HomeAssistant, name: str, context: Context | None = None, **data: Any) -> Any:
    """The answer of an action."""
    answer = await hass.services.async_call(
        "community_help", name, data, blocking=True, return_response=True, context=context
    )
    assert answer
    return answer["gateways"]


@pytest.fixture
async def board(
    hass: HomeAssistant, gateway: FakeGateway, companions: Companions, loaded: MockConfigEntry, settle: Settle
) -> MockConfigEntry:
    """The entry, which is the one that pages."""
    await settle(lambda: loaded.runtime_data.fence == 1)
    return loaded


def compound(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The compound's device."""
    found = dr.async_get(hass).async_get_device_by_identifier(("community_help", f"{GATEWAY_ID}_bay"), entry.entry_id)
    assert found
    return found.id


async def test_readiness_answers_with_people_phones_and_tonights_gaps(
    hass: HomeAssistant, companions: Companions, board: MockConfigEntry
) -> None:
    """Of all, or of those who serve one compound."""
    phone, shared = companions.add("zhang"), companions.add("duty", local=False)
    add_member(hass, board, "张三", phones=[phone, "gone"], channels=["notify.ntfy"], compounds=["bay"])
    add_member(hass, board, "别处", phones=[], compounds=["elsewhere"])
    add_member(hass, board, "值班手机", kind="duty_phone", phones=[shared])
    await look(hass, board)
    (found,) = await ask(hass, "get_readiness")
    assert (found["gateway"], found["known"]) == ("Demo", True)
    assert [person["name"] for person in found["people"]] == ["张三", "别处"]
    (bay,) = found["compounds"]
    assert (bay["name"], bay["reachable"], bay["gaps"][0]["people"], bay["gaps"][0]["verdict"]) == (
        "清水湾",
        False,
        ["张三"],
        "unproven",
    )
    await prove(hass, board, phone)
    (found,) = await ask(hass, "get_readiness", device_id=compound(hass, board))
    (zhang,) = found["people"]
    assert (zhang["verdict"], [item["verdict"] for item in zhang["phones"]]) == ("ready", ["ready", "unreachable"])
    assert zhang["channels"] == [{"entity_id": "notify.ntfy", "open": False}]
    assert found["compounds"][0]["reachable"] is True
    assert found["duty_phones"][0]["phones"][0]["verdict"] == "unreachable"


async def test_health_counts_and_lists_what_is_wrong(
    hass: HomeAssistant, gateway: FakeGateway, board: MockConfigEntry, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each device once per kind, with place, cause and since when; bypasses with owner and end; drills."""
    smoke = gateway.states["f201.smoke"]
    await gateway.say(
        states=(
            replace(smoke, problems=("battery_low", "tamper"), changed_at=1000.0),
            replace(gateway.states["f202.smoke"], available=False, problems=("offline",), changed_at=2000.0),
            replace(gateway.states["septic.ch4"], problems=("sensor_suspect", "brand_new_cause"), changed_at=3000.0),
            replace(gateway.states["septic.h2s"], problems=("sensor_suspect",), changed_at=2500.0),
            replace(gateway.states["lane.lane"], problems=("end_of_life",)),
        ),
        bypasses=(values.Bypass("lane.lane", ZHANG, "施工", 1000.0, 4600.0),),
        drills=(values.Drill("bay", ZHANG, 1000.0, 4600.0),),
    )
    await settle(lambda: bool(board.runtime_data.facts.drills))
    (found,) = await ask(hass, "get_health")
    (bay,) = found["compounds"]
    assert bay["devices"] == 6
    assert bay["counts"] == {
        "offline": 1,
        "faulty": 1,
        "battery_low": 1,
        "end_of_life": 1,
        "tampered": 1,
        "bypassed": 1,
        "drills": 1,
    }
    assert bay["offline"] == [
        {"name": "烟感", "place": "1号楼 2 202", "cause": "offline", "since": "1970-01-01T00:33:20+00:00"}
    ]
    assert bay["faulty"] == [
        {
            "name": "化粪池",
            "place": "",
            "cause": "brand_new_cause, sensor_suspect",
            "since": "1970-01-01T00:41:40+00:00",
        }
    ]
    assert bay["end_of_life"][0]["since"] is None
    assert (bay["bypassed"][0]["owner"], bay["bypassed"][0]["until"]) == ("张三", "1970-01-01T01:16:40+00:00")
    assert bay["drills"] == [{"by": "张三", "since": "1970-01-01T00:16:40+00:00", "until": "1970-01-01T01:16:40+00:00"}]
    monkeypatch.setattr(health, "LISTED", 0)
    (found,) = await ask(hass, "get_health", device_id="bay")
    assert (found["compounds"][0]["counts"]["offline"], found["compounds"][0]["offline"]) == (1, [])
    with pytest.raises(ServiceValidationError, match="no compound"):
        await ask(hass, "get_health", device_id="nowhere")


@pytest.fixture
async def exports(gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the gateway's endpoint answers, and what it was asked."""
    says: dict[str, Any] = {"status": 200, "body": {"compounds": [{"id": "bay", "self_tests": 30}]}, "asked": []}
    application = web.Application()

    async def handle(request: web.Request) -> web.Response:
        says["asked"].append((request.headers.get("Authorization"), dict(request.query)))
        return web.json_response(says["body"], status=says["status"])

    application.router.add_get("/api/v1/exports/drills", handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    says["port"], says["runner"] = runner.addresses[0][1], runner
    return says


async def test_the_drill_report_comes_from_the_gateway(
    hass: HomeAssistant, board: MockConfigEntry, exports: dict[str, Any]
) -> None:
    """As it is, with the token; an older gateway, a wrong token and silence are told apart from a bad month."""
    hass.config_entries.async_update_entry(board, data={**board.data, "port": exports["port"]})
    assert await ask(hass, "get_drill_report", month="2026-11") == [{"gateway": "Demo", "report": exports["body"]}]
    assert exports["asked"] == [(f"Bearer {TOKEN}", {"month": "2026-11", "format": "json"})]
    with pytest.raises(Exception, match="month"):
        await ask(hass, "get_drill_report", month="2026-13")
    exports["status"] = 404
    with pytest.raises(ServiceValidationError, match="too old"):
        await ask(hass, "get_drill_report", month="2026-11")
    exports["status"] = 401
    with pytest.raises(ServiceValidationError, match="did not answer"):
        await ask(hass, "get_drill_report", month="2026-11")
    await exports["runner"].cleanup()
    with pytest.raises(ServiceValidationError, match="did not answer"):
        await ask(hass, "get_drill_report", month="2026-11")


async def test_a_self_test_is_started_by_who_is_responsible(
    hass: HomeAssistant, gateway: FakeGateway, companions: Companions, board: MockConfigEntry
) -> None:
    """An administrator, or the compound's staff; anybody else is refused, and that is recorded."""
    device = compound(hass, board)

    async def run(who: MockUser | None) -> None:
        context = Context(user_id=who.id if who else None)
        await hass.services.async_call(
            "community_help", "run_self_test", {"device_id": device}, blocking=True, context=context
        )

    companions.add("zhang")
    add_member(hass, board, "张三", phones=[companions.ids["zhang"]])
    await run(MockUser(name="Boss", is_owner=True).add_to_hass(hass))
    await run(MockUser(name="Zhang San", id="user-zhang").add_to_hass(hass))
    said = gateway.bodies(commands.StartSelfTest)
    assert [(body.compound, body.person.name) for body in said] == [("bay", "Boss"), ("bay", "张三")]
    stranger = MockUser(name="Stranger").add_to_hass(hass)
    with pytest.raises(HomeAssistantError, match="may not decide about 清水湾"):
        await run(stranger)
    with pytest.raises(HomeAssistantError):
        await run(None)
    assert len(gateway.bodies(commands.StartSelfTest)) == 2
    await eventually(hass, lambda: bool(gateway.bodies(commands.RecordRefusal)))
    (refusal,) = gateway.bodies(commands.RecordRefusal)
    assert (refusal.what, refusal.subject, refusal.person.name) == ("self_test", "bay", "Stranger")


async def test_an_older_gateway_is_not_asked_for_a_self_test(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, user: MockUser
) -> None:
    """Version 2 does not know the command; the error says what to do."""
    gateway.info = messages.GatewayInfo(GATEWAY_ID, "Demo", "0.1.0", 2)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    with pytest.raises(HomeAssistantError, match="too old"):
        await hass.services.async_call(
            "community_help", "run_self_test", {"device_id": "bay"}, blocking=True, context=Context(user_id=user.id)
        )
    assert not gateway.bodies(commands.StartSelfTest)
