"""Relays of the station's appliances."""

from homeassistant.components.switch import SwitchEntity
from homeassistant.components.switch.const import SwitchDeviceClass
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .contract.commands import Switch
from .contract.values import Device, Person, Point
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import DeviceEntity
from .roster import person_for

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create entities for the devices now and for those that come later."""
    coordinator = entry.runtime_data
    known: set[str] = set()

    @callback
    def add(devices: list[Device]) -> None:
        fresh = [(device, point) for device in devices for point in device.points if point.id not in known]
        known.update(point.id for _, point in fresh)
        async_add_entities(RelaySwitch(coordinator, device, point) for device, point in fresh if point.writable)

    entry.async_on_unload(coordinator.async_on_new_devices(add))


class RelaySwitch(DeviceEntity, SwitchEntity):
    """A relay; its state is what the device confirmed, never what was asked of it."""

    _attr_device_class = SwitchDeviceClass.OUTLET
    _attr_name = None

    def __init__(self, coordinator: Coordinator, device: Device, point: Point) -> None:
        """Of one point."""
        super().__init__(coordinator, device, (point.id,), point.kind.value)
        self._point = point

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
        await self.coordinator.async_order(Switch(self._point.id, on, who))
