"""Keeps Python's garbage collections short, so that none holds up a page.

A full collection looks at every object of Home Assistant, with 3,276 alarms a million of them, and stops everything for
half a second; a storm brings one in every second (measured, docs/performance.md). What is there once Home Assistant has
settled mostly stays, and is not looked at again: ``gc.freeze``. Once a night it is, because what was replaced since
then may be garbage.
"""

import gc
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_change
from homeassistant.helpers.start import async_at_started
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinator import Coordinator

LOOK_SECONDS = 10.0
"""Home Assistant has settled when it has as many states as so long before (project's choice)."""

HOUR, MINUTE = 4, 40
"""When people sleep and the self-test is long over (project's choice)."""


class Freezer:
    """One for the whole process, however many gateways there are."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Nothing is frozen."""
        self._hass = hass
        self._coordinators: list[Coordinator] = []
        self._states = -1
        self._look_again: CALLBACK_TYPE | None = None
        self._undo: list[CALLBACK_TYPE] = []

    @callback
    def async_add(self, coordinator: Coordinator) -> CALLBACK_TYPE:
        """One more gateway, whose entities are to be frozen, too; the answer ends it."""
        self._coordinators.append(coordinator)
        if len(self._coordinators) == 1:
            self._undo = [async_track_time_change(self._hass, self._at_night, HOUR, MINUTE, 0)]
        self._undo.append(async_at_started(self._hass, self._wait))

        @callback
        def remove() -> None:
            self._coordinators.remove(coordinator)
            if not self._coordinators:
                for undo in (*self._undo, self._look_again):
                    if undo:
                        undo()
                self._undo, self._look_again = [], None
                gc.unfreeze()

        return remove

    @callback
    def _wait(self, _hass: HomeAssistant) -> None:
        """Entities are added in slices, also after the start."""
        self._states = self._hass.states.async_entity_ids_count()
        if self._look_again:
            self._look_again()
        self._look_again = async_call_later(self._hass, LOOK_SECONDS, self._look)

    @callback
    def _look(self, _now: datetime) -> None:
        self._look_again = None
        if self._hass.states.async_entity_ids_count() != self._states:
            self._wait(self._hass)
        else:
            freeze()

    @callback
    def _at_night(self, _now: datetime) -> None:
        """It takes as long as a full collection: not while staff deals with something."""
        if not any(coordinator.incidents for coordinator in self._coordinators):
            freeze()


def freeze() -> None:
    """Remove the garbage, and keep what is left out of later collections."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


FREEZER: HassKey[Freezer] = HassKey(f"{DOMAIN}_freezer")


@callback
def async_follow(coordinator: Coordinator) -> CALLBACK_TYPE:
    """Freeze what this gateway brings, once it is there; the answer ends it."""
    freezer = coordinator.hass.data.setdefault(FREEZER, Freezer(coordinator.hass))
    return freezer.async_add(coordinator)
