"""What the gateway says to the outside by itself: payloads of the fallback channels, and what answers mean."""

from .answers import Outcome, Verdict, refused, retry_after, try_later, verdict
from .channel import Channel, ChannelKind, Heartbeat
from .formats import heartbeat_request, request_for
from .notice import Notice, Request
from .pace import Pace

__all__ = [
    "Channel",
    "ChannelKind",
    "Heartbeat",
    "Notice",
    "Outcome",
    "Pace",
    "Request",
    "Verdict",
    "heartbeat_request",
    "refused",
    "request_for",
    "retry_after",
    "try_later",
    "verdict",
]
