"""What a station shows: its room, its appliances, its first-aid cabinet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import (
    EntityCategory,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfTemperature,
    UnitOfTime,
    UnitOfVolume,
)
from homeassistant.helpers.entity import Entity
from homeassistant.util.dt import utc_from_timestamp

from .cabinet import CABINETS, Contents
from .contract.values import Device, DeviceKind, PointKind, PointState
from .coordinator import Coordinator
from .entity import DeviceEntity


@dataclass(frozen=True, kw_only=True)
class StateDescription(BinarySensorEntityDescription):
    """Something that is so or not; ``value_fn`` reads it from the point's state."""

    kind: PointKind
    value_fn: Callable[[PointState], bool | None] = lambda state: state.on


@dataclass(frozen=True, kw_only=True)
class ValueDescription(SensorEntityDescription):
    """Something that is measured or counted."""

    kind: PointKind


STATES = (
    StateDescription(key="running", kind=PointKind.RUNNING, device_class=BinarySensorDeviceClass.RUNNING),
    StateDescription(key="dispensing", kind=PointKind.DISPENSING, translation_key="dispensing"),
    StateDescription(
        key="leak", kind=PointKind.LEAK, translation_key="leak", device_class=BinarySensorDeviceClass.MOISTURE
    ),
    StateDescription(key="door", kind=PointKind.DOOR, device_class=BinarySensorDeviceClass.DOOR),
    StateDescription(key="open", kind=PointKind.OPEN, translation_key="station_open"),
    StateDescription(
        key="stays_on",
        kind=PointKind.RELAY,
        translation_key="stays_on",
        device_class=BinarySensorDeviceClass.SAFETY,
        value_fn=lambda state: bool(state.alarm),
    ),
)
"""``stays_on``: the gateway turned it off, and the second signal does not show that it is. Names that Home Assistant's
device classes have, but not in good Chinese, are our own: power, energy, leak."""

