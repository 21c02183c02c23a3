"""Incidents and pages: frozen values, and the small transitions between them."""

from dataclasses import dataclass, replace
from enum import StrEnum

from .site import Hazard

ACCEPT_SECONDS = 10.0
"""How long the gateway waits for the integration to accept a page (project's choice, promise 10)."""

ANSWER_SECONDS = 120.0
"""How long a tier has before the next one is paged, the last one repeating (project's choice)."""

RAISE_AGAIN_SECONDS = 1800.0
"""After how long an incident that was closed while its point was live raises again (project's choice)."""

MAX_MEMBERS = 500
"""An incident lists at most this many episodes; further ones only count (memory stays bounded)."""


class IncidentState(StrEnum):
    """How far people have dealt with an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    HANDLING = "handling"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Cause(StrEnum):
    """Why the alarm came, as the person who closed the incident judged."""

    REAL = "real"
    COOKING = "cooking"
    DUST = "dust"
    DRILL = "drill"
    DEVICE_FAULT = "device_fault"
    UNKNOWN = "unknown"


class ReceiptStep(StrEnum):
    """How far one page is proven to have come."""

    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    RECEIVED = "received"
    SEEN = "seen"
    ACTED = "acted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who decided something."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """One alarm episode of one point; ``revision`` is the incident's revision at which it joined."""

    point: str
    device: str
    name: str
    episode: int
    raised_at: float
    revision: int
    restored_at: float | None = None
    test: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that people must deal with. ``key`` says what folds into it while it is not closed."""

    id: str
    key: str
    compound: str
    compound_name: str
    hazard: Hazard
    place: str
    opened_at: float
    state: IncidentState = IncidentState.OPEN
    revision: int = 1
    members: tuple[Member, ...] = ()
    owner: Person | None = None
    acknowledged_at: float | None = None
    acknowledged_revision: int = 0
    closed_at: float | None = None
    cause: Cause | None = None
    note: str = ""
    tier: int = 1
    page: str = ""

    @property
    def answered(self) -> bool:
        """Whether a person took everything that is in it, or closed it."""
        return self.state is IncidentState.CLOSED or self.acknowledged_revision >= self.revision

    def joined(self, member: Member) -> Incident:
        """Another episode joined: the revision grows, so it is unacknowledged again."""
        members = self.members if len(self.members) >= MAX_MEMBERS else (*self.members, member)
        return replace(self, members=members, revision=member.revision)

    def restored(self, point: str, at: float) -> Incident:
        """The point's live alarm ended; what people have to do stays."""
        return replace(
            self,
            members=tuple(
                replace(member, restored_at=at) if member.point == point and member.restored_at is None else member
                for member in self.members
            ),
        )

    def acknowledged(self, person: Person, revision: int, at: float) -> Incident:
        """``person`` took it as it was at ``revision``."""
        return replace(
            self,
            state=IncidentState.ACKNOWLEDGED,
            owner=person,
            acknowledged_at=at,
            acknowledged_revision=min(revision, self.revision),
        )

    def closed(self, cause: Cause, note: str, at: float) -> Incident:
        """A person ended it."""
        return replace(self, state=IncidentState.CLOSED, cause=cause, note=note, closed_at=at)


@dataclass(frozen=True, slots=True)
class Page:
    """The demand that a tier be told; empty ``people`` means everybody of the compound."""

    id: str
    number: int
    incident: str
    revision: int
    tier: int
    people: tuple[str, ...]
    reason: str
    demanded_at: float
    fence: int
    accepted: bool = False
    settled: bool = False

    @property
    def accept_by(self) -> float:
        """Until when the integration should have accepted it (wall time)."""
        return self.demanded_at + ACCEPT_SECONDS

    @property
    def answer_by(self) -> float:
        """When the next tier is paged (wall time)."""
        return self.demanded_at + ANSWER_SECONDS


class DeadlineKind(StrEnum):
    """What falls due."""

    ACCEPT = "accept"
    ANSWER = "answer"
    RAISE_AGAIN = "raise_again"


@dataclass(frozen=True, slots=True)
class Deadline:
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


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may page; ``fence`` grows with every change of hands."""

    holder: str
    name: str
    fence: int
