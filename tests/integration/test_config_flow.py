"""Every way to set a gateway up, and the way out of every error."""

from ipaddress import ip_address
from typing import Any

import pytest
from homeassistant import config_entries
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.const import DOMAIN
from custom_components.community_help.contract import commands, messages
from tests.integration.conftest import CODE, GATEWAY_ID, TOKEN, FakeGateway, eventually

USER = {"source": config_entries.SOURCE_USER}


async def start(hass: HomeAssistant, gateway: FakeGateway) -> Any:
    """The flow up to the pairing code."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context=USER)
    address = {"host": "127.0.0.1", "port": gateway.port}
    return await hass.config_entries.flow.async_configure(result["flow_id"], address)


async def finish(hass: HomeAssistant, result: Any, code: str = CODE) -> Any:
    """Enter a code."""
    answer = {"code": code, "create_areas": True}
    return await hass.config_entries.flow.async_configure(result["flow_id"], answer)


@pytest.mark.parametrize("code", ["1234-5678", "12345678", TOKEN])
async def test_by_hand_with_code_or_token(hass: HomeAssistant, gateway: FakeGateway, code: str) -> None:
    """The code in either spelling, or the token itself."""
    result = await finish(hass, await start(hass, gateway), code)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Demo"
    assert result["data"]["token"] == TOKEN
    assert result["result"].unique_id == GATEWAY_ID


async def test_a_wrong_address_can_be_mended(hass: HomeAssistant, gateway: FakeGateway, unused_tcp_port: int) -> None:
    """Nobody answers there; then the right one."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context=USER)
    wrong = {"host": "127.0.0.1", "port": unused_tcp_port}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], wrong)
    assert result["errors"] == {"base": "cannot_connect"}
    right = {"host": "127.0.0.1", "port": gateway.port}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], right)
    assert (await finish(hass, result))["type"] is FlowResultType.CREATE_ENTRY


async def test_something_else_answers(hass: HomeAssistant, gateway: FakeGateway) -> None:
    """Not a gateway; then the gateway is there."""
    info, gateway.info = gateway.info, "not info"  # type: ignore[assignment]
    result = await start(hass, gateway)
    assert result["errors"] == {"base": "not_a_gateway"}
    gateway.info = info
    right = {"host": "127.0.0.1", "port": gateway.port}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], right)
    assert (await finish(hass, result))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("change", "code", "error"),
    [
        ({}, "99999999", "pairing_refused"),
        ({}, "not-the-token", "invalid_token"),
        ({"pair_status": 429}, CODE, "too_many_attempts"),
        ({"pair_status": 500}, CODE, "not_a_gateway"),
        ({"info": messages.GatewayInfo(GATEWAY_ID, "Demo", "9", 9, 9)}, CODE, "update_integration"),
        ({"info": messages.GatewayInfo(GATEWAY_ID, "Demo", "0", 0, 0)}, CODE, "update_gateway"),
        ({"info": messages.GatewayInfo("another", "Demo", "0.1.0")}, CODE, "another_gateway"),
    ],
)
async def test_pairing_errors_are_named_and_can_be_mended(
    hass: HomeAssistant, gateway: FakeGateway, change: dict[str, Any], code: str, error: str
) -> None:
    """Each cause has its text; once it is mended the flow succeeds."""
    result = await start(hass, gateway)
    before = {name: getattr(gateway, name) for name in change}
    for name, value in change.items():
        setattr(gateway, name, value)
    result = await finish(hass, result, code)
    assert result["errors"] == {"base": error}
    for name, value in before.items():
        setattr(gateway, name, value)
    assert (await finish(hass, result))["type"] is FlowResultType.CREATE_ENTRY


async def test_the_same_gateway_is_added_once(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """Its stable id tells."""
    result = await start(hass, gateway)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


def announcement(port: int | None, gateway_id: str | None = GATEWAY_ID, host: str = "127.0.0.1") -> ZeroconfServiceInfo:
    """What a stand-alone gateway announces."""
    return ZeroconfServiceInfo(
        ip_address=ip_address(host),
        ip_addresses=[ip_address(host)],
        port=port,
        hostname="gw.local.",
        type="_community-help._tcp.local.",
        name="x._community-help._tcp.local.",
        properties={"id": gateway_id, "name": "Demo"} if gateway_id else {},
    )


async def test_found_in_the_network(hass: HomeAssistant, gateway: FakeGateway) -> None:
    """Announced, then paired by the code."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": config_entries.SOURCE_ZEROCONF}, data=announcement(gateway.port)
    )
    assert (result["step_id"], result["description_placeholders"]) == ("pair", {"name": "Demo"})
    assert (await finish(hass, result))["type"] is FlowResultType.CREATE_ENTRY


async def test_an_announcement_of_something_else_is_ignored(hass: HomeAssistant) -> None:
    """No id, no gateway."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": config_entries.SOURCE_ZEROCONF}, data=announcement(1, None)
    )
    assert result["reason"] == "not_a_gateway"


