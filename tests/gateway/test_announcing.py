"""How Home Assistant learns of a gateway: the Supervisor's discovery message, or the local network."""

import asyncio

import pytest
from aiohttp import web
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from community_help_gateway.adapters.mdns import SERVICE_TYPE, Announcement
from community_help_gateway.supervisor import DiscoveryError, announce

CONFIG: dict[str, str | int] = {"host": "abc", "port": 8125, "token": "t", "gateway_id": "g", "name": "n"}


async def supervisor(status: int) -> tuple[web.AppRunner, str, list[tuple[str, object]]]:
    """A Supervisor that answers with ``status`` and keeps what it was told."""
    told: list[tuple[str, object]] = []

    async def take(request: web.Request) -> web.Response:
        told.append((request.headers["Authorization"], await request.json()))
        return web.json_response({"result": "ok"}, status=status)

    application = web.Application()
    application.router.add_post("/discovery", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}", told


async def test_the_supervisor_gets_the_discovery_message() -> None:
    """Service, configuration, and the Supervisor's own token."""
    runner, base, told = await supervisor(200)
    await announce(base, "its-token", CONFIG)
    assert told == [("Bearer its-token", {"service": "community_help", "config": CONFIG})]
    await runner.cleanup()


async def test_a_refusal_says_what_to_do_instead() -> None:
    """The gateway goes on; the text names the other way."""
    runner, base, _ = await supervisor(403)
    with pytest.raises(DiscoveryError, match=r"403.*by hand"):
        await announce(base, "its-token", CONFIG)
    await runner.cleanup()
    with pytest.raises(DiscoveryError, match="by hand"):
        await announce(base, "its-token", CONFIG)


async def test_a_stand_alone_gateway_is_found_in_the_network() -> None:
    """Its id, name and contract version are there before any pairing; no secret is."""
    announcement = Announcement("0123456789abcdef", "清水湾", 8125, {"version": "1", "min_supported": "1"})
    await announcement.start()
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def seen(zeroconf: object, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if name.startswith("0123456789abcdef") and not found.done():
            found.set_result(name)

    async with AsyncZeroconf(interfaces=["127.0.0.1"]) as reader:
        browser = AsyncServiceBrowser(reader.zeroconf, SERVICE_TYPE, handlers=[seen])
        async with asyncio.timeout(20):
            info = AsyncServiceInfo(SERVICE_TYPE, await found)
            assert await info.async_request(reader.zeroconf, 5000)
        await browser.async_cancel()
    await announcement.stop()
    properties = {key.decode(): (value or b"").decode() for key, value in info.properties.items()}
    assert properties == {"id": "0123456789abcdef", "name": "清水湾", "version": "1", "min_supported": "1"}
    assert info.port == 8125
