"""Community Help: shows what a gateway knows, pages the staff's phones and brings their decisions back."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.storage import Store
from homeassistant.helpers.typing import ConfigType

from . import auditor, incident_bus
from .const import DOMAIN, STORES
from .coordinator import CommunityHelpEntry, Coordinator
from .issues import KEYS, clear_issue
from .pager import Pager
from .places import Places
from .services import async_register
from .standby import async_end, async_standby
from .texts import Texts

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR, Platform.SWITCH]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions."""
    async_register(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: CommunityHelpEntry) -> bool:
    """Follow one gateway: states first, then entities, then what happened meanwhile."""
    texts = await Texts.load(hass)
    standby = await async_standby(hass, entry, texts)
    coordinator = Coordinator(hass, entry)
    coordinator.roster = standby.duty.roster
    await coordinator.async_connect()
    entry.runtime_data = coordinator
    coordinator.async_on_new_devices(Places(hass, coordinator, texts).async_register)
    pager = Pager(hass, coordinator, texts, standby.board)
    pager.async_start()
    standby.async_attach(coordinator)
    entry.async_on_unload(auditor.async_follow(coordinator))
    entry.async_on_unload(incident_bus.async_follow(coordinator))
    entry.async_on_unload(entry.add_update_listener(_async_entry_changed))
    entry.async_on_unload(coordinator.async_close)
    entry.async_on_unload(standby.async_detach)
    entry.async_on_unload(pager.async_stop)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.async_release()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: CommunityHelpEntry) -> bool:
    """Stop following; the gateway keeps judging and remembering."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: CommunityHelpEntry) -> None:
    """Nothing of a gateway that was removed stays on disk: places and names are in it."""
    async_end(hass, entry)
    for key in KEYS:
        clear_issue(hass, entry, key)
    for name in STORES:
        await Store[dict[str, object]](hass, 1, f"{DOMAIN}.{entry.entry_id}.{name}").async_remove()


async def _async_entry_changed(_hass: HomeAssistant, entry: CommunityHelpEntry) -> None:
    await entry.runtime_data.async_entry_changed()


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: CommunityHelpEntry, device: DeviceEntry
) -> bool:
    """A device that the gateway no longer knows may be removed by hand."""
    coordinator = entry.runtime_data
    known = {coordinator.gateway_id, *map(coordinator.device_key, (*coordinator.compounds, *coordinator.devices))}
    return not any(domain == DOMAIN and key in known for domain, key in device.identifiers)
