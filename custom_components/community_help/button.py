"""Buttons of a station: a session of an appliance, and a new water filter."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .contract.commands import ChangeFilter, CommandBody, StartSession
from .contract.values import Device, Person, PointKind
from .coordinator import CommunityHelpEntry, Coordinator
from .entity import DeviceEntity
from .levels import Subject
from .rollout import async_join
from .roster import person_for

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class StationButtonDescription(ButtonEntityDescription):
    """A button of the devices that have points of all ``needs``; it is about the one of ``kind``."""

    kind: PointKind
    needs: frozenset[PointKind]
    command: Callable[[str, Person | None], CommandBody]


BUTTONS = (
    StationButtonDescription(
        key="session",
        translation_key="session",
        kind=PointKind.RELAY,
        needs=frozenset({PointKind.RELAY, PointKind.SESSIONS}),
        command=StartSession,
    ),
    StationButtonDescription(
        key="new_filter",
        translation_key="new_filter",
        entity_category=EntityCategory.CONFIG,
        kind=PointKind.FILTER_DAYS,
        needs=frozenset({PointKind.FILTER_DAYS}),
        command=ChangeFilter,
    ),
    StationButtonDescription(
        key="new_filter",
        translation_key="new_filter",
        entity_category=EntityCategory.CONFIG,
        kind=PointKind.FILTER_LITRES,
        needs=frozenset({PointKind.FILTER_LITRES}),
        command=ChangeFilter,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityHelpEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create entities for what there is now and for what comes later."""
    await async_join(hass, entry, async_add_entities, partial(_entities, entry.runtime_data))


def _entities(coordinator: Coordinator, subject: Subject) -> list[Entity]:
    if not isinstance(subject, Device):
        return []
    kinds = {point.kind for point in subject.points}
    fitting = {item.key: item for item in reversed(BUTTONS) if item.needs <= kinds}  # one of a key: the first
    return [StationButton(coordinator, subject, item) for item in fitting.values()]


class StationButton(DeviceEntity, ButtonEntity):
    """Asks the gateway; a refusal says why, in words."""

    entity_description: StationButtonDescription

    def __init__(self, coordinator: Coordinator, device: Device, description: StationButtonDescription) -> None:
        """Of the point of one kind."""
        super().__init__(coordinator, device, description.key, frozenset({description.kind}))
        self.entity_description = description

    async def async_press(self) -> None:
        """Raises a translated error unless the gateway did it."""
        user_id = self._context.user_id if self._context else None
        who = await person_for(self.hass, self.coordinator.entry, user_id)
        await self.coordinator.async_order(self.entity_description.command(self._points[0], who))
