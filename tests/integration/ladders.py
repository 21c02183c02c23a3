"""What tests of pages on their way share: people with phones and channels in order, a page, and what was proven."""

from types import MappingProxyType

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help import roster
from custom_components.community_help.contract import commands
from tests.integration.conftest import PAGE, FakeGateway, Settle, demand


def device(hass: HomeAssistant, name: str) -> str:
    """The device of the phone called ``name``."""
    return next(item.device_id for item in roster.all_phones(hass).values() if item.webhook_id == name)


def add(hass: HomeAssistant, entry: MockConfigEntry, name: str, *phones: str, channels: tuple[str, ...] = ()) -> str:
    """A member of the staff with phones and channels in order; the person's id."""
    data = {"name": name, "tier": 1, "phones": [device(hass, item) for item in phones], "channels": list(channels)}
    member = ConfigSubentry(data=MappingProxyType(data), subentry_type="staff", title=name, unique_id=None)
    hass.config_entries.async_add_subentry(entry, member)
    return member.subentry_id


def steps(gateway: FakeGateway) -> list[tuple[str, str]]:
    """What was proven so far: step and phone."""
    return [(body.step.value, body.phone) for body in gateway.bodies(commands.RecordReceipt)]


def received(hass: HomeAssistant, name: str, of: str = PAGE.id) -> None:
    """The phone says that the page is there, as Android does: with everything that came with it."""
    data = {"tag": "community_help_ep-1", "device_id": device(hass, name), "page": of}
    hass.bus.async_fire("mobile_app_notification_received", data)


async def page(hass: HomeAssistant, gateway: FakeGateway, settle: Settle) -> None:
    """A page that an automation answers at once."""
    await demand(hass, gateway, settle)
    await hass.services.async_call("community_help", "page_staff", {"page_id": PAGE.id}, blocking=True)
    await hass.async_block_till_done(wait_background_tasks=False)


async def tried(hass: HomeAssistant, gateway: FakeGateway, settle: Settle, way: str) -> None:
    """The page was handed over by this way, and its time for proof runs."""
    await settle(lambda: ("handed_over", way) in steps(gateway))
    await hass.async_block_till_done(wait_background_tasks=False)
