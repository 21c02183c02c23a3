"""What a service's answer means. Only what is known to mean "taken" counts as delivered.

Error codes: WeCom developer centre, "全局错误码"; DingTalk, "自定义机器人接入"; Feishu, "自定义机器人使用指南" and
"频控策略". A service's own words are never repeated: they may quote the request, and with it a credential.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

from .channel import ChannelKind

SOON = 10.0
"""Seconds until the next try after network trouble or a failing server (project's choice)."""

LATER = 60.0
"""Seconds after which a service that counts by the minute takes messages again."""

LONGEST = 3600.0
"""A service cannot hold a page back longer than this by asking to wait (project's choice)."""

_SLOW_DOWN = {
    ChannelKind.WECOM: {45009: LATER},
    ChannelKind.DINGTALK: {130101: 600.0, 90030: 600.0},
    ChannelKind.FEISHU: {11232: LATER, 99991400: LATER},
}
"""Codes that say "too many", with the seconds to wait; DingTalk blocks for ten minutes ("调用频率限制")."""

_MEANING = {
    (ChannelKind.WECOM, 93000): "the webhook URL is wrong or the bot was removed",
    (ChannelKind.WECOM, 40058): "a value was not accepted, or the text was too long",
    (ChannelKind.DINGTALK, 310000): "keyword, signature or IP address do not fit the robot's security settings",
    (ChannelKind.DINGTALK, 460101): "the text was too long",
    (ChannelKind.FEISHU, 9499): "the request was not understood",
    (ChannelKind.FEISHU, 19001): "the webhook URL is wrong or the bot was removed",
    (ChannelKind.FEISHU, 19021): "the signature did not fit: compare the secret and the gateway's clock",
    (ChannelKind.FEISHU, 19022): "the gateway's IP address is not in the bot's list",
    (ChannelKind.FEISHU, 19024): "the bot's keyword is not in the text",
}
_STATUSES = {
    401: "the token was not accepted",
    403: "sending there is not allowed",
    404: "there is nothing at that URL",
    413: "the text was too long",
}


class Outcome(StrEnum):
    """What became of one try."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    TRY_LATER = "try_later"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one try; ``reason`` is for people, ``after`` the seconds until another try makes sense."""

    outcome: Outcome
    reason: str = ""
    after: float = 0.0

    @property
    def delivered(self) -> bool:
        """Whether the service took it."""
        return self.outcome is Outcome.DELIVERED


def refused(reason: str) -> Verdict:
    """The same request will not be taken later either: somebody has to change something."""
    return Verdict(Outcome.REFUSED, reason)


def try_later(seconds: float, reason: str) -> Verdict:
    """Not taken, or not known to be: send the same page again after ``seconds``."""
    return Verdict(Outcome.TRY_LATER, reason, min(max(seconds, 1.0), LONGEST))


def verdict(kind: ChannelKind, status: int, body: bytes, wait: float | None = None) -> Verdict:
    """What an answer means; ``wait`` is what ``retry_after`` found in its headers."""
    code = _code(kind, body)
    pause = None if code is None else _SLOW_DOWN.get(kind, {}).get(code)
    if status == 429 or pause is not None:
        return try_later(wait or pause or LATER, "the service asks to send less")
    if status in (408, 425) or status >= 500:
        return try_later(wait or SOON, f"status {status}")
    if 300 <= status < 400:
        return refused(f"status {status}: redirects are not followed, enter the final URL")
    if not 200 <= status < 300:
        return refused(_explained(kind, status, code))
    return _taken(kind, body, code)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the service asks to wait: ``Retry-After`` (RFC 9110, 10.2.3) or Feishu's own header."""
    given = headers.get("Retry-After", "") or headers.get("x-ogw-ratelimit-reset", "")
    if given.isascii() and given.isdigit():
        return float(given[:9])
    try:
        date = parsedate_to_datetime(given)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now


def _taken(kind: ChannelKind, body: bytes, code: int | None) -> Verdict:
    if kind is ChannelKind.POST or code == 0:
        return Verdict(Outcome.DELIVERED)
    if kind is ChannelKind.NTFY:
        answer = _object(body)
        if answer.get("event") == "message" and answer.get("id"):
            return Verdict(Outcome.DELIVERED)
    if code is None:
        return try_later(LATER, "the answer is not one of this service")
    if code == -1:
        return try_later(SOON, "the service is busy")
    return refused(_explained(kind, None, code))


def _explained(kind: ChannelKind, status: int | None, code: int | None) -> str:
    said = f"error code {code}" if code else f"status {status}"
    meaning = _MEANING.get((kind, code or 0), "") or _STATUSES.get(status or 0, "")
    return f"{said}: {meaning}" if meaning else said


def _code(kind: ChannelKind, body: bytes) -> int | None:
    """The bots' error code; ``None`` when there is none, so that ``false`` or "0" never reads as success."""
    if kind in (ChannelKind.NTFY, ChannelKind.POST):
        return None
    code = _object(body).get("code" if kind is ChannelKind.FEISHU else "errcode")
    return code if type(code) is int else None


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except ValueError, RecursionError:
        return {}
    return found if isinstance(found, dict) else {}
