"""Acknowledge buttons pressed on phones. A press that reached Home Assistant is on disk until the gateway confirms."""

import asyncio
import contextlib
import time
from typing import Any
from uuid import uuid4

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from . import phone
from .client import CannotConnectError, RefusedError
from .const import DOMAIN
from .contract.messages import Acknowledge
from .contract.values import Person, Way
from .contract.wire import from_wire, to_wire
from .coordinator import Coordinator
from .roster import all_phones, person_for
from .texts import Texts

EVENT_ACTION = "mobile_app_notification_action"


class Buttons:
    """Turns presses into acknowledgements of one gateway's incidents."""

    def __init__(self, hass: HomeAssistant, coordinator: Coordinator, texts: Texts) -> None:
        """Nothing is heard before ``async_start``."""
        self._hass = hass
        self._coordinator = coordinator
        self._texts = texts
        self._pending: dict[str, dict[str, Any]] = {}
        self._carrying_out: set[str] = set()
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.{coordinator.entry.entry_id}.presses")
        self._undo: list[CALLBACK_TYPE] = []

    async def async_start(self) -> None:
        """Take up what was pressed before the restart, then listen."""
        self._pending = await self._store.async_load() or {}
        self._undo = [
            self._hass.bus.async_listen(EVENT_ACTION, self._pressed),
            self._coordinator.async_listen((), self._retry),
        ]
        self._retry()

    async def async_stop(self) -> None:
        """Stop listening; what is not confirmed stays on disk."""
        for undo in self._undo:
            undo()

    async def _pressed(self, event: Event) -> None:
        """Store the press first; only then is it sent."""
        found = phone.parse_acknowledge(str(event.data.get("action", "")))
        epoch = self._coordinator.epoch
        if found is None or not found[0].startswith(f"{epoch}-"):
            return
        incident_id, revision = found
        who = await person_for(self._hass, self._coordinator.entry, event.context.user_id)
        if who is None:
            who = Person("", self._texts.say("somebody"))
        press = Acknowledge(incident_id, revision, who, Way.BUTTON, time.time())
        key = uuid4().hex
        self._pending[key] = {"press": to_wire(press), "user": event.context.user_id or ""}
        await self._store.async_save(self._pending)
        await self._carry_out(key)

    def _retry(self) -> None:
        if self._coordinator.connected:
            for key in self._pending:
                self._hass.async_create_task(self._carry_out(key))

    async def _carry_out(self, key: str) -> None:
        """Acknowledge in the gateway; without an answer the press waits for the next connection."""
        if key in self._carrying_out:
            return
        self._carrying_out.add(key)
        item = self._pending[key]
        press = from_wire(Acknowledge, item["press"])
        try:
            outcome = await self._coordinator.async_command(press, key)
        except CannotConnectError:
            return
        except RefusedError:
            await self._answer(item["user"], press, self._texts.say("too_late"))
        else:
            if not outcome.result.get("first", True):
                owner = str(outcome.result.get("owner", ""))
                await self._answer(item["user"], press, self._texts.say("already_taken", name=owner))
        finally:
            self._carrying_out.discard(key)
        self._pending.pop(key, None)
        await self._store.async_save(self._pending)

    async def _answer(self, user_id: str, press: Acknowledge, text: str) -> None:
        """A late or second press gets a sensible answer on the phone that pressed."""
        data = {"tag": phone.tag_of(press.incident), "group": "community_help"}
        mine = [item.device_id for item in all_phones(self._hass).values() if item.user_id == user_id]
        with contextlib.suppress(HomeAssistantError):
            await asyncio.gather(*(phone.send(self._hass, device_id, text, data=data) for device_id in mine))
