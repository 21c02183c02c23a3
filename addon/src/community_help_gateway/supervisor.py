"""Tells Home Assistant's Supervisor how the integration reaches this gateway."""

import logging

import aiohttp

from .errors import GatewayError

_LOGGER = logging.getLogger(__name__)


class DiscoveryError(GatewayError):
    """The Supervisor did not take the discovery message."""

    key = "discovery"
    template = "The Supervisor did not take the discovery message ({problem}); add the integration by hand"


async def announce(base: str, supervisor_token: str, config: dict[str, str | int]) -> None:
    """Post the discovery message to ``base`` (http://supervisor); raises DiscoveryError."""
    message = {"service": "community_help", "config": config}
    headers = {"Authorization": f"Bearer {supervisor_token}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.post(f"{base}/discovery", json=message, headers=headers) as answer,
        ):
            if answer.status >= 400:
                raise DiscoveryError(problem=f"status {answer.status}")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise DiscoveryError(problem=str(error)) from error
    _LOGGER.info("Home Assistant knows how to reach this gateway")
