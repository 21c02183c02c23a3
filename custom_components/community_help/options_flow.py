"""What a community decides about paging in Home Assistant: its own words for what to do, by hazard."""

from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers import selector

from .const import CONF_RUNBOOKS
from .contract.values import Hazard

HAZARDS = tuple(
    hazard.value for hazard in Hazard if hazard not in (Hazard.SELF_TEST, Hazard.SUPERVISION, Hazard.UNKNOWN)
)
MAX_RUNBOOK = 500
"""A notification shows little more (project's choice)."""


class CommunityHelpOptionsFlow(OptionsFlow):
    """Edit the options; they hold from the next page on, without a reload of the connection's entities."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """One text for each hazard; empty for the default words."""
        if user_input is not None:
            runbooks = {hazard: text.strip()[:MAX_RUNBOOK] for hazard, text in user_input.items() if text.strip()}
            return self.async_create_entry(data={**self.config_entry.options, CONF_RUNBOOKS: runbooks})
        field = selector.TextSelector(selector.TextSelectorConfig(multiline=True))
        schema = vol.Schema({vol.Optional(hazard): field for hazard in HAZARDS})
        known = self.config_entry.options.get(CONF_RUNBOOKS, {})
        return self.async_show_form(step_id="init", data_schema=self.add_suggested_values_to_schema(schema, known))
