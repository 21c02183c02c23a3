"""Among thousands of frames that come together, what is on the disk already is shown and confirmed in between."""

import asyncio

TURN_SECONDS = 0.01
"""So long is taken in before the rest of the process has its turn (project's choice: a page shall not wait longer)."""

FIRST_SECONDS = 0.002
"""The first turn after a rest: a storm's first page is on its way while the storm is taken in (project's choice)."""

ROUNDS = 3
"""Rounds of the loop that belong to the rest of the process: what is on the disk is shown in the first, who sends it or
waits for it wakes in the second and has what follows from it in the third (project's choice)."""


class Turns:
    """Shared by all links of a listening side. Who came first goes on first."""

    def __init__(self) -> None:
        """The first one goes on at once."""
        self._free = asyncio.Event()
        self._free.set()
        self._until = 0.0

    async def take(self) -> None:
        """Go on at once, or after the loop's next rounds when the turn is over."""
        loop, length = asyncio.get_running_loop(), FIRST_SECONDS
        while not self._free.is_set() and loop.time() >= self._until:
            await self._free.wait()
            length = TURN_SECONDS
        if self._free.is_set():
            self._free.clear()
            self._until = loop.time() + length
            loop.call_soon(self._round, loop, ROUNDS)

    def _round(self, loop: asyncio.AbstractEventLoop, left: int) -> None:
        if left > 1:
            loop.call_soon(self._round, loop, left - 1)
        else:
            self._free.set()
