"""Answers from outside the companion app: a POST with a token that holds for one page, person and decision, once.

A GET never acts, because link previews fetch. Tokens are kept as fingerprints only, bounded in number and age.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

from aiohttp import web
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .kept import Kept
from .notice import Button

ANSWERS: HassKey[dict[str, Answers]] = HassKey(f"{DOMAIN}_answers")
"""By config entry id."""

LIVES_SECONDS = 24 * 3600.0
"""A page that is older is answered in Home Assistant (project's choice)."""

MAX_TOKENS = 5000
"""Three buttons for each of 14 people and 100 open incidents, and some; the oldest go first (project's choice)."""

MAX_TRIES, TRIES_SECONDS = 30, 60.0
"""So many posts a minute with wrong tokens from one address; nobody needs one (project's choice)."""

MAX_SOURCES = 1000
MAX_LENGTH = 100
"""Addresses that are remembered, and characters of a token (project's choices; ours have 43)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a token stands for."""

    kind: str
    incident: str
    revision: int
    person: str
    until: float


class Became(Enum):
    """What became of a press; the value is how HTTP says it."""

    DONE = HTTPStatus.OK
    WAITS = HTTPStatus.ACCEPTED
    REFUSED = HTTPStatus.CONFLICT


type Carried = Callable[[Answer], Awaitable[tuple[Became, str]]]
"""Carries an answer out; what became of it, and the words for whoever pressed."""


class Answers:
    """The tokens of one gateway's pages."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """None before ``async_start``."""
        self._hass = hass
        self._entry = entry
        self._out: dict[str, Answer] = {}
        self.carry_out: Carried | None = None
        self.without = ""
        self.spent = ""
        """What is said in the place of buttons without an address, and to whoever presses one that is used up."""
        self._kept = Kept(
            hass, entry.entry_id, "answers", lambda: {key: asdict(item) for key, item in self._out.items()}
        )

    async def async_start(self) -> None:
        """Take up the tokens that are out."""
        self._out = await self._kept.async_read(_answer)
        self._hass.data.setdefault(ANSWERS, {})[self._entry.entry_id] = self

    @callback
    def async_stop(self) -> None:
        """Nothing is answered any more."""
        self._hass.data.get(ANSWERS, {}).pop(self._entry.entry_id, None)

    async def addresses(self, buttons: Sequence[Button], person: str) -> Sequence[str]:
        """New addresses for one press of each button by ``person``; none when this Home Assistant can have none.

        They are on disk before anybody knows them, so that a restart does not make them void.
        """
        try:
            base = get_url(self._hass, prefer_external=True, allow_internal=True)
        except NoURLAvailableError:
            return ()
        now = time.time()
        self._forget(lambda item: item.until <= now)
        tokens = [secrets.token_urlsafe(32) for _ in buttons]
        for token, button in zip(tokens, buttons, strict=True):
            answer = Answer(button.kind, button.incident, button.revision, person, now + LIVES_SECONDS)
            self._out[_fingerprint(token)] = answer
        while len(self._out) > MAX_TOKENS:
            del self._out[next(iter(self._out))]
        await self._kept.async_save()
        return [f"{base}/api/{DOMAIN}/answer/{token}" for token in tokens]

    @callback
    def take(self, token: str) -> Answer | None:
        """What an unused, unexpired token stands for; it is used from now on."""
        found = self._out.pop(_fingerprint(token), None)
        return found if found and found.until > time.time() else None

    async def async_save(self) -> None:
        """Which tokens are used goes to the disk after the press: a crash leaves a button rather than none."""
        await self._kept.async_save()

    async def async_forget(self, incident_id: str) -> None:
        """The incident is closed."""
        if self._forget(lambda item: item.incident == incident_id):
            await self._kept.async_save()

    def _forget(self, over: Callable[[Answer], bool]) -> bool:
        gone = [key for key, item in self._out.items() if over(item)]
        for key in gone:
            del self._out[key]
        return bool(gone)


def _answer(item: dict[str, Any]) -> Answer:
    revision, until = int(item["revision"]), float(item["until"])
    return Answer(str(item["kind"]), str(item["incident"]), revision, str(item["person"]), until)


def _fingerprint(token: str) -> str:
    """Looked up instead of the token, so that neither the disk nor the time of a look-up gives one away."""
    return hashlib.sha256(token.encode()).hexdigest()


class AnswerView(HomeAssistantView):
    """Where a button of ntfy posts to. There is no handler for GET: it answers 405."""

    url = f"/api/{DOMAIN}/answer/{{token}}"
    name = f"api:{DOMAIN}:answer"
    requires_auth = False

    def __init__(self, hass: HomeAssistant) -> None:
        """One for all gateways."""
        self._hass = hass
        self._tries: dict[str, list[float]] = {}

    async def post(self, request: web.Request, token: str) -> web.Response:
        """Carry one answer out, once. Only wrong tokens count as tries: behind one proxy may be all of the staff."""
        spent = ""
        for answers in list(self._hass.data.get(ANSWERS, {}).values()):
            spent = answers.spent
            found = answers.take(token) if len(token) <= MAX_LENGTH else None
            if found and answers.carry_out:
                became, said = await asyncio.shield(asyncio.ensure_future(answers.carry_out(found)))
                await answers.async_save()
                return web.Response(status=became.value, text=said)
        if self._too_many(request.remote or ""):
            return web.Response(status=HTTPStatus.TOO_MANY_REQUESTS)
        return web.Response(status=HTTPStatus.GONE, text=spent)

    def _too_many(self, source: str) -> bool:
        now = time.monotonic()
        recent = [at for at in self._tries.pop(source, []) if at > now - TRIES_SECONDS]
        if len(self._tries) > MAX_SOURCES:
            self._tries.clear()
        self._tries[source] = [*recent, now][-MAX_TRIES - 1 :]
        return len(self._tries[source]) > MAX_TRIES
