"""Announces a stand-alone gateway in the local network, so that Home Assistant finds it."""

import socket

from zeroconf import IPVersion, NonUniqueNameException
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

SERVICE_TYPE = "_community-help._tcp.local."


class Announcement:
    """Announced from ``start`` until ``stop``."""

    def __init__(self, gateway_id: str, name: str, port: int, properties: dict[str, str]) -> None:
        """``properties`` are what a client may know before pairing."""
        self._info = AsyncServiceInfo(
            SERVICE_TYPE,
            f"{gateway_id}.{SERVICE_TYPE}",
            port=port,
            properties={"id": gateway_id, "name": name, **properties},
            server=f"community-help-{gateway_id[:8]}.local.",
            parsed_addresses=_addresses(),
        )
        self._zeroconf: AsyncZeroconf | None = None

    async def start(self) -> None:
        """Announce; a name that is taken already is another process of this very gateway."""
        self._zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only)
        try:
            await self._zeroconf.async_register_service(self._info)
        except NonUniqueNameException:
            await self._zeroconf.async_close()
            raise

    async def stop(self) -> None:
        """Take the announcement back."""
        if self._zeroconf:
            await self._zeroconf.async_unregister_service(self._info)
            await self._zeroconf.async_close()


def _addresses() -> list[str]:
    """The address by which this machine reaches others; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address for documentation, never reached
        except OSError:
            return ["127.0.0.1"]
        return [str(probe.getsockname()[0])]
