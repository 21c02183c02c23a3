"""Carries out what the guard decides: turns relays off through the hub, whoever else is up or down; begins sessions."""

import asyncio
import logging
from collections.abc import Callable

from .errors import GatewayError
from .hub import Hub, Publication
from .model import guard
from .model.draft import Result
from .model.incident import GATEWAY, DeadlineKind, Person
from .model.state import EventKind

_LOGGER = logging.getLogger(__name__)
ATTEMPTS, PAUSE_SECONDS = 3, 2.0
"""Per order; the guard gives it again while the relay is not proven to be off (project's choice)."""


async def start_session(hub: Hub, key: str, point: str, person: Person | None) -> Result:
    """Begin a session of an appliance: written down with its end, then switched on and verified.

    Raises the GatewayError of a refusal, or SwitchFailedError: then the session has ended again.
    """
    known = hub.answered(key)
    result = await hub.command(key, lambda draft: guard.start_session(draft, point, person), point=point)
    if known:
        return result
    try:
        await hub.switch(f"{key}:on"[-64:], point, person, on=True)
    except GatewayError:
        await hub.command(f"{key}:failed"[-64:], lambda draft: guard.session_failed(draft, point))
        raise
    return result


class Keeper:
    """Follows the hub's orders from ``start`` on; those that an earlier run left are carried out first."""

    def __init__(self, hub: Hub) -> None:
        """Nothing is done yet."""
        self._hub = hub
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Listen, and take up what stands."""
        self._unsubscribe = self._hub.subscribe(self._note)
        for deadline in tuple(self._hub.state.deadlines.values()):
            if deadline.kind is DeadlineKind.VERIFY:
                self._carry_out(deadline.subject, f"start:{self._hub.state.number}")

    async def stop(self) -> None:
        """Stop; the orders stay in the journal."""
        if self._unsubscribe:
            self._unsubscribe()
            self._unsubscribe = None
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _note(self, publication: Publication) -> None:
        for event in publication.events:
            if event.kind is EventKind.ORDERED:
                self._carry_out(event.subject, str(event.number))

    def _carry_out(self, relay: str, order: str) -> None:
        """One at a time for each relay: what is under way already does the same."""
        running = self._tasks.get(relay)
        if running is None or running.done():
            self._tasks[relay] = asyncio.create_task(self._turn_off(relay, order))

    async def _turn_off(self, relay: str, order: str) -> None:
        for attempt in range(ATTEMPTS):
            if f"{DeadlineKind.VERIFY}:{relay}" not in self._hub.state.deadlines:
                return  # proven, or a person wants it on
            try:
                await self._hub.switch(f"hold:{relay}:{order}:{attempt}", relay, GATEWAY, on=False)
            except GatewayError as error:
                _LOGGER.error("Relay %s was to be turned off: %s", relay, error)
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return
