"""Smoke, call point, gas, fire lane and problem of the devices."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.dt import utc_from_timestamp

from .contract.values import Device, PointState
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import DeviceEntity, any_of
from .on_duty import OnDutySensor
from .oversight import AuditorSensor, ConnectedSensor, DrillSensor
from .reachable import async_add_reachable
from .signals import points_of
from .staff import async_add_for_members
from .texts import Texts

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SignalDescription(BinarySensorEntityDescription):
    """A binary sensor over the points of a signal, its key; ``value_fn`` says on, off or unknown.

    ``graded``: the points have an alarm level.
    """

    graded: bool = False
    value_fn: Callable[[list[PointState]], bool | None]


def _alarm(states: list[PointState]) -> bool | None:
    return any_of([state.alarm for state in states])


def _on(states: list[PointState]) -> bool | None:
    return any_of([state.on for state in states])


SIGNALS = (
    SignalDescription(key="smoke", device_class=BinarySensorDeviceClass.SMOKE, value_fn=_alarm),
    SignalDescription(
        key="call_point", translation_key="call_point", device_class=BinarySensorDeviceClass.SAFETY, value_fn=_alarm
    ),
    SignalDescription(
        key="panel", translation_key="panel", device_class=BinarySensorDeviceClass.SMOKE, value_fn=_alarm
    ),
    SignalDescription(key="gas", device_class=BinarySensorDeviceClass.GAS, value_fn=_alarm, graded=True),
    SignalDescription(
        key="lane",
        translation_key="lane",
        device_class=BinarySensorDeviceClass.OCCUPANCY,
        value_fn=_on,
        graded=True,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create entities for the devices now and for those that come later."""
    coordinator = entry.runtime_data
    known: set[str] = set()
    drills: set[str] = set()
    async_add_entities([ConnectedSensor(coordinator), AuditorSensor(coordinator)])
    async_add_for_members(coordinator, await Texts.load(hass), async_add_entities, OnDutySensor)

    @callback
    def add(devices: list[Device]) -> None:
        fresh = [device for device in devices if device.id not in known]
        known.update(device.id for device in fresh)
        async_add_entities(entity for device in fresh for entity in _entities(coordinator, device))
        compounds = [compound for key, compound in coordinator.compounds.items() if key not in drills]
        drills.update(compound.id for compound in compounds)
        async_add_entities(DrillSensor(coordinator, compound) for compound in compounds)

    entry.async_on_unload(coordinator.async_on_new_devices(add))
    async_add_reachable(hass, entry, async_add_entities)


def _entities(coordinator: Coordinator, device: Device) -> list[BinarySensorEntity]:
    found: list[BinarySensorEntity] = []
    for description in SIGNALS:
        points = points_of(device, description.key)
        if points:
            found.append(SignalSensor(coordinator, device, points, description))
    found.append(ProblemSensor(coordinator, device))
    return found


class SignalSensor(DeviceEntity, BinarySensorEntity):
    """One signal of a device."""

    entity_description: SignalDescription
    _unrecorded_attributes = frozenset({"level", "bypassed_until"})

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

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """The alarm level where there is one, and until when it is silenced, if it is."""
        states = self.states()
        until = max((state.bypassed_until for state in states if state.bypassed_until), default=None)
        found: dict[str, Any] = {"bypassed_until": utc_from_timestamp(until).isoformat()} if until else {}
        if self.entity_description.graded:
            found["level"] = max((state.level for state in states), default=0)
        return found


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
