"""Native conditions on how things stand: is an incident open, does a drill run, is the gateway there.

Unknown is not "no": while a gateway is away, whether anything is open cannot be said. What is a drill must be sure,
because all else is real.
"""

import time
from abc import abstractmethod
from typing import Any, ClassVar, Unpack

import probatio as vol
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID, CONF_OPTIONS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConditionErrorMessage
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.condition import Condition, ConditionCheckParams, ConditionConfig
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .contract.values import Hazard, Incident, Severity
from .coordinator import Coordinator

HAZARDS = [hazard.value for hazard in Hazard if hazard not in (Hazard.UNKNOWN, Hazard.SELF_TEST)]
SEVERITIES = [Severity.NOTICE.value, Severity.WARNING.value, Severity.ALARM.value, Severity.DANGER.value]
"""From least to worst. One that this version does not know counts as worst."""

_COMPOUND: dict[vol.Marker, Any] = {
    vol.Optional(ATTR_DEVICE_ID, default=list): vol.All(cv.ensure_list, [cv.string]),
}


class GatewayCondition(Condition):
    """Base: its options, and the gateways and compounds that it asks about (no compound named: all)."""

    _fields: ClassVar[dict[vol.Marker, Any]] = {}

    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options; the gateway need not be set up for that."""
        checked: ConfigType = vol.Schema({vol.Optional(CONF_OPTIONS, default=dict): cls._fields})(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Read the options."""
        super().__init__(hass, config)
        self._options: dict[str, Any] = config.options or {}

    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        """Ask about every gateway that is meant to run."""
        return self._holds(
            self._hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
        )

    @abstractmethod
    def _holds(self, entries: list[ConfigEntry]) -> bool:
        """Whether it holds for ``entries``."""

    def _asked(self, entry: ConfigEntry) -> set[str] | None:
        """The chosen compounds of ``entry`` (``None``: all); read off the registry, which knows them without a link."""
        devices: list[str] = self._options[ATTR_DEVICE_ID]
        if not devices:
            return None
        registry, prefix = dr.async_get(self._hass), f"{entry.unique_id}_"
        found = (registry.async_get(device) for device in devices)
        keys = [key for device in found if device for domain, key in device.identifiers if domain == DOMAIN]
        return {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}


class IncidentOpen(GatewayCondition):
    """An incident that is not closed, of some hazards, from some severity on; self-tests are none."""

    _fields: ClassVar = {
        vol.Optional("hazard", default=list): vol.All(cv.ensure_list, [vol.In(HAZARDS)]),
        vol.Optional("severity", default=Severity.ALARM.value): vol.In(SEVERITIES),
        **_COMPOUND,
    }

    def _holds(self, entries: list[ConfigEntry]) -> bool:
        """What was open when a gateway was last heard is taken to be open still."""
        away: list[str] = []
        for entry in entries:
            asked = self._asked(entry)
            if asked is not None and not asked:
                continue
            coordinator = _known(entry)
            if coordinator and any(self._meant(item, asked) for item in coordinator.incidents.values()):
                return True
            if not _connected(coordinator):
                away.append(entry.title)
        if away:
            text = f"whether an incident is open cannot be said: no link to {', '.join(away)}"
            raise ConditionErrorMessage("community_help.is_incident_open", text)
        return False

    def _meant(self, incident: Incident, asked: set[str] | None) -> bool:
        """One without a compound of its own concerns every compound."""
        hazards: list[str] = self._options["hazard"]
        if incident.hazard is Hazard.SELF_TEST:
            return False
        if asked is not None and incident.compound and incident.compound not in asked:
            return False
        if hazards and not {incident.hazard.value, *(item.value for item in incident.hazards)} & set(hazards):
            return False
        return _rank(incident.severity.value) >= _rank(self._options["severity"])


class InDrill(GatewayCondition):
    """A drill that surely runs: a gateway that is away may have ended it."""

    _fields: ClassVar = _COMPOUND

    def _holds(self, entries: list[ConfigEntry]) -> bool:
        """In any of the chosen compounds."""
        return any(self._runs(entry) for entry in entries)

    def _runs(self, entry: ConfigEntry) -> bool:
        coordinator, asked = _known(entry), self._asked(entry)
        if coordinator is None or not coordinator.connected:
            return False
        running = [drill for drill in coordinator.facts.drills.values() if drill.ends_at > time.time()]
        return any(asked is None or drill.compound in asked for drill in running)


class GatewayConnected(GatewayCondition):
    """Every gateway is there."""

    def _holds(self, entries: list[ConfigEntry]) -> bool:
        """Not without any."""
        return bool(entries) and all(_connected(_known(entry)) for entry in entries)


def _known(entry: ConfigEntry) -> Coordinator | None:
    """What is known of a gateway; nothing before its entry is loaded."""
    coordinator: Coordinator | None = entry.runtime_data if entry.state is ConfigEntryState.LOADED else None
    return coordinator


def _connected(coordinator: Coordinator | None) -> bool:
    return coordinator is not None and coordinator.connected


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
