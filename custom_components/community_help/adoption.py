"""Brings what adopted entities say to the gateway: the list, every change, and now and then what still holds."""

import asyncio
from datetime import timedelta
from itertools import islice

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, CoreState, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_interval
from homeassistant.helpers.start import async_at_started

from .adopted import AdoptedEntity, adopted_entities, entity_id_of, said
from .client import CannotConnectError, RefusedError
from .contract.commands import AdoptedState, ReportAdopted, SetAdopted
from .contract.messages import SLICE
from .coordinator import Coordinator
from .issues import clear_issue, raise_issue

KEEP_ALIVE_SECONDS = 60.0
"""How often every entity's state is told again: five times before the gateway's patience of 300 s ends (project's
choice)."""

MAX_WAITING = 8
"""Changes of one entity that wait for the gateway; of more, those in the middle go (project's choice)."""


RETRY_SECONDS = 5.0
"""After how long a gateway that did not answer is told again (project's choice)."""

UNRECORDED = "journal"
"""The gateway's word that it judged what it was told, and could not write it down; the next alarm must not wait."""


class Adoption:
    """Of one gateway."""

    def __init__(self, hass: HomeAssistant, coordinator: Coordinator) -> None:
        """Nothing is followed yet."""
        self._hass = hass
        self._coordinator = coordinator
        self._entry = coordinator.entry
        self._undo: list[CALLBACK_TYPE] = []
        self._untrack: CALLBACK_TYPE | None = None
        self._entities: tuple[AdoptedEntity, ...] = ()
        self._by_entity: dict[str, AdoptedEntity] = {}
        self._missing: tuple[AdoptedEntity, ...] = ()
        self._waiting: dict[str, list[AdoptedState]] = {}
        self._listed = False
        self._lock = asyncio.Lock()
        self._flushing: asyncio.Task[None] | None = None

    @callback
    def async_start(self) -> None:
        """Follow the entities, and tell the gateway as soon as this is the one that pages."""
        self._coordinator.on_claimed.append(self.async_tell)
        self._undo = [
            lambda: self._coordinator.on_claimed.remove(self.async_tell),
            self._coordinator.async_listen((), self._on_connection),
            self._hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._on_registry),
            async_track_time_interval(
                self._hass,
                self._on_time,
                timedelta(seconds=KEEP_ALIVE_SECONDS),
                name="community_help adopted",
                cancel_on_shutdown=True,
            ),
            self._entry.add_update_listener(self._async_on_entry),
            async_at_started(self._hass, self._on_started),
        ]
        self._follow()
        if self._coordinator.fence:
            self._entry.async_create_background_task(self._hass, self.async_tell(), "community_help adopted list")

    @callback
    def async_stop(self) -> None:
        """Follow nothing any more; to the gateway the entities fall silent."""
        for undo in (*self._undo, *((self._untrack,) if self._untrack else ())):
            undo()
        self._undo, self._untrack = [], None
        self._stop_flushing()

    async def async_tell(self) -> None:
        """Tell the list, and only then what every entity says: it may have changed while nobody heard it."""
        async with self._lock:
            self._listed = await self._tell_list()
        self._stop_flushing()
        self._tell_all()

    async def _tell_list(self) -> bool:
        """Whether the gateway has the list; where there is nothing to tell, it is not asked to understand it."""
        devices = tuple(filter(None, (item.described() for item in self._entities)))
        known = any(device.adopted for device in self._coordinator.devices.values())
        if not self._coordinator.fence or not (devices or known):
            self._say_refused(old=False, left_out=set())
            return False
        try:
            outcome = await self._coordinator.async_command(SetAdopted(devices))
        except RefusedError as error:
            self._say_refused(old=error.outcome.code == "malformed", left_out=set())
            return error.outcome.code == UNRECORDED
        except CannotConnectError:
            return False
        self._say_refused(old=False, left_out=set(str(outcome.result.get("left_out", "")).split(",")))
        return True

    @callback
    def _say_refused(self, *, old: bool, left_out: set[str]) -> None:
        if old:
            raise_issue(self._hass, self._entry, "adopted_old_gateway")
        else:
            clear_issue(self._hass, self._entry, "adopted_old_gateway")
        without = [item for item in self._entities if item.described() is None or item.device in left_out]
        if without:
            raise_issue(self._hass, self._entry, "adopted_left_out", points=self._lines(without))
        else:
            clear_issue(self._hass, self._entry, "adopted_left_out")

    @callback
    def _follow(self) -> None:
        """Know what is adopted and how it is called now, and hear of its changes."""
        if self._untrack:
            self._untrack()
        self._entities = adopted_entities(self._entry)
        found = [(entity_id_of(self._hass, item.entity), item) for item in self._entities]
        self._by_entity = {entity_id: item for entity_id, item in found if entity_id}
        self._waiting = {key: queue for key, queue in self._waiting.items() if key in self._devices()}
        self._untrack = async_track_state_change_event(self._hass, self._by_entity, self._on_state)
        self._look_for_missing()

    def _devices(self) -> set[str]:
        return {item.device for item in self._entities}

    @callback
    def _look_for_missing(self) -> None:
        """While Home Assistant starts, what is not there may still come."""
        if self._hass.state is not CoreState.running:
            return
        names = {item.id: entity_id for entity_id, item in self._by_entity.items()}
        self._missing = tuple(item for item in self._entities if not self._is_there(names.get(item.id)))
        if self._missing:
            raise_issue(self._hass, self._entry, "adopted_missing", points=self._lines(self._missing))
        else:
            clear_issue(self._hass, self._entry, "adopted_missing")

    def _is_there(self, entity_id: str | None) -> bool:
        if entity_id is None:
            return False
        registered = er.async_get(self._hass).async_get(entity_id)
        return registered.disabled_by is None if registered else self._hass.states.get(entity_id) is not None

    def _lines(self, items: tuple[AdoptedEntity, ...] | list[AdoptedEntity]) -> str:
        return "\n".join(f"- {item.name}: {entity_id_of(self._hass, item.entity) or '—'}" for item in items)

    @callback
    def _tell_all(self) -> None:
        names = {item.id: entity_id for entity_id, item in self._by_entity.items()}
        for item in self._entities:
            entity_id = names.get(item.id)
            self._note(said(item, self._hass.states.get(entity_id) if entity_id else None))
        self._flush_soon()

    @callback
    def _note(self, new: AdoptedState) -> None:
        """Let it wait for the gateway, in order: a pulse that came and went meanwhile is told as one."""
        queue = self._waiting.setdefault(new.device, [])
        if queue and _same(queue[-1], new):
            if not new.alarm:  # an alarm is as old as when it was first seen
                queue[-1] = new
            return
        queue.append(new)
        if len(queue) > MAX_WAITING:
            del queue[2:4]

    @callback
    def _flush_soon(self) -> None:
        if self._flushing is None or self._flushing.done():
            self._flushing = self._entry.async_create_background_task(
                self._hass, self._flush(), "community_help adopted states"
            )

    @callback
    def _stop_flushing(self) -> None:
        if self._flushing:
            self._flushing.cancel()
        self._flushing = None

    async def _flush(self) -> None:
        """Tell what waits, of each entity one change after the other: to repeat it then never makes two of it."""
        while self._listed and self._waiting and self._coordinator.fence:
            batch = [queue[0] for queue in islice(self._waiting.values(), SLICE)]
            try:
                await self._coordinator.async_command(ReportAdopted(tuple(batch)))
            except (RefusedError, CannotConnectError) as error:
                if not (isinstance(error, RefusedError) and error.outcome.code == UNRECORDED):
                    await asyncio.sleep(RETRY_SECONDS)  # a lost connection ends the loop, the next one begins anew
                    continue
            for told in batch:
                self._drop(told)

    @callback
    def _drop(self, told: AdoptedState) -> None:
        queue = self._waiting.get(told.device, [])
        if queue and _same(queue[0], told):
            del queue[0]
        if not queue:
            self._waiting.pop(told.device, None)

    @callback
    def _on_state(self, event: Event[EventStateChangedData]) -> None:
        if item := self._by_entity.get(event.data["entity_id"]):
            self._note(said(item, event.data["new_state"]))
            self._flush_soon()

    @callback
    def _on_registry(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """An entity was renamed, removed, disabled, or came back."""
        entity_id = event.data["entity_id"]
        back = any(entity_id_of(self._hass, item.entity) == entity_id for item in self._missing)
        if back or entity_id in self._by_entity or event.data.get("old_entity_id") in self._by_entity:
            self._follow()
            self._tell_all()

    @callback
    def _on_connection(self) -> None:
        """With the connection the gateway forgets who told it what."""
        self._listed = self._listed and self._coordinator.connected

    @callback
    def _on_time(self, _now: object) -> None:
        """Say that the entities live. What was removed or came back without the registry's word is noticed here."""
        if self._entities:
            self._look_for_missing()
            self._tell_all()

    @callback
    def _on_started(self, _hass: HomeAssistant) -> None:
        self._follow()
        self._tell_all()

    async def _async_on_entry(self, _hass: HomeAssistant, _entry: ConfigEntry) -> None:
        """Somebody added, changed or removed one."""
        if adopted_entities(self._entry) != self._entities:
            self._follow()
            await self.async_tell()


def _same(one: AdoptedState, other: AdoptedState) -> bool:
    """Whether two words of an entity differ by their time at most."""
    return (one.alarm, one.on, one.value, one.silent) == (other.alarm, other.on, other.value, other.silent)
