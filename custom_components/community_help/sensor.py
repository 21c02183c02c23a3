"""Gas concentrations, and who is on duty in a compound."""

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import UnitOfRatio
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .contract.values import Device, Point, PointKind
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import DeviceEntity
from .on_duty import CompoundDutySensor
from .texts import Texts

PARALLEL_UPDATES = 0
PERCENT_LEL = "%LEL"
"""Share of the lower explosive limit; Home Assistant has no unit of its own for it."""

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


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create entities for the devices now and for those that come later."""
    coordinator = entry.runtime_data
    texts = await Texts.load(hass)
    known: set[str] = set()
    places: set[str] = set()

    @callback
    def add(devices: list[Device]) -> None:
        compounds = [compound for key, compound in coordinator.compounds.items() if key not in places]
        places.update(compound.id for compound in compounds)
        async_add_entities(CompoundDutySensor(coordinator, texts, compound) for compound in compounds)
        fresh = [(device, point) for device in devices for point in device.points if point.id not in known]
        known.update(point.id for _, point in fresh)
        async_add_entities(
            ConcentrationSensor(coordinator, device, point, CONCENTRATIONS[point.kind])
            for device, point in fresh
            if point.kind in CONCENTRATIONS
        )

    entry.async_on_unload(coordinator.async_on_new_devices(add))


class ConcentrationSensor(DeviceEntity, SensorEntity):
    """One gas; a reading that failed is unknown, never the last value."""

    def __init__(
        self, coordinator: Coordinator, device: Device, point: Point, description: SensorEntityDescription
    ) -> None:
        """Of one point."""
        super().__init__(coordinator, device, (point.id,), description.key)
        self.entity_description = description

    @property
    def native_value(self) -> float | None:
        """The concentration in the description's unit."""
        return next((state.value for state in self.states()), None)
