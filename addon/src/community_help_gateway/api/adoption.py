"""Home Assistant's adopted entities: their list, what they say, and whether anybody brings that."""

import contextlib

from ..contract import commands
from ..contract.wire import Json
from ..errors import JournalError
from ..hub import Hub
from ..model.adopted import HOME_ASSISTANT, LINK, is_adopted
from ..model.observation import LinkState
from . import views


class Adoption:
    """Of one gateway: the link to Home Assistant is up while a client brings what adopted entities say."""

    def __init__(self, hub: Hub) -> None:
        """Nobody brings anything yet."""
        self._hub = hub
        self._clients: set[object] = set()

    async def adopt(self, client: object, key: str, body: commands.SetAdopted) -> dict[str, Json]:
        """Take the list that ``client`` brings; raises JournalError."""
        await self._join(client)
        await self._hub.adopt(key, views.decide(body))
        devices = self._hub.site.devices
        return {"left_out": ",".join(item.id for item in body.devices if not is_adopted(devices.get(item.id)))}

    async def report(self, client: object, body: commands.ReportAdopted) -> dict[str, Json]:
        """Judge what entities say; it is in the journal when this returns. Raises JournalError."""
        await self._join(client)
        await self._hub.observe(views.observations(body, self._hub.clock.wall()))
        return {}

    async def leave(self, client: object) -> None:
        """``client`` is gone; nothing is cleared by that."""
        if client in self._clients:
            self._clients.discard(client)
            await self._tell(up=bool(self._clients))

    def stop(self) -> None:
        """The gateway stops: that is not Home Assistant's absence."""
        self._clients.clear()

    async def _join(self, client: object) -> None:
        if client not in self._clients:
            self._clients.add(client)
            await self._tell(up=True)

    async def _tell(self, *, up: bool) -> None:
        with contextlib.suppress(JournalError):  # the auditor says so already
            await self._hub.observe([LinkState(LINK, HOME_ASSISTANT, up, self._hub.clock.wall())])
