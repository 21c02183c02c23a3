"""What the gateway told the field and its clients, read out of what it sent."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from community_help_gateway.codecs.gb26875 import Command, Decoder, Frame
from tests.gateway.powercut.trace import Kind, Record

TEXT = 1
"""Opcode of a text message: RFC 6455, 5.2."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The device's frame ``serial`` was confirmed by the record at ``at``."""

    at: int
    serial: int


@dataclass(frozen=True, slots=True)
class Message:
    """A client was sent ``body`` by the record at ``at``."""

    at: int
    body: dict[str, Any]


type Told = Confirmation | Message


@dataclass(slots=True)
class _Connection:
    """What was sent on one connection so far; the first bytes tell which sort it is."""

    field: Decoder = field(default_factory=Decoder)
    data: bytes = b""
    upgraded: bool = False

    def feed(self, at: int, data: bytes) -> Iterator[Told]:
        """What ``data`` completes."""
        self.data += data
        if not self.upgraded and self.data.startswith(b"@"):
            yield from self._frames(at)
        elif self.upgraded or self.data.startswith(b"HTTP/1.1 101 "):
            yield from self._messages(at)

    def _frames(self, at: int) -> Iterator[Told]:
        for event in self.field.feed(self.data):
            if isinstance(event, Frame) and event.command == Command.CONFIRM:
                yield Confirmation(at, event.serial)
        self.data = b""

    def _messages(self, at: int) -> Iterator[Told]:
        if not self.upgraded:
            _, self.upgraded, self.data = _split(self.data)
        while len(self.data) >= 2:
            head, size = _length(self.data)
            if len(self.data) < head + size:
                return
            if self.data[0] & 0x0F == TEXT:
                yield Message(at, json.loads(self.data[head : head + size]))
            self.data = self.data[head + size :]


def _split(data: bytes) -> tuple[bytes, bool, bytes]:
    """The head of an HTTP answer, whether it is complete, and what follows."""
    head, end, rest = data.partition(b"\r\n\r\n")
    return (head, True, rest) if end else (b"", False, data)


def _length(data: bytes) -> tuple[int, int]:
    """Length of the head and of the content of an unmasked frame: RFC 6455, 5.2."""
    short = data[1] & 0x7F
    extra = {126: 2, 127: 8}.get(short, 0)
    if len(data) < 2 + extra:
        return 2 + extra, 1
    return 2 + extra, int.from_bytes(data[2 : 2 + extra]) if extra else short


def told(records: Iterable[Record]) -> list[Told]:
    """Everything that was told, in order."""
    connections: dict[int, _Connection] = {}
    found: list[Told] = []
    for at, record in enumerate(records):
        if record.kind is Kind.START:
            connections.clear()
        elif record.kind in (Kind.CLOSE, Kind.OPEN, Kind.CREATE):
            connections.pop(record.fd, None)
        elif record.kind is Kind.SEND:
            found += connections.setdefault(record.fd, _Connection()).feed(at, record.data)
    return found
