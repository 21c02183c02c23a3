"""The staff in Home Assistant: a device for each member, and entities that come and go with the roster."""

from collections.abc import Callable, Iterable

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, SUBENTRY_STAFF
from .coordinator import Coordinator
from .duty import DUTIES, Duty
from .roster import Member, members
from .texts import Texts

type Factory = Callable[[Coordinator, Member], Entity]
"""Makes one entity of a member's device."""


def duty_of(coordinator: Coordinator) -> Duty:
    """The duty of a gateway's staff."""
    return coordinator.hass.data[DUTIES][coordinator.entry.entry_id]


def staff_key(coordinator: Coordinator, member: str) -> str:
    """The registry identifier of a member's device."""
    return coordinator.device_key(f"{SUBENTRY_STAFF}_{member}")


@callback
def async_add_for_members(
    coordinator: Coordinator, texts: Texts, async_add_entities: AddConfigEntryEntitiesCallback, *factories: Factory
) -> None:
    """Add what ``factories`` make for every member now, and for everybody who joins later; no reload is needed.

    A platform calls this once. The device bears the member's name, and goes with the subentry.
    """
    known: set[str] = set()

    @callback
    def look() -> None:
        for member in members(coordinator.entry):
            _register(coordinator, texts, member)
            if member.id not in known:
                known.add(member.id)
                fresh = [factory(coordinator, member) for factory in factories]
                async_add_entities(fresh, config_subentry_id=member.id)

    look()
    coordinator.entry.async_on_unload(duty_of(coordinator).async_listen(look))


def _register(coordinator: Coordinator, texts: Texts, member: Member) -> None:
    dr.async_get(coordinator.hass).async_get_or_create(
        config_entry_id=coordinator.entry.entry_id,
        config_subentry_id=member.id,
        identifiers={(DOMAIN, staff_key(coordinator, member.id))},
        name=member.name,
        model=texts.say("model_staff"),
        model_id=SUBENTRY_STAFF,
        entry_type=dr.DeviceEntryType.SERVICE,
    )


class StaffEntity(Entity):
    """An entity of a member's device; it is woken when duty changes. What it shows is known without the gateway."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, coordinator: Coordinator, member: Member, key: str) -> None:
        """``key`` tells the entities of one member apart."""
        self.coordinator = coordinator
        self.duty = duty_of(coordinator)
        self.member_id = member.id
        own = staff_key(coordinator, member.id)
        self._attr_unique_id = f"{own}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, own)})

    async def async_added_to_hass(self) -> None:
        """Listen to duty."""
        self.async_on_remove(self.duty.async_listen(self.async_write_ha_state))

    @property
    def available(self) -> bool:
        """Always: duty is resolved here, without the gateway."""
        return True

    @property
    def member(self) -> Member | None:
        """The member as the roster has them now."""
        return next((item for item in members(self.coordinator.entry) if item.id == self.member_id), None)

    def names(self, people: Iterable[str]) -> list[str]:
        """What people are called."""
        known = {item.id: item.name for item in members(self.coordinator.entry)}
        return [known[person] for person in people if person in known]
