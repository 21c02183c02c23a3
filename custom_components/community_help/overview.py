"""Sensors of a compound as a whole, and of the gateway: what stands open, is silent, or short of room."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfInformation
from homeassistant.util.dt import utc_from_timestamp

from .contract.values import Compound, Health, Incident
from .coordinator import Coordinator
from .entity import NAMED, FactEntity
from .facts import Fact
from .incidents import detectors, live
from .open_incidents import EVERYWHERE, RANKS, topic as incident_topic
from .tally import Flag, Group, compound_group, topic

NOTHING = "none"
"""How bad it is while nothing stands open."""


@dataclass(frozen=True, kw_only=True)
class CountDescription(SensorEntityDescription):
    """A count over the devices of a compound that have ``flag``; ``of_points``: points are counted instead."""

    flag: Flag
    of_points: bool = False


COUNTS = (
    CountDescription(key="devices_offline", translation_key="devices_offline", flag=Flag.OFFLINE),
    CountDescription(key="batteries_low", translation_key="batteries_low", flag=Flag.BATTERY),
    CountDescription(key="points_bypassed", translation_key="points_bypassed", flag=Flag.BYPASSED, of_points=True),
)


@dataclass(frozen=True, kw_only=True)
class HealthDescription(SensorEntityDescription):
    """A number from the gateway's self-check."""

    value_fn: Callable[[Health], int]


HEALTH = (
    HealthDescription(key="journal_size", translation_key="journal_size", value_fn=lambda health: health.journal_bytes),
    HealthDescription(key="free_space", translation_key="free_space", value_fn=lambda health: health.free_bytes),
)


def sensors_of(coordinator: Coordinator, compound: Compound) -> list[SensorEntity]:
    """The sensors of one compound."""
    return [
        OpenIncidentsSensor(coordinator, compound),
        WorstSeveritySensor(coordinator, compound),
        *(CountSensor(coordinator, compound, description) for description in COUNTS),
    ]


def gateway_sensors(coordinator: Coordinator) -> list[SensorEntity]:
    """The sensors of the gateway itself."""
    return [HealthSensor(coordinator, description) for description in HEALTH]


class IncidentsSensor(FactEntity, SensorEntity):
    """Over the open incidents of a compound, and those that concern every compound."""

    def __init__(self, coordinator: Coordinator, compound: Compound, key: str) -> None:
        """Of the compound's own device."""
        topics = (incident_topic(compound.id), incident_topic(EVERYWHERE))
        super().__init__(coordinator, coordinator.device_key(compound.id), key, topics=topics)
        self._attr_translation_key = key
        self._compound = compound.id


class OpenIncidentsSensor(IncidentsSensor):
    """How many incidents stand open; those of a drill are among them, and said to be."""

    _attr_state_class = SensorStateClass.MEASUREMENT
    _unrecorded_attributes = frozenset({"incidents", "drills"})

    def __init__(self, coordinator: Coordinator, compound: Compound) -> None:
        """Of the compound's own device."""
        super().__init__(coordinator, compound, "open_incidents")

    @property
    def native_value(self) -> int:
        """All of them."""
        return self.coordinator.open_incidents.count(self._compound)

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """The newest, and how many belong to a drill."""
        known = self.coordinator.open_incidents
        return {
            "drills": known.drills(self._compound),
            "incidents": [_told(incident) for incident in known.newest(self._compound, NAMED)],
        }


class WorstSeveritySensor(IncidentsSensor):
    """How bad the worst open incident is."""

    _attr_device_class = SensorDeviceClass.ENUM

    def __init__(self, coordinator: Coordinator, compound: Compound) -> None:
        """Of the compound's own device."""
        super().__init__(coordinator, compound, "worst_severity")
        self._attr_options = [NOTHING, *(rank.value for rank in RANKS)]

    @property
    def native_value(self) -> str:
        """Its severity."""
        worst = self.coordinator.open_incidents.worst(self._compound)
        return worst.value if worst else NOTHING


class CountSensor(FactEntity, SensorEntity):
    """How many of a compound's devices, or points, are in a state that somebody should look at."""

    entity_description: CountDescription
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_state_class = SensorStateClass.MEASUREMENT
    _unrecorded_attributes = frozenset({"devices"})

    def __init__(self, coordinator: Coordinator, compound: Compound, description: CountDescription) -> None:
        """Of the compound's own device."""
        self._group_key = compound_group(compound.id)
        topics = (topic(self._group_key, description.flag),)
        super().__init__(coordinator, coordinator.device_key(compound.id), description.key, topics=topics)
        self.entity_description = description

    @property
    def _tally(self) -> Group:
        return self.coordinator.tallies.group(self._group_key)

    @property
    def native_value(self) -> int:
        """All of them."""
        description = self.entity_description
        return self._tally.bypassed if description.of_points else self._tally.count(description.flag)

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Which devices, as far as there is room."""
        return {"devices": self.named(self._tally.having[self.entity_description.flag])}


class HealthSensor(FactEntity, SensorEntity):
    """A number from the gateway's self-check; few want it, so it is off until somebody does."""

    entity_description: HealthDescription
    _attr_device_class = SensorDeviceClass.DATA_SIZE
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False
    _attr_native_unit_of_measurement = UnitOfInformation.BYTES
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_suggested_unit_of_measurement = UnitOfInformation.MEBIBYTES
    _attr_suggested_display_precision = 0

    def __init__(self, coordinator: Coordinator, description: HealthDescription) -> None:
        """Of the gateway's own device."""
        super().__init__(coordinator, coordinator.gateway_id, description.key, (Fact.HEALTH,))
        self.entity_description = description

    @property
    def native_value(self) -> int | None:
        """Unknown until the self-check has spoken."""
        health = self.coordinator.facts.health
        return None if health is None else self.entity_description.value_fn(health)


def _told(incident: Incident) -> dict[str, Any]:
    """What a dashboard shows of an incident."""
    return {
        "id": incident.id,
        "hazard": incident.hazard.value,
        "severity": incident.severity.value,
        "state": incident.state.value,
        "place": incident.place,
        "opened_at": utc_from_timestamp(incident.opened_at).isoformat(),
        "owner": incident.owner.name if incident.owner else None,
        "drill": incident.drill,
        "detectors": detectors(incident),
        "live": live(incident),
    }