async def test_a_new_address_updates_the_entry(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """DHCP moved the gateway."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": config_entries.SOURCE_ZEROCONF}, data=announcement(4711, host="127.0.0.5")
    )
    assert result["reason"] == "already_configured"
    assert (entry.data["host"], entry.data["port"]) == ("127.0.0.5", 4711)


def offer(gateway: FakeGateway, token: str = TOKEN) -> HassioServiceInfo:
    """What the app told the Supervisor."""
    config = {"host": "127.0.0.1", "port": gateway.port, "token": token, "gateway_id": GATEWAY_ID, "name": "App"}
    return HassioServiceInfo(config, "Community Help", "abc_community_help", "uuid")


async def test_offered_by_the_supervisor(hass: HomeAssistant, gateway: FakeGateway) -> None:
    """One confirmation, nothing to type; the entry's id is the gateway's, not the discovery's."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": config_entries.SOURCE_HASSIO}, data=offer(gateway)
    )
    assert result["step_id"] == "hassio_confirm"
    gateway.token = "changed"
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"create_areas": False})
    assert result["errors"] == {"base": "invalid_token"}
    gateway.token = TOKEN
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"create_areas": False})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == GATEWAY_ID


async def test_the_supervisor_brings_a_new_token(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """A reinstalled app is taken over by the same entry."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": config_entries.SOURCE_HASSIO}, data=offer(gateway, "fresh")
    )
    assert result["reason"] == "already_configured"
    assert entry.data["token"] == "fresh"


async def test_pairing_again(hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry) -> None:
    """Reauthentication: a wrong code, then the right one; the entry keeps its address and gets the token."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, "token": "old"})
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"code": "99999999"})
    assert result["errors"] == {"base": "pairing_refused"}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"code": CODE})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.data["token"] == TOKEN
    assert entry.state is config_entries.ConfigEntryState.LOADED


async def test_pairing_again_with_another_gateway_is_refused(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """Its entities would become somebody else's."""
    gateway.info = messages.GatewayInfo("another", "Demo", "0.1.0")
    result = await entry.start_reauth_flow(hass)
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"code": CODE})
    assert result["reason"] == "another_gateway"


async def test_staff_is_added_and_changed_without_a_reload(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """The gateway gets the roster at once, without any phone in it."""
    context = {"source": config_entries.SOURCE_USER}
    result = await hass.config_entries.subentries.async_init((loaded.entry_id, "staff"), context=context)
    person = {"name": "张三", "phones": ["secret-phone"], "tier": 1.0, "compounds": ["bay"]}
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], person)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    (subentry,) = loaded.subentries.values()
    (roster,) = gateway.bodies(commands.SetRoster)
    assert [(item.id, item.name, item.tier, item.compounds) for item in roster.staff] == [
        (subentry.subentry_id, "张三", 1, ("bay",))
    ]
    assert "secret-phone" not in str(gateway.commands)
    result = await loaded.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], {**person, "tier": 2})
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert gateway.bodies(commands.SetRoster)[-1].staff[0].tier == 2
    assert len(gateway.resumed) == 1


async def move(hass: HomeAssistant, entry: MockConfigEntry, gateway: FakeGateway, **more: Any) -> Any:
    """The gateway is said to be where it is now."""
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    address = {"host": " 127.0.0.1 ", "port": gateway.port, **more}
    return await hass.config_entries.flow.async_configure(result["flow_id"], address)


async def test_a_moved_gateway_is_followed(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, unused_tcp_port: int
) -> None:
    """An entry that could not find its gateway is set up with the new address; token and areas stay."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, "port": unused_tcp_port})
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is config_entries.ConfigEntryState.SETUP_RETRY
    result = await move(hass, entry, gateway)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.data == {"host": "127.0.0.1", "port": gateway.port, "token": TOKEN, "create_areas": True}
    await hass.async_block_till_done()
    assert entry.state is config_entries.ConfigEntryState.LOADED


async def test_a_fresh_code_brings_a_fresh_token_without_a_reload(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """The running entry connects anew by itself: no entity becomes unavailable because of a reload."""
    coordinator = loaded.runtime_data
    gateway.token = "fresh"
    result = await move(hass, loaded, gateway, code=CODE)
    assert result["reason"] == "reconfigure_successful"
    assert loaded.data["token"] == "fresh"
    await eventually(hass, lambda: len(gateway.resumed) == 2 and coordinator.connected)
    assert loaded.runtime_data is coordinator


@pytest.mark.parametrize(
    ("change", "more", "error"),
    [
        ({"info": messages.GatewayInfo("another", "Demo", "0.1.0")}, {"code": CODE}, "another_gateway"),
        ({"info": "not info"}, {}, "not_a_gateway"),
        ({"token": "changed"}, {}, "invalid_token"),
        ({}, {"code": "99999999"}, "pairing_refused"),
    ],
)
async def test_a_move_that_fails_changes_nothing_and_can_be_mended(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, change: dict[str, Any], more: Any, error: str
) -> None:
    """Another gateway is refused, whatever code it would take: its entities would become somebody else's."""
    before, old = dict(entry.data), {name: getattr(gateway, name) for name in change}
    for name, value in change.items():
        setattr(gateway, name, value)
    result = await move(hass, entry, gateway, **more)
    assert result["errors"] == {"base": error}
    assert dict(entry.data) == before
    for name, value in old.items():
        setattr(gateway, name, value)
    address = {"host": "127.0.0.1", "port": gateway.port}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], address)
    assert result["reason"] == "reconfigure_successful"
