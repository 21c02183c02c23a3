"""The people: subentries of the config entry, and the phones, channels and Home Assistant users behind them."""

from collections.abc import Iterable
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_NAME, CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .const import (
    CONF_AWAY,
    CONF_CHANNELS,
    CONF_COMPOUNDS,
    CONF_PEOPLE,
    CONF_PERSON,
    CONF_PHONES,
    CONF_SCHEDULES,
    CONF_TIER,
    SUBENTRY_DUTY_PHONE,
    SUBENTRY_STAFF,
)
from .contract.values import Person

MOBILE_APP = "mobile_app"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the staff.

    ``person`` is the person entity; ``phones`` are devices of the companion app and ``channels`` notify entities, both
    in order of preference. Empty ``compounds`` means all. Without ``schedules`` (schedule or calendar entities) always
    on duty; never while one of ``away`` is on.
    """

    id: str
    name: str
    person: str = ""
    phones: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tier: int = 1
    compounds: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    away: tuple[str, ...] = ()

    def serves(self, compound: str) -> bool:
        """Whether this person is responsible for ``compound``; what has no compound concerns everybody."""
        return not compound or not self.compounds or compound in self.compounds


@dataclass(frozen=True, slots=True)
class DutyPhone:
    """A phone that whoever is on duty carries; empty ``people`` means all of the staff."""

    id: str
    name: str
    phones: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    def carried_by(self, member: str) -> bool:
        """Whether ``member`` may be the one who carries it."""
        return not self.people or member in self.people


@dataclass(frozen=True, slots=True)
class Phone:
    """One companion app: its device in Home Assistant, its webhook, and the user whose phone it is."""

    device_id: str
    webhook_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Route:
    """The ways to one person, or to whoever carries a duty phone: ``phones`` first, then ``channels``, in order.

    ``person`` is the staff member's or the duty phone's id; empty for a phone that is nobody's.
    """

    person: str
    name: str
    phones: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def _of_type(entry: ConfigEntry, subentry_type: str) -> list[ConfigSubentry]:
    return [item for item in entry.subentries.values() if item.subentry_type == subentry_type]


def members(entry: ConfigEntry) -> tuple[Member, ...]:
    """The staff of a gateway's entry."""
    return tuple(
        Member(
            item.subentry_id,
            item.data[CONF_NAME],
            item.data.get(CONF_PERSON) or "",
            tuple(item.data.get(CONF_PHONES, ())),
            tuple(item.data.get(CONF_CHANNELS, ())),
            int(item.data.get(CONF_TIER, 1)),
            tuple(item.data.get(CONF_COMPOUNDS, ())),
            tuple(item.data.get(CONF_SCHEDULES, ())),
            tuple(item.data.get(CONF_AWAY, ())),
        )
        for item in _of_type(entry, SUBENTRY_STAFF)
    )


def duty_phones(entry: ConfigEntry) -> tuple[DutyPhone, ...]:
    """The phones that are handed on from shift to shift."""
    return tuple(
        DutyPhone(
            item.subentry_id,
            item.data[CONF_NAME],
            tuple(item.data.get(CONF_PHONES, ())),
            tuple(person for person in item.data.get(CONF_PEOPLE, ()) if person in entry.subentries),
        )
        for item in _of_type(entry, SUBENTRY_DUTY_PHONE)
    )


def all_phones(hass: HomeAssistant) -> dict[str, Phone]:
    """Every phone with the companion app, by device id."""
    registry = dr.async_get(hass)
    return {
        device.id: Phone(device.id, entry.data[CONF_WEBHOOK_ID], entry.data["user_id"])
        for entry in hass.config_entries.async_loaded_entries(MOBILE_APP)
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
    }


