"""Which devices are no longer heard, and which points somebody silenced: told to triggers once, when it happens.

What was so already when Home Assistant started is known, and told to nobody; what comes while it starts waits for the
automations. A device that was lost while the gateway was away is told when it is back.
"""

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.start import async_at_started

from .contract.values import Bypass, Device
from .coordinator import Coordinator
from .facts import Fact
from .tally import Flag, compound_group, topic

SIGNAL_ABSENT = "community_help_absent"
"""Dispatched with (coordinator, device) for a device that is no longer heard, or (coordinator, bypass)."""


class Absences:
    """Follows one gateway."""

    def __init__(self, hass: HomeAssistant, coordinator: Coordinator) -> None:
        """What is so now is known."""
        self._hass = hass
        self._coordinator = coordinator
        self._offline = self._silent()
        self._bypasses = dict(coordinator.facts.bypasses)
        self._listening = False
        self._compounds: tuple[str, ...] = ()
        self._unlisten: CALLBACK_TYPE | None = None
        self._undo: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Follow; nothing is told before the automations listen."""
        self._undo = [
            self._coordinator.async_on_new_devices(self._follow),
            self._coordinator.facts.async_listen((Fact.BYPASSES,), self._look),
            async_at_started(self._hass, self._release),
        ]

    @callback
    def async_stop(self) -> None:
        """Follow nothing any more."""
        for undo in (*self._undo, self._unlisten):
            if undo:
                undo()
        self._undo, self._unlisten = [], None

    @callback
    def _release(self, _hass: HomeAssistant) -> None:
        self._listening = True
        self._look()

    @callback
    def _follow(self, _devices: list[Device]) -> None:
        """A new site file may have other compounds."""
        compounds = tuple(self._coordinator.compounds)
        if compounds != self._compounds:
            if self._unlisten:
                self._unlisten()
            self._compounds = compounds
            topics = [topic(compound_group(compound), Flag.OFFLINE) for compound in compounds]
            self._unlisten = self._coordinator.async_listen(topics, self._look) if topics else None

    def _silent(self) -> dict[str, None]:
        """The devices that are not heard now; the gateway judges that."""
        tallies = self._coordinator.tallies
        groups = [tallies.group(compound_group(compound)) for compound in self._coordinator.compounds]
        return {device: None for group in groups for device in group.having.get(Flag.OFFLINE, ())}

    @callback
    def _look(self) -> None:
        """Tell what is new; while there is no link nothing is known to be."""
        if not self._listening or not self._coordinator.connected:
            return
        silent, bypasses = self._silent(), dict(self._coordinator.facts.bypasses)
        found: list[Device | Bypass] = [
            device for key in silent if key not in self._offline and (device := self._coordinator.devices.get(key))
        ]
        found += [item for key, item in bypasses.items() if key not in self._bypasses]
        self._offline, self._bypasses = silent, bypasses
        for item in found:
            async_dispatcher_send(self._hass, SIGNAL_ABSENT, self._coordinator, item)
