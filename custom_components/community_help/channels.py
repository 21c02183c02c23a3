"""The ways by which a notice leaves: a companion app, any notify entity, or one of ntfy with buttons of its own.

What each can prove: the app's reception on Android, a press everywhere; a notify entity nothing beyond being called.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from homeassistant.components.notify.const import NotifyEntityFeature
from homeassistant.const import ATTR_SUPPORTED_FEATURES, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from . import phone
from .const import DOMAIN
from .contract.values import ReceiptStep
from .notice import Button, Notice, Urgency

_LOGGER = logging.getLogger(__name__)
SEND_SECONDS = 20.0
"""A call that takes longer counts as failed: twice what mobile_app itself waits for its relay (project's choice)."""

MAX_DETAIL = 200
NTFY = "ntfy"
_PRIORITY = {Urgency.CRITICAL: 5, Urgency.HIGH: 4, Urgency.NOTICE: 3, Urgency.UPDATE: 2}
"""ntfy's own scale: 5 rings on and on, 2 makes no sound."""


class Answering(Protocol):
    """Where presses outside the companion app go to."""

    def addresses(self, buttons: Sequence[Button], person: str) -> Awaitable[Sequence[str]]:
        """The addresses to which presses of these buttons, by this person, are posted; none when there can be none."""

    @property
    def without(self) -> str:
        """What to say in the place of buttons that cannot be pressed."""


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
                _check(hass, way)
                await _ntfy(hass, way, notice, person, answering)
            else:
                await _notify(hass, way, notice, _check(hass, way))
    except TimeoutError:
        return ReceiptStep.FAILED, f"no answer in {SEND_SECONDS:.0f} s"
    except HomeAssistantError as error:
        return ReceiptStep.FAILED, (str(error) or type(error).__name__)[:MAX_DETAIL]
    except Exception as error:  # noqa: BLE001 - any integration may stand behind a notify action, with any fault
        _LOGGER.warning("A notify action raised %s", type(error).__name__)
        return ReceiptStep.FAILED, type(error).__name__
    return ReceiptStep.HANDED_OVER, ""


def _check(hass: HomeAssistant, way: str) -> int:
    """What a notify entity supports; raises HomeAssistantError for one that is not there.

    Home Assistant itself calls nothing and raises nothing when an entity is missing or unavailable.
    """
    state = hass.states.get(way)
    if state is None or state.state == STATE_UNAVAILABLE:
        key = "channel_missing" if state is None else "channel_unavailable"
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key=key, translation_placeholders={"channel": way}
        )
    return int(state.attributes.get(ATTR_SUPPORTED_FEATURES, 0))


async def _notify(hass: HomeAssistant, way: str, notice: Notice, features: int) -> None:
    """An entity without titles would drop the line that says what burns, and where."""
    call = {"entity_id": way, "message": notice.message}
    if features & NotifyEntityFeature.TITLE:
        call["title"] = notice.title
    else:
        call["message"] = f"{notice.title}\n{notice.message}"
    await _call(hass, "notify", "send_message", call)


async def _ntfy(hass: HomeAssistant, way: str, notice: Notice, person: str, answering: Answering) -> None:
    if notice.gone:
        await _call(hass, NTFY, "clear", {"entity_id": way, "sequence_id": notice.tag})
        return
    addresses = await answering.addresses(notice.buttons, person) if notice.buttons else ()
    said = [notice.message, answering.without] if notice.buttons and not addresses else [notice.message]
    call = {
        "entity_id": way,
        "title": notice.title,
        "message": "\n".join(said),
        "priority": _PRIORITY[notice.urgency] if notice.sounding else _PRIORITY[Urgency.UPDATE],
        "sequence_id": notice.tag,
        "actions": [
            {"action": "http", "label": button.title, "url": address, "method": "POST", "clear": False}
            for button, address in zip(notice.buttons, addresses, strict=False)
        ],
    }
    await _call(hass, NTFY, "publish", call)


async def _call(hass: HomeAssistant, domain: str, action: str, data: dict[str, Any]) -> None:
    await hass.services.async_call(domain, action, data, blocking=True)
