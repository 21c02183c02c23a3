"""Gas concentrations and levels, since when something is so, and what is counted over compounds and the gateway."""

from datetime import datetime
from functools import partial
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.dt import utc_from_timestamp

from .appliances import station_sensors
from .contract.values import Compound, Device, DeviceKind, PointKind, PointState
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import DeviceEntity
from .levels import Level, Subject, level_for
from .on_duty import CompoundDutySensor
from .overview import gateway_sensors, sensors_of
from .rollout import async_join
from .signals import GASES, SIGNAL_KINDS, kinds_of
from .texts import Texts

PARALLEL_UPDATES = 0
PERCENT_LEL = "%LEL"
"""Share of the lower explosive limit; Home Assistant has no unit of its own for it."""

GRADES = ("normal", "warning", "alarm", "danger")
"""What the levels 0 to 3 of a gas are called; the gateway pages them with the severity of the same name."""

OWN_ALARM = 2
"""The level of a detector that says alarm and has no reading (as in the gateway's ``model/gas.py``)."""

CONCENTRATIONS = {
    PointKind.CH4: SensorEntityDescription(
        key="ch4",
        translation_key="ch4",
        native_unit_of_measurement=PERCENT_LEL,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    PointKind.H2S: SensorEntityDescription(
        key="h2s",
        translation_key="h2s",
        native_unit_of_measurement=UnitOfRatio.PARTS_PER_MILLION,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    PointKind.CO: SensorEntityDescription(
        key="co",
        device_class=SensorDeviceClass.CO,
        native_unit_of_measurement=UnitOfRatio.PARTS_PER_MILLION,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    PointKind.O2: SensorEntityDescription(
        key="o2",
        translation_key="o2",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
}

GAS_LEVEL = SensorEntityDescription(
    key="gas_level", translation_key="gas_level", device_class=SensorDeviceClass.ENUM, options=list(GRADES)
)
LANE_SINCE = SensorEntityDescription(key="since", translation_key="since", device_class=SensorDeviceClass.TIMESTAMP)
LAST_CHANGE = SensorEntityDescription(
    key="last_report",
    translation_key="last_report",
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
)


def grade(state: PointState) -> str | None:
    """The level of one gas by name; unknown until it was heard."""
    if state.alarm is None:
        return None
    level = state.level or (OWN_ALARM if state.alarm else 0)
    return GRADES[min(level, len(GRADES) - 1)]


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create entities for what there is now and for what comes later."""
    coordinator = entry.runtime_data
    async_add_entities(gateway_sensors(coordinator))
    make = partial(_entities, coordinator, await Texts.load(hass))
    await async_join(hass, entry, async_add_entities, make)


def _entities(coordinator: Coordinator, texts: Texts, subject: Subject) -> list[Entity]:
    match subject:
        case Compound():
            return [*sensors_of(coordinator, subject), CompoundDutySensor(coordinator, texts, subject)]
        case Device():
            return _of_device(coordinator, subject)
    return []


def _of_device(coordinator: Coordinator, device: Device) -> list[Entity]:
    kinds = kinds_of(device)
    found: list[Entity] = [
        ConcentrationSensor(coordinator, device, kind, description)
        for kind, description in CONCENTRATIONS.items()
        if kind in kinds
    ]
    if kinds & GASES:
        found.append(GasLevelSensor(coordinator, device))
    if PointKind.LANE in kinds:
        found.append(TimeSensor(coordinator, device, LANE_SINCE, SIGNAL_KINDS["lane"]))
    if device.kind is DeviceKind.SMOKE_ALARM and level_for(coordinator.entry, device) is Level.FULL:
        found.append(TimeSensor(coordinator, device, LAST_CHANGE))
    return [*found, *station_sensors(coordinator, device)]


class ConcentrationSensor(DeviceEntity, SensorEntity):
    """One gas; a reading that failed is unknown, never the last value."""

    _unrecorded_attributes = frozenset({"level"})

    def __init__(
        self, coordinator: Coordinator, device: Device, kind: PointKind, description: SensorEntityDescription
    ) -> None:
        """Of the point of one kind."""
        super().__init__(coordinator, device, description.key, frozenset({kind}))
        self.entity_description = description

    @property
    def native_value(self) -> float | None:
        """The concentration in the description's unit."""
        return next((state.value for state in self.states()), None)

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """How far up its levels this gas is."""
        return {"level": next(map(grade, self.states()), None)}


class GasLevelSensor(DeviceEntity, SensorEntity):
    """How far up its levels the worst gas of a detector is."""

    entity_description = GAS_LEVEL
    _unrecorded_attributes = frozenset({"gases"})

    def __init__(self, coordinator: Coordinator, device: Device) -> None:
        """Over all gases of ``device``."""
        super().__init__(coordinator, device, GAS_LEVEL.key, GASES)

    @property
    def native_value(self) -> str | None:
        """The worst; unknown until one was heard."""
        return max((name for name in map(grade, self.states()) if name), key=GRADES.index, default=None)

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Which gases are at that level, unless all is normal."""
        worst = self.native_value
        at_it = {state.point for state in self.states() if grade(state) == worst}
        kinds = [self.coordinator.points[point].kind.value for point in self._points if point in at_it]
        return {"gases": [] if worst in (None, GRADES[0]) else kinds}


class TimeSensor(DeviceEntity, SensorEntity):
    """When the gateway last heard something new; it stays while the device is silent, and says since when."""

    def __init__(
        self,
        coordinator: Coordinator,
        device: Device,
        description: SensorEntityDescription,
        kinds: frozenset[PointKind] | None = None,
    ) -> None:
        """Over the points of ``kinds``."""
        super().__init__(coordinator, device, description.key, kinds)
        self.entity_description = description

    @property
    def available(self) -> bool:
        """What is past stays true."""
        return self.coordinator.connected

    @property
    def native_value(self) -> datetime | None:
        """The newest change; unknown of what was never heard."""
        changed = [state.changed_at for state in self.states() if state.changed_at is not None]
        return utc_from_timestamp(max(changed)) if changed else None
