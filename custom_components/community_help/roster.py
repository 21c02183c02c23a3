"""The people: subentries of the config entry, and the phones and Home Assistant users behind them."""

from collections.abc import Iterable
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_NAME, CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .const import CONF_COMPOUNDS, CONF_PHONES, CONF_TIER, SUBENTRY_STAFF
from .contract.values import Person, StaffMember

MOBILE_APP = "mobile_app"


@dataclass(frozen=True, slots=True)
class Phone:
    """One companion app: its device in Home Assistant, its webhook, and the user whose phone it is."""

    device_id: str
    webhook_id: str
    user_id: str


def staff_of(entry: ConfigEntry) -> list[ConfigSubentry]:
    """The staff members of a gateway's entry."""
    return [item for item in entry.subentries.values() if item.subentry_type == SUBENTRY_STAFF]


def roster_of(entry: ConfigEntry) -> tuple[StaffMember, ...]:
    """The roster as the gateway gets it: no phone address is in it."""
    return tuple(
        StaffMember(
            item.subentry_id,
            item.data[CONF_NAME],
            int(item.data.get(CONF_TIER, 1)),
            tuple(item.data.get(CONF_COMPOUNDS, ())),
        )
        for item in staff_of(entry)
    )


def all_phones(hass: HomeAssistant) -> dict[str, Phone]:
    """Every phone with the companion app, by device id."""
    registry = dr.async_get(hass)
    return {
        device.id: Phone(device.id, entry.data[CONF_WEBHOOK_ID], entry.data["user_id"])
        for entry in hass.config_entries.async_loaded_entries(MOBILE_APP)
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
    }


def phones_for(hass: HomeAssistant, entry: ConfigEntry, people: Iterable[str]) -> dict[str, str]:
    """Phones to page by device id, each with the person's id.

    Nobody named, or nobody named has a phone: every phone there is, because silence is worse than noise.
    """
    wanted, known = set(people), all_phones(hass)
    staff = staff_of(entry)
    found = {
        phone: item.subentry_id
        for item in staff
        if not wanted or item.subentry_id in wanted
        for phone in item.data.get(CONF_PHONES, ())
        if phone in known
    }
    if found:
        return found
    owners = {phone: item.subentry_id for item in staff for phone in item.data.get(CONF_PHONES, ())}
    return {phone: owners.get(phone, "") for phone in known}


def member_called(entry: ConfigEntry, name: str) -> Person | None:
    """The one member of the roster with this id or name; nobody when two share the name."""
    found = [member for member in roster_of(entry) if name in (member.id, member.name)]
    return Person(found[0].id, found[0].name) if len(found) == 1 else None


def first_tier(entry: ConfigEntry, compounds: Iterable[str]) -> set[str]:
    """Who is told first in each of ``compounds``: everybody of the lowest tier that it has."""
    found: set[str] = set()
    roster = roster_of(entry)
    for compound in compounds:
        here = [member for member in roster if not member.compounds or compound in member.compounds]
        lowest = min((member.tier for member in here), default=0)
        found.update(member.id for member in here if member.tier == lowest)
    return found


async def person_for(hass: HomeAssistant, entry: ConfigEntry, user_id: str | None) -> Person | None:
    """Who a Home Assistant user is: the staff member whose phone is that user's, else the user's own name."""
    if user_id is None:
        return None
    mine = {phone.device_id for phone in all_phones(hass).values() if phone.user_id == user_id}
    for item in staff_of(entry):
        if mine.intersection(item.data.get(CONF_PHONES, ())):
            return Person(item.subentry_id, item.data[CONF_NAME])
    for state in hass.states.async_all("person"):
        if state.attributes.get("user_id") == user_id:
            return Person(user_id, state.name)
    user = await hass.auth.async_get_user(user_id)
    return Person(user_id, user.name or "") if user else None
