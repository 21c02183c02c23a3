"""Buttons pressed on phones and in ntfy. A press that came here is on disk until the gateway confirms it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from . import phone
from .answers import Answer, Became
from .callers import record_refusal
from .causes import cause_of
from .client import CannotConnectError, RefusedError
from .const import UNIDENTIFIED
from .contract.commands import Acknowledge, Close, DeclareReal, Handle, RecordRefusal
from .contract.messages import Outcome
from .contract.values import Incident, Person, Way
from .contract.wire import from_wire, to_wire
from .coordinator import Coordinator
from .kept import Kept
from .notice import ACKNOWLEDGE, DECLARE_REAL, FALSE_ALARM, ON_MY_WAY, Notice, parse_button, tag_of, update_notice
from .pager import PAGERS
from .permissions import Refusal, async_decider
from .roster import all_phones, members
from .texts import Texts
from .told import Board

EVENT_ACTION = "mobile_app_notification_action"
MAX_REPLY = 500
RETRY_SECONDS = 10.0
"""How soon a gateway is asked again that is there and cannot write (project's choice)."""

NOT_NOW = frozenset({"journal", "internal"})
"""The gateway's error keys for what may go better the next time: the press is kept."""

type Press = Acknowledge | Handle | Close | DeclareReal
COMMANDS: dict[str, type[Press]] = {
    ACKNOWLEDGE: Acknowledge,
    ON_MY_WAY: Handle,
    FALSE_ALARM: Close,
    DECLARE_REAL: DeclareReal,
}
NAMES = {ACKNOWLEDGE: "acknowledge", ON_MY_WAY: "handle", FALSE_ALARM: "close", DECLARE_REAL: "declare_real"}
"""The gateway's names for what the buttons ask, for the record of refusals."""


class Buttons:
    """Turns presses into what people decided about one gateway's incidents; also hears them while it is gone."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        board: Board,
        find: Callable[[str], Incident | None],
        mine: Callable[[str], bool],
    ) -> None:
        """``mine`` says whether an incident is this gateway's, ``find`` what is known of it."""
        self._hass = hass
        self._entry = entry
        self.texts = Texts({})
        self._board = board
        self._find = find
        self._mine = mine
        self._coordinator: Coordinator | None = None
        self._pending: dict[str, dict[str, Any]] = {}
        self._carrying_out: set[str] = set()
        self._kept = Kept(hass, entry.entry_id, "presses", lambda: self._pending)
        self._undo: list[CALLBACK_TYPE] = []
        self._unlisten: CALLBACK_TYPE | None = None
        self._again: CALLBACK_TYPE | None = None

    async def async_start(self) -> None:
        """Take up what was pressed before the restart, then listen."""
        self._pending = await self._kept.async_read(_readable)
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
        for undo in (self._unlisten, self._again):
            if undo:
                undo()
        self._unlisten = self._again = self._coordinator = None

    @callback
    def async_stop(self) -> None:
        """Stop listening; what is not confirmed stays on disk."""
        for undo in self._undo:
            undo()
        self._undo.clear()

    def waiting_for(self, incident_id: str) -> set[str]:
        """Who said "I'll take it" or "I'm on my way" for this incident and is not confirmed yet."""
        taking = (ACKNOWLEDGE, ON_MY_WAY)
        presses = [item["press"] for item in self._pending.values() if item.get("kind", ACKNOWLEDGE) in taking]
        return {press["person"]["id"] for press in presses if press["incident"] == incident_id}

    async def _pressed(self, event: Event) -> None:
        """A button of the companion app."""
        found = parse_button(str(event.data.get("action", "")))
        if found is None or not self._mine(found[1]):
            return
        kind, incident_id, revision = found
        user_id = event.context.user_id
        incident, told = self._find(incident_id), self._told_people(incident_id)
        compound = incident.compound if incident else ""
        way = phone.device_behind(self._hass, event)
        ways = (way,) if way else self._phones_of(user_id)
        shown_to = {*told, *told.values()}
        who = await async_decider(self._hass, self._entry, user_id, compound, shown_to)
        if isinstance(who, Refusal) and who.person:
            await self._not_permitted(kind, incident_id, who.person, ways)
            return
        person = who if isinstance(who, Person) else Person("", self.texts.say("somebody"))
        reply = str(event.data.get("reply_text") or "")[:MAX_REPLY]
        await self._decided(kind, incident_id, revision, person, ways, reply)

    async def async_answered(self, answer: Answer) -> tuple[Became, str]:
        """A button outside the companion app, by its single-use token: what became of it, and the words for that."""
        member = next((item for item in members(self._entry) if item.id == answer.person), None)
        if member is None:
            return Became.REFUSED, self.texts.say("unidentified")
        who = Person(member.id, member.name)
        ways = tuple(way for way, person in self._told_people(answer.incident).items() if person == member.id)
        return await self._decided(answer.kind, answer.incident, answer.revision, who, ways, "")

    def _told_people(self, incident_id: str) -> dict[str, str]:
        told = self._board.told.get(incident_id)
        return told.people if told else {}

    def _phones_of(self, user_id: str | None) -> tuple[str, ...]:
        return tuple(item.device_id for item in all_phones(self._hass).values() if item.user_id == user_id)

    async def _decided(
        self, kind: str, incident_id: str, revision: int, who: Person, ways: tuple[str, ...], reply: str
    ) -> tuple[Became, str]:
        """Store the press first; only then is it sent."""
        press = _press(kind, incident_id, revision, who, reply)
        key = uuid4().hex
        self._pending[key] = {"kind": kind, "press": to_wire(press), "ways": list(ways)}
        await self._kept.async_save()
        pager = self._hass.data.get(PAGERS, {}).get(self._entry.entry_id)
        if pager:
            pager.async_acted(incident_id, ways[0] if len(ways) == 1 else "", who.id)
        became, said = await self._carry_out(key)
        if became is Became.WAITS:
            await self._answer(ways, incident_id, said)
        return became, said

    @callback
    def _retry(self) -> None:
        if self._coordinator and self._coordinator.connected:
            for key in self._pending:
                self._hass.async_create_task(self._carry_out(key))

    @callback
    def _retry_soon(self) -> None:
        """The gateway is there and may be able to the next time."""

        @callback
        def again(_now: datetime) -> None:
            self._again = None
            self._retry()

        if self._again is None:
            job = HassJob(again, "community_help presses", cancel_on_shutdown=True)
            self._again = async_call_later(self._hass, RETRY_SECONDS, job)

    async def _carry_out(self, key: str) -> tuple[Became, str]:
        """Tell the gateway; without an answer the press is kept for the next time. What to tell the person."""
        waits = Became.WAITS, self.texts.say("press_waits")
        if self._coordinator is None or key in self._carrying_out:
            return waits
        self._carrying_out.add(key)
        item = self._pending[key]
        press = from_wire(COMMANDS[item.get("kind", ACKNOWLEDGE)], item["press"])
        became, said = Became.DONE, ""
        try:
            outcome = await self._coordinator.async_command(press, key)
        except CannotConnectError:
            return waits
        except RefusedError as error:
            if error.outcome.code in NOT_NOW:
                self._retry_soon()
                return waits
            became, said = Became.REFUSED, self._refusal(error.outcome)
        else:
            if isinstance(press, Acknowledge) and not outcome.result.get("first", True):
                became, said = self._not_first(outcome, press.person)
        finally:
            self._carrying_out.discard(key)
        self._pending.pop(key, None)
        await self._kept.async_save()
        if said:
            await self._answer(tuple(item.get("ways", ())), press.incident, said)
        return became, said or self.texts.say("press_done")

    def _not_first(self, outcome: Outcome, who: Person) -> tuple[Became, str]:
        """Another person was first, or the same one, who then has it all the same."""
        if outcome.result.get("owner_id") == who.id:
            return Became.DONE, self.texts.say("already_yours")
        return Became.REFUSED, self.texts.say("already_taken", name=str(outcome.result.get("owner", "")))

    def _refusal(self, outcome: Outcome) -> str:
        """Nobody knows whose phone it is, more is known than the person saw, or the incident is over."""
        words = {UNIDENTIFIED: "unidentified", "worse_since": "worse_since", "unknown_incident": "too_late"}
        return self.texts.say(words.get(outcome.code, "not_accepted"))

    async def _not_permitted(self, kind: str, incident_id: str, who: Person, ways: tuple[str, ...]) -> None:
        """Say so on the phone, and in the record."""
        await self._answer(ways, incident_id, self.texts.say("not_permitted", name=who.name))
        if self._coordinator:
            refusal = RecordRefusal(NAMES[kind], who, Way.BUTTON, time.time(), incident_id)
            record_refusal(self._coordinator, refusal)

    async def _answer(self, ways: tuple[str, ...], incident_id: str, said: str) -> None:
        """A press that changed nothing gets a sensible answer where it was pressed.

        It takes the place of the incident's notification there, and leaves a page that is unanswered its buttons.
        """
        incident, told = self._find(incident_id), self._board.told.get(incident_id)
        if incident and told:
            notice = update_notice(self.texts, incident, time.time(), told.words, answer_by=told.answer_by)
            notice = replace(notice, message=f"{said}\n{notice.message}", gone=False)
            await asyncio.gather(*(self._board.async_show(told, way, notice) for way in ways))
            return
        notice = Notice(tag_of(incident_id), self.texts.say("answer_title"), said)
        await asyncio.gather(*(self._board.async_once(way, notice) for way in ways))


def _readable(item: dict[str, Any]) -> dict[str, Any]:
    """A kept press, if it can still be understood."""
    from_wire(COMMANDS[item.get("kind", ACKNOWLEDGE)], item["press"])
    return item


def _press(kind: str, incident_id: str, revision: int, who: Person, reply: str) -> Press:
    """The command that a button stands for."""
    now = time.time()
    if kind == DECLARE_REAL:
        return DeclareReal(incident_id, who, Way.BUTTON, now)
    if kind == ON_MY_WAY:
        return Handle(incident_id, who, Way.BUTTON, now, revision)
    if kind == FALSE_ALARM:
        return Close(incident_id, cause_of(reply), who, Way.BUTTON, now, reply, revision)
    return Acknowledge(incident_id, revision, who, Way.BUTTON, now)
