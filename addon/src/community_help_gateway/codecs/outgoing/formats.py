"""Payloads of the fallback channels.

Sources: ntfy documentation, "Publishing" (publish as JSON, updating notifications, access tokens, limitations);
WeCom developer centre, document 91770 "群机器人配置说明"; DingTalk open platform, "自定义机器人接入" and
"自定义机器人安全设置"; Feishu open platform, "自定义机器人使用指南".
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from urllib.parse import quote

from .channel import Channel, ChannelKind, Heartbeat
from .notice import Notice, Request, cut, headline, link_of, message, plain, unmarked_up

NTFY_BYTES = 4096
"""ntfy turns a longer message into an attachment ("Publishing", section "Limitations")."""

WECOM_BYTES = 2048
"""WeCom's limit of ``text.content`` in UTF-8 (document 91770, section "文本类型"); markdown may have 4096."""

DINGTALK_BYTES = 6000
"""DingTalk refuses a message over 20,000 bytes (its answer 460101 says so). As JSON escapes at most double what is
left of a text here, this stays far below (project's choice: nobody reads more at night)."""

FEISHU_BYTES = 6000
"""Feishu's limit is 20 KB for the whole request ("自定义机器人使用指南", section "注意事项"); see DingTalk."""

POST_BYTES = 8192
"""Of the text in the plain format (project's choice)."""

_FEISHU_ALL = '\n<at user_id="all">所有人</at>'
_SEQUENCE = re.compile(r"[-_A-Za-z0-9]{1,64}")
"""What ntfy's server takes as ``sequence_id``; it answers 400 to anything else."""


def request_for(channel: Channel, notice: Notice, now: float) -> Request:
    """The request that brings ``notice`` to ``channel``; ``now`` is epoch seconds, for the signatures."""
    return _BUILDERS[channel.kind](channel, notice, now)


def heartbeat_request(heartbeat: Heartbeat, gateway: str, sequence: int) -> Request:
    """The sign of life number ``sequence`` since the start."""
    return _json(heartbeat.url, {"gateway": gateway, "sequence": sequence})


def dingtalk_sign(secret: str, milliseconds: int) -> str:
    """Base64 of HMAC-SHA256, keyed with the secret, over "milliseconds, line break, secret" ("加签")."""
    return _signed(secret.encode("utf-8"), f"{milliseconds}\n{secret}".encode())


def feishu_sign(secret: str, seconds: int) -> str:
    """Base64 of HMAC-SHA256, keyed with "seconds, line break, secret", over nothing ("设置签名校验")."""
    return _signed(f"{seconds}\n{secret}".encode(), b"")


def _signed(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode("ascii")


def _json(url: str, body: dict[str, object], token: str = "") -> Request:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return Request("POST", url, headers, json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))


def _ntfy(channel: Channel, notice: Notice, now: float) -> Request:
    """Posted to the server's root. Priority 5 is the highest, 3 the default.

    The page, not the incident, is the ``sequence_id``: the Android app makes no sound when it updates a notification
    that still shows, so a second page of the same incident has to be a notification of its own.
    """
    title = headline(notice, channel.language)
    body: dict[str, object] = {
        "topic": channel.topic,
        "title": title,
        "message": cut(plain(notice.text), NTFY_BYTES) or title,
        "priority": 5 if notice.urgent else 3,
        "tags": ["rotating_light" if notice.urgent else "warning"],
        "sequence_id": _sequence(notice.page),
    }
    if link := link_of(notice):
        body["click"] = link
    return _json(channel.url, body, channel.token)


def _sequence(page: str) -> str:
    if _SEQUENCE.fullmatch(page):
        return page
    return hashlib.sha256(page.encode("utf-8", "replace")).hexdigest()


def _wecom(channel: Channel, notice: Notice, now: float) -> Request:
    """Text, because it can call everybody and the WeChat plugin shows it; markdown can do neither."""
    text: dict[str, object] = {"content": message(unmarked_up(notice), channel.language, WECOM_BYTES)}
    if notice.urgent:
        text["mentioned_list"] = ["@all"]
    return _json(channel.url, {"msgtype": "text", "text": text})


def _dingtalk(channel: Channel, notice: Notice, now: float) -> Request:
    url = channel.url
    if channel.secret:
        milliseconds = int(now * 1000)
        sign = quote(dingtalk_sign(channel.secret, milliseconds), safe="")
        url = f"{url}{'&' if '?' in url else '?'}timestamp={milliseconds}&sign={sign}"
    content = message(notice, channel.language, DINGTALK_BYTES)
    return _json(url, {"msgtype": "text", "text": {"content": content}, "at": {"isAtAll": notice.urgent}})


def _feishu(channel: Channel, notice: Notice, now: float) -> Request:
    text = message(unmarked_up(notice), channel.language, FEISHU_BYTES) + (_FEISHU_ALL if notice.urgent else "")
    body: dict[str, object] = {"msg_type": "text", "content": {"text": text}}
    if channel.secret:
        body |= {"timestamp": str(int(now)), "sign": feishu_sign(channel.secret, int(now))}
    return _json(channel.url, body)


def _post(channel: Channel, notice: Notice, now: float) -> Request:
    body: dict[str, object] = {
        "page": notice.page,
        "incident": notice.tag,
        "title": headline(notice, channel.language),
        "text": cut(plain(notice.text), POST_BYTES),
        "urgent": notice.urgent,
        "drill": notice.drill,
        "test": notice.test,
        "link": link_of(notice),
        "time": int(now),
    }
    return _json(channel.url, body, channel.token)


_BUILDERS: dict[ChannelKind, Callable[[Channel, Notice, float], Request]] = {
    ChannelKind.NTFY: _ntfy,
    ChannelKind.WECOM: _wecom,
    ChannelKind.DINGTALK: _dingtalk,
    ChannelKind.FEISHU: _feishu,
    ChannelKind.POST: _post,
}
