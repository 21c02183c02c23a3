"""Asks by day for one tap on the phones that cannot prove by themselves that a page reaches them.

Once a week, on Monday at ten, never critical; repeated on the next two days if nobody taps. What was asked is on disk.
"""

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from . import phone
from .const import SIGNAL_PROOF
from .contract.values import ReceiptStep
from .kept import Kept
from .notice import TAG
from .proof import CONFIRMATION
from .readiness_board import ReadinessBoard
from .texts import Texts

CONFIRM = "COMMUNITY_HELP_CONFIRM"
CONFIRM_TAG = f"{TAG}confirm_"

FIRST_HOUR, LAST_HOUR = 10, 18
"""Between these hours, local time, somebody may be asked (project's choice)."""

DAYS = 3
"""On so many days in a row is asked: Monday, Tuesday, Wednesday (project's choice)."""


@dataclass(slots=True)
class Asked:
    """The last round of asking for one phone: its week (that week's Monday), how often, when last, and the tap."""

    week: str
    times: int = 0
    day: str = ""
    tapped: bool = False


def week_of(day: date) -> str:
    """The Monday of the week."""
    return (day - timedelta(days=day.weekday())).isoformat()


def daytime(now: datetime) -> bool:
    """Whether somebody may be asked at all."""
    return FIRST_HOUR <= now.hour < LAST_HOUR


def due(asked: Asked | None, now: datetime, *, proven: bool) -> bool:
    """Whether to ask now, local time; a phone that never proved anything does not wait for Monday the first time."""
    if not daytime(now):
        return False
    if asked is None and not proven:
        return True
    if asked is None or asked.week != week_of(now.date()):
        return now.weekday() < DAYS
    return not asked.tapped and asked.times < DAYS and asked.day != now.date().isoformat()


def confirm_data(device_id: str, button: str) -> dict[str, Any]:
    """A plain notification with one button; an Android phone shows by it that it can also confirm by itself."""
    return {
        "tag": f"{CONFIRM_TAG}{device_id}",
        "actions": [{"action": f"{CONFIRM}:{device_id}", "title": button}],
        "confirmation": True,
        "ttl": 0,
        "priority": "high",
        "channel": "community_help_notices",
        "importance": "default",
        "push": {"interruption-level": "active"},
    }


class Confirmations:
    """Of one gateway's staff."""

    def __init__(
        self,
        hass: HomeAssistant,
        board: ReadinessBoard,
        texts: Texts,
        confirmed: Callable[[str], Awaitable[None]],
    ) -> None:
        """``confirmed`` is told which phone's owner tapped."""
        self._hass = hass
        self._board = board
        self._texts = texts
        self._confirmed = confirmed
        self._entry_id = board.coordinator.entry.entry_id
        self._asked: dict[str, Asked] = {}
        self._asking = False
        self._undo: list[CALLBACK_TYPE] = []
        self._kept = Kept(hass, self._entry_id, "confirmations", self._saved)

    async def async_start(self) -> None:
        """Take up what was asked before the restart, then look with the board."""
        self._asked = await self._kept.async_read(_asked)
        self._undo = [
            self._board.async_listen(self._on_look),
            self._hass.bus.async_listen("mobile_app_notification_action", self._on_action),
            self._hass.bus.async_listen("mobile_app_notification_received", self._on_received),
        ]

    async def async_stop(self) -> None:
        """Ask no more."""
        for undo in self._undo:
            undo()
        self._undo.clear()

    @callback
    def _on_look(self) -> None:
        """Ask whoever is due; a phone that could not be told is due again at the next look."""
        now = dt_util.now()
        if self._asking or not self._board.known or not self._board.staff() or not daytime(now):
            return
        phones = [
            device_id
            for device_id, state in self._board.phones.items()
            if not state.silently
            and state.handset
            and due(self._asked.get(device_id), now, proven=bool(state.record and state.record.proofs))
        ]
        if phones:
            self._asking = True
            self._hass.async_create_task(self._ask(phones), "community_help confirmations")

    async def async_ask_now(self, phones: Iterable[str]) -> None:
        """Somebody started a self-test by day: ask at once; at night nobody is woken for it."""
        if daytime(dt_util.now()):
            await self._ask([device_id for device_id in phones if device_id in self._board.phones])

    async def _ask(self, phones: Iterable[str]) -> None:
        try:
            for device_id in phones:
                with contextlib.suppress(HomeAssistantError):
                    await self._ask_one(device_id)
        finally:
            self._asking = False
        await self._kept.async_save()

    async def _ask_one(self, device_id: str) -> None:
        data = confirm_data(device_id, self._texts.say("confirm_button"))
        call = {"message": self._texts.say("confirm"), "title": self._texts.say("confirm_title"), "data": data}
        await phone.hand_over(self._hass, device_id, call)
        today = dt_util.now().date()
        asked = self._asked.get(device_id)
        if asked is None or asked.week != week_of(today):
            asked = self._asked[device_id] = Asked(week_of(today))
        asked.times, asked.day, asked.tapped = asked.times + 1, today.isoformat(), False

    async def _on_action(self, event: Event) -> None:
        """The tap: the strongest proof there is."""
        kind, _, device_id = str(event.data.get("action", "")).partition(":")
        if kind != CONFIRM or device_id not in self._board.phones:
            return
        self._prove(device_id, ReceiptStep.ACTED)
        if device_id in self._asked:
            self._asked[device_id].tapped = True
        with contextlib.suppress(HomeAssistantError):
            await phone.clear(self._hass, device_id, f"{CONFIRM_TAG}{device_id}")
        await self._confirmed(device_id)
        await self._kept.async_save()

    @callback
    def _on_received(self, event: Event) -> None:
        """Android says that the question is on the phone: proof enough, and from now on it is tested in silence."""
        tag = str(event.data.get("tag", ""))
        if tag.startswith(CONFIRM_TAG) and tag.removeprefix(CONFIRM_TAG) in self._board.phones:
            self._prove(tag.removeprefix(CONFIRM_TAG), ReceiptStep.RECEIVED)

    def _prove(self, device_id: str, step: ReceiptStep) -> None:
        async_dispatcher_send(self._hass, SIGNAL_PROOF, self._entry_id, device_id, step, time.time(), CONFIRMATION)

    def _saved(self) -> dict[str, Any]:
        return {key: asdict(item) for key, item in self._asked.items() if key in self._board.phones}


def _asked(item: dict[str, Any]) -> Asked:
    return Asked(str(item["week"]), int(item["times"]), str(item["day"]), bool(item["tapped"]))
