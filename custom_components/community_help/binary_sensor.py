"""Smoke, gas, fire lane and problem; one connectivity sensor for the gateway."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .contract.values import Device, PointKind, PointState
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import DeviceEntity, any_of

PARALLEL_UPDATES = 0
GASES = frozenset({PointKind.GAS, PointKind.CH4, PointKind.H2S, PointKind.CO, PointKind.O2})


@dataclass(frozen=True, kw_only=True)
class SignalDescription(BinarySensorEntityDescription):
    """A binary sensor over the points of some kinds; ``value_fn`` says on, off or unknown."""

    kinds: frozenset[PointKind]
    value_fn: Callable[[list[PointState]], bool | None]


def _alarm(states: list[PointState]) -> bool | None:
    return any_of([state.alarm for state in states])


def _on(states: list[PointState]) -> bool | None:
    return any_of([state.on for state in states])


SIGNALS = (
    SignalDescription(
        key="smoke", device_class=BinarySensorDeviceClass.SMOKE, kinds=frozenset({PointKind.SMOKE}), value_fn=_alarm
    ),
    SignalDescription(
        key="panel",
        translation_key="panel",
        device_class=BinarySensorDeviceClass.SMOKE,
        kinds=frozenset({PointKind.SYSTEM}),
        value_fn=_alarm,
    ),
    SignalDescription(key="gas", device_class=BinarySensorDeviceClass.GAS, kinds=GASES, value_fn=_alarm),
    SignalDescription(
        key="lane",
        translation_key="lane",
        device_class=BinarySensorDeviceClass.OCCUPANCY,
        kinds=frozenset({PointKind.LANE}),
        value_fn=_on,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create entities for the devices now and for those that come later."""
    coordinator = entry.runtime_data
    known: set[str] = set()
    async_add_entities([ConnectedSensor(coordinator)])

    @callback
    def add(devices: list[Device]) -> None:
        fresh = [device for device in devices if device.id not in known]
        known.update(device.id for device in fresh)
        async_add_entities(entity for device in fresh for entity in _entities(coordinator, device))

    entry.async_on_unload(coordinator.async_on_new_devices(add))


def _entities(coordinator: Coordinator, device: Device) -> list[BinarySensorEntity]:
    found: list[BinarySensorEntity] = []
    for description in SIGNALS:
        points = tuple(point.id for point in device.points if point.kind in description.kinds)
        if points:
            found.append(SignalSensor(coordinator, device, points, description))
    found.append(ProblemSensor(coordinator, device))
    return found


class SignalSensor(DeviceEntity, BinarySensorEntity):
    """One signal of a device."""

    entity_description: SignalDescription

    def __init__(
        self, coordinator: Coordinator, device: Device, points: tuple[str, ...], description: SignalDescription
    ) -> None:
        """Over ``points`` of ``device``."""
        super().__init__(coordinator, device, points, description.key)
        self.entity_description = description

    @property
    def is_on(self) -> bool | None:
        """What the sensor says now; unknown until it was heard."""
        return self.entity_description.value_fn(self.states())


class ProblemSensor(DeviceEntity, BinarySensorEntity):
    """Fault, tamper or silence of a device; stays available while the device is silent, and says so."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _unrecorded_attributes = frozenset({"causes"})

    def __init__(self, coordinator: Coordinator, device: Device) -> None:
        """Over all points of ``device``."""
        super().__init__(coordinator, device, tuple(point.id for point in device.points), "problem")

    @property
    def available(self) -> bool:
        """Only the loss of the gateway hides a problem."""
        return self.coordinator.connected

    @property
    def is_on(self) -> bool:
        """Whether anything is wrong."""
        return any(state.problems for state in self.states())

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """What is wrong."""
        return {"causes": sorted({cause for state in self.states() for cause in state.problems})}


class ConnectedSensor(BinarySensorEntity):
    """Whether the gateway can be reached."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: Coordinator) -> None:
        """Of the gateway's own device."""
        self.coordinator = coordinator
        self._attr_unique_id = f"{coordinator.gateway_id}_connected"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, coordinator.gateway_id)})

    async def async_added_to_hass(self) -> None:
        """Follow the connection."""
        self.async_on_remove(self.coordinator.async_listen((), self.async_write_ha_state))

    @property
    def is_on(self) -> bool:
        """Whether the stream is up."""
        return self.coordinator.connected
