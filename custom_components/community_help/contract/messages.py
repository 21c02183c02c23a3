"""The messages of the stream and of the two requests before it.

Stream: the gateway says Hello; the client answers with Resume; the gateway sends Snapshot parts, the last one
with the incident events that the client missed, and then Changes, each with its cursor. Commands go up at any
time and get one Outcome each.
"""

from dataclasses import dataclass, field

from .values import (
    Bypass,
    Cause,
    Compound,
    Cursor,
    Device,
    Drill,
    Health,
    Incident,
    IncidentEvent,
    Lease,
    Page,
    Person,
    PointState,
    ReceiptStep,
    Shift,
    StaffMember,
    Way,
)
from .wire import ContractError, Json, from_wire, to_wire

VERSION = 2
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
class Acknowledge:
    """``person`` takes the incident as it was at ``revision``; what joined later stays unacknowledged."""

    incident: str
    revision: int
    person: Person
    way: Way
    at: float


@dataclass(frozen=True, slots=True)
class Close:
    """``person`` ends the incident and says why it came."""

    incident: str
    cause: Cause
    person: Person
    way: Way
    at: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Handle:
    """``person`` says that they are on their way or on the spot; that also takes an incident nobody owns."""

    incident: str
    person: Person
    way: Way
    at: float


@dataclass(frozen=True, slots=True)
class HandOver:
    """``person`` makes ``to`` the owner: a hand-over, or a take-over when both are the same."""

    incident: str
    to: Person
    person: Person
    way: Way
    at: float


@dataclass(frozen=True, slots=True)
class AddNote:
    """``person`` writes something down; that also shows that the owner is not silent."""

    incident: str
    text: str
    person: Person
    way: Way
    at: float


@dataclass(frozen=True, slots=True)
class Ask:
    """``person`` wants help: the next tier is paged at once."""

    incident: str
    person: Person
    way: Way
    at: float


@dataclass(frozen=True, slots=True)
class Resolve:
    """``person`` says that the danger is over; closing with a cause is left to be done."""

    incident: str
    person: Person
    way: Way
    at: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeclareReal:
    """``person`` says of a drill's incident that it is real: it is paged as such from now on."""

    incident: str
    person: Person
    way: Way
    at: float


@dataclass(frozen=True, slots=True)
class StartDrill:
    """Begin a rehearsal in ``compound`` that ends by itself after ``seconds``; ``points`` may alarm as drill."""

    compound: str
    seconds: float
    person: Person
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EndDrill:
    """End a rehearsal early."""

    compound: str
    person: Person


@dataclass(frozen=True, slots=True)
class Inject:
    """Let ``point`` alarm as part of the drill that runs in its compound; the sensor itself is not touched."""

    point: str
    person: Person


@dataclass(frozen=True, slots=True)
class SetBypass:
    """Silence ``point`` for ``seconds``, by ``person``, for ``reason``."""

    point: str
    seconds: float
    reason: str
    person: Person


@dataclass(frozen=True, slots=True)
class EndBypass:
    """End a bypass early."""

    point: str
    person: Person


@dataclass(frozen=True, slots=True)
class RecordReceipt:
    """Proof about one page; ``phone`` and ``person`` are empty where the step concerns the page as a whole."""

    page: str
    step: ReceiptStep
    at: float
    phone: str = ""
    person: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SetRoster:
    """The whole roster; the gateway journals it as a new version when it differs.

    ``shifts`` is duty resolved up to ``until`` (``None``: nobody has shifts). Beyond it everybody is paged.
    """

    staff: tuple[StaffMember, ...]
    shifts: tuple[Shift, ...] = ()
    until: float | None = None


@dataclass(frozen=True, slots=True)
class ClaimLease:
    """Ask to be the one integration that pages; ``force`` takes it from another, by a person's word."""

    instance: str
    name: str
    force: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """Switch a writable point; the outcome says what the device confirmed."""

    point: str
    on: bool
    person: Person | None = None


type CommandBody = (
    Acknowledge
    | Handle
    | HandOver
    | AddNote
    | Ask
    | Resolve
    | Close
    | DeclareReal
    | StartDrill
    | EndDrill
    | Inject
    | SetBypass
    | EndBypass
    | RecordReceipt
    | SetRoster
    | ClaimLease
    | Switch
)

COMMANDS: dict[str, type[CommandBody]] = {
    "acknowledge": Acknowledge,
    "handle": Handle,
    "hand_over": HandOver,
    "note": AddNote,
    "ask": Ask,
    "resolve": Resolve,
    "close": Close,
    "declare_real": DeclareReal,
    "start_drill": StartDrill,
    "end_drill": EndDrill,
    "inject": Inject,
    "bypass": SetBypass,
    "end_bypass": EndBypass,
    "receipt": RecordReceipt,
    "set_roster": SetRoster,
    "claim_lease": ClaimLease,
    "switch": Switch,
}


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


def encode(message: Message) -> dict[str, Json]:
    """Write a message as a JSON object with its ``type``."""
    if isinstance(message, Command):
        return {
            "type": "command",
            "key": message.key,
            "name": _NAMES[type(message.body)],
            "fence": message.fence,
            "body": to_wire(message.body),
        }
    body = to_wire(message)
    if not isinstance(body, dict):  # pragma: no cover - a dataclass always becomes an object
        raise ContractError
    return {"type": _TYPES[type(message)], **body}


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
