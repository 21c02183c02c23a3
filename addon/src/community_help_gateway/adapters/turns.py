"""Among thousands of frames that come together, what is on the disk already is shown and confirmed in between."""

import asyncio

TURN_SECONDS = 0.01
"""So long is taken in before the rest of the process has its turn (project's choice: a page shall not wait longer)."""


class Turns:
    """Shared by all links of a listening side. Who came first goes on first."""

    def __init__(self) -> None:
        """The first one goes on after the loop's next round."""
        self._until = 0.0
        self._asked = False

    async def take(self) -> None:
        """Go on at once, or after the loop's next round when the turn is over."""
        loop = asyncio.get_running_loop()
        while loop.time() >= self._until:
            if not self._asked:
                self._asked = True
                loop.call_soon(self._begin, loop)
            await asyncio.sleep(0)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._until = loop.time() + TURN_SECONDS
        self._asked = False
