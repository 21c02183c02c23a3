"""How detailed a compound's household smoke alarms are shown, and what of it is a device in Home Assistant.

Home Assistant stops an integration at 10,000 enabled entities, so the smoke alarms, which are many, have a level; what
is few (gas, lanes, panels, call points, appliances) is always shown in full.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntry

from .const import CONF_DETAIL
from .contract.values import Compound, Device, DeviceKind
from .coordinator import Coordinator
from .tally import building_group, building_of, compound_group


class Level(StrEnum):
    """How detailed the smoke alarms of a compound are shown."""

    COMPACT = "compact"
    FULL = "full"
    BUILDING = "building"


@dataclass(frozen=True, slots=True)
class Building:
    """A building whose smoke alarms are shown as one."""

    compound: str
    name: str

    @property
    def id(self) -> str:
        """What tells it apart from compounds and devices."""
        return building_group(self.compound, self.name)


type Subject = Compound | Building | Device
"""What is a device in Home Assistant."""


def key_of(subject: Subject) -> str:
    """What tells a subject apart from all others of its gateway: compounds and devices may have the same id."""
    return compound_group(subject.id) if isinstance(subject, Compound) else subject.id


def level_of(entry: ConfigEntry, compound: str) -> Level:
    """The level of a compound; compact until somebody chose."""
    chosen = entry.options.get(CONF_DETAIL, {}).get(compound)
    return Level(chosen) if chosen in Level else Level.COMPACT


def level_for(entry: ConfigEntry, device: Device) -> Level:
    """How detailed one device is shown; a smoke alarm outside of any building cannot be part of one."""
    if device.kind is not DeviceKind.SMOKE_ALARM:
        return Level.FULL
    level = level_of(entry, device.compound)
    return Level.COMPACT if level is Level.BUILDING and not device.building else level


def options_with(entry: ConfigEntry, compound: str, level: Level) -> dict[str, Any]:
    """The entry's options with another level for ``compound``."""
    return {**entry.options, CONF_DETAIL: {**entry.options.get(CONF_DETAIL, {}), compound: level.value}}


def subjects(coordinator: Coordinator) -> dict[str, Subject]:
    """Everything that is to be a device in Home Assistant: compounds, then buildings, then devices of the field."""
    compounds = coordinator.compounds.values()
    buildings: dict[str, Building] = {}
    devices: list[Device] = []
    for device in coordinator.devices.values():
        if device.adopted:  # Home Assistant shows it already
            continue
        if level_for(coordinator.entry, device) is Level.BUILDING:
            buildings[building_of(device)] = Building(device.compound, device.building)
        else:
            devices.append(device)
    found: list[Subject] = [*compounds, *buildings.values(), *devices]
    return {key_of(subject): subject for subject in found}
