"""GB/T 26875.3-2011: the protocol between fire transmission devices (用户信息传输装置) and a centre."""

from .frame import Command, Decoder, Frame, Reason, Refused, reply

HEARTBEAT_DATA = b"\x16"
"""One vendor's heartbeat: command 2 with this one byte, answered by ``HEARTBEAT_REPLY``."""

HEARTBEAT_REPLY = b"\x17"


def is_heartbeat(frame: Frame) -> bool:
    """Whether a frame only says "I am here": the standard has none, three dialects are in use."""
    if frame.command == Command.KEEP_ALIVE:
        return True
    return frame.command == Command.SEND and frame.data in (b"", HEARTBEAT_DATA)


def confirm(frame: Frame, time: bytes) -> Frame:
    """The confirmation of ``frame``, in the dialect of its heartbeat; ``time`` is the centre's time label."""
    return reply(frame, Command.CONFIRM, time, HEARTBEAT_REPLY if frame.data == HEARTBEAT_DATA else b"")


def deny(frame: Frame, time: bytes) -> Frame:
    """The refusal of ``frame``."""
    return reply(frame, Command.DENY, time)


__all__ = ["Command", "Decoder", "Frame", "Reason", "Refused", "confirm", "deny", "is_heartbeat", "reply"]
