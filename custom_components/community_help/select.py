"""How detailed the household smoke alarms of a compound are shown."""

from functools import partial

from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .contract.values import Compound
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import FactEntity
from .levels import Level, Subject, level_of, options_with
from .rollout import ROLLOUTS, async_join

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create one entity per compound, now and when compounds come later."""
    await async_join(hass, entry, async_add_entities, partial(_entities, entry.runtime_data))


def _entities(coordinator: Coordinator, subject: Subject) -> list[Entity]:
    return [DetailSelect(coordinator, subject)] if isinstance(subject, Compound) else []


class DetailSelect(FactEntity, SelectEntity):
    """The detail level; it is Home Assistant's own, so it can be changed while the gateway is away."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_translation_key = "detail"

    def __init__(self, coordinator: Coordinator, compound: Compound) -> None:
        """Of the compound's own device."""
        super().__init__(coordinator, coordinator.device_key(compound.id), "detail")
        self._attr_options = [level.value for level in Level]
        self._compound = compound.id

    @property
    def available(self) -> bool:
        """Always."""
        return True

    @property
    def current_option(self) -> str:
        """The level of the compound."""
        return level_of(self.coordinator.entry, self._compound).value

    async def async_select_option(self, option: str) -> None:
        """Keep the level, and show the compound so; nothing is reloaded."""
        entry = self.coordinator.entry
        options = options_with(entry, self._compound, Level(option))
        self.hass.config_entries.async_update_entry(entry, options=options)
        self.async_write_ha_state()
        await self.hass.data[ROLLOUTS][entry.entry_id].async_relevel(self._compound)
