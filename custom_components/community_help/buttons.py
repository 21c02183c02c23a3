"""Buttons pressed on phones. A press that reached Home Assistant is on disk until the gateway confirms it."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from . import phone
from .client import CannotConnectError, RefusedError
from .const import DOMAIN, UNIDENTIFIED
from .contract.commands import Acknowledge, DeclareReal
from .contract.values import Person, Way
from .contract.wire import from_wire, to_wire
from .coordinator import Coordinator
from .roster import all_phones, person_for
from .texts import Texts

EVENT_ACTION = "mobile_app_notification_action"
COMMANDS: dict[str, type[Acknowledge | DeclareReal]] = {
    phone.ACKNOWLEDGE: Acknowledge,
    phone.DECLARE_REAL: DeclareReal,
}


class Buttons:
    """Turns presses into what people decided about one gateway's incidents; also hears them while it is gone."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, mine: Callable[[str], bool]) -> None:
        """``mine`` says whether an incident is this gateway's."""
        self._hass = hass
        self._entry = entry
        self.texts = Texts({})
        self._mine = mine
        self._coordinator: Coordinator | None = None
        self._pending: dict[str, dict[str, Any]] = {}
        self._carrying_out: set[str] = set()
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.{entry.entry_id}.presses")
        self._undo: list[CALLBACK_TYPE] = []
        self._unlisten: CALLBACK_TYPE | None = None

    async def async_start(self) -> None:
        """Take up what was pressed before the restart, then listen."""
        self._pending = await self._store.async_load() or {}
        self._undo = [self._hass.bus.async_listen(EVENT_ACTION, self._pressed)]

    @callback
    def async_attach(self, coordinator: Coordinator) -> None:
        """There is a connection by which presses can be carried out."""
        self._coordinator = coordinator
        self._unlisten = coordinator.async_listen((), self._retry)
        self._retry()

    @callback
    def async_detach(self) -> None:
        """The connection is given up; presses are kept."""
        if self._unlisten:
            self._unlisten()
        self._unlisten = self._coordinator = None

    @callback
    def async_stop(self) -> None:
        """Stop listening; what is not confirmed stays on disk."""
        for undo in self._undo:
            undo()
        self._undo.clear()

    def waiting_for(self, incident_id: str) -> set[str]:
        """Who pressed "I'll take it" for this incident and is not confirmed yet."""
        kept = [item for item in self._pending.values() if item.get("kind", phone.ACKNOWLEDGE) == phone.ACKNOWLEDGE]
        presses = [item["press"] for item in kept]
        return {press["person"]["id"] for press in presses if press["incident"] == incident_id}

    async def _pressed(self, event: Event) -> None:
        """Store the press first; only then is it sent."""
        found = phone.parse_button(str(event.data.get("action", "")))
        if found is None or not self._mine(found[1]):
            return
        kind, incident_id, revision = found
        who = await person_for(self._hass, self._entry, event.context.user_id)
        who = who or Person("", self.texts.say("somebody"))
        press = (
            DeclareReal(incident_id, who, Way.BUTTON, time.time())
            if kind == phone.DECLARE_REAL
            else Acknowledge(incident_id, revision, who, Way.BUTTON, time.time())
        )
        key = uuid4().hex
        self._pending[key] = {"kind": kind, "press": to_wire(press), "user": event.context.user_id or ""}
        await self._store.async_save(self._pending)
        await self._carry_out(key)

    @callback
    def _retry(self) -> None:
        if self._coordinator and self._coordinator.connected:
            for key in self._pending:
                self._hass.async_create_task(self._carry_out(key))

    async def _carry_out(self, key: str) -> None:
        """Tell the gateway; without an answer the press waits for the next connection."""
        if self._coordinator is None or key in self._carrying_out:
            return
        self._carrying_out.add(key)
        item = self._pending[key]
        press = from_wire(COMMANDS[item.get("kind", phone.ACKNOWLEDGE)], item["press"])
        try:
            outcome = await self._coordinator.async_command(press, key)
        except CannotConnectError:
            return
        except RefusedError as error:
            await self._answer(item["user"], press.incident, self._refusal(error))
        else:
            if isinstance(press, Acknowledge) and not outcome.result.get("first", True):
                owner = str(outcome.result.get("owner", ""))
                await self._answer(item["user"], press.incident, self.texts.say("already_taken", name=owner))
        finally:
            self._carrying_out.discard(key)
        self._pending.pop(key, None)
        await self._store.async_save(self._pending)

    def _refusal(self, error: RefusedError) -> str:
        """Nobody knows whose phone it is, or the incident is over."""
        return self.texts.say("unidentified" if error.outcome.code == UNIDENTIFIED else "too_late")

    async def _answer(self, user_id: str, incident_id: str, text: str) -> None:
        """A press that changed nothing gets a sensible answer on the phone that pressed."""
        data = {"tag": phone.tag_of(incident_id), "group": "community_help"}
        mine = [item.device_id for item in all_phones(self._hass).values() if item.user_id == user_id]
        with contextlib.suppress(HomeAssistantError):
            await asyncio.gather(*(phone.send(self._hass, device_id, text, data=data) for device_id in mine))
