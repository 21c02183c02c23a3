"""Incidents, their members, pages and waits: frozen values, and the small transitions between them."""

from copy import replace
from enum import StrEnum

import msgspec

from .kinds import Hazard, Severity

MAX_FLOORS = 64
"""An incident remembers so many floors; a building that names more is not believed (project's choice)."""

MAX_MEMBERS = 500
"""Points of an incident of unknown devices, which a hostile peer may invent (project's choice)."""


class IncidentState(StrEnum):
    """How far people have dealt with an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    HANDLING = "handling"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Cause(StrEnum):
    """Why the alarm came, as the person who closed the incident judged; ``CLEARED``: it ended by itself."""

    REAL = "real"
    COOKING = "cooking"
    DUST = "dust"
    DRILL = "drill"
    DEVICE_FAULT = "device_fault"
    TEST = "test"
    CLEARED = "cleared"
    UNKNOWN = "unknown"


class ReceiptStep(StrEnum):
    """How far one page is proven to have come."""

    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    RECEIVED = "received"
    SEEN = "seen"
    ACTED = "acted"
    FAILED = "failed"
    UNPROVEN = "unproven"


class Person(msgspec.Struct, frozen=True):
    """Somebody who decides something. The record keeps the id; the name lives apart and can be erased."""

    id: str
    name: str


class Name(msgspec.Struct, frozen=True):
    """How a person is called: the one place that holds it, apart from the roster."""

    id: str
    name: str


GATEWAY = Person("gateway", "")
"""Who decides when the gateway itself does, as its policy says."""


class Member(msgspec.Struct, frozen=True):
    """The newest alarm episode of one point in an incident; ``revision`` is the incident's when it joined."""

    incident: str
    point: str
    device: str
    name: str
    episode: int
    raised_at: float
    revision: int
    restored_at: float | None = None
    test: bool = False
    floor: str = ""
    hazard: Hazard = Hazard.FIRE
    severity: Severity = Severity.ALARM
    device_at: float | None = None
    call_point: bool = False
    paged_at: float = 0.0

    @property
    def id(self) -> str:
        """The key of its record: one per point and incident."""
        return f"{self.incident}/{self.point}"


class Incident(msgspec.Struct, frozen=True):
    """One thing that people must deal with; its size does not depend on how many points are in it.

    ``key`` says what folds into it. ``revision`` grows with everything that happens to it, ``worse_revision`` is that
    of the last worsening: it is answered when a person has seen that one. ``floors`` and ``hazards`` are those so
    far, ``detectors`` counts the points that ever joined, ``live`` those still in alarm. ``policy`` names the set of
    policies that it keeps. ``joined_at``: the last alarm; ``paged_at``: the last page, ``worse_paged_at``: the last
    one for a worsening; ``pending``: why the next one waits. ``mark`` says that the journal was replaced while it
    was open ("restored_backup", "set_aside").
    """

    id: str
    key: str
    compound: str
    compound_name: str
    hazard: Hazard
    place: str
    opened_at: float
    policy: str = ""
    severity: Severity = Severity.ALARM
    state: IncidentState = IncidentState.OPEN
    revision: int = 1
    worse_revision: int = 1
    acknowledged_revision: int = 0
    owner: str = ""
    acknowledged_at: float | None = None
    closed_at: float | None = None
    cause: Cause | None = None
    note: str = ""
    tier: int = 1
    page: str = ""
    drill: bool = False
    needs_review: bool = False
    floors: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    detectors: int = 0
    live: int = 0
    joined_at: float = 0.0
    paged_at: float = 0.0
    worse_paged_at: float = 0.0
    pending: str = ""
    mark: str = ""

    @property
    def answered(self) -> bool:
        """Whether a person took everything that made it worse, or closed it."""
        return self.state is IncidentState.CLOSED or self.acknowledged_revision >= self.worse_revision

    def joined(self, member: Member, *, new: bool, worse: bool) -> Incident:
        """An episode joined; ``new`` if its point was not in it before, ``worse`` if people must be told."""
        floors = self.floors
        if member.floor and member.floor not in floors and len(floors) < MAX_FLOORS:
            floors = (*floors, member.floor)
        hazards = self.hazards if member.hazard in self.hazards else (*self.hazards, member.hazard)
        return replace(
            self,
            revision=member.revision,
            worse_revision=member.revision if worse else self.worse_revision,
            severity=max(self.severity, member.severity, key=lambda item: item.rank),
            floors=floors,
            hazards=hazards,
            detectors=self.detectors + new,
            live=self.live + 1,
            joined_at=member.raised_at,
            state=IncidentState.OPEN if worse and self.state is IncidentState.RESOLVED else self.state,
            needs_review=self.needs_review and not worse,
        )

    def worsened(self, severity: Severity | None = None) -> Incident:
        """It must be answered anew: it became more severe, its owner is silent, or a person asked for help."""
        return replace(
            self,
            revision=self.revision + 1,
            worse_revision=self.revision + 1,
            severity=max(self.severity, severity or self.severity, key=lambda item: item.rank),
            state=IncidentState.OPEN if self.state is IncidentState.RESOLVED else self.state,
            needs_review=False,
        )

    def restored(self) -> Incident:
        """The live alarm of one of its points ended; what people have to do stays."""
        return replace(self, live=max(self.live - 1, 0))

    def acknowledged(self, person: str, revision: int, at: float) -> Incident:
        """``person`` took it as it was at ``revision``."""
        return replace(
            self,
            state=IncidentState.ACKNOWLEDGED if self.state is IncidentState.OPEN else self.state,
            owner=person,
            acknowledged_at=at,
            acknowledged_revision=max(self.acknowledged_revision, min(revision, self.revision)),
            needs_review=False,
        )

    def closed(self, cause: Cause, note: str, at: float) -> Incident:
        """It ended."""
        return replace(self, state=IncidentState.CLOSED, cause=cause, note=note, closed_at=at, pending="")


