"""Who may decide: an administrator, or a member of the staff who is responsible for the compound."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .roster import duty_phone_for, member_for, members


async def async_may(hass: HomeAssistant, entry: ConfigEntry, user_id: str | None, compound: str) -> bool:
    """Whether this user may decide about ``compound`` (empty: about what has no compound).

    Without a roster anybody whom Home Assistant knows may: somebody must be able to.
    """
    user = await hass.auth.async_get_user(user_id) if user_id else None
    if user is None:
        return False
    if user.is_admin or not members(entry):
        return True
    member = member_for(hass, entry, user.id)
    if member:
        return member.serves(compound)
    shared = duty_phone_for(hass, entry, user.id)
    return shared is not None and any(item.serves(compound) and shared.carried_by(item.id) for item in members(entry))
