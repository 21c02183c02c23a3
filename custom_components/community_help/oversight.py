"""Binary sensors of the gateway and its compounds rather than of a device: connected, auditor, drill."""

from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.util.dt import utc_from_timestamp

from .contract.values import Compound, Drill, Health
from .coordinator import Coordinator
from .entity import FactEntity
from .facts import Fact

MIB = 1024 * 1024


class ConnectedSensor(FactEntity, BinarySensorEntity):
    """Whether the gateway can be reached."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: Coordinator) -> None:
        """Of the gateway's own device."""
        super().__init__(coordinator, coordinator.gateway_id, "connected", ())

    @property
    def available(self) -> bool:
        """The loss of the gateway is what it shows."""
        return True

    @property
    def is_on(self) -> bool:
        """Whether the stream is up."""
        return self.coordinator.connected


class AuditorSensor(FactEntity, BinarySensorEntity):
    """Whether the gateway's self-check has found anything, or its journal cannot be written."""

    _attr_translation_key = "auditor"
    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _unrecorded_attributes = frozenset({"findings", "holes", "free_mib", "journal_mib", "checked_at"})

    def __init__(self, coordinator: Coordinator) -> None:
        """Of the gateway's own device."""
        super().__init__(coordinator, coordinator.gateway_id, "auditor", (Fact.HEALTH,))

    @property
    def _health(self) -> Health | None:
        return self.coordinator.facts.health

    @property
    def is_on(self) -> bool | None:
        """Unknown until the auditor has spoken; a gateway of version 1 has none."""
        return None if self._health is None else bool(self._health.findings) or not self._health.recorded

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """What it found, where nobody is reachable, and how much room is left."""
        if self._health is None:
            return {}
        return {
            "recorded": self._health.recorded,
            "findings": list(self._health.findings),
            "holes": list(self._health.holes),
            "free_mib": self._health.free_bytes // MIB,
            "journal_mib": self._health.journal_bytes // MIB,
            "checked_at": utc_from_timestamp(self._health.checked_at).isoformat(),
        }


class DrillSensor(FactEntity, BinarySensorEntity):
    """Whether a drill runs in a compound."""

    _attr_translation_key = "drill"
    _attr_device_class = BinarySensorDeviceClass.RUNNING
    _unrecorded_attributes = frozenset({"ends_at", "by"})

    def __init__(self, coordinator: Coordinator, compound: Compound) -> None:
        """Of the compound's own device."""
        super().__init__(coordinator, coordinator.device_key(compound.id), "drill", (Fact.DRILLS,))
        self._compound = compound.id

    @property
    def _drill(self) -> Drill | None:
        return self.coordinator.facts.drills.get(self._compound)

    @property
    def is_on(self) -> bool:
        """Whether it runs."""
        return self._drill is not None

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Until when, and who began it."""
        if self._drill is None:
            return {}
        return {"ends_at": utc_from_timestamp(self._drill.ends_at).isoformat(), "by": self._drill.person.name}
