"""What all entities share: the device they belong to, and waking only when their own points change."""

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity

from .const import DOMAIN
from .contract.values import Device, PointState
from .coordinator import Coordinator
from .facts import Fact


class DeviceEntity(Entity):
    """An entity of a field device; it is woken by ``points`` of it."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, coordinator: Coordinator, device: Device, points: tuple[str, ...], key: str) -> None:
        """``key`` tells the entities of one device apart."""
        self.coordinator = coordinator
        self._points = points
        own = coordinator.device_key(device.id)
        self._attr_unique_id = f"{own}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, own)})

    async def async_added_to_hass(self) -> None:
        """Listen only to the own points."""
        self.async_on_remove(self.coordinator.async_listen(self._points, self.async_write_ha_state))

    @property
    def available(self) -> bool:
        """Whether the gateway is there and hears the device; a lost link never shows an old value as current."""
        return self.coordinator.connected and any(state.available for state in self.states())

    def states(self) -> list[PointState]:
        """What the own points say, as far as they were ever heard of."""
        return [self.coordinator.states[point] for point in self._points if point in self.coordinator.states]


class FactEntity(Entity):
    """An entity of the gateway or of a compound; it is woken by ``facts`` and by the connection."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, coordinator: Coordinator, device_key: str, key: str, facts: tuple[Fact, ...]) -> None:
        """``key`` tells the entities of one device apart."""
        self.coordinator = coordinator
        self._facts = facts
        self._attr_unique_id = f"{device_key}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, device_key)})

    async def async_added_to_hass(self) -> None:
        """Listen to the own facts and to the connection."""
        self.async_on_remove(self.coordinator.async_listen((), self.async_write_ha_state))
        self.async_on_remove(self.coordinator.facts.async_listen(self._facts, self.async_write_ha_state))

    @property
    def available(self) -> bool:
        """Whether the gateway is there."""
        return self.coordinator.connected


def any_of(values: list[bool | None]) -> bool | None:
    """True if any is true; unknown unless at least one is known."""
    if any(values):
        return True
    return False if False in values else None
