"""Asks for where the states come from."""

from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

SCHEMA = vol.Schema({vol.Required("port"): int, vol.Required("alarms"): int})


class BareFlow(ConfigFlow, domain="benchmark_bare"):
    """One form."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take what was entered."""
        if user_input is None:
            return self.async_show_form(step_id="user", data_schema=SCHEMA)
        return self.async_create_entry(title="Floor", data=user_input)
