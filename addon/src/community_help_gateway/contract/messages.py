"""The messages of the stream and of the two requests before it.

Stream: the gateway says Hello; the client answers with Resume; the gateway sends Snapshot parts, the last one
with the incident events that the client missed, and then Changes, each with its cursor. Commands go up at any
time and get one Outcome each.
"""

from dataclasses import dataclass, field
from typing import Any

from .commands import COMMANDS, CommandBody
from .values import (
    Bypass,
    Compound,
    Cursor,
    Device,
    Drill,
    Health,
    Incident,
    IncidentEvent,
    Lease,
    Page,
    PointState,
)
from .wire import ContractError, Json, from_wire, shallow, to_wire

VERSION = 3
"""The contract's version that this copy speaks."""

MIN_SUPPORTED = 1
"""The oldest version that this copy understands."""

SLICE = 500
"""At most this many devices or states in one message, so that the reader's event loop stays responsive."""


@dataclass(frozen=True, slots=True)
class GatewayInfo:
    """What a gateway says of itself before any pairing: GET /api/v1/info."""

    id: str
    name: str
    software: str
    version: int = VERSION
    min_supported: int = MIN_SUPPORTED


@dataclass(frozen=True, slots=True)
class PairRequest:
    """POST /api/v1/pair: the code that the gateway shows."""

    code: str


@dataclass(frozen=True, slots=True)
class PairAnswer:
    """The bearer token in exchange for the pairing code."""

    token: str
    gateway: GatewayInfo


@dataclass(frozen=True, slots=True)
class Hello:
    """The gateway's first message on the stream."""

    gateway: GatewayInfo
    cursor: Cursor
    version: int = VERSION
    min_supported: int = MIN_SUPPORTED
    lease: Lease | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """The client's first message. ``cursor`` is the last one whose incident events it has dealt with."""

    instance: str
    name: str
    cursor: Cursor | None = None
    version: int = VERSION
    min_supported: int = MIN_SUPPORTED


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Part ``part`` (from 1) of ``parts`` of everything; incidents, pages and missed events come in the last."""

    cursor: Cursor
    part: int
    parts: int
    compounds: tuple[Compound, ...] = ()
    devices: tuple[Device, ...] = ()
    states: tuple[PointState, ...] = ()
    incidents: tuple[Incident, ...] = ()
    pages: tuple[Page, ...] = ()
    missed: tuple[IncidentEvent, ...] = ()
    drills: tuple[Drill, ...] = ()
    bypasses: tuple[Bypass, ...] = ()
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed up to ``cursor``. ``site`` is true when devices changed and a new snapshot follows.

    ``drills`` and ``bypasses`` are all that run now, where they changed; ``None`` where they did not.
    """

    cursor: Cursor
    states: tuple[PointState, ...] = ()
    events: tuple[IncidentEvent, ...] = ()
    pages: tuple[Page, ...] = ()
    lease: Lease | None = None
    site: bool = False
    drills: tuple[Drill, ...] | None = None
    bypasses: tuple[Bypass, ...] | None = None
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One command. The same ``key`` is carried out once, however often it arrives.

    ``fence`` is the sender's lease number; commands that page or record receipts are refused with an older one.
    """

    key: str
    body: CommandBody
    fence: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the command ``key``. ``code`` is empty on success, else one of the gateway's error keys."""

    key: str
    ok: bool
    code: str = ""
    message: str = ""
    placeholders: dict[str, str] = field(default_factory=dict)
    result: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The gateway ends the stream. ``code``: version_gateway, version_integration, too_slow or stopping."""

    code: str
    message: str = ""


type Message = Hello | Resume | Snapshot | Changes | Command | Outcome | Goodbye

MESSAGES: dict[str, type[Hello | Resume | Snapshot | Changes | Outcome | Goodbye]] = {
    "hello": Hello,
    "resume": Resume,
    "snapshot": Snapshot,
    "changes": Changes,
    "outcome": Outcome,
    "goodbye": Goodbye,
}
_TYPES = {cls: name for name, cls in MESSAGES.items()}
_NAMES = {cls: name for name, cls in COMMANDS.items()}


def envelope(message: Message) -> dict[str, Any]:
    """A message as the JSON object with its ``type``; what its fields hold is still as it was."""
    if isinstance(message, Command):
        return {
            "type": "command",
            "key": message.key,
            "name": _NAMES[type(message.body)],
            "fence": message.fence,
            "body": message.body,
        }
    return {"type": _TYPES[type(message)], **shallow(message)}


def encode(message: Message) -> dict[str, Json]:
    """Write a message as a JSON object with its ``type``."""
    return {name: to_wire(value) for name, value in envelope(message).items()}


def decode(data: object) -> Message:
    """Read a message; raises ContractError, which names the place, for anything else."""
    if not isinstance(data, dict):
        text = "message: expected an object"
        raise ContractError(text)
    kind = data.get("type")
    if kind == "command":
        return _decode_command(data)
    if not isinstance(kind, str) or kind not in MESSAGES:
        text = f"message.type: {kind!r} is not known to version {VERSION}"
        raise ContractError(text)
    return from_wire(MESSAGES[kind], data, kind)


def _decode_command(data: dict[str, object]) -> Command:
    name, key, fence = data.get("name"), data.get("key"), data.get("fence", 0)
    if not isinstance(name, str) or name not in COMMANDS:
        text = f"command.name: {name!r} is not known to version {VERSION}"
        raise ContractError(text)
    if not isinstance(key, str) or not 0 < len(key) <= 64:
        text = "command.key: expected 1 to 64 characters"
        raise ContractError(text)
    if not isinstance(fence, int):
        text = "command.fence: expected int"
        raise ContractError(text)
    return Command(key=key, fence=fence, body=from_wire(COMMANDS[name], data.get("body"), name))


def compatible(their_version: int, their_min: int) -> str:
    """Which side must be updated: "" for none, "gateway" or "integration" as seen from this copy's owner.

    The answer is from the point of view of two equal copies: "theirs" is too old when it is older than our
    minimum, "ours" when we are older than their minimum.
    """
    if their_version < MIN_SUPPORTED:
        return "theirs"
    return "ours" if their_min > VERSION else ""
