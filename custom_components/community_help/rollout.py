"""Brings Home Assistant's registries in step with what there is to show, a slice at a time.

A level that is changed, or a first snapshot, makes thousands of registry events and states. In one go they would cut
off every open browser, the one in which the level was chosen first of all.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import batched, islice

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback, async_get_current_platform
from homeassistant.util.hass_dict import HassKey

from . import budget
from .const import DOMAIN
from .contract.values import Compound, Device
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import DeviceEntity
from .levels import Subject, key_of, subjects
from .places import Places

SLICE = 20
"""So many devices before the loop turns: one that is shown in full makes about twenty messages to every browser, so
this stays at the five hundred of ``wake.SLICE``."""

JOIN_SECONDS = 30.0
"""So long the set-up of a platform waits for its entities (project's choice)."""

ROLLOUTS: HassKey[dict[str, Rollout]] = HassKey(f"{DOMAIN}_rollouts")
"""By config entry id."""

type Make = Callable[[Subject], list[Entity]]


class Roll:
    """The entities of one platform: which there are of which subject."""

    def __init__(self, coordinator: Coordinator, add: AddConfigEntryEntitiesCallback, make: Make) -> None:
        """``make`` says which entities a subject has; must be called while the platform is set up."""
        self._coordinator = coordinator
        self._add = add
        self._make = make
        self._platform = async_get_current_platform()
        self._registry = er.async_get(coordinator.hass)
        self._on: dict[str, tuple[str, ...]] = {}
        self._fresh: list[Entity] = []

    @callback
    def async_show(self, subject: Subject, before: Subject | None) -> None:
        """Make what is missing of ``subject`` and remove what is too much; ``before`` is how it was until now.

        What Home Assistant had no room for is missing, and tried again.
        """
        made = {str(entity.unique_id): entity for entity in self._make(subject)}
        repointed = _repointed(subject, before)
        missing = dict(made)
        for unique_id in self._on.get(key_of(subject), ()):
            entity_id = self._registry.async_get_entity_id(self._platform.domain, DOMAIN, unique_id)
            if entity_id is None:
                continue
            missing.pop(unique_id, None)
            entity = self._platform.entities.get(entity_id)
            if unique_id not in made:
                self._registry.async_remove(entity_id)
            elif repointed and isinstance(entity, DeviceEntity):
                entity.async_take_device(repointed)
        self._fresh += missing.values()
        self._on[key_of(subject)] = tuple(made)
        if not made:
            del self._on[key_of(subject)]

    @callback
    def async_flush(self) -> None:
        """Add what was made."""
        fresh, self._fresh = self._fresh, []
        self._add(fresh)

    @callback
    def async_forget(self, key: str) -> None:
        """Its device was removed, and so its entities."""
        self._on.pop(key, None)

    @callback
    def async_sweep(self, devices: set[str]) -> None:
        """Remove what an earlier run left of these devices that they do not have now."""
        own = self.unique_ids()
        for entry in er.async_entries_for_config_entry(self._registry, self._coordinator.entry.entry_id):
            if entry.domain == self._platform.domain and entry.device_id in devices and entry.unique_id not in own:
                self._registry.async_remove(entry.entity_id)

    def unique_ids(self) -> set[str]:
        """Of every entity that there is to be."""
        return {unique_id for unique_ids in self._on.values() for unique_id in unique_ids}

    def counts(self) -> dict[str, int]:
        """How many entities every subject has, by its key."""
        return {key: len(unique_ids) for key, unique_ids in self._on.items()}


def _repointed(subject: Subject, before: Subject | None) -> Device | None:
    """``subject``, if it is a device that has other points than before."""
    if isinstance(subject, Device) and isinstance(before, Device) and subject.points != before.points:
        return subject
    return None


class Rollout:
    """Of one gateway."""

    def __init__(self, coordinator: Coordinator, places: Places) -> None:
        """Nothing is shown yet."""
        self._coordinator = coordinator
        self._places = places
        self._rolls: list[Roll] = []
        self._wanted: dict[str, Subject] = {}
        self._shown: dict[str, Subject] = {}
        self._due: dict[str, None] = {}
        self._crowded = False
        self._task: asyncio.Task[None] | None = None

    async def async_start(self) -> None:
        """Remove the devices that an earlier run left, and show those that there are now and come later."""
        wanted = {subject.id for subject in subjects(self._coordinator).values()}
        stale = [own_id for own_id in self._places.async_registered() if own_id not in wanted]
        for some in batched(stale, SLICE, strict=False):
            for own_id in some:
                self._places.async_hide(own_id)
            await asyncio.sleep(0)
        self._coordinator.entry.async_on_unload(self._coordinator.async_on_new_devices(self._on_devices))
        await self.async_settle()

    async def async_join(self, roll: Roll) -> None:
        """Show everything in one more platform."""
        self._rolls.append(roll)
        for some in batched(tuple(self._shown.items()), SLICE, strict=False):
            for key, subject in some:
                if self._shown.get(key) is subject:
                    roll.async_show(subject, None)
            roll.async_flush()
            await asyncio.sleep(0)
        found = self._places.async_registered()
        own = (item.id for item in self._shown.values() if not isinstance(item, Compound))
        roll.async_sweep({found[own_id] for own_id in own if own_id in found})
        self._check_budget()

    async def async_relevel(self, compound: str) -> None:
        """A compound is to be shown in more detail, or in less; returns when it is."""
        self._look()
        for key, item in (*self._shown.items(), *self._wanted.items()):
            if not isinstance(item, Compound) and item.compound == compound:
                self._due[key] = None
        await self.async_settle()

    @callback
    def _on_devices(self, _changed: list[Device]) -> None:
        """There was a snapshot: compounds, on which others stand, are shown at once, the rest in slices."""
        self._places.async_show_gateway()
        self._look()
        self._apply([key for key in self._due if isinstance(self._wanted.get(key), Compound)])
        if self._due and (self._task is None or self._task.done()):
            entry, name = self._coordinator.entry, "community_help rollout"
            settle = self.async_settle()
            self._task = entry.async_create_background_task(self._coordinator.hass, settle, name, eager_start=False)

    def _look(self) -> None:
        self._wanted = subjects(self._coordinator)
        for key in (*self._wanted, *(key for key in self._shown if key not in self._wanted)):
            if self._shown.get(key) != self._wanted.get(key):
                self._due[key] = None

    async def async_settle(self) -> None:
        """Wait until everything is shown as it is to be."""
        if not self._due:
            return
        while self._due:
            self._apply(tuple(islice(self._due, SLICE)))
            await asyncio.sleep(0)
            if not self._due:
                self._check_budget()

    def _apply(self, keys: Iterable[str]) -> None:
        """Show these as they are to be."""
        for key in keys:
            del self._due[key]
            subject, before = self._wanted.get(key), self._shown.get(key)
            if subject is not None:
                self._show(key, subject, before)
            elif before is not None:
                self._places.async_hide(before.id)
                del self._shown[key]
                for roll in self._rolls:
                    roll.async_forget(key)
        for roll in self._rolls:
            roll.async_flush()

    def _show(self, key: str, subject: Subject, before: Subject | None) -> None:
        self._places.async_show(subject, before)
        self._shown[key] = subject
        for roll in self._rolls:
            roll.async_show(subject, before)

    def _check_budget(self) -> None:
        """Warn in time; where there is room again, what was refused is tried again."""
        own: set[str] = set()
        by_compound: Counter[str] = Counter()
        for roll in self._rolls:
            own |= roll.unique_ids()
            for key, count in roll.counts().items():
                subject = self._shown[key]
                by_compound[subject.id if isinstance(subject, Compound) else subject.compound] += count
        crowded, self._crowded = self._crowded, not budget.async_check(self._coordinator, own, by_compound)
        if crowded and not self._crowded:
            self._due.update(dict.fromkeys(self._shown))


@callback
def async_rollout(hass: HomeAssistant, coordinator: Coordinator, places: Places) -> Rollout:
    """The rollout of a config entry, until it is unloaded."""
    running = hass.data.setdefault(ROLLOUTS, {})
    rollout = running[coordinator.entry.entry_id] = Rollout(coordinator, places)

    @callback
    def end() -> None:
        del running[coordinator.entry.entry_id]

    coordinator.entry.async_on_unload(end)
    return rollout


async def async_join(
    hass: HomeAssistant, entry: CommunityHelpEntry, add: AddConfigEntryEntitiesCallback, make: Make
) -> None:
    """Show everything that there is, and that comes, in the platform that is being set up.

    Home Assistant gives up on a platform after a minute (``SLOW_SETUP_MAX_WAIT``), and a slow machine needs longer for
    the first thousands: the rest of them is shown afterwards.
    """
    join = hass.data[ROLLOUTS][entry.entry_id].async_join(Roll(entry.runtime_data, add, make))
    task = entry.async_create_background_task(hass, join, "community_help join")
    done, _ = await asyncio.wait((task,), timeout=JOIN_SECONDS)
    for finished in done:
        finished.result()
