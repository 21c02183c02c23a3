"""A gateway at another address, with another token, of another version: followed at once, and without a reload."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from homeassistant.config_entries import SOURCE_ZEROCONF, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.const import DOMAIN
from tests.integration.conftest import CODE, FakeGateway, eventually, later, serving
from tests.integration.test_config_flow import announcement

FAR = 3600.0


@pytest.fixture
async def elsewhere(socket_enabled: None) -> AsyncIterator[FakeGateway]:
    """Where the gateway is next."""
    async with serving() as gateway:
        yield gateway


async def lost(hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry) -> None:
    """The gateway is gone from where it was."""
    await gateway.go_away()
    await eventually(hass, lambda: not entry.runtime_data.connected)


def repairs(hass: HomeAssistant) -> set[str]:
    """What a person is asked to update."""
    return {
        str(item.translation_key) for key, item in ir.async_get(hass).issues.items() if key[1].startswith("update_")
    }


async def test_an_announcement_from_elsewhere_is_followed_at_once(
    hass: HomeAssistant,
    gateway: FakeGateway,
    elsewhere: FakeGateway,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No wait for the next attempt and no reload: no entity is made anew, and Home Assistant finds nothing to blame."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (FAR,))
    coordinator = loaded.runtime_data
    await lost(hass, gateway, loaded)
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_ZEROCONF}, data=announcement(elsewhere.port)
    )
    assert result["reason"] == "already_configured"
    await eventually(hass, lambda: coordinator.connected)
    assert loaded.runtime_data is coordinator
    assert len(elsewhere.resumed) == 1
    assert "update listener" not in caplog.text


async def test_who_waits_for_the_gateway_looks_where_it_is_now(
    hass: HomeAssistant, gateway: FakeGateway, elsewhere: FakeGateway, entry: MockConfigEntry
) -> None:
    """Home Assistant was started while it moved: the announcement is enough."""
    gateway.away = True
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_ZEROCONF}, data=announcement(elsewhere.port)
    )
    await eventually(hass, lambda: entry.state is ConfigEntryState.LOADED)
    assert len(elsewhere.resumed) == 1


async def test_a_fresh_code_is_used_without_a_reload(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """The gateway made a new token: one flow asks for the code, and the same entities are available again."""
    coordinator = loaded.runtime_data
    gateway.token = "fresh"
    await gateway.hang_up()
    await eventually(hass, lambda: bool(list(loaded.async_get_active_flows(hass, {"reauth"}))))
    (flow,) = loaded.async_get_active_flows(hass, {"reauth"})
    done = await hass.config_entries.flow.async_configure(flow["flow_id"], {"code": CODE})
    assert done["reason"] == "reauth_successful"
    await eventually(hass, lambda: coordinator.connected)
    assert loaded.runtime_data is coordinator
    assert loaded.data["token"] == "fresh"
    assert not list(loaded.async_get_active_flows(hass, {"reauth"}))


async def test_only_one_side_is_to_be_updated(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too old, then too new, then right: never two repairs, and none in the end."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))
    right = gateway.info
    for version, expected in ((0, {"update_gateway"}), (9, {"update_integration"})):
        gateway.info = replace(right, version=version, min_supported=version)
        await gateway.hang_up()
        await eventually(hass, lambda expected=expected: repairs(hass) == expected)
    gateway.info = right
    await eventually(hass, lambda: repairs(hass) == set())
    assert loaded.runtime_data.connected


async def test_another_version_is_noticed_long_before_home_assistant_tries_again(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """A gateway that was too old at the start and was updated so fast that nobody saw it away."""
    right, gateway.info = gateway.info, replace(gateway.info, version=0, min_supported=0)
    await hass.config_entries.async_setup(entry.entry_id)
    await later(hass, 11)
    await eventually(hass, lambda: entry.state is ConfigEntryState.SETUP_RETRY)
    assert repairs(hass) == {"update_gateway"}
    entry.async_cancel_retry_setup()
    gateway.info = right
    await later(hass, 33)
    await eventually(hass, lambda: entry.state is ConfigEntryState.LOADED)
    assert repairs(hass) == set()
