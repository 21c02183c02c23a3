"""The ways by which a notice leaves: a companion app, any notify entity, or one of ntfy with buttons of its own.

What each can prove: the app's reception on Android, a press everywhere; a notify entity nothing beyond being called.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from . import phone
from .contract.values import ReceiptStep
from .notice import Button, Notice, Urgency

_LOGGER = logging.getLogger(__name__)
SEND_SECONDS = 20.0
"""A call that takes longer counts as failed: twice what mobile_app itself waits for its relay (project's choice)."""

MAX_DETAIL = 200
NTFY = "ntfy"
_PRIORITY = {Urgency.CRITICAL: 5, Urgency.HIGH: 4, Urgency.NOTICE: 3, Urgency.UPDATE: 2}
"""ntfy's own scale: 5 rings on and on, 2 makes no sound."""

type Answering = Callable[[Button, str], str]
"""The address to which a press of this button, by this person, is posted; empty when there is none."""


def is_entity(way: str) -> bool:
    """Whether a way is a notify entity; else it is the device of a companion app."""
    return way.startswith("notify.")


def is_ntfy(hass: HomeAssistant, way: str) -> bool:
    """Whether a way can replace what it showed, and carry buttons, although it is a notify entity."""
    found = er.async_get(hass).async_get(way) if is_entity(way) else None
    return found is not None and found.platform == NTFY


def replaces(hass: HomeAssistant, way: str) -> bool:
    """Whether a later notice takes the place of an earlier one."""
    return not is_entity(way) or is_ntfy(hass, way)


async def async_send(
    hass: HomeAssistant, way: str, notice: Notice, person: str, answering: Answering
) -> tuple[ReceiptStep, str]:
    """Hand a notice over by one way: how that went, and why not. Never raises, never hangs."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            if not is_entity(way):
                await phone.send(hass, way, notice)
            elif is_ntfy(hass, way):
                await _ntfy(hass, way, notice, person, answering)
            else:
                call = {"entity_id": way, "title": notice.title, "message": notice.message}
                await _call(hass, "notify", "send_message", call)
    except TimeoutError:
        return ReceiptStep.FAILED, f"no answer in {SEND_SECONDS:.0f} s"
    except HomeAssistantError as error:
        return ReceiptStep.FAILED, (str(error) or type(error).__name__)[:MAX_DETAIL]
    except Exception as error:  # noqa: BLE001 - any integration may stand behind a notify action, with any fault
        _LOGGER.warning("A notify action raised %s", type(error).__name__)
        return ReceiptStep.FAILED, type(error).__name__
    return ReceiptStep.HANDED_OVER, ""


async def _ntfy(hass: HomeAssistant, way: str, notice: Notice, person: str, answering: Answering) -> None:
    if notice.gone:
        await _call(hass, NTFY, "clear", {"entity_id": way, "sequence_id": notice.tag})
        return
    addresses = [(item.title, answering(item, person)) for item in notice.buttons]
    call = {
        "entity_id": way,
        "title": notice.title,
        "message": notice.message,
        "priority": _PRIORITY[notice.urgency] if notice.sounding else _PRIORITY[Urgency.UPDATE],
        "sequence_id": notice.tag,
        "actions": [
            {"action": "http", "label": title, "url": address, "method": "POST", "clear": False}
            for title, address in addresses
            if address
        ],
    }
    await _call(hass, NTFY, "publish", call)


async def _call(hass: HomeAssistant, domain: str, action: str, data: dict[str, Any]) -> None:
    await hass.services.async_call(domain, action, data, blocking=True)
