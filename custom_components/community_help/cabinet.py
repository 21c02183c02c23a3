"""First-aid cabinets: what is in them, how much of it, until when it is good, and who looked last.

Home Assistant owns this, because people keep it: the gateway only knows that the door was opened. An opened door begins
a new round: everything is to be checked again, and is ticked off by whoever looked.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .contract.values import DeviceKind, PointKind
from .coordinator import Coordinator
from .kept import Kept

CABINETS: HassKey[dict[str, Cabinets]] = HassKey(f"{DOMAIN}_cabinets")
"""By config entry id."""

_STOCK = re.compile(r"^\s*(\d{1,5})(?:\s*/\s*(\d{1,5}))?\s*$")
"""How many there are, and how many there must be at least: "3" or "3/2", on a line of the description by itself."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a cabinet; ``note`` is the item's description, ``expires`` its due date."""

    uid: str
    name: str
    checked: bool = False
    note: str = ""
    expires: date | None = None

    def wanting(self, today: date) -> bool:
        """Whether it has expired, or there is less than there must be (at least one, where a stock is written)."""
        if self.expires and self.expires < today:
            return True
        found = next(filter(None, map(_STOCK.match, self.note.splitlines())), None)
        return found is not None and int(found[1]) < int(found[2] or 1)


@dataclass(frozen=True, slots=True)
class Contents:
    """One cabinet."""

    items: tuple[Item, ...] = ()
    opened_at: datetime | None = None
    checked_at: datetime | None = None

    def wanting(self) -> list[str]:
        """What has to be bought, by name."""
        today = dt_util.now().date()
        return [item.name for item in self.items if item.wanting(today)]

    def with_items(self, items: tuple[Item, ...], now: datetime) -> Contents:
        """Other items; with the last one ticked, the cabinet has been checked."""
        done = bool(items) and all(item.checked for item in items)
        before = bool(self.items) and all(item.checked for item in self.items)
        return replace(self, items=items, checked_at=now if done and not before else self.checked_at)

    def opened(self, now: datetime) -> Contents:
        """Somebody opened it: everything is to be checked again."""
        return replace(self, opened_at=now, items=tuple(replace(item, checked=False) for item in self.items))


@dataclass
class Cabinets:
    """All cabinets of one gateway."""

    hass: HomeAssistant
    coordinator: Coordinator
    _contents: dict[str, Contents] = field(default_factory=dict)
    _listeners: dict[str, list[CALLBACK_TYPE]] = field(default_factory=dict)
    _doors: dict[str, bool | None] = field(default_factory=dict)
    _following: list[CALLBACK_TYPE] = field(default_factory=list)
    _undo: list[CALLBACK_TYPE] = field(default_factory=list)

    async def async_start(self) -> None:
        """Read what was kept, and follow the doors."""
        self._file = Kept(self.hass, self.coordinator.entry.entry_id, "cabinets", self._data)
        self._contents = await self._file.async_read(_read)
        self._undo.append(self.coordinator.async_on_new_devices(lambda _changed: self._follow()))
        self._undo.append(async_track_time_change(self.hass, self._on_new_day, hour=0, minute=0, second=1))

    @callback
    def async_stop(self) -> None:
        """Follow nothing any more."""
        for undo in (*self._undo, *self._following):
            undo()

    def contents(self, device: str) -> Contents:
        """What is in a cabinet."""
        return self._contents.get(device, Contents())

    async def async_put(self, device: str, items: tuple[Item, ...]) -> None:
        """Somebody changed what is in a cabinet, or ticked something off; on disk when this returns."""
        self._contents[device] = self.contents(device).with_items(items, dt_util.utcnow())
        self._tell(device)
        await self._file.async_save()

    @callback
    def async_listen(self, device: str, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` when a cabinet changes; the answer ends it."""
        self._listeners.setdefault(device, []).append(listener)
        return lambda: self._listeners[device].remove(listener)

    def _tell(self, device: str) -> None:
        for listener in tuple(self._listeners.get(device, ())):
            listener()

    @callback
    def _on_new_day(self, _now: datetime) -> None:
        for device in tuple(self._listeners):
            self._tell(device)

    @callback
    def _follow(self) -> None:
        """Listen to the doors that there are now."""
        while self._following:
            self._following.pop()()
        for device in self.coordinator.devices.values():
            if device.kind is DeviceKind.FIRST_AID_CABINET:
                for point in device.points:
                    if point.kind is PointKind.DOOR:
                        self._doors.setdefault(device.id, self._on(point.id))
                        look = self._look(device.id, point.id)
                        self._following.append(self.coordinator.async_listen((point.id,), look))

    def _on(self, point: str) -> bool | None:
        state = self.coordinator.states.get(point)
        return state.on if state else None

    def _look(self, device: str, point: str) -> Callable[[], None]:
        @callback
        def look() -> None:
            before, self._doors[device] = self._doors.get(device), self._on(point)
            if self._doors[device] and before is False:
                self._contents[device] = self.contents(device).opened(dt_util.utcnow())
                self._tell(device)
                self._file.async_save_soon(1)

        return look

    def _data(self) -> dict[str, Any]:
        return {device: asdict(contents) for device, contents in self._contents.items()}


def _read(data: dict[str, Any]) -> Contents:
    """A cabinet from the file; raises where it is none."""
    items = tuple(
        Item(
            str(item["uid"]),
            str(item["name"]),
            bool(item["checked"]),
            str(item["note"]),
            date.fromisoformat(item["expires"]) if item["expires"] else None,
        )
        for item in data["items"]
    )
    return Contents(items, _time(data["opened_at"]), _time(data["checked_at"]))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


async def async_cabinets(hass: HomeAssistant, coordinator: Coordinator) -> None:
    """The cabinets of a config entry, until it is unloaded."""
    running = hass.data.setdefault(CABINETS, {})
    cabinets = running[coordinator.entry.entry_id] = Cabinets(hass, coordinator)
    await cabinets.async_start()
    entry: ConfigEntry = coordinator.entry

    @callback
    def end() -> None:
        cabinets.async_stop()
        del running[entry.entry_id]

    entry.async_on_unload(end)
