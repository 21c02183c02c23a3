"""The auditor: nothing that is open may be without a clock or a person, and nothing may be stuck."""

from dataclasses import dataclass

from .draft import Decision, Draft
from .incident import DeadlineKind, Incident
from .lifecycle import keep_the_clock
from .paging import demand
from .policy import PolicySet
from .selftest import unaccepted
from .state import State

LATE_SECONDS = 60.0
"""A wait that is overdue by more than this is stuck (project's choice)."""

_WATCHING = (DeadlineKind.INVESTIGATE, DeadlineKind.QUIET, DeadlineKind.REVIEW)


@dataclass(frozen=True, slots=True)
class Health:
    """What the auditor found; see ``contract.values.Health``."""

    recorded: bool = True
    findings: tuple[str, ...] = ()
    checked_at: float = 0.0
    free_bytes: int = 0
    journal_bytes: int = 0
    head_number: int = 0
    head_hash: str = ""
    holes: tuple[str, ...] = ()

    @property
    def content(self) -> bool:
        """Whether nothing is wrong; the heartbeat is sent only then."""
        return self.recorded and not self.findings


def findings(state: State, overdue: float) -> tuple[str, ...]:
    """What is wrong, as code and subject.

    "unwatched:ID" is an incident without a clock, "stuck" are late waits, "self_test_unaccepted:COMPOUND" says that
    Home Assistant could not page there last night.
    ``overdue`` is by how many seconds, on the monotonic clock, the oldest wait is late.
    """
    found = [f"unwatched:{incident.id}" for incident in state.incidents.values() if not watched(state, incident)]
    if overdue > LATE_SECONDS:
        found.append("stuck")
    found += [f"self_test_unaccepted:{compound}" for compound in unaccepted(state)]
    return tuple(found)


def watched(state: State, incident: Incident) -> bool:
    """Whether an incident will page by itself, carries an owner's clock, or waits for a person's review."""
    if incident.needs_review or incident.drill:
        return True
    if incident.answered:
        return _runs(state, _WATCHING, incident.id)
    asked = _runs(state, (DeadlineKind.ANSWER,), incident.page) or _runs(state, (DeadlineKind.PAGE,), incident.id)
    return asked or _told_once(state, incident)


def _told_once(state: State, incident: Incident) -> bool:
    """Policies that tell people once leave the incident to its review."""
    rules = state.policies.get(incident.policy) or PolicySet()
    policy = rules.find(incident.compound, incident.hazard, incident.severity)
    return not (policy.pages and policy.repeats) and _runs(state, (DeadlineKind.REVIEW,), incident.id)


def mend(draft: Draft, incident: Incident) -> Decision:
    """An incident that nothing would ever page again is paged; an answered one without a clock gets its clocks."""
    if watched(draft.state, incident):
        return Decision()
    if incident.answered:
        keep_the_clock(draft, incident)
    else:
        demand(draft, incident, "auditor", incident.tier, up_to=True)
    return draft.decision()


def _runs(state: State, kinds: tuple[DeadlineKind, ...], subject: str) -> bool:
    return any(f"{kind}:{subject}" in state.deadlines for kind in kinds)
