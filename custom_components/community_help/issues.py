"""Repair issues of one gateway, named after what is wrong."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

KEYS = (
    "auditor_findings",
    "chain_broken",
    "duty_unresolved",
    "gateway_gone",
    "journal_problem",
    "lease_held",
    "page_unhandled",
    "policy_holes",
    "update_gateway",
    "update_integration",
)
"""Everything that can be wrong with one gateway."""


@callback
def raise_issue(
    hass: HomeAssistant,
    entry: ConfigEntry,
    key: str,
    *,
    severity: ir.IssueSeverity = ir.IssueSeverity.ERROR,
    lasting: bool = False,
    **placeholders: str,
) -> None:
    """Show what is wrong with ``entry``'s gateway; ``lasting`` survives a restart, until a person ignores it."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{key}_{entry.entry_id}",
        is_fixable=False,
        is_persistent=lasting,
        severity=severity,
        translation_key=key,
        translation_placeholders={"gateway": entry.title, **placeholders},
    )


@callback
def clear_issue(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """It is no longer wrong."""
    ir.async_delete_issue(hass, DOMAIN, f"{key}_{entry.entry_id}")
