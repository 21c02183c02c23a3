"""Frames of GB/T 26875.3-2011: bytes in, frames and refusals out.

Layout (all numbers little-endian): 40 40 · serial (2) · main version (1) · user version (1) · time label (6) ·
source (6) · destination (6) · data length L (2) · command (1) · data (L) · checksum (1) · 23 23. The checksum is
the sum of everything between the start mark and itself, modulo 256.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from enum import IntEnum, StrEnum

START = b"\x40\x40"
END = b"\x23\x23"
HEAD = 27
"""Bytes up to and including the command."""

TAIL = 3
MAX_DATA = 1024
"""The longest application data unit: GB/T 26875.3-2011, 6.3 (length of the application data unit)."""


class Command(IntEnum):
    """The command byte."""

    CONTROL = 1
    SEND = 2
    CONFIRM = 3
    REQUEST = 4
    ANSWER = 5
    DENY = 6
    KEEP_ALIVE = 7
    """Not in the standard: one vendor's dialect."""


class Reason(StrEnum):
    """Why bytes were refused."""

    NOISE = "noise"
    TOO_LONG = "too_long"
    END_MARK = "end_mark"
    CHECKSUM = "checksum"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``time`` is the raw time label; addresses are numbers of up to 48 bits."""

    serial: int
    command: int
    source: int
    destination: int
    data: bytes = b""
    time: bytes = bytes(6)
    main_version: int = 1
    user_version: int = 1

    def encode(self) -> bytes:
        """The frame's bytes; raises ValueError for data over 1,024 bytes."""
        if len(self.data) > MAX_DATA:
            message = f"{len(self.data)} bytes of data, at most {MAX_DATA}"
            raise ValueError(message)
        body = b"".join(
            (
                self.serial.to_bytes(2, "little"),
                bytes((self.main_version, self.user_version)),
                self.time,
                self.source.to_bytes(6, "little"),
                self.destination.to_bytes(6, "little"),
                len(self.data).to_bytes(2, "little"),
                bytes((self.command,)),
                self.data,
            )
        )
        return START + body + bytes((sum(body) & 0xFF,)) + END

    @property
    def fingerprint(self) -> bytes:
        """The same for a frame and its resend; says nothing about whether it is a new event."""
        body = b"%d %d %d " % (self.source, self.serial, self.command) + self.data
        return hashlib.blake2b(body, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Refused:
    """Bytes that are no frame. ``frame`` is what they would have been, where that can be told (for a deny)."""

    reason: Reason
    skipped: int
    frame: Frame | None = None


type Event = Frame | Refused


class Decoder:
    """Feed it bytes in any portions; it never raises, and never keeps more than one frame's worth."""

    def __init__(self) -> None:
        """An empty buffer."""
        self.refusals: Counter[Reason] = Counter()
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Event]:
        """The events that ``data`` completes, in order."""
        self._buffer += data
        events: list[Event] = []
        while (event := self._next()) is not None:
            if isinstance(event, Refused):
                self.refusals[event.reason] += 1
            events.append(event)
        return events

    @property
    def pending(self) -> int:
        """Bytes that wait for more."""
        return len(self._buffer)

    def _next(self) -> Event | None:
        noise = self._skip_noise()
        if noise:
            return Refused(Reason.NOISE, noise)
        if len(self._buffer) < HEAD:
            return None
        length = int.from_bytes(self._buffer[24:26], "little")
        if length > MAX_DATA:
            return self._refuse(Reason.TOO_LONG)
        size = HEAD + length + TAIL
        if len(self._buffer) < size:
            return None
        raw = bytes(self._buffer[:size])
        if raw[-2:] != END:
            return self._refuse(Reason.END_MARK)
        if sum(raw[2:-3]) & 0xFF != raw[-3]:
            return self._refuse(Reason.CHECKSUM, _read(raw))
        del self._buffer[:size]
        frame = _read(raw)
        if frame.command == 0 or Command.KEEP_ALIVE < frame.command < 128:
            return Refused(Reason.COMMAND, size, frame)
        return frame

    def _skip_noise(self) -> int:
        """Drop what cannot begin a frame; a lone 40 at the end may be half a start mark."""
        at = self._buffer.find(START)
        if at < 0:
            at = len(self._buffer) - (1 if self._buffer.endswith(START[:1]) else 0)
        del self._buffer[:at]
        return at

    def _refuse(self, reason: Reason, frame: Frame | None = None) -> Refused:
        """Skip one byte only: a true frame may begin inside what looked like one."""
        del self._buffer[:1]
        return Refused(reason, 1, frame)


def _read(raw: bytes) -> Frame:
    return Frame(
        serial=int.from_bytes(raw[2:4], "little"),
        main_version=raw[4],
        user_version=raw[5],
        time=raw[6:12],
        source=int.from_bytes(raw[12:18], "little"),
        destination=int.from_bytes(raw[18:24], "little"),
        command=raw[26],
        data=raw[HEAD:-TAIL],
    )


def reply(frame: Frame, command: Command, time: bytes, data: bytes = b"") -> Frame:
    """The other side's answer: same serial and versions, addresses swapped."""
    return Frame(
        serial=frame.serial,
        command=command,
        source=frame.destination,
        destination=frame.source,
        data=data,
        time=time,
        main_version=frame.main_version,
        user_version=frame.user_version,
    )
