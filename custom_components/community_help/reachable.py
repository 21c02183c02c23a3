"""Binary sensors of the readiness board: whether a person, and whether tonight's duty, can be reached."""

from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .board_report import gap_report, person_report
from .const import DOMAIN
from .contract.values import Compound
from .readiness import Verdict
from .readiness_board import BOARDS, ReadinessBoard
from .roster import Member


class _BoardSensor(BinarySensorEntity):
    """Woken by every look of the board."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, board: ReadinessBoard, device_key: str, key: str) -> None:
        """``device_key`` is the device's identifier; ``key`` tells the entities of one device apart."""
        self.board = board
        self._attr_translation_key = key
        self._attr_unique_id = f"{device_key}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, device_key)})

    async def async_added_to_hass(self) -> None:
        """Listen."""
        self.async_on_remove(self.board.async_listen(self.async_write_ha_state))

    @property
    def available(self) -> bool:
        """Where another Home Assistant pages, nothing is known here."""
        return self.board.known


class StaffReachable(_BoardSensor):
    """Whether one person can be reached: one proven phone, or one channel that can be used, is enough."""

    _unrecorded_attributes = frozenset({"phones", "channels", "verdict"})

    def __init__(self, board: ReadinessBoard, member: Member) -> None:
        """On the person's own device."""
        super().__init__(board, f"{board.coordinator.gateway_id}_staff_{member.id}", "reachable")
        self._id = member.id

    @property
    def _member(self) -> Member | None:
        return next((member for member in self.board.staff() if member.id == self._id), None)

    @property
    def is_on(self) -> bool | None:
        """Unknown for a moment, while the person is being removed."""
        member = self._member
        return self.board.own(member) is Verdict.READY if member else None

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Every phone with what it last proved."""
        member = self._member
        if member is None:
            return {}
        found = person_report(self.board, member)
        return {key: found[key] for key in ("verdict", "phones", "channels")}


class DutyReachable(_BoardSensor):
    """Whether everybody who would be told first in one compound tonight can be reached."""

    _unrecorded_attributes = frozenset({"gaps"})

    def __init__(self, board: ReadinessBoard, compound: Compound) -> None:
        """On the compound's own device."""
        super().__init__(board, board.coordinator.device_key(compound.id), "duty_reachable")
        self._compound = compound.id

    @property
    def is_on(self) -> bool | None:
        """Unknown without a roster: then every phone is told, whoever's it is."""
        found = self.board.gaps(self._compound)
        return None if found is None else not found

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """From when on nobody can be reached, who should be, and why not."""
        found = self.board.gaps(self._compound) or []
        return {"gaps": [gap_report(self.board, gap) for gap in found]}


@callback
def async_add_reachable(
    hass: HomeAssistant, entry: ConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Create the sensors of the compounds and the people now, and of those that come later."""
    board = hass.data[BOARDS][entry.entry_id]
    known: set[str] = set()

    @callback
    def add() -> None:
        compounds = [item for item in board.coordinator.compounds.values() if f"compound {item.id}" not in known]
        known.update(f"compound {item.id}" for item in compounds)
        async_add_entities(DutyReachable(board, compound) for compound in compounds)
        for member in board.staff():
            if member.id not in known:
                known.add(member.id)
                async_add_entities([StaffReachable(board, member)], config_subentry_id=member.id)

    add()
    entry.async_on_unload(board.async_listen(add))