class Page(msgspec.Struct, frozen=True):
    """The demand that a tier be told; empty ``people`` means everybody of the compound.

    ``accept_by`` is when the gateway uses its own channel, ``answer_by`` when the next tier is paged (0: never); both
    wall time. ``why`` says why these people; ``overdue``: the gateway's own channel was used.
    """

    id: str
    number: int
    incident: str
    revision: int
    tier: int
    people: tuple[str, ...]
    reason: str
    demanded_at: float
    accept_by: float
    answer_by: float
    fence: int
    why: str = ""
    accepted: bool = False
    overdue: bool = False
    settled: bool = False


class DeadlineKind(StrEnum):
    """What falls due."""

    ACCEPT = "accept"
    ANSWER = "answer"
    RAISE_AGAIN = "raise_again"
    PAGE = "page"
    INVESTIGATE = "investigate"
    QUIET = "quiet"
    REVIEW = "review"
    DWELL = "dwell"
    FREE = "free"
    LINK = "link"
    DRILL = "drill"
    BYPASS = "bypass"
    SELF_TEST = "self_test"
    TEST_END = "test_end"
    MAX_ON = "max_on"
    SESSION = "session"
    VERIFY = "verify"
    STATION = "station"


class Deadline(msgspec.Struct, frozen=True):
    """A journalled wait: wall time of its end, and its original length, which no restart may exceed."""

    kind: DeadlineKind
    subject: str
    due_at: float
    length: float

    @property
    def id(self) -> str:
        """One deadline of a kind per subject."""
        return f"{self.kind}:{self.subject}"

    def remaining(self, now: float) -> float:
        """Seconds still to wait at wall time ``now``: never negative, never longer than the original length."""
        return min(max(self.due_at - now, 0.0), self.length)


class Lease(msgspec.Struct, frozen=True):
    """Who may page, speaking that ``version`` of the contract; ``fence`` grows with every change of hands."""

    holder: str
    name: str
    fence: int
    version: int = 0


class Drill(msgspec.Struct, frozen=True):
    """A rehearsal in one compound; ``points`` were named beforehand, their own alarms count as drill."""

    compound: str
    person: str
    started_at: float
    ends_at: float
    points: tuple[str, ...] = ()


class Bypass(msgspec.Struct, frozen=True):
    """A silenced point: by whom, why, until when."""

    point: str
    person: str
    reason: str
    started_at: float
    until: float


class SelfTest(msgspec.Struct, frozen=True):
    """The newest self-test of a compound; ``incident`` is open while it runs.

    ``accepted``: Home Assistant took its page over. ``failing``: the one before was not, or its predecessors.
    """

    compound: str
    incident: str
    started_at: float
    accepted: bool = False
    failing: bool = False
