"""What is on or off of the devices: alarms and problems, in detail where somebody wants it, or per building."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.dt import utc_from_timestamp

from .appliances import station_binary_sensors
from .building import BuildingProblem, BuildingSmoke
from .contract.values import Compound, Device, DeviceKind, PointKind, PointState
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import DeviceEntity, any_of
from .levels import Building, Level, Subject, level_for
from .on_duty import OnDutySensor
from .oversight import AuditorSensor, ConnectedSensor, DrillSensor
from .reachable import async_add_reachable
from .rollout import async_join
from .signals import GASES, SIGNAL_KINDS, kinds_of
from .staff import async_add_for_members
from .tally import BATTERY_LOW, problems_of
from .texts import Texts

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SignalDescription(BinarySensorEntityDescription):
    """A binary sensor over the points of a signal, its key; ``value_fn`` says on, off or unknown.

    ``graded``: the points have an alarm level.
    """

    graded: bool = False
    value_fn: Callable[[list[PointState]], bool | None]


@dataclass(frozen=True, kw_only=True)
class DetailDescription(BinarySensorEntityDescription):
    """A binary sensor for one thing that may be the case with a device.

    ``kinds``: of which points (``None``: all). ``known_here``: the gateway knows it by itself, so that a silent device
    does not hide it.
    """

    kinds: frozenset[PointKind] | None = None
    known_here: bool = False
    value_fn: Callable[[list[PointState]], bool | None]


def _alarm(states: list[PointState]) -> bool | None:
    return any_of([state.alarm for state in states])


def _on(states: list[PointState]) -> bool | None:
    return any_of([state.on for state in states])


def _blocked(states: list[PointState]) -> bool | None:
    """Occupied for longer than the compound's policy bears; a passing car is not in the way."""
    return any_of([state.level > 0 or (None if state.on is None else False) for state in states])


def _problem(cause: str) -> Callable[[list[PointState]], bool | None]:
    """Whether ``cause`` is among the problems; unknown of a device that was never heard."""
    return lambda states: any_of([cause in state.problems or (None if _unheard(state) else False) for state in states])


def _unheard(state: PointState) -> bool:
    return state.changed_at is None and state.alarm is None and state.value is None and state.on is None


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

SUSPECTED = frozenset({PointKind.O2, PointKind.CH4})
"""Where oxygen is short a combustible gas sensor reads too low; the gateway compares these two."""

GAS_DETAILS = (
    DetailDescription(
        key="sensor_suspect",
        translation_key="sensor_suspect",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        kinds=GASES,
        value_fn=_problem("sensor_suspect"),
    ),
)

LANE_DETAILS = (
    DetailDescription(
        key="blocked",
        translation_key="blocked",
        device_class=BinarySensorDeviceClass.SAFETY,
        kinds=SIGNAL_KINDS["lane"],
        value_fn=_blocked,
    ),
)

SMOKE_DETAILS = (
    DetailDescription(
        key="tamper",
        device_class=BinarySensorDeviceClass.TAMPER,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda states: any_of([state.tamper for state in states]),
    ),
    DetailDescription(
        key="fault",
        translation_key="fault",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda states: any_of([state.fault for state in states]),
    ),
    DetailDescription(
        key="battery",
        device_class=BinarySensorDeviceClass.BATTERY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_problem(BATTERY_LOW),
    ),
    DetailDescription(
        key="test",
        translation_key="test",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda states: any_of([state.test for state in states]),
    ),
    DetailDescription(
        key="end_of_life",
        translation_key="end_of_life",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        known_here=True,
        value_fn=lambda states: any("end_of_life" in state.problems for state in states),
    ),
    DetailDescription(
        key="latched",
        translation_key="latched",
        known_here=True,
        value_fn=lambda states: any(state.latched for state in states),
    ),
    DetailDescription(
        key="bypassed",
        translation_key="bypassed",
        entity_category=EntityCategory.DIAGNOSTIC,
        known_here=True,
        value_fn=lambda states: any(state.bypassed_until is not None for state in states),
    ),
)
"""What a smoke alarm has beyond smoke and problem at the level "full"."""


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create entities for what there is now and for what comes later."""
    coordinator = entry.runtime_data
    async_add_entities([ConnectedSensor(coordinator), AuditorSensor(coordinator)])
    async_add_for_members(coordinator, await Texts.load(hass), async_add_entities, OnDutySensor)
    await async_join(hass, entry, async_add_entities, partial(_entities, coordinator))
    async_add_reachable(hass, entry, async_add_entities)


def _entities(coordinator: Coordinator, subject: Subject) -> list[Entity]:
    match subject:
        case Compound():
            return [DrillSensor(coordinator, subject)]
        case Building():
            return [BuildingSmoke(coordinator, subject), BuildingProblem(coordinator, subject)]
        case Device():
            return _of_device(coordinator, subject)


def _of_device(coordinator: Coordinator, device: Device) -> list[Entity]:
    kinds = kinds_of(device)
    signals = [item for item in SIGNALS if SIGNAL_KINDS[item.key] & kinds]
    details = [*(GAS_DETAILS if kinds >= SUSPECTED else ()), *(LANE_DETAILS if PointKind.LANE in kinds else ())]
    if device.kind is DeviceKind.SMOKE_ALARM and level_for(coordinator.entry, device) is Level.FULL:
        details += SMOKE_DETAILS
    return [
        *(SignalSensor(coordinator, device, item) for item in signals),
        *(DetailSensor(coordinator, device, item) for item in details),
        *station_binary_sensors(coordinator, device),
        ProblemSensor(coordinator, device),
    ]


class SignalSensor(DeviceEntity, BinarySensorEntity):
    """One signal of a device."""

    entity_description: SignalDescription
    _unrecorded_attributes = frozenset({"level", "bypassed_until"})

    def __init__(self, coordinator: Coordinator, device: Device, description: SignalDescription) -> None:
        """Over the points of ``device`` that the signal is made of."""
        super().__init__(coordinator, device, description.key, SIGNAL_KINDS[description.key])
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


class DetailSensor(DeviceEntity, BinarySensorEntity):
    """One thing that may be the case with a device."""

    entity_description: DetailDescription

    def __init__(self, coordinator: Coordinator, device: Device, description: DetailDescription) -> None:
        """Over the points of ``device`` that the description names."""
        super().__init__(coordinator, device, description.key, description.kinds)
        self.entity_description = description

    @property
    def available(self) -> bool:
        """A silent device hides what only it can say."""
        return self.coordinator.connected if self.entity_description.known_here else super().available

    @property
    def is_on(self) -> bool | None:
        """Whether it is the case; unknown until it was heard."""
        return self.entity_description.value_fn(self.states())


class ProblemSensor(DeviceEntity, BinarySensorEntity):
    """Fault, tamper or silence of a device; stays available while the device is silent, and says so."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _unrecorded_attributes = frozenset({"causes"})

    def __init__(self, coordinator: Coordinator, device: Device) -> None:
        """Over all points of ``device``."""
        super().__init__(coordinator, device, "problem")

    def _topics(self) -> tuple[str, ...]:
        """An alarm is none of its business."""
        return tuple(map(problems_of, self._points))

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
