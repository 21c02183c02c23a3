"""What led to a decision, and what was before and after it: all that a promise may be judged by."""

from dataclasses import dataclass, field
from typing import Self

from community_help_gateway.model.draft import Decision
from community_help_gateway.model.incident import Bypass, Deadline, Drill, Incident, Member, Page, SelfTest
from community_help_gateway.model.observation import Input
from community_help_gateway.model.site import Site
from community_help_gateway.model.state import PointRecord, State
from tests.gateway.model.told import Told


@dataclass(frozen=True)
class Cause:
    """Exactly one thing: the field said something, a wait came, a person decided, or the gateway looked around.

    ``revision`` is what the person saw of the incident that they take, ``None`` when they take nothing.
    """

    said: Input | None = None
    due: Deadline | None = None
    person: str = ""
    revision: int | None = None
    look: str = ""


@dataclass(frozen=True)
class Before:
    """The records as they were; they are frozen, so shallow copies will do."""

    number: int
    points: dict[str, PointRecord]
    incidents: dict[str, Incident]
    members: dict[str, dict[str, Member]]
    pages: dict[str, Page]
    deadlines: dict[str, Deadline]
    drills: dict[str, Drill]
    bypasses: dict[str, Bypass]
    self_tests: dict[str, SelfTest]

    @classmethod
    def of(cls, state: State) -> Self:
        """Remember a state."""
        members = {key: dict(group) for key, group in state.members.items()}
        plain = (dict(state.points), dict(state.incidents), members, dict(state.pages), dict(state.deadlines))
        return cls(state.number, *plain, dict(state.drills), dict(state.bypasses), dict(state.self_tests))


@dataclass(frozen=True)
class Step:
    """One decision that was carried out at wall time ``now``; ``mono`` never jumps."""

    cause: Cause
    decision: Decision
    before: Before
    state: State
    site: Site
    now: float
    mono: float
    told: Told = field(repr=False)

    def known(self, incident: str) -> Incident | None:
        """An incident that was open before or is open after."""
        return self.state.incidents.get(incident) or self.before.incidents.get(incident)
