"""A local stand-in for the push relay of the apps' makers: what ``mobile_app`` posts to a phone's ``push_url``.

Accepted pushes go on to the simulated phone with that token, as the phone makers' own services would carry them.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from aiohttp import web

from .served import Served

DAILY = 500
"""Pushes a day for one phone: the real relay's limit."""

FORBIDDEN_PAGE = "<html><title>403 Forbidden</title>Your client does not have permission to get this URL.</html>"
"""What a server in a region that the relay's host does not serve is answered: not even JSON."""


class Answer(StrEnum):
    """How the relay answers."""

    TAKES = "takes"
    FORBIDS = "forbids"
    LIMITS = "limits"
    HANGS = "hangs"


class Relay(Served):
    """``taken`` is every push that it was asked to deliver, whatever it answered."""

    def __init__(self) -> None:
        """It takes everything, and knows no phone."""
        super().__init__()
        self.phones: dict[str, Callable[[dict[str, Any]], None]] = {}
        self.answer = Answer.TAKES
        self.taken: list[dict[str, Any]] = []
        self.app.router.add_post("/api/sendPush", self._send)

    @property
    def url(self) -> str:
        """The phones' ``push_url``."""
        return f"{self.address}/api/sendPush"

    async def _send(self, request: web.Request) -> web.Response:
        push = await request.json()
        self.taken.append(push)
        if self.answer is Answer.HANGS:
            await asyncio.Event().wait()
        if self.answer is Answer.FORBIDS:
            return web.Response(status=403, text=FORBIDDEN_PAGE, content_type="text/html")
        token = push["push_token"]
        if self.answer is Answer.LIMITS:
            said = "The given target has reached the maximum number of notifications allowed per day."
            body = {"errorType": "RateLimited", "message": said, "target": token, "rateLimits": _limits(DAILY)}
            return web.json_response(body, status=429)
        if token in self.phones:
            self.phones[token]({key: value for key, value in push.items() if key in ("message", "title", "data")})
        body = {"messageId": str(len(self.taken)), "target": token, "rateLimits": _limits(len(self.taken))}
        return web.json_response(body, status=201)


def _limits(used: int) -> dict[str, Any]:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return {
        "successful": used,
        "errors": 0,
        "total": used,
        "maximum": DAILY,
        "remaining": DAILY - used,
        "resetsAt": midnight.isoformat(),
    }
