"""Relays of the station's appliances."""

from functools import partial

from homeassistant.components.switch import SwitchEntity
from homeassistant.components.switch.const import SwitchDeviceClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .contract.commands import Switch
from .contract.values import Device, Person, Point
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import DeviceEntity
from .levels import Subject
from .rollout import async_join
from .roster import person_for

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create entities for the relays now and for those that come later."""
    await async_join(hass, entry, async_add_entities, partial(_entities, entry.runtime_data))


def _entities(coordinator: Coordinator, subject: Subject) -> list[Entity]:
    if not isinstance(subject, Device):
        return []
    return [RelaySwitch(coordinator, subject, point) for point in subject.points if point.writable]


class RelaySwitch(DeviceEntity, SwitchEntity):
    """A relay; its state is what the device confirmed, never what was asked of it."""

    _attr_device_class = SwitchDeviceClass.OUTLET
    _attr_name = None

    def __init__(self, coordinator: Coordinator, device: Device, point: Point) -> None:
        """Of one point."""
        super().__init__(coordinator, device, point.kind.value, frozenset({point.kind}))

    @property
    def is_on(self) -> bool | None:
        """What the relay says."""
        return next((state.on for state in self.states()), None)

    async def async_turn_on(self, **kwargs: object) -> None:
        """Switch on; raises a translated error unless the device confirms."""
        await self._switch(on=True)

    async def async_turn_off(self, **kwargs: object) -> None:
        """Switch off; raises a translated error unless the device confirms."""
        await self._switch(on=False)

    async def _switch(self, *, on: bool) -> None:
        user_id = self._context.user_id if self._context else None
        who: Person | None = await person_for(self.hass, self.coordinator.entry, user_id)
        await self.coordinator.async_order(Switch(self._points[0], on, who))
