"""A building whose smoke alarms are shown as one: smoke, and problem."""

from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory

from .coordinator import Coordinator
from .entity import FactEntity
from .levels import Building
from .tally import Flag, Group, topic


class BuildingEntity(FactEntity, BinarySensorEntity):
    """Over all smoke alarms of a building; its cost does not depend on how many there are."""

    _unrecorded_attributes = frozenset({"devices", "count", "causes"})

    def __init__(self, coordinator: Coordinator, building: Building, key: str, *flags: Flag) -> None:
        """Woken when it changes for how many one of ``flags`` is the case."""
        self._building = building.id
        topics = tuple(topic(building.id, flag) for flag in flags)
        super().__init__(coordinator, coordinator.device_key(building.id), key, topics=topics)

    @property
    def tally(self) -> Group:
        """How many devices are in which state."""
        return self.coordinator.tallies.group(self._building)


class BuildingSmoke(BuildingEntity):
    """Smoke anywhere in a building. Silence never clears it: a smoke alarm that burned is silent, too."""

    _attr_device_class = BinarySensorDeviceClass.SMOKE

    def __init__(self, coordinator: Coordinator, building: Building) -> None:
        """Of the building's own device."""
        super().__init__(coordinator, building, "smoke", Flag.ALARM, Flag.KNOWN, Flag.OFFLINE)

    @property
    def available(self) -> bool:
        """Whether anything in the building is heard, or is known to have alarmed."""
        group = self.tally
        heard = group.count(Flag.OFFLINE) < group.size
        return super().available and (heard or group.count(Flag.ALARM) > 0)

    @property
    def is_on(self) -> bool | None:
        """Unknown until one was heard."""
        if self.tally.count(Flag.ALARM):
            return True
        return False if self.tally.count(Flag.KNOWN) else None

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Which flats, as far as there is room, and how many."""
        found = self.tally.having[Flag.ALARM]
        return {"devices": self.named(found), "count": len(found)}


class BuildingProblem(BuildingEntity):
    """Something is wrong with a smoke alarm of a building."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: Coordinator, building: Building) -> None:
        """Of the building's own device."""
        super().__init__(coordinator, building, "problem", Flag.PROBLEM)

    @property
    def is_on(self) -> bool:
        """Whether anything is wrong."""
        return self.tally.count(Flag.PROBLEM) > 0

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """What is wrong, with which flats as far as there is room, and with how many."""
        found = self.tally.having[Flag.PROBLEM]
        causes = sorted(cause for cause, count in self.tally.causes.items() if count > 0)
        return {"causes": causes, "devices": self.named(found), "count": len(found)}
