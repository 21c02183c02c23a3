"""First-aid cabinets as to-do lists: an item is a thing in the cabinet, ticked off when somebody has checked it."""

from dataclasses import replace
from datetime import date, datetime
from functools import partial
from uuid import uuid4

from homeassistant.components.todo.const import TodoItemStatus, TodoListEntityFeature
from homeassistant.components.todo.entity import TodoItem, TodoListEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .appliances import CabinetEntity
from .cabinet import Item
from .contract.values import Device, DeviceKind
from .coordinator import CommunityHelpEntry, Coordinator
from .levels import Subject
from .rollout import async_join

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create one list per cabinet, now and when cabinets come later."""
    await async_join(hass, entry, async_add_entities, partial(_entities, entry.runtime_data))


def _entities(coordinator: Coordinator, subject: Subject) -> list[Entity]:
    if isinstance(subject, Device) and subject.kind is DeviceKind.FIRST_AID_CABINET:
        return [CabinetList(coordinator, subject)]
    return []


class CabinetList(CabinetEntity, TodoListEntity):
    """What is in a cabinet; the due date is when it expires, a line "3/2" says: three there, two needed."""

    _attr_translation_key = "contents"
    _attr_supported_features = (
        TodoListEntityFeature.CREATE_TODO_ITEM
        | TodoListEntityFeature.UPDATE_TODO_ITEM
        | TodoListEntityFeature.DELETE_TODO_ITEM
        | TodoListEntityFeature.MOVE_TODO_ITEM
        | TodoListEntityFeature.SET_DUE_DATE_ON_ITEM
        | TodoListEntityFeature.SET_DESCRIPTION_ON_ITEM
    )

    def __init__(self, coordinator: Coordinator, device: Device) -> None:
        """Of one cabinet."""
        super().__init__(coordinator, device, "contents")

    @property
    def todo_items(self) -> list[TodoItem]:
        """What is to be checked, and what was."""
        return [_shown(item) for item in self.contents.items]

    async def async_create_todo_item(self, item: TodoItem) -> None:
        """Something new is in the cabinet."""
        new = _changed(Item(uuid4().hex, ""), item)
        await self._cabinet.async_put(self._device, (*self.contents.items, new))

    async def async_update_todo_item(self, item: TodoItem) -> None:
        """Something was checked, used, or refilled."""
        items = (_changed(known, item) if known.uid == item.uid else known for known in self.contents.items)
        await self._cabinet.async_put(self._device, tuple(items))

    async def async_delete_todo_items(self, uids: list[str]) -> None:
        """Something is no longer kept there."""
        items = tuple(item for item in self.contents.items if item.uid not in uids)
        await self._cabinet.async_put(self._device, items)

    async def async_move_todo_item(self, uid: str, previous_uid: str | None = None) -> None:
        """Another order of the list."""
        moved = [item for item in self.contents.items if item.uid == uid]
        others = [item for item in self.contents.items if item.uid != uid]
        place = next((index + 1 for index, item in enumerate(others) if item.uid == previous_uid), 0)
        await self._cabinet.async_put(self._device, (*others[:place], *moved, *others[place:]))


def _shown(item: Item) -> TodoItem:
    status = TodoItemStatus.COMPLETED if item.checked else TodoItemStatus.NEEDS_ACTION
    return TodoItem(item.name, item.uid, status, due=item.expires, description=item.note or None)


def _changed(known: Item, item: TodoItem) -> Item:
    expires: date | None = item.due.date() if isinstance(item.due, datetime) else item.due
    return replace(
        known,
        name=item.summary or known.name,
        checked=item.status == TodoItemStatus.COMPLETED,  # a plain word where an action says it
        note=item.description or "",
        expires=expires,
    )
