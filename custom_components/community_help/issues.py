"""Repair issues of one gateway, named after what is wrong."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

FIXABLE = frozenset({"page_unhandled"})
"""What Home Assistant can mend when a person asks it to."""


@callback
def raise_issue(
    hass: HomeAssistant,
    entry: ConfigEntry,
    key: str,
    *,
    about: str = "",
    severity: ir.IssueSeverity = ir.IssueSeverity.ERROR,
    lasting: bool = False,
    **placeholders: str,
) -> None:
    """Show what is wrong with ``entry``'s gateway, or with the compound or phone that it is ``about``.

    ``lasting`` survives a restart, until a person ignores it.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, key, about),
        data={"entry_id": entry.entry_id},
        is_fixable=key in FIXABLE,
        is_persistent=lasting,
        severity=severity,
        translation_key=key,
        translation_placeholders={"gateway": entry.title, **placeholders},
    )


@callback
def clear_issue(hass: HomeAssistant, entry: ConfigEntry, key: str, about: str = "") -> None:
    """It is no longer wrong."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, key, about))


@callback
def show_update(hass: HomeAssistant, entry: ConfigEntry, side: str) -> None:
    """The side that must be updated, gateway or integration, and never both; empty: they understand each other."""
    for other in {"gateway", "integration"} - {side}:
        clear_issue(hass, entry, f"update_{other}")
    if side:
        raise_issue(hass, entry, f"update_{side}")


@callback
def clear_others(hass: HomeAssistant, entry: ConfigEntry, key: str, still: set[str]) -> None:
    """Of everything that an issue may be about, it is wrong only with ``still``."""
    before = _issue_id(entry, key, "")
    for domain, issue_id in tuple(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(f"{before}_") and issue_id.removeprefix(f"{before}_") not in still:
            ir.async_delete_issue(hass, domain, issue_id)


@callback
def clear_all(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """The gateway is no longer ours."""
    for domain, issue_id in tuple(ir.async_get(hass).issues):
        if domain == DOMAIN and entry.entry_id in issue_id:
            ir.async_delete_issue(hass, domain, issue_id)


def _issue_id(entry: ConfigEntry, key: str, about: str) -> str:
    return f"{key}_{entry.entry_id}_{about}" if about else f"{key}_{entry.entry_id}"


@callback
def raised(hass: HomeAssistant, entry: ConfigEntry, key: str, about: str = "") -> bool:
    """Whether it is shown as wrong now."""
    return ir.async_get(hass).async_get_issue(DOMAIN, _issue_id(entry, key, about)) is not None
