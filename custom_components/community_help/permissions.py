"""Who may decide: an administrator, a member of the staff who is responsible for the compound, or who was told."""

from collections.abc import Collection
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .contract.values import Person
from .duty import DUTIES
from .roster import duty_phone_for, ids_of, member_for, members


@dataclass(frozen=True, slots=True)
class Refusal:
    """``person`` may not decide about ``compound``; without ``person`` nobody knows who asks."""

    person: Person | None
    compound: str


async def async_may(hass: HomeAssistant, entry: ConfigEntry, user_id: str | None, compound: str) -> bool:
    """Whether this user may decide about ``compound`` (empty: about what has no compound).

    Without a roster anybody whom Home Assistant knows may, and where a compound has no staff any of the staff:
    somebody must be able to.
    """
    user = await hass.auth.async_get_user(user_id) if user_id else None
    if user is None:
        return False
    staff = members(entry)
    if user.is_admin or not staff:
        return True
    serving = [member for member in staff if member.serves(compound)] or staff
    member = member_for(hass, entry, user.id)
    if member:
        return member in serving
    shared = duty_phone_for(hass, entry, user.id)
    return shared is not None and any(shared.carried_by(item.id) for item in serving)


async def async_decider(
    hass: HomeAssistant, entry: ConfigEntry, user_id: str | None, compound: str, told: Collection[str] = ()
) -> Person | Refusal:
    """Who decides about ``compound`` when this user does, or why not.

    ``told`` are whom the pager told about the incident, by the id of the person, the duty phone or the phone's device:
    they may act, too. A decision needs a person: an automation without a user is nobody (promise 3).
    """
    person = await hass.data[DUTIES][entry.entry_id].async_person(user_id, compound)
    if person is None:
        return Refusal(None, compound)
    if ids_of(hass, entry, str(user_id)).intersection(told) or await async_may(hass, entry, user_id, compound):
        return person
    return Refusal(person, compound)
