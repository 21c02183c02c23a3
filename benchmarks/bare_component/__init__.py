"""The floor under every integration with as many entities: it owns them, writes their states, and does nothing else."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Make the entities."""
    await hass.config_entries.async_forward_entry_setups(entry, [Platform.BINARY_SENSOR])
    return True
