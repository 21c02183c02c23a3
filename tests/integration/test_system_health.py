"""The system health page: what a person who asks for help is told to copy."""

from datetime import datetime
from typing import Any

from homeassistant.components.system_health import get_info
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.const import DOMAIN
from custom_components.community_help.contract import messages, values
from tests.integration.companions import Companions
from tests.integration.conftest import INCIDENT, FakeGateway, add_member, eventually


async def shown(hass: HomeAssistant) -> dict[str, Any]:
    """What the page shows of us."""
    assert await async_setup_component(hass, "system_health", {})
    found: dict[str, Any] = (await get_info(hass))[DOMAIN]
    return found


async def test_link_versions_pager_journal_and_people_are_shown(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    companions: Companions,
) -> None:
    """One gateway: plain values; of the staff's three phones, the duty phone too, two hold their connection open."""
    gateway.health = values.Health(recorded=True, free_bytes=5 * 1024**3)
    gateway.incidents = (INCIDENT,)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await eventually(hass, lambda: entry.runtime_data.fence == 1)
    add_member(hass, entry, "张三", phones=[companions.add("one")])
    add_member(hass, entry, "李四", phones=[companions.add("two", local=False, cloud=True), "gone"])
    add_member(hass, entry, "East", kind="duty_phone", phones=[companions.add("shared")])
    companions.add("of_nobody")
    found = await shown(hass)
    assert datetime.fromisoformat(found.pop("connected_since")) <= dt_util.utcnow()
    assert found == {
        "integration": found["integration"],
        "contract": messages.VERSION,
        "reachable": "ok",
        "gateway_software": "0.1.0",
        "gateway_contract": messages.VERSION,
        "pager": hass.config.location_name,
        "recorded": True,
        "free_space": "5120 MiB",
        "open_incidents": 1,
        "staff": 2,
        "phones": "3 (2)",
    }
    assert found["integration"].count(".") == 2


async def test_loss_and_another_pager_are_shown(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """The name of who pages instead; since when there is no link is not called connected."""
    gateway.lease_holder = "Spare"
    assert await hass.config_entries.async_setup(entry.entry_id)
    await gateway.say(lease=values.Lease("another", "Spare", 7))
    await eventually(hass, lambda: entry.runtime_data.lease is not None)
    await gateway.go_away()
    await eventually(hass, lambda: not entry.runtime_data.connected)
    found = await shown(hass)
    assert found["reachable"] == "Failed: unreachable: Demo"
    assert found["connected_since"] == "-"
    assert found["pager"] == "Spare"
    assert (found["recorded"], found["free_space"]) == ("-", "-")


async def test_several_gateways_are_told_apart(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Each value with its gateway's name; one that was never reached is named as silent."""
    other = MockConfigEntry(domain=DOMAIN, unique_id="other", title="Other", data={**loaded.data, "port": 9})
    other.add_to_hass(hass)
    found = await shown(hass)
    assert found["gateway_software"] == "0.1.0"
    assert found["reachable"] == "Failed: unreachable: Other"
    again = MockConfigEntry(domain=DOMAIN, unique_id="again", title="Again", data=dict(loaded.data))
    again.add_to_hass(hass)
    assert await hass.config_entries.async_setup(again.entry_id)
    assert (await shown(hass))["gateway_software"] == "Demo: 0.1.0; Again: 0.1.0"


async def test_every_line_has_a_name_in_both_languages(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """And no name is left over."""
    keys = {f"component.{DOMAIN}.system_health.info.{key}" for key in await shown(hass)}
    for language in ("en", "zh-Hans"):
        words = await async_get_translations(hass, language, "system_health", [DOMAIN])
        assert set(words) == keys
