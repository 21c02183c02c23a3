"""Where a page goes when Home Assistant does not accept it, and whom the heartbeat tells that the gateway lives."""

from dataclasses import dataclass, field
from enum import StrEnum


class ChannelKind(StrEnum):
    """The services whose format is known."""

    NTFY = "ntfy"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Channel:
    """One way out. Its URL is a credential with most services, so no ``repr`` shows it."""

    id: str
    kind: ChannelKind
    url: str = field(repr=False)
    token: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    topic: str = field(default="", repr=False)
    compounds: tuple[str, ...] = ()
    """The compounds whose pages go here; empty: all."""
    language: str = "zh-Hans"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The outside watcher's URL and how often it is called, in seconds."""

    url: str = field(repr=False)
    every: float = 60.0
