"""How many messages a service takes in a time, counted so that its limit is never crossed."""

from collections import deque

from .channel import ChannelKind

UNDERWAY = 8.0
"""Seconds that a message may be on its way: the service counts when it arrives, this side when it leaves."""

LIMITS = {
    ChannelKind.WECOM: ((20, 60.0),),
    ChannelKind.DINGTALK: ((20, 60.0),),
    ChannelKind.FEISHU: ((5, 1.0), (100, 60.0)),
}
"""Messages in seconds. WeCom: document 91770, "消息发送频率限制"; DingTalk: "自定义机器人接入", "调用频率限制", which
blocks for ten minutes who exceeds it; Feishu: "自定义机器人使用指南", "注意事项". The others answer 429."""

RESERVE = 4
"""One in so many places is kept for urgent notices (project's choice)."""


class Pace:
    """Counts the messages of one channel over sliding windows.

    A bucket that refills steadily would let nearly twice the number through in one unlucky minute.
    """

    def __init__(self, kind: ChannelKind) -> None:
        """Nothing was sent yet."""
        self._limits = LIMITS.get(kind, ())
        self._sent: deque[float] = deque(maxlen=max((number for number, _ in self._limits), default=0))

    def wait(self, now: float, *, urgent: bool) -> float:
        """Take a place at monotonic ``now`` and return 0, or return the seconds until one is free."""
        longest = max((self._until_free(now, *limit, urgent=urgent) for limit in self._limits), default=0.0)
        if longest <= 0:
            self._sent.append(now)
            return 0.0
        return longest

    def _until_free(self, now: float, number: int, seconds: float, *, urgent: bool) -> float:
        places = number if urgent else number - number // RESERVE
        if len(self._sent) < places:
            return 0.0
        return self._sent[-places] + seconds + UNDERWAY - now
