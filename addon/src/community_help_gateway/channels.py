"""The site file's part about the ways out: ``fallback`` (channels) and ``heartbeat``."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import voluptuous as vol

from .codecs.outgoing.channel import Channel, ChannelKind, Heartbeat

MAX_CHANNELS = 32
"""More ways out than that are a mistake (project's choice)."""

_ID = vol.All(str, vol.Match(r"^[a-z0-9][a-z0-9_-]{0,62}$", msg="expected a-z, 0-9, - and _, at most 63 characters"))
_SECRET = vol.All(str, vol.Match(r"^[!-~]{1,500}$", msg="expected 1 to 500 ASCII characters without spaces"))
_TOPIC = vol.All(str, vol.Match(r"^[-_A-Za-z0-9]{1,64}$", msg="expected a-z, A-Z, 0-9, - and _, at most 64 characters"))
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")
_NEEDED = {ChannelKind.NTFY: ("topic",)}
_ALLOWED = {
    ChannelKind.NTFY: {"token", "topic"},
    ChannelKind.DINGTALK: {"secret"},
    ChannelKind.FEISHU: {"secret"},
    ChannelKind.POST: {"token"},
}


def _url(given: object) -> str:
    """An address that can be called. The problem is named without the address, which is a credential."""
    if not isinstance(given, str) or not re.fullmatch(r"[!-~]{1,2000}", given):
        raise vol.Invalid("expected a URL: at most 2000 ASCII characters without spaces")
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError as error:
        raise vol.Invalid("expected a URL with a valid host and port") from error
    if parts.scheme.lower() not in ("http", "https"):
        raise vol.Invalid("expected a URL that begins with http:// or https://")
    if "@" in parts.netloc:
        raise vol.Invalid("expected a URL without user name and password; use token")
    if not _HOST.fullmatch(parts.hostname or ""):
        raise vol.Invalid("expected a URL with a host name or an IP address")
    if port == 0 or parts.fragment:
        raise vol.Invalid("expected a URL with a valid port and without #")
    return given


def _channel(given: dict[str, Any]) -> dict[str, Any]:
    """What only the kind of a channel decides."""
    kind = ChannelKind(given["kind"])
    for name in ("token", "secret", "topic"):
        if name in given and name not in _ALLOWED.get(kind, set()):
            problem = f"a channel of kind {kind} has no {name}"
            raise vol.Invalid(problem, path=[name])
        if name not in given and name in _NEEDED.get(kind, ()):
            problem = f"a channel of kind {kind} needs {name}"
            raise vol.Invalid(problem)
    problem = _misfit(kind, given["url"])
    if problem:
        raise vol.Invalid(problem, path=["url"])
    return given


def _misfit(kind: ChannelKind, url: str) -> str:
    """Why a URL cannot be one of the service, or nothing: a pasted fragment shall be found before the fire."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if kind is ChannelKind.NTFY and (parts.path not in ("", "/") or parts.query):
        return "expected the address of the ntfy server alone; the topic has a line of its own"
    if kind is ChannelKind.WECOM and not query.get("key"):
        return "expected the bot's whole webhook URL with key="
    if kind is ChannelKind.DINGTALK and not query.get("access_token"):
        return "expected the robot's whole webhook URL with access_token="
    if kind is ChannelKind.FEISHU and not re.search(r"/bot/v2/hook/[^/]+$", parts.path):
        return "expected the bot's whole webhook URL with /open-apis/bot/v2/hook/"
    return ""


def _unique(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Logs and receipts name a channel by its id alone."""
    seen: set[str] = set()
    for index, item in enumerate(given):
        if item["id"] in seen:
            problem = f"{item['id']} is there twice"
            raise vol.Invalid(problem, path=[index, "id"])
        seen.add(item["id"])
    return given


_CHANNEL = vol.All(
    {
        vol.Required("id"): _ID,
        vol.Required("kind"): vol.In([kind.value for kind in ChannelKind]),
        vol.Required("url"): _url,
        vol.Optional("token"): _SECRET,
        vol.Optional("secret"): _SECRET,
        vol.Optional("topic"): _TOPIC,
        vol.Optional("compounds", default=list): [_ID],
        vol.Optional("language", default="zh-Hans"): vol.In(["en", "zh-Hans"]),
    },
    _channel,
)
SCHEMA: dict[vol.Marker, Any] = {
    vol.Optional("fallback", default=list): vol.All(
        [_CHANNEL], vol.Length(max=MAX_CHANNELS, msg=f"expected at most {MAX_CHANNELS} channels"), _unique
    ),
    vol.Optional("heartbeat"): {
        vol.Required("url"): _url,
        vol.Optional("every", default=60): vol.All(
            vol.Any(int, float, msg="expected seconds"), vol.Range(min=10, max=3600), vol.Coerce(float)
        ),
    },
}
"""Two keys of the site file's schema, to be merged into it."""


def channels_of(data: Mapping[str, Any]) -> tuple[Channel, ...]:
    """The channels of a site file that ``SCHEMA`` has checked."""
    return tuple(
        Channel(**item | {"kind": ChannelKind(item["kind"]), "compounds": tuple(item["compounds"])})
        for item in data["fallback"]
    )


def heartbeat_of(data: Mapping[str, Any]) -> Heartbeat | None:
    """The heartbeat of a site file that ``SCHEMA`` has checked, if there is one."""
    found = data.get("heartbeat")
    return Heartbeat(**found) if found else None


__all__ = ["SCHEMA", "Channel", "ChannelKind", "Heartbeat", "channels_of", "heartbeat_of"]
