"""Answers from outside the companion app: a POST with a token that holds for one page, person and decision, once.

A GET never acts, because link previews fetch. Tokens are kept as fingerprints only, bounded in number and age.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .notice import Button

_LOGGER = logging.getLogger(__name__)
ANSWERS: HassKey[dict[str, Answers]] = HassKey(f"{DOMAIN}_answers")
"""By config entry id."""

LIVES_SECONDS = 24 * 3600.0
"""A page that is older is answered in Home Assistant (project's choice)."""

MAX_TOKENS = 5000
"""Three buttons for each of 14 people and 100 open incidents, and some; the oldest go first (project's choice)."""

MAX_TRIES, TRIES_SECONDS = 30, 60.0
"""So many posts a minute from one address; a person needs one (project's choice)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a token stands for."""

    kind: str
    incident: str
    revision: int
    person: str
    until: float


type Carried = Callable[[Answer], Awaitable[str]]
"""Carries an answer out; gives the words for whoever pressed."""


class Answers:
    """The tokens of one gateway's pages."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """None before ``async_start``."""
        self._hass = hass
        self._entry = entry
        self._kept: dict[str, Answer] = {}
        self.carry_out: Carried | None = None
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.{entry.entry_id}.answers")

    async def async_start(self) -> None:
        """Take up the tokens that are out."""
        self._kept = {key: Answer(**item) for key, item in (await self._store.async_load() or {}).items()}
        self._hass.data.setdefault(ANSWERS, {})[self._entry.entry_id] = self

    @callback
    def async_stop(self) -> None:
        """Nothing is answered any more."""
        self._hass.data.get(ANSWERS, {}).pop(self._entry.entry_id, None)

    @callback
    def address(self, button: Button, person: str) -> str:
        """A new address for one press of ``button`` by ``person``; empty when this Home Assistant has none."""
        try:
            base = get_url(self._hass, prefer_external=True, allow_internal=True)
        except NoURLAvailableError:
            return ""
        token, now = secrets.token_urlsafe(32), time.time()
        answer = Answer(button.kind, button.incident, button.revision, person, now + LIVES_SECONDS)
        self._kept[_fingerprint(token)] = answer
        self._forget(lambda item: item.until <= now)
        while len(self._kept) > MAX_TOKENS:
            del self._kept[next(iter(self._kept))]
        self._save_soon()
        return f"{base}/api/{DOMAIN}/answer/{token}"

    @callback
    def take(self, token: str) -> Answer | None:
        """What an unused, unexpired token stands for; it is used from now on."""
        found = self._kept.pop(_fingerprint(token), None)
        if found is None or found.until <= time.time():
            return None
        self._save_soon()
        return found

    @callback
    def async_forget(self, incident_id: str) -> None:
        """The incident is closed."""
        self._forget(lambda item: item.incident == incident_id)

    def _forget(self, over: Callable[[Answer], bool]) -> None:
        gone = [key for key, item in self._kept.items() if over(item)]
        for key in gone:
            del self._kept[key]
        if gone:
            self._save_soon()

    def _save_soon(self) -> None:
        self._store.async_delay_save(lambda: {key: asdict(item) for key, item in self._kept.items()}, 0.5)


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
        """Carry one answer out, once."""
        if self._too_many(request.remote or ""):
            return web.Response(status=429)
        if len(token) > 100:
            return web.Response(status=410)
        for answers in list(self._hass.data.get(ANSWERS, {}).values()):
            found = answers.take(token)
            if found and answers.carry_out:
                said = await asyncio.shield(asyncio.ensure_future(answers.carry_out(found)))
                return web.Response(text=said)
        return web.Response(status=410, text="410")

    def _too_many(self, source: str) -> bool:
        now = time.monotonic()
        recent = [at for at in self._tries.pop(source, []) if at > now - TRIES_SECONDS]
        if len(self._tries) > 1000:
            self._tries.clear()
        self._tries[source] = [*recent, now][-MAX_TRIES - 1 :]
        return len(self._tries[source]) > MAX_TRIES
