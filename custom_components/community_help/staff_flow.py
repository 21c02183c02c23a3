"""Adding and changing the staff and the duty phones: subentries of the gateway's entry, in force at once."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers import entity_registry as er, selector

from .const import (
    CONF_AWAY,
    CONF_CHANNELS,
    CONF_COMPOUNDS,
    CONF_PEOPLE,
    CONF_PERSON,
    CONF_PHONES,
    CONF_SCHEDULES,
    CONF_TIER,
)
from .roster import DutyPhone, Member, duty_phones, members

MAX_TIER = 9
MAX_NAME = 100
"""What the gateway keeps of a name (``MAX_NAME`` of its API)."""

_PHONES = selector.DeviceSelector(selector.DeviceSelectorConfig(integration="mobile_app", multiple=True))
_CHANNELS = selector.EntitySelector(selector.EntitySelectorConfig(domain="notify", multiple=True))
_PLANS = selector.EntitySelector(selector.EntitySelectorConfig(domain=["schedule", "calendar"], multiple=True))
_TIER = selector.NumberSelector(
    selector.NumberSelectorConfig(min=1, max=MAX_TIER, mode=selector.NumberSelectorMode.BOX)
)


class RosterFlow(ConfigSubentryFlow):
    """What adding and changing somebody, or a phone, have in common."""

    _own = ""
    _holder = ""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add."""
        if user_input is not None:
            data, errors = self._checked(user_input)
            if not errors:
                return self.async_create_entry(title=data[CONF_NAME], data=data)
            return self._form("user", user_input, errors)
        return self._form("user", {}, {})

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        self._own = subentry.subentry_id
        if user_input is not None:
            data, errors = self._checked(user_input)
            if not errors:
                return self.async_update_and_abort(entry, subentry, title=data[CONF_NAME], data=data)
            return self._form("reconfigure", user_input, errors)
        return self._form("reconfigure", dict(subentry.data), {})

    def _form(self, step: str, shown: dict[str, Any], errors: dict[str, str]) -> SubentryFlowResult:
        schema = self.add_suggested_values_to_schema(self._schema(shown), shown)
        return self.async_show_form(
            step_id=step, data_schema=schema, errors=errors, description_placeholders={"holder": self._holder}
        )

    def _checked(self, said: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """What is kept, and what is wrong with it by field."""
        data = {**said, CONF_NAME: said[CONF_NAME].strip()}
        errors: dict[str, str] = {}
        self._check_name(data[CONF_NAME], errors)
        self._check_phones(data[CONF_PHONES], errors)
        return data, errors

    def _check_name(self, name: str, errors: dict[str, str]) -> None:
        if not name:
            errors[CONF_NAME] = "name_missing"
        elif len(name) > MAX_NAME:
            errors[CONF_NAME] = "name_too_long"
        elif any(other.name == name for other in self._others()):
            errors[CONF_NAME] = "name_taken"

    def _check_phones(self, phones: Iterable[str], errors: dict[str, str]) -> None:
        """A phone is one person's; what several carry is a duty phone, so that the record names the right one."""
        holders = [other.name for other in self._others() if set(phones).intersection(other.phones)]
        if holders:
            errors[CONF_PHONES], self._holder = "phone_taken", holders[0]

    def _others(self) -> list[Member | DutyPhone]:
        entry = self._get_entry()
        everybody: tuple[Member | DutyPhone, ...] = (*members(entry), *duty_phones(entry))
        return [item for item in everybody if item.id != self._own]

    @abstractmethod
    def _schema(self, shown: dict[str, Any]) -> vol.Schema:
        """The form for what is ``shown`` in it."""


class StaffFlow(RosterFlow):
    """Add or change one member of the staff."""

    def _checked(self, said: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        data, errors = super()._checked(said)
        if data[CONF_TIER] != int(data[CONF_TIER]):
            errors[CONF_TIER] = "tier_not_whole"
        data[CONF_TIER] = int(data[CONF_TIER])
        staff = [other for other in self._others() if isinstance(other, Member)]
        if data.get(CONF_PERSON) and any(other.person == data[CONF_PERSON] for other in staff):
            errors[CONF_PERSON] = "person_taken"
        for field in (CONF_CHANNELS, CONF_SCHEDULES, CONF_AWAY):
            if not all(map(self._exists, data[field])):
                errors[field] = "entity_missing"
        return data, errors

    def _exists(self, entity_id: str) -> bool:
        """Also one that is disabled or whose integration is not loaded: that shows as a repair, and ends."""
        return bool(self.hass.states.get(entity_id) or er.async_get(self.hass).async_get(entity_id))

    def _schema(self, shown: dict[str, Any]) -> vol.Schema:
        """Who it is, how they are reached, and when they have duty for what."""
        return vol.Schema(
            {
                vol.Required(CONF_NAME): selector.TextSelector(),
                vol.Optional(CONF_PERSON): selector.EntitySelector(selector.EntitySelectorConfig(domain="person")),
                vol.Required(CONF_PHONES, default=list): _PHONES,
                vol.Required(CONF_CHANNELS, default=list): _CHANNELS,
                vol.Required(CONF_TIER, default=1): _TIER,
                vol.Required(CONF_COMPOUNDS, default=list): _choice(self._compounds(shown)),
                vol.Required(CONF_SCHEDULES, default=list): _PLANS,
                vol.Required(CONF_AWAY, default=list): _PLANS,
            }
        )

    def _compounds(self, shown: dict[str, Any]) -> dict[str, str]:
        coordinator = getattr(self._get_entry(), "runtime_data", None)
        known = {item.id: item.name for item in coordinator.compounds.values()} if coordinator else {}
        return {item: item for item in shown.get(CONF_COMPOUNDS, ())} | known


class DutyPhoneFlow(RosterFlow):
    """Add or change a phone that whoever is on duty carries."""

    def _check_phones(self, phones: Iterable[str], errors: dict[str, str]) -> None:
        if phones:
            super()._check_phones(phones, errors)
        else:
            errors[CONF_PHONES] = "phones_missing"

    def _schema(self, shown: dict[str, Any]) -> vol.Schema:
        """What it is called, the phone, and who may carry it."""
        people = {member.id: member.name for member in members(self._get_entry())}
        shown[CONF_PEOPLE] = [person for person in shown.get(CONF_PEOPLE, ()) if person in people]
        return vol.Schema(
            {
                vol.Required(CONF_NAME): selector.TextSelector(),
                vol.Required(CONF_PHONES, default=list): _PHONES,
                vol.Required(CONF_PEOPLE, default=list): _choice(people),
            }
        )


def _choice(options: dict[str, str]) -> selector.SelectSelector:
    labelled = [selector.SelectOptionDict(value=key, label=name) for key, name in options.items()]
    return selector.SelectSelector(selector.SelectSelectorConfig(options=labelled, multiple=True))
