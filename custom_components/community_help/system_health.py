"""What Home Assistant's system health page shows: the link, the versions, who pages, and whether all is written."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.loader import async_get_integration

from . import phone, roster
from .client import ClientFailedError, fetch_info
from .const import DOMAIN
from .contract.messages import VERSION
from .coordinator import Coordinator
from .oversight import MIB

NONE = "-"
"""What is shown where there is nothing to show."""


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what is shown."""
    register.async_register_info(async_info, "/config/integrations/integration/community_help")


async def async_info(hass: HomeAssistant) -> dict[str, Any]:
    """One line for each thing; with several gateways each line names them."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
    known: list[Coordinator] = [entry.runtime_data for entry in entries if entry.state is ConfigEntryState.LOADED]
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "integration": str(integration.version),
        "contract": VERSION,
        "reachable": _reachable(hass, entries),
        "connected_since": _each(known, _since),
        "gateway_software": _each(known, lambda one: one.gateway.software if one.gateway else NONE),
        "gateway_contract": _each(known, lambda one: one.gateway.version if one.gateway else NONE),
        "pager": _each(known, _pager),
        "recorded": _each(known, lambda one: one.facts.health.recorded if one.facts.health else NONE),
        "free_space": _each(known, _free),
        "open_incidents": sum(len(one.incidents) for one in known),
        "staff": sum(len(roster.members(entry)) for entry in entries),
        "phones": _phones(hass, entries),
    }


async def _reachable(hass: HomeAssistant, entries: list[ConfigEntry]) -> str | dict[str, str]:
    """Ask every gateway for its name, which needs no key."""
    session = async_get_clientsession(hass)
    asked = (fetch_info(session, entry.data[CONF_HOST], entry.data[CONF_PORT]) for entry in entries)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    silent = [
        entry.title for entry, answer in zip(entries, answers, strict=True) if isinstance(answer, ClientFailedError)
    ]
    return {"type": "failed", "error": f"unreachable: {', '.join(silent)}"} if silent else "ok"


def _each[T](known: list[Coordinator], what: Callable[[Coordinator], T]) -> T | str:
    """The one gateway's value as it is, or those of several with their names."""
    if len(known) == 1:
        return what(known[0])
    return "; ".join(f"{one.entry.title}: {what(one)}" for one in known) or NONE


def _since(one: Coordinator) -> datetime | str:
    """The entity for the link remembers when it last changed."""
    registry = er.async_get(one.hass)
    entity = registry.async_get_entity_id(Platform.BINARY_SENSOR, DOMAIN, f"{one.gateway_id}_connected")
    state = one.hass.states.get(entity) if entity else None
    return state.last_changed if state and one.connected else NONE


def _pager(one: Coordinator) -> str:
    if one.fence:
        return one.hass.config.location_name
    return one.lease.name if one.lease else NONE


def _free(one: Coordinator) -> str:
    return f"{one.facts.health.free_bytes // MIB} MiB" if one.facts.health else NONE


def _phones(hass: HomeAssistant, entries: Iterable[ConfigEntry]) -> str:
    """How many phones the staff have, and how many of them hold a connection to Home Assistant open just now."""
    wanted: set[str] = set()
    for entry in entries:
        wanted.update(device for member in roster.members(entry) for device in member.phones)
        wanted.update(device for shared in roster.duty_phones(entry) for device in shared.phones)
    found = [known for device, known in phone.registrations(hass).items() if device in wanted]
    return f"{len(found)} ({sum(known.local for known in found)})"
