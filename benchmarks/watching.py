"""What a websocket client of Home Assistant sees of the states, and when; and what a process costs."""

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.e2e.home_assistant import HomeAssistant, Socket

PATIENCE = 180.0
"""Longest wait for what must come (project's choice)."""


class Watch:
    """A client that follows all entities, as the frontend does."""

    def __init__(self, socket: Socket) -> None:
        """Use ``of``."""
        self._socket = socket
        socket.patience = PATIENCE
        self.states: dict[str, str] = {}
        self._awaited: dict[str, str] = {}
        self._seen: dict[str, float] = {}
        self._done = asyncio.Event()

    @classmethod
    async def of(cls, hass: HomeAssistant) -> Watch:
        """Follow from now on."""
        watch = cls(await hass.socket())
        await watch._socket.subscribe(watch._take, "subscribe_entities")
        return watch

    def expect(self, entities: Iterable[str], *states: str) -> None:
        """From now on note when each of ``entities`` gets to one of ``states``; those that are there count as seen."""
        now = time.perf_counter()
        self._awaited = dict.fromkeys(entities, "|".join(states))
        self._seen = {one: now for one, wanted in self._awaited.items() if self.states.get(one) in wanted.split("|")}
        self._done.clear()
        self._check()

    async def came(self, seconds: float = PATIENCE) -> dict[str, float]:
        """When each came, once all have."""
        try:
            async with asyncio.timeout(seconds):
                await self._done.wait()
        except TimeoutError:
            missing = [one for one in self._awaited if one not in self._seen]
            shown = {one: self.states.get(one) for one in missing[:5]}
            message = f"{len(missing)} of {len(self._awaited)} did not come after {seconds} s: {shown}"
            raise TimeoutError(message) from None
        return self._seen

    async def alive(self) -> bool:
        """Whether Home Assistant still talks to this client."""
        try:
            await self._socket.call("get_config")
        except ConnectionError, TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """End the connection."""
        await self._socket.close()

    def _take(self, event: dict[str, Any]) -> None:
        now = time.perf_counter()
        for one, found in event.get("a", {}).items():
            self._set(one, found["s"], now)
        for one, change in event.get("c", {}).items():
            if "s" in change.get("+", ()):
                self._set(one, change["+"]["s"], now)
        self._check()

    def _set(self, one: str, state: str, now: float) -> None:
        self.states[one] = state
        if state in self._awaited.get(one, "").split("|"):
            self._seen.setdefault(one, now)

    def _check(self) -> None:
        if len(self._seen) == len(self._awaited):
            self._done.set()


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Resident memory in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
