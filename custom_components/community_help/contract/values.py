"""What gateway and integration tell each other about: places, points, incidents, pages.

Times are seconds since 1970-01-01 UTC (float). Identifiers are opaque strings that stay the same for the
life of the thing. Every text is in the language in which it was entered.
"""

from dataclasses import dataclass

from .wire import WireEnum


class DeviceKind(WireEnum):
    """What a device is."""

    TRANSMITTER = "transmitter"
    SMOKE_ALARM = "smoke_alarm"
    GAS_DETECTOR = "gas_detector"
    FIRE_LANE = "fire_lane"
    APPLIANCE = "appliance"
    UNKNOWN = "unknown"


class PointKind(WireEnum):
    """What a point measures or switches."""

    SMOKE = "smoke"
    GAS = "gas"
    LANE = "lane"
    SYSTEM = "system"
    CH4 = "ch4"
    H2S = "h2s"
    CO = "co"
    O2 = "o2"
    RELAY = "relay"
    UNKNOWN = "unknown"


class Hazard(WireEnum):
    """What threatens people."""

    FIRE = "fire"
    GAS = "gas"
    FIRE_LANE = "fire_lane"
    APPLIANCE = "appliance"
    UNPLACED = "unplaced"
    UNKNOWN = "unknown"


class IncidentState(WireEnum):
    """How far people have dealt with an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    HANDLING = "handling"
    RESOLVED = "resolved"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Cause(WireEnum):
    """Why the alarm came, as the person who closed the incident judged."""

    REAL = "real"
    COOKING = "cooking"
    DUST = "dust"
    DRILL = "drill"
    DEVICE_FAULT = "device_fault"
    UNKNOWN = "unknown"


class IncidentEventKind(WireEnum):
    """What happened to an incident."""

    RAISED = "raised"
    JOINED = "joined"
    RESTORED = "restored"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class ReceiptStep(WireEnum):
    """How far one page is proven to have come."""

    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    RECEIVED = "received"
    SEEN = "seen"
    ACTED = "acted"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Way(WireEnum):
    """The way by which a decision reached the gateway."""

    BUTTON = "button"
    ACTION = "action"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the journal; a restored or replaced journal starts a new epoch."""

    epoch: str
    number: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who decides; ``id`` is the staff member's, or the Home Assistant user's when unlisted."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Compound:
    """A residential compound."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Point:
    """One measured or switched value of a device."""

    id: str
    kind: PointKind
    unit: str | None = None
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device and where it is; ``building``, ``floor`` and ``flat`` are empty where they do not apply."""

    id: str
    name: str
    kind: DeviceKind
    compound: str
    building: str = ""
    floor: str = ""
    flat: str = ""
    model: str = ""
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class PointState:
    """What a point says now. ``None`` is unknown, which is never the same as off.

    ``available`` is false while the point's link is lost; the signals then hold what was said last.
    ``problems`` names what is wrong: fault, tamper, link_lost, sensor_fault, warming_up …
    """

    point: str
    available: bool
    alarm: bool | None = None
    fault: bool | None = None
    tamper: bool | None = None
    test: bool | None = None
    latched: bool = False
    value: float | None = None
    on: bool | None = None
    problems: tuple[str, ...] = ()
    changed_at: float | None = None
    device_at: float | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One alarm episode of one point in an incident."""

    point: str
    device: str
    name: str
    episode: int
    raised_at: float
    restored_at: float | None = None
    revision: int = 1
    test: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that people must deal with; ``revision`` grows with everything that joins it."""

    id: str
    compound: str
    compound_name: str
    hazard: Hazard
    state: IncidentState
    revision: int
    place: str
    opened_at: float
    members: tuple[Member, ...] = ()
    owner: Person | None = None
    acknowledged_at: float | None = None
    acknowledged_revision: int = 0
    closed_at: float | None = None
    cause: Cause | None = None
    note: str = ""
    tier: int = 1


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """Something that happened to an incident; ``number`` is its place in the journal."""

    number: int
    at: float
    kind: IncidentEventKind
    incident: Incident
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The demand that a tier be told. ``people`` are staff ids; empty means everybody of the compound.

    ``accept_by`` is when the gateway stops waiting for the integration; ``answer_by`` when the next tier is
    paged. ``reason`` is raised, joined, escalated, repeated or asked. A settled page needs nobody any more.
    """

    id: str
    number: int
    incident: Incident
    revision: int
    tier: int
    people: tuple[str, ...]
    reason: str
    demanded_at: float
    accept_by: float
    answer_by: float
    fence: int
    accepted: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One person of the roster. No phone address is ever sent. Empty ``compounds`` means all."""

    id: str
    name: str
    tier: int = 1
    compounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may page: exactly one integration; ``fence`` grows with every change of hands."""

    holder: str
    name: str
    fence: int
