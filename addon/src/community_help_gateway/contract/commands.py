"""What an integration asks of the gateway: people's decisions, proofs, the roster, the pager's lease."""

from dataclasses import dataclass

from .values import Cause, DeviceKind, Person, PointKind, ReceiptStep, Shift, StaffMember, Way


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
    """``person`` ends the incident and says why it came.

    ``revision`` is what the person saw: refused if it became worse since then; 0 stands for all that is known.
    """

    incident: str
    cause: Cause
    person: Person
    way: Way
    at: float
    note: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Handle:
    """``person`` says that they are on their way or on the spot; that also takes an incident nobody owns.

    Here and below, ``revision`` is what the person saw; 0 stands for all that is known.
    """

    incident: str
    person: Person
    way: Way
    at: float
    revision: int = 0


@dataclass(frozen=True, slots=True)
class HandOver:
    """``person`` makes ``to`` the owner: a hand-over, or a take-over when both are the same."""

    incident: str
    to: Person
    person: Person
    way: Way
    at: float
    revision: int = 0


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
    revision: int = 0


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
class StartSelfTest:
    """Page all staff of ``compound`` in silence, through the whole chain, to prove that it works."""

    compound: str
    person: Person


@dataclass(frozen=True, slots=True)
class RecordRefusal:
    """``person`` asked for ``what`` (a command's name) and was not permitted to; ``subject`` is a point or compound."""

    what: str
    person: Person
    way: Way
    at: float
    incident: str = ""
    subject: str = ""


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


@dataclass(frozen=True, slots=True)
class AdoptedDevice:
    """An entity of Home Assistant that is a device of a compound, with its one point.

    ``station``: of a leak detector, the station whose relays it turns off.
    """

    id: str
    name: str
    kind: DeviceKind
    point: PointKind
    compound: str
    building: str = ""
    floor: str = ""
    flat: str = ""
    unit: str | None = None
    station: str = ""


@dataclass(frozen=True, slots=True)
class SetAdopted:
    """All adopted entities; the gateway forgets those that are no longer among them.

    The outcome's ``left_out`` names, with commas, those that it did not take: its own site file has that id, it does
    not know the kind, or they are too many.
    """

    devices: tuple[AdoptedDevice, ...]


@dataclass(frozen=True, slots=True)
class AdoptedState:
    """What an adopted entity says, and when it said so; ``silent``: it says nothing, which clears nothing."""

    device: str
    at: float | None = None
    alarm: bool | None = None
    on: bool | None = None
    value: float | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class ReportAdopted:
    """Adopted entities speak, at most ``messages.SLICE`` at once; the outcome comes once that is in the journal."""

    states: tuple[AdoptedState, ...]


@dataclass(frozen=True, slots=True)
class StartSession:
    """Let an appliance run for one session, which ends by itself; ``point`` is its relay.

    The outcome's ``ends_at`` says when.
    """

    point: str
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Somebody put a new water filter in; ``point`` is one of those that count its life."""

    point: str
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
    | StartSelfTest
    | RecordRefusal
    | RecordReceipt
    | SetRoster
    | ClaimLease
    | Switch
    | SetAdopted
    | ReportAdopted
    | StartSession
    | ChangeFilter
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
    "self_test": StartSelfTest,
    "refusal": RecordRefusal,
    "receipt": RecordReceipt,
    "set_roster": SetRoster,
    "claim_lease": ClaimLease,
    "switch": Switch,
    "set_adopted": SetAdopted,
    "report_adopted": ReportAdopted,
    "start_session": StartSession,
    "change_filter": ChangeFilter,
}
