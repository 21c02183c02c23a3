"""What Home Assistant mends when a person asks it to: pages that no automation answers."""

from collections.abc import Mapping

import probatio as vol
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir

from .install import Installed, async_answering, async_install
from .issues import clear_issue, raised

BLUEPRINTS = "/config/blueprint/dashboard"
"""Where Home Assistant lists the blueprints, each with a button that makes an automation of it."""


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """The only issue that can be fixed here."""
    return AnswerPagesFlow()


class AnswerPagesFlow(RepairsFlow):
    """Install the blueprints, then wait until there is an automation that answers pages."""

    def __init__(self) -> None:
        """Nothing is installed yet."""
        self._installed = Installed()

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Say what is going to happen."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Install after asking."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                self._installed = await async_install(self.hass)
            except HomeAssistantError:
                errors["base"] = "blueprints_not_written"
            else:
                return await self.async_step_kept() if self._installed.kept else await self.async_step_automation()
        return self._form("confirm", {"gateway": self._gateway()}, errors)

    async def async_step_kept(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Name the files that somebody changed and that were left as they are."""
        if user_input is not None:
            return await self.async_step_automation()
        return self._form("kept", {"files": ", ".join(self._installed.kept)})

    async def async_step_automation(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Done as soon as an automation answers pages."""
        if async_answering(self.hass):
            return self.async_create_entry(data={})
        errors = {} if user_input is None else {"base": "no_automation"}
        return self._form("automation", {"link": BLUEPRINTS}, errors)

    def _gateway(self) -> str:
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        return (issue.translation_placeholders or {}).get("gateway", "") if issue else ""

    def _form(
        self, step_id: str, placeholders: Mapping[str, str], errors: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        return self.async_show_form(
            step_id=step_id, data_schema=vol.Schema({}), errors=errors, description_placeholders=placeholders
        )


@callback
def async_follow_automations(hass: HomeAssistant, entry: ConfigEntry) -> CALLBACK_TYPE:
    """Take the issue back as soon as somebody makes the automation, until the returned function is called."""

    @callback
    def on_reloaded(_event: Event) -> None:
        if raised(hass, entry, "page_unhandled") and async_answering(hass):
            clear_issue(hass, entry, "page_unhandled")

    return hass.bus.async_listen("automation_reloaded", on_reloaded)
