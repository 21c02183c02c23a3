"""Moving a gateway: another address or key for the same gateway, whose devices and history stay."""

from abc import abstractmethod
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_TOKEN
from homeassistant.core import callback
from homeassistant.helpers import selector

from .const import CONF_CODE

_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_HOST): str,
        vol.Required(CONF_PORT): vol.All(
            selector.NumberSelector(
                selector.NumberSelectorConfig(min=1, max=65535, mode=selector.NumberSelectorMode.BOX)
            ),
            vol.Coerce(int),
        ),
        vol.Optional(CONF_CODE): str,
    }
)


class ReconfigureFlow(ConfigFlow):
    """The step ``reconfigure``, for a flow that can identify, pair with and connect to a gateway."""

    _host: str
    _port: int
    _token: str

    @abstractmethod
    async def _identify(self) -> dict[str, str]:
        """Ask who answers at the address; errors by field."""

    @abstractmethod
    async def _pair(self, code: str) -> dict[str, str]:
        """Turn a code into a token and try it; errors by field."""

    @abstractmethod
    async def _connect(self) -> dict[str, str]:
        """Try the token; errors by field."""

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for address and, if wanted, a fresh code; only the same gateway is taken."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            self._host, self._port = user_input[CONF_HOST].strip(), user_input[CONF_PORT]
            self._token = entry.data[CONF_TOKEN]
            errors = await self._try(str(entry.unique_id), user_input.get(CONF_CODE, "").strip())
            if not errors:
                data = {CONF_HOST: self._host, CONF_PORT: self._port, CONF_TOKEN: self._token}
                result = self.async_update_and_abort(entry, data_updates=data)
                self._follow(entry)
                return result
        shown = user_input or {CONF_HOST: entry.data[CONF_HOST], CONF_PORT: entry.data[CONF_PORT]}
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(_SCHEMA, shown),
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    @callback
    def _follow(self, entry: ConfigEntry) -> None:
        """A running entry hears of the change and connects anew by itself; elsewhere nobody listens for it."""
        if entry.state is not ConfigEntryState.LOADED:
            self.hass.config_entries.async_schedule_reload(entry.entry_id)

    async def _try(self, expected: str, code: str) -> dict[str, str]:
        """Another gateway is named before it gets the code."""
        errors = await self._identify()
        if errors:
            return errors
        if self.unique_id != expected:
            return {"base": "another_gateway"}
        return await (self._pair(code) if code else self._connect())