def routes_for(hass: HomeAssistant, entry: ConfigEntry, people: Iterable[str]) -> tuple[Route, ...]:
    """The ways of a page to ``people``; a phone is in one of them only, a duty phone's first.

    Nobody named, or nobody named can be reached: every phone there is, because silence is worse than noise.
    """
    found = ways_to(hass, entry, people)
    if found:
        return found
    holders: tuple[Member | DutyPhone, ...] = (*members(entry), *duty_phones(entry))
    owners = {phone: (item.id, item.name) for item in holders for phone in item.phones}
    return tuple(Route(*owners.get(phone, ("", "")), (phone,)) for phone in all_phones(hass))


def ways_to(hass: HomeAssistant, entry: ConfigEntry, people: Iterable[str]) -> tuple[Route, ...]:
    """The ways to ``people`` (none named: to all staff) and to nobody else."""
    wanted, known = set(people), all_phones(hass)
    taken: set[str] = set()

    def own(phones: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(phone for phone in dict.fromkeys(phones) if phone in known and phone not in taken)
        taken.update(found)
        return found

    staff = [member for member in members(entry) if not wanted or member.id in wanted]
    shared = [item for item in duty_phones(entry) if any(item.carried_by(member.id) for member in staff)]
    routes = [Route(item.id, item.name, own(item.phones)) for item in shared]
    routes += [Route(item.id, item.name, own(item.phones), item.channels) for item in staff]
    return tuple(route for route in routes if route.phones or route.channels)


def phones_for(hass: HomeAssistant, entry: ConfigEntry, people: Iterable[str]) -> dict[str, str]:
    """The phones of ``routes_for`` by device id, each with the person's id."""
    return {phone: route.person for route in routes_for(hass, entry, people) for phone in route.phones}


def member_called(hass: HomeAssistant, entry: ConfigEntry, name: str) -> Member | None:
    """The one member of the roster with this device, id or name; nobody when two share the name."""
    device = dr.async_get(hass).async_get(name)
    if device and device.config_entry_id == entry.entry_id:
        name = device.config_subentry_id or name
    found = [member for member in members(entry) if name in (member.id, member.name)]
    return found[0] if len(found) == 1 else None


def member_for(hass: HomeAssistant, entry: ConfigEntry, user_id: str) -> Member | None:
    """The member of the staff who is this Home Assistant user: by the person entity, else by an own phone."""
    staff = members(entry)
    for member in staff:
        person = hass.states.get(member.person) if member.person else None
        if person and person.attributes.get("user_id") == user_id:
            return member
    shared = {phone for item in duty_phones(entry) for phone in item.phones}
    mine = {phone.device_id for phone in all_phones(hass).values() if phone.user_id == user_id} - shared
    return next((member for member in staff if mine.intersection(member.phones)), None)


def duty_phone_for(hass: HomeAssistant, entry: ConfigEntry, user_id: str) -> DutyPhone | None:
    """The duty phone whose companion app is logged in as this user."""
    mine = {phone.device_id for phone in all_phones(hass).values() if phone.user_id == user_id}
    return next((item for item in duty_phones(entry) if mine.intersection(item.phones)), None)


def ids_of(hass: HomeAssistant, entry: ConfigEntry, user_id: str) -> set[str]:
    """Under which ids a Home Assistant user is told: as a person, as a duty phone, and as the phones of the user."""
    found = {phone.device_id for phone in all_phones(hass).values() if phone.user_id == user_id}
    holders = (member_for(hass, entry, user_id), duty_phone_for(hass, entry, user_id))
    return found | {holder.id for holder in holders if holder}


async def person_for(hass: HomeAssistant, entry: ConfigEntry, user_id: str | None) -> Person | None:
    """Who a Home Assistant user is: the member of the staff, else the user's own name."""
    if user_id is None:
        return None
    member = member_for(hass, entry, user_id)
    if member:
        return Person(member.id, member.name)
    for state in hass.states.async_all("person"):
        if state.attributes.get("user_id") == user_id:
            return Person(user_id, state.name)
    user = await hass.auth.async_get_user(user_id)
    return Person(user_id, user.name or "") if user else None
