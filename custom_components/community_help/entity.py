"""What all entities share: the device they belong to, and waking only when what they show changes."""

from collections.abc import Iterable
from itertools import islice

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity

from .const import DOMAIN
from .contract.values import Device, PointKind, PointState
from .coordinator import Coordinator
from .facts import Fact

NAMED = 20
"""So many devices or incidents are named in an attribute; the state counts all of them (project's choice)."""


class DeviceEntity(Entity):
    """An entity of a field device; it is woken by those of its points that it shows."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _stop: CALLBACK_TYPE | None = None

    def __init__(
        self, coordinator: Coordinator, device: Device, key: str, kinds: frozenset[PointKind] | None = None
    ) -> None:
        """Over the points of ``kinds`` (all of them: ``None``); ``key`` tells the entities of one device apart."""
        self.coordinator = coordinator
        self._kinds = kinds
        self._points = self._among(device)
        own = coordinator.device_key(device.id)
        self._attr_unique_id = f"{own}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, own)})

    def _among(self, device: Device) -> tuple[str, ...]:
        return tuple(point.id for point in device.points if self._kinds is None or point.kind in self._kinds)

    async def async_added_to_hass(self) -> None:
        """Listen only to the own points."""
        self._listen()

    async def async_will_remove_from_hass(self) -> None:
        """Listen no longer."""
        if self._stop:
            self._stop()

    def _listen(self) -> None:
        self._stop = self.coordinator.async_listen(self._topics(), self.async_write_ha_state)

    def _topics(self) -> tuple[str, ...]:
        """What it is woken by: everything that its points say."""
        return self._points

    @callback
    def async_take_device(self, device: Device) -> None:
        """The device has other points now."""
        self._points = self._among(device)
        if self._stop:
            self._stop()
            self._listen()
            self.async_write_ha_state()

    @property
    def available(self) -> bool:
        """Whether the gateway is there and hears the device; a lost link never shows an old value as current."""
        return self.coordinator.connected and any(state.available for state in self.states())

    def states(self) -> list[PointState]:
        """What the own points say, as far as they were ever heard of."""
        return [self.coordinator.states[point] for point in self._points if point in self.coordinator.states]


class FactEntity(Entity):
    """An entity of the gateway, a compound or a building; it is woken by ``facts``, ``topics`` and the connection."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        coordinator: Coordinator,
        device_key: str,
        key: str,
        facts: tuple[Fact, ...] = (),
        topics: tuple[str, ...] = (),
    ) -> None:
        """``key`` tells the entities of one device apart."""
        self.coordinator = coordinator
        self._facts = facts
        self._topics = topics
        self._attr_unique_id = f"{device_key}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, device_key)})

    async def async_added_to_hass(self) -> None:
        """Listen to the own facts and topics, and to the connection."""
        self.async_on_remove(self.coordinator.async_listen(self._topics, self.async_write_ha_state))
        self.async_on_remove(self.coordinator.facts.async_listen(self._facts, self.async_write_ha_state))

    @property
    def available(self) -> bool:
        """Whether the gateway is there."""
        return self.coordinator.connected

    def named(self, devices: Iterable[str]) -> list[str]:
        """How people call the first few of these devices: building, floor, flat, name."""
        known = self.coordinator.devices
        return [place_of(known[device]) for device in islice(devices, NAMED) if device in known]


def place_of(device: Device) -> str:
    """How people call a device within its compound; empty parts are left out."""
    return " ".join(filter(None, (device.building, device.floor, device.flat, device.name)))


def any_of(values: list[bool | None]) -> bool | None:
    """True if any is true; unknown unless at least one is known."""
    if any(values):
        return True
    return False if False in values else None
