"""Adopting an entity, and changing what it is: a subentry of the gateway's entry, in force at once."""

from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers import entity_registry as er, selector

from .adopted import DOMAINS, adopted_entities, entity_id_of, fitting, kept_as, likely
from .const import (
    CONF_BUILDING,
    CONF_COMPOUND,
    CONF_ENTITY,
    CONF_FLAT,
    CONF_FLOOR,
    CONF_KIND,
    CONF_STATION,
    DOMAIN,
)
from .contract.values import DeviceKind

MAX_NAME, MAX_PLACE = 100, 60
"""What the gateway keeps of a name, and what its site file allows for a place."""

_ENTITY = vol.Schema(
    {
        vol.Required(CONF_ENTITY): selector.EntitySelector(
            selector.EntitySelectorConfig(filter=selector.EntityWithDeviceFilterSelectorConfig(domain=list(DOMAINS)))
        )
    }
)


class AdoptedFlow(ConfigSubentryFlow):
    """Choose the entity, then say what and where it is."""

    def __init__(self) -> None:
        """Nothing is chosen yet."""
        self._entity_id = ""
        self._shown: dict[str, Any] = {}
        self._own = ""
        self._holder = ""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Adopt one."""
        return await self._entity("user", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change one; its entity may be replaced by another."""
        subentry = self._get_reconfigure_subentry()
        self._own, self._shown = subentry.subentry_id, dict(subentry.data)
        return await self._entity("reconfigure", user_input)

    async def _entity(self, step: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            self._entity_id = user_input[CONF_ENTITY]
            if error := self._wrong():
                errors[CONF_ENTITY] = error
            else:
                return await self.async_step_point()
        known = entity_id_of(self.hass, self._shown[CONF_ENTITY]) if CONF_ENTITY in self._shown else None
        shown = user_input or ({CONF_ENTITY: known} if known else {})
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(_ENTITY, shown),
            errors=errors,
            description_placeholders={"holder": self._holder},
        )

    def _wrong(self) -> str:
        """Why this entity cannot be adopted; empty when it can."""
        registered = er.async_get(self.hass).async_get(self._entity_id)
        if registered is None and self.hass.states.get(self._entity_id) is None:
            return "entity_missing"
        if registered and registered.platform == DOMAIN:
            return "own_entity"
        kept = {self._entity_id, kept_as(self.hass, self._entity_id)}
        for entry in self.hass.config_entries.async_entries(DOMAIN):
            for other in adopted_entities(entry):
                if other.entity in kept and other.id != self._own:
                    self._holder = other.name
                    return "entity_taken"
        return "" if self._kinds() else "nothing_fits"

    def _kinds(self) -> tuple[str, ...]:
        return fitting(self._entity_id, self.hass.states.get(self._entity_id))

    async def async_step_point(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """What it is, and where."""
        if not (compounds := self._compounds()):
            return self.async_abort(reason="no_compounds")
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {key: item.strip() for key, item in user_input.items()}
            errors = self._errors(data)
            if not errors:
                return self._kept({**data, CONF_ENTITY: kept_as(self.hass, self._entity_id)})
        return self.async_show_form(
            step_id="point",
            data_schema=self.add_suggested_values_to_schema(self._schema(compounds), user_input or self._guess()),
            errors=errors,
            description_placeholders={"entity": self._entity_id},
        )

    def _kept(self, data: dict[str, Any]) -> SubentryFlowResult:
        if not self._own:
            return self.async_create_entry(title=data[CONF_NAME], data=data)
        subentry = self._get_reconfigure_subentry()
        return self.async_update_and_abort(self._get_entry(), subentry, title=data[CONF_NAME], data=data)

    def _errors(self, data: dict[str, str]) -> dict[str, str]:
        errors = {
            field: "too_long"
            for field in (CONF_NAME, CONF_BUILDING, CONF_FLOOR, CONF_FLAT)
            if len(data.get(field, "")) > (MAX_NAME if field == CONF_NAME else MAX_PLACE)
        }
        if station := data.get(CONF_STATION):
            if data[CONF_KIND] != "leak":
                errors[CONF_STATION] = "station_only_leak"
            elif (found := self._stations().get(station)) and found[1] not in ("", data[CONF_COMPOUND]):
                errors[CONF_STATION] = "station_elsewhere"
        return errors if data[CONF_NAME] else {**errors, CONF_NAME: "name_missing"}

    def _guess(self) -> dict[str, Any]:
        """What was entered before; else the entity's name, and what its device class says."""
        kinds, compounds = self._kinds(), self._compounds()
        state = self.hass.states.get(self._entity_id)
        guess = {CONF_NAME: state.name if state else self._entity_id} | self._shown
        if guess.get(CONF_KIND) not in kinds:
            guess[CONF_KIND] = likely(self._entity_id, state)
        if not guess[CONF_KIND]:
            del guess[CONF_KIND]
        if len(compounds) == 1:
            guess.setdefault(CONF_COMPOUND, next(iter(compounds)))
        return guess

    def _compounds(self) -> dict[str, str]:
        coordinator = getattr(self._get_entry(), "runtime_data", None)
        known = {item.id: item.name for item in coordinator.compounds.values()} if coordinator else {}
        return {item: item for item in (self._shown.get(CONF_COMPOUND),) if item} | known

    def _stations(self) -> dict[str, tuple[str, str]]:
        """Name and compound of each station; the one that was chosen before stays, though it may be gone."""
        coordinator = getattr(self._get_entry(), "runtime_data", None)
        devices = coordinator.devices.values() if coordinator else ()
        known = {item.id: (item.name, item.compound) for item in devices if item.kind is DeviceKind.STATION}
        return {item: (item, "") for item in (self._shown.get(CONF_STATION),) if item} | known

    def _schema(self, compounds: dict[str, str]) -> vol.Schema:
        stations = {key: name for key, (name, _) in self._stations().items()}
        return vol.Schema(
            {
                vol.Required(CONF_NAME): selector.TextSelector(),
                vol.Required(CONF_KIND): selector.SelectSelector(
                    selector.SelectSelectorConfig(
                        options=list(self._kinds()),
                        translation_key="adopted_kind",
                        mode=selector.SelectSelectorMode.DROPDOWN,
                    )
                ),
                vol.Required(CONF_COMPOUND): selector.SelectSelector(
                    selector.SelectSelectorConfig(
                        options=_options(compounds),
                        mode=selector.SelectSelectorMode.DROPDOWN,
                    )
                ),
                vol.Optional(CONF_BUILDING): selector.TextSelector(),
                vol.Optional(CONF_FLOOR): selector.TextSelector(),
                vol.Optional(CONF_FLAT): selector.TextSelector(),
                **(
                    {
                        vol.Optional(CONF_STATION): selector.SelectSelector(
                            selector.SelectSelectorConfig(
                                options=_options(stations), mode=selector.SelectSelectorMode.DROPDOWN
                            )
                        )
                    }
                    if stations
                    else {}
                ),
            }
        )


def _options(names: dict[str, str]) -> list[selector.SelectOptionDict]:
    return [selector.SelectOptionDict(value=key, label=name) for key, name in names.items()]
