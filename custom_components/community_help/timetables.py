"""Reads what people keep in Home Assistant: weekly schedules and calendars, as spans of time."""

import asyncio
import logging
from datetime import UTC, datetime, time, tzinfo
from typing import Any, cast

from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.util import dt as dt_util

from .shifts import Span, Spans, instant, weekly, within

_LOGGER = logging.getLogger(__name__)

SCHEDULE = "schedule"
READ_SECONDS = 20.0
"""How long a calendar in the cloud may take to answer (project's choice)."""


async def async_read(hass: HomeAssistant, entity_id: str, window: Span) -> Spans | None:
    """When ``entity_id`` is on within ``window``; ``None`` when nobody can tell."""
    state = hass.states.get(entity_id)
    if state is None or state.state == STATE_UNAVAILABLE:
        return None
    read = _schedule if split_entity_id(entity_id)[0] == SCHEDULE else _calendar
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await read(hass, entity_id, window)
    except Exception as error:  # noqa: BLE001 - behind a calendar is anybody's code, and duty must be resolved
        _LOGGER.warning("%s cannot be read: %s", entity_id, type(error).__name__)
        return None


async def _ask(hass: HomeAssistant, entity_id: str, action: str, **about: str) -> dict[str, list[dict[str, Any]]]:
    data = {ATTR_ENTITY_ID: entity_id, **about}
    domain = split_entity_id(entity_id)[0]
    answer = await hass.services.async_call(domain, action, data, blocking=True, return_response=True)
    return cast("dict[str, dict[str, list[dict[str, Any]]]]", answer)[entity_id]


async def _schedule(hass: HomeAssistant, entity_id: str, window: Span) -> Spans:
    """The weekly blocks of a schedule, in Home Assistant's time zone."""
    week = await _ask(hass, entity_id, "get_schedule")
    blocks = {day: [(block["from"], block["to"]) for block in blocks] for day, blocks in week.items()}
    return weekly(blocks, *window, dt_util.get_default_time_zone())


async def _calendar(hass: HomeAssistant, entity_id: str, window: Span) -> Spans:
    """The events of a calendar; one for whole days lasts from midnight to midnight."""
    start, end = (datetime.fromtimestamp(at, UTC).isoformat() for at in window)
    zone = dt_util.get_default_time_zone()
    answer = await _ask(hass, entity_id, "get_events", start_date_time=start, end_date_time=end)
    return within(((_at(event["start"], zone), _at(event["end"], zone)) for event in answer["events"]), *window)


def _at(text: str, zone: tzinfo) -> float:
    """An event's edge: a moment, or a whole day's midnight."""
    found = datetime.fromisoformat(text)
    if len(text) == len("2026-10-25"):
        return instant(found.date(), time(), zone)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()
