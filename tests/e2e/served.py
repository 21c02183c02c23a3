"""A small HTTP server of the tests' own process, for what stands on the other side of Home Assistant."""

from typing import Self

from aiohttp import web

from .processes import free_port


class Served:
    """Serves ``app`` on a port of this machine from ``start`` until ``stop``."""

    def __init__(self) -> None:
        """Nothing is served yet."""
        self.app = web.Application()
        self.port = free_port()
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """Its base address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> Self:
        """Serve; a request that hangs does not delay the end."""
        self._runner = web.AppRunner(self.app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def stop(self) -> None:
        """Gone: connections are refused."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
