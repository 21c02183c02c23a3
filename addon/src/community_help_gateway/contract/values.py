"""What gateway and integration tell each other about: places, points, incidents, pages.

Times are seconds since 1970-01-01 UTC (float). Identifiers are opaque strings that stay the same for the
life of the thing. Every text is in the language in which it was entered.
"""

from dataclasses import dataclass

from .kinds import DeviceKind as DeviceKind, PointKind as PointKind  # noqa: PLC0414 - told from here, too
from .wire import WireEnum


class Hazard(WireEnum):
    """What threatens people."""

    FIRE = "fire"
    GAS = "gas"
    FIRE_LANE = "fire_lane"
    APPLIANCE = "appliance"
    UNPLACED = "unplaced"
    SUPERVISION = "supervision"
    SELF_TEST = "self_test"
    UNKNOWN = "unknown"


class Severity(WireEnum):
    """How bad it is. A notice wakes nobody; a warning can wait for the morning; alarm and danger cannot."""

    NOTICE = "notice"
    WARNING = "warning"
    ALARM = "alarm"
    DANGER = "danger"
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
    TEST = "test"
    CLEARED = "cleared"
    UNKNOWN = "unknown"


class IncidentEventKind(WireEnum):
    """What happened to an incident."""

    RAISED = "raised"
    JOINED = "joined"
    WORSENED = "worsened"
    RESTORED = "restored"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    HANDLING = "handling"
    HANDED_OVER = "handed_over"
    NOTED = "noted"
    ASKED = "asked"
    OWNER_SILENT = "owner_silent"
    NEEDS_REVIEW = "needs_review"
    DECLARED_REAL = "declared_real"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class ReceiptStep(WireEnum):
    """How far one page is proven to have come.

    "unproven" concerns the page as a whole: every channel was tried, and no phone has shown that it has the page.
    """

    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    RECEIVED = "received"
    SEEN = "seen"
    ACTED = "acted"
    FAILED = "failed"
    UNPROVEN = "unproven"
    UNKNOWN = "unknown"


class Way(WireEnum):
    """The way by which a decision reached the gateway."""

    BUTTON = "button"
    ACTION = "action"
    GATEWAY = "gateway"
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
    """A residential compound, and where it is (degrees, WGS 84), if that was entered."""

    id: str
    name: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One measured or switched value of a device."""

    id: str
    kind: PointKind
    unit: str | None = None
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device and where it is; ``building``, ``floor`` and ``flat`` are empty where they do not apply.

    ``adopted``: it is an entity of Home Assistant, which shows it already.
    """

    id: str
    name: str
    kind: DeviceKind
    compound: str
    building: str = ""
    floor: str = ""
    flat: str = ""
    model: str = ""
    points: tuple[Point, ...] = ()
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class PointState:
    """What a point says now. ``None`` is unknown, which is never the same as off.

    ``available`` is false while the point's link is lost or its device is silent; the signals then hold what was
    said last. ``problems`` names what is wrong: fault, tamper, link_lost, offline, battery_low, end_of_life,
    clock_drift, duplicate_identity, sensor_suspect … ``level`` is the alarm level of a gas or of a blocked lane (0:
    none); ``bypassed_until`` says until when the point is silenced.
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
    level: int = 0
    bypassed_until: float | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One alarm episode of one point in an incident; ``device_at`` is when the device says that it began."""

    point: str
    device: str
    name: str
    episode: int
    raised_at: float
    restored_at: float | None = None
    revision: int = 1
    test: bool = False
    floor: str = ""
    hazard: Hazard = Hazard.UNKNOWN
    severity: Severity = Severity.ALARM
    device_at: float | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that people must deal with; ``revision`` grows with everything that joins it.

    ``members`` are the newest few (in an event, the one that it is about); ``detectors`` counts all points that ever
    joined, ``live`` those still in alarm. ``answered`` is whether a person took everything that made it worse.
    ``mark`` is empty, "restored_backup" or "set_aside": the journal had to be replaced while it was open.
    ``needs_review``: nobody touched it for too long.
    """

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
    severity: Severity = Severity.ALARM
    drill: bool = False
    needs_review: bool = False
    answered: bool = False
    detectors: int = 0
    live: int = 0
    floors: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """Something that happened to an incident; ``number`` is its place in the journal.

    ``detail`` is a code: for ``joined`` whether it was paged and why ("paged:new_floor", "collected:severity",
    "folded:same_floor", "folded:flapping"), for a person's act the way by which it came.
    """

    number: int
    at: float
    kind: IncidentEventKind
    incident: Incident
    person: Person | None = None
    member: Member | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The demand that a tier be told. ``people`` are staff ids; empty means everybody of the compound.

    ``accept_by`` is when the gateway stops waiting for the integration; ``answer_by`` when the next tier is
    paged (0: never). ``reason`` is raised, raised_again, worse, escalated, repeated, asked, owner_silent,
    declared_real, auditor, returned or self_test. A settled page needs nobody any more. ``why`` says why these
    people: empty, tier_empty, nobody_on_duty, beyond_horizon or no_staff. ``overdue`` is true once the gateway used its
    own channel; ``recorded`` is false while the journal cannot be written.
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
    why: str = ""
    overdue: bool = False
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One person of the roster. No phone address is ever sent. Empty ``compounds`` means all.

    ``always``: on duty at any time; otherwise only within the person's shifts.
    """

    id: str
    name: str
    tier: int = 1
    compounds: tuple[str, ...] = ()
    always: bool = True


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch of duty: from ``start`` until just before ``end``. Empty ``compounds`` means the person's own."""

    person: str
    start: float
    end: float
    compounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drill:
    """A rehearsal in one compound. ``points`` were named beforehand: their own alarms count as drill, too."""

    compound: str
    person: Person
    started_at: float
    ends_at: float
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bypass:
    """A silenced point: by whom, why, and until when."""

    point: str
    person: Person
    reason: str
    started_at: float
    until: float


@dataclass(frozen=True, slots=True)
class Health:
    """What the gateway's auditor found. ``findings`` are codes with a subject ("stuck:ep-7"); empty is content.

    ``recorded``: the journal takes what is written. ``head`` is the record's chain: its last number and hash, to be
    kept outside the gateway. ``holes`` are the policy check's findings: places and hours where nobody is reachable.
    """

    recorded: bool = True
    findings: tuple[str, ...] = ()
    checked_at: float = 0.0
    free_bytes: int = 0
    journal_bytes: int = 0
    head_number: int = 0
    head_hash: str = ""
    holes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may page: exactly one integration; ``fence`` grows with every change of hands."""

    holder: str
    name: str
    fence: int