VALUES = (
    ValueDescription(
        key="power",
        translation_key="power",
        kind=PointKind.POWER,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    ValueDescription(
        key="energy",
        translation_key="energy",
        kind=PointKind.ENERGY,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=2,
    ),
    ValueDescription(
        key="temperature",
        kind=PointKind.TEMPERATURE,
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    ValueDescription(
        key="people",
        kind=PointKind.PEOPLE,
        translation_key="people",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    ValueDescription(
        key="sessions",
        kind=PointKind.SESSIONS,
        translation_key="sessions",
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
    ),
    ValueDescription(
        key="filter_days",
        kind=PointKind.FILTER_DAYS,
        translation_key="filter_days",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.DAYS,
        suggested_display_precision=0,
    ),
    ValueDescription(
        key="filter_litres",
        kind=PointKind.FILTER_LITRES,
        translation_key="filter_litres",
        device_class=SensorDeviceClass.VOLUME_STORAGE,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
)
ENDS = SensorEntityDescription(key="ends", translation_key="ends", device_class=SensorDeviceClass.TIMESTAMP)
OPENED_AT = SensorEntityDescription(
    key="opened_at", translation_key="opened_at", device_class=SensorDeviceClass.TIMESTAMP
)
CHECKED_AT = SensorEntityDescription(
    key="checked_at", translation_key="checked_at", device_class=SensorDeviceClass.TIMESTAMP
)
WANTING = BinarySensorEntityDescription(
    key="wanting", translation_key="wanting", device_class=BinarySensorDeviceClass.PROBLEM
)
TIMES: tuple[tuple[SensorEntityDescription, Callable[[Contents], datetime | None]], ...] = (
    (OPENED_AT, lambda contents: contents.opened_at),
    (CHECKED_AT, lambda contents: contents.checked_at),
)


def station_binary_sensors(coordinator: Coordinator, device: Device) -> list[Entity]:
    """What is so or not of one device."""
    kinds = {point.kind for point in device.points}
    found: list[Entity] = [
        StationState(coordinator, device, item)
        for item in STATES
        if item.kind in kinds and (item.kind is not PointKind.RELAY or PointKind.ENDS in kinds)
    ]
    return [*found, Wanting(coordinator, device)] if device.kind is DeviceKind.FIRST_AID_CABINET else found


def station_sensors(coordinator: Coordinator, device: Device) -> list[Entity]:
    """What is measured and counted of one device."""
    kinds = {point.kind for point in device.points}
    found: list[Entity] = [StationValue(coordinator, device, item) for item in VALUES if item.kind in kinds]
    if PointKind.ENDS in kinds:
        found.append(EndSensor(coordinator, device))
    if device.kind is DeviceKind.FIRST_AID_CABINET:
        found += [CabinetTime(coordinator, device, description, when) for description, when in TIMES]
    return found


class StationState(DeviceEntity, BinarySensorEntity):
    """Something that is so or not."""

    entity_description: StateDescription

    def __init__(self, coordinator: Coordinator, device: Device, description: StateDescription) -> None:
        """Of the point of one kind."""
        super().__init__(coordinator, device, description.key, frozenset({description.kind}))
        self.entity_description = description

    @property
    def is_on(self) -> bool | None:
        """Unknown until it was heard."""
        return next(map(self.entity_description.value_fn, self.states()), None)


class StationValue(DeviceEntity, SensorEntity):
    """Something that is measured or counted; a reading that failed is unknown, never the last value."""

    entity_description: ValueDescription

    def __init__(self, coordinator: Coordinator, device: Device, description: ValueDescription) -> None:
        """Of the point of one kind."""
        super().__init__(coordinator, device, description.key, frozenset({description.kind}))
        self.entity_description = description

    @property
    def native_value(self) -> float | None:
        """In the description's unit."""
        return next((state.value for state in self.states()), None)


class EndSensor(DeviceEntity, SensorEntity):
    """When an appliance that is on will be turned off; unknown while it is off, or may stay on."""

    entity_description = ENDS

    def __init__(self, coordinator: Coordinator, device: Device) -> None:
        """A time and not a countdown, which would be written every second."""
        super().__init__(coordinator, device, ENDS.key, frozenset({PointKind.ENDS}))

    @property
    def native_value(self) -> datetime | None:
        """The gateway's own wait."""
        ends = next((state.value for state in self.states()), None)
        return None if ends is None else utc_from_timestamp(ends)


class CabinetEntity(DeviceEntity):
    """What Home Assistant itself knows of a first-aid cabinet; the gateway may be away."""

    def __init__(self, coordinator: Coordinator, device: Device, key: str) -> None:
        """Of one cabinet."""
        super().__init__(coordinator, device, key, frozenset())
        self._cabinet = coordinator.hass.data[CABINETS][coordinator.entry.entry_id]
        self._device = device.id

    async def async_added_to_hass(self) -> None:
        """Listen to the cabinet."""
        await super().async_added_to_hass()
        self.async_on_remove(self._cabinet.async_listen(self._device, self.async_write_ha_state))

    @property
    def available(self) -> bool:
        """Always."""
        return True

    @property
    def contents(self) -> Contents:
        """What is in it."""
        return self._cabinet.contents(self._device)


class CabinetTime(CabinetEntity, SensorEntity):
    """When a cabinet was opened, or checked, last."""

    def __init__(
        self,
        coordinator: Coordinator,
        device: Device,
        description: SensorEntityDescription,
        when: Callable[[Contents], datetime | None],
    ) -> None:
        """``when`` reads it."""
        super().__init__(coordinator, device, description.key)
        self.entity_description = description
        self._when = when

    @property
    def native_value(self) -> datetime | None:
        """Unknown until it happened."""
        return self._when(self.contents)


class Wanting(CabinetEntity, BinarySensorEntity):
    """Whether something in a cabinet has expired or runs short."""

    entity_description = WANTING
    _attr_entity_category: EntityCategory | None = None
    _unrecorded_attributes = frozenset({"items"})

    def __init__(self, coordinator: Coordinator, device: Device) -> None:
        """Of one cabinet."""
        super().__init__(coordinator, device, WANTING.key)

    @property
    def is_on(self) -> bool:
        """Looked at whenever the cabinet changes, and with every new day."""
        return bool(self.contents.wanting())

    @property
    def extra_state_attributes(self) -> dict[str, list[str]]:
        """What has to be bought."""
        return {"items": self.contents.wanting()}
