"""What people do with an incident, from taking it to closing it; what cannot be done is refused by an error's key."""

from copy import replace

from .alarms import sound_again
from .draft import Decision, Draft
from .fold import DRILL, key_of
from .incident import GATEWAY, Cause, DeadlineKind, Incident, IncidentState, Member, Person
from .kinds import Hazard
from .paging import demand, review_later, settle
from .state import EventKind

UNIDENTIFIED = frozenset({"", "automation", GATEWAY.id})
"""Ids that are nobody: an incident is paged until an identified person takes it (promise 3)."""

_OF_AN_INCIDENT = (
    DeadlineKind.PAGE,
    DeadlineKind.INVESTIGATE,
    DeadlineKind.QUIET,
    DeadlineKind.REVIEW,
    DeadlineKind.TEST_END,
)


def refuse(key: str) -> Decision:
    """Nothing happens; ``key`` names the error."""
    return Decision(refusal=key)


def _wrong(incident: Incident | None, *people: Person) -> str:
    """Why these people can decide nothing about it; empty where they can. A self-test asks nobody for anything."""
    if incident is None:
        return "unknown_incident"
    if UNIDENTIFIED & {person.id for person in people}:
        return "unidentified"
    return "self_test" if incident.hazard is Hazard.SELF_TEST else ""


def acknowledge(draft: Draft, incident_id: str, revision: int, person: Person, way: str) -> Decision:
    """``person`` takes the incident as it was at ``revision``; the first one owns it."""
    incident = draft.incident(incident_id)
    if incident is None or _wrong(incident, person):
        return refuse(_wrong(incident, person))
    if revision > incident.revision:
        return refuse("future_revision")
    if incident.owner and incident.owner != GATEWAY.id and _covered(incident, revision):
        return Decision(result={"first": False, "owner": draft.state.name(incident.owner), "owner_id": incident.owner})
    taken = incident.acknowledged(draft.remember(person), revision, draft.now)
    draft.about_incident(EventKind.ACKNOWLEDGED, taken, person=person.id, detail=way)
    if taken.answered:
        settle(draft, taken)
        draft.stop((DeadlineKind.PAGE,), taken.id)
        keep_the_clock(draft, taken)
    else:
        review_later(draft, taken)
    return draft.decision({"first": True, "owner": person.name, "owner_id": person.id})


def _covered(incident: Incident, revision: int) -> bool:
    """Whether somebody took at least as much already."""
    if incident.needs_review:
        return False
    return incident.answered or revision <= incident.acknowledged_revision


def handle(draft: Draft, incident_id: str, person: Person, way: str, revision: int = 0) -> Decision:
    """``person`` is on the way or on the spot: that takes all that is known, and the owner is not silent."""
    incident = draft.incident(incident_id)
    if incident is None or _wrong(incident, person):
        return refuse(_wrong(incident, person))
    taken = incident.acknowledged(draft.remember(person), revision or incident.revision, draft.now)
    taken = replace(taken, state=IncidentState.HANDLING)
    return _owned(draft, EventKind.HANDLING, taken, person, way)


def hand_over(draft: Draft, incident_id: str, to: Person, person: Person, way: str, revision: int = 0) -> Decision:
    """``person`` makes ``to`` the owner; with both the same it is a take-over."""
    incident = draft.incident(incident_id)
    if incident is None or _wrong(incident, person, to):
        return refuse(_wrong(incident, person, to))
    draft.remember(person)
    taken = incident.acknowledged(draft.remember(to), revision or incident.revision, draft.now)
    return _owned(draft, EventKind.HANDED_OVER, taken, person, f"{way}:{to.id}")


def add_note(draft: Draft, incident_id: str, text: str, person: Person, way: str) -> Decision:
    """``person`` writes something down; the owner's words also show that they are not silent."""
    incident = draft.incident(incident_id)
    if incident is None or _wrong(incident, person):
        return refuse(_wrong(incident, person))
    draft.remember(person)
    if person.id == incident.owner and incident.state is IncidentState.ACKNOWLEDGED:
        incident = replace(incident, state=IncidentState.HANDLING)
        draft.about_incident(EventKind.HANDLING, incident, person=person.id, detail=way)
    noted = replace(incident, needs_review=False)
    draft.about_incident(EventKind.NOTED, noted, person=person.id, detail=text)
    if noted.answered and (person.id == noted.owner or incident.needs_review):
        keep_the_clock(draft, noted)
    elif noted.answered or incident.needs_review:
        draft.wait(DeadlineKind.REVIEW, noted.id, draft.policy(noted).review)
    return draft.decision()


def ask(draft: Draft, incident_id: str, person: Person, way: str) -> Decision:
    """``person`` wants help: the next tier is paged at once, those before it too."""
    incident = draft.incident(incident_id)
    if incident is None or _wrong(incident, person):
        return refuse(_wrong(incident, person))
    draft.remember(person)
    incident = incident.worsened()
    draft.about_incident(EventKind.ASKED, incident, person=person.id, detail=way)
    demand(draft, incident, "asked", incident.tier + 1, up_to=True)
    return draft.decision()


def resolve(draft: Draft, incident_id: str, note: str, person: Person, way: str, revision: int = 0) -> Decision:
    """``person`` says that the danger is over; the cause is still to be named."""
    incident = draft.incident(incident_id)
    if incident is None or _wrong(incident, person):
        return refuse(_wrong(incident, person))
    taken = incident.acknowledged(draft.remember(person), revision or incident.revision, draft.now)
    state = IncidentState.RESOLVED if taken.answered else IncidentState.HANDLING
    taken = replace(taken, state=state, note=note or incident.note)
    return _owned(draft, EventKind.RESOLVED, taken, person, way)


def close(
    draft: Draft, incident_id: str, cause: Cause, note: str, person: Person, way: str = "", revision: int = 0
) -> Decision:
    """``person`` ends the incident; a point that is still live raises again after a stated time.

    Who saw it at ``revision`` does not end what became worse since then (promise 4); 0 is all that is known.
    """
    incident = draft.incident(incident_id)
    if incident is None or person.id in UNIDENTIFIED:
        return refuse("unidentified" if incident else "unknown_incident")
    if revision > incident.revision:
        return refuse("future_revision")
    if 0 < revision < incident.worse_revision:
        return refuse("worse_since")
    draft.remember(person)
    return draft.decision({"live": end(draft, incident, cause, note or incident.note, person.id, way)})


def not_permitted(draft: Draft, what: str, person: Person, incident_id: str = "", subject: str = "") -> Decision:
    """Somebody asked for ``what`` and was not permitted to: that is written down, and changes nothing else."""
    draft.remember(person)
    incident = draft.incident(incident_id)
    if incident:
        draft.about_incident(EventKind.REFUSED, incident, person=person.id, detail=what)
    else:
        draft.note(EventKind.REFUSED, subject or incident_id, person=person.id, detail=what, about=incident_id)
    return draft.decision()


def declare_real(draft: Draft, incident_id: str, person: Person, way: str) -> Decision:
    """``person`` says that what was taken for a drill is real: it is paged as such, from the first tier."""
    incident = draft.incident(incident_id)
    if incident is None or _wrong(incident, person):
        return refuse(_wrong(incident, person))
    if not incident.drill:
        return Decision(result={"drill": False})
    draft.remember(person)
    settle(draft, incident)
    real = replace(incident.worsened(), drill=False, key=incident.key.removeprefix(DRILL), state=IncidentState.OPEN)
    draft.about_incident(EventKind.DECLARED_REAL, real, person=person.id, detail=way)
    named = _end_the_rehearsal_of(draft, real)
    demand(draft, real, "declared_real", 1)
    for point_id in named:  # what alarms on after its drill incident was closed waits for no drill's end any more
        sound_again(draft, draft.site.points[point_id])
    return draft.decision({"drill": True})


def _end_the_rehearsal_of(draft: Draft, incident: Incident) -> tuple[str, ...]:
    """What belongs to an incident that was declared real counts as drill no more, now and when it alarms anew.

    Returns the points that were named for the drill and are not any more.
    """
    drill = draft.drill(incident.compound)
    named = tuple(point for point in drill.points if _key_of(draft, point) == incident.key) if drill else ()
    if drill:
        draft.put(drill.compound, replace(drill, points=tuple(item for item in drill.points if item not in named)))
    for point_id in draft.state.members.get(incident.id, {}):
        record = draft.point(point_id)
        if record.incident == incident.id:
            draft.put(record.id, replace(record, fold=incident.key))
    return named


def _key_of(draft: Draft, point_id: str) -> str:
    device = draft.site.device_of(point_id)
    return key_of(device, draft.site.points[point_id].hazard) if device else ""


def end(draft: Draft, incident: Incident, cause: Cause, note: str, person: str, way: str = "") -> int:
    """Close an incident; how many of its points are still live. They raise again, except in a drill."""
    settle(draft, incident)
    draft.stop(_OF_AN_INCIDENT, incident.id)
    length = draft.policy(incident).raise_again
    draft.about_incident(EventKind.CLOSED, incident.closed(cause, note, draft.now), person=person, detail=way or cause)
    live = 0
    for member in draft.state.members.get(incident.id, {}).values():
        draft.drop(member.id, Member)
        draft.touched.append(member.point)
        sounding = draft.point(member.point).alarm or incident.hazard is Hazard.UNPLACED
        if member.restored_at is None and sounding and not incident.drill:
            draft.wait(DeadlineKind.RAISE_AGAIN, member.point, length)
            live += 1
    return live


def resolve_itself(draft: Draft, incident: Incident) -> None:
    """A held, live "free" ended what may end by itself (promise 3)."""
    resolved = replace(incident, state=IncidentState.RESOLVED)
    draft.about_incident(EventKind.RESOLVED, resolved, person=GATEWAY.id, detail="free")
    end(draft, resolved, Cause.CLEARED, incident.note, GATEWAY.id, "free")


def owner_silent(draft: Draft, incident: Incident, *, investigating: bool) -> None:
    """The owner said nothing in time: while it may still burn, the tier above is told and it wants an answer anew."""
    looking = investigating and incident.state is IncidentState.ACKNOWLEDGED
    quiet = not investigating and (incident.live > 0 or incident.state is IncidentState.ACKNOWLEDGED)
    if not incident.answered or incident.needs_review or not (looking or quiet):
        return
    incident = incident.worsened()
    draft.about_incident(EventKind.OWNER_SILENT, incident, person=incident.owner)
    demand(draft, incident, "owner_silent", incident.tier + 1, up_to=True)


def needs_review(draft: Draft, incident: Incident) -> None:
    """Nobody touched it for too long: it is marked and shown, and does not page by itself any more."""
    policy = draft.policy(incident)
    if not incident.answered and policy.pages and policy.repeats:
        return
    settle(draft, incident)
    draft.stop(_OF_AN_INCIDENT, incident.id)
    draft.about_incident(EventKind.NEEDS_REVIEW, replace(incident, needs_review=True, pending=""))


def _owned(draft: Draft, kind: EventKind, incident: Incident, person: Person, way: str) -> Decision:
    """What was seen is taken; what made it worse since then goes on paging (promise 4)."""
    draft.about_incident(kind, incident, person=person.id, detail=way)
    if incident.answered:
        settle(draft, incident)
        draft.stop((DeadlineKind.PAGE, DeadlineKind.INVESTIGATE), incident.id)
        keep_the_clock(draft, incident)
    else:
        review_later(draft, incident)
    return draft.decision({"owner": draft.state.name(incident.owner) or person.name, "owner_id": incident.owner})


def keep_the_clock(draft: Draft, incident: Incident) -> None:
    """An answered incident carries clocks: to investigate, for a silent owner, until it needs review."""
    policy = draft.policy(incident)
    if policy.investigate and incident.state is IncidentState.ACKNOWLEDGED:
        draft.wait(DeadlineKind.INVESTIGATE, incident.id, policy.investigate)
    else:
        draft.stop((DeadlineKind.INVESTIGATE,), incident.id)
    if policy.quiet and (incident.live or incident.state is not IncidentState.RESOLVED):
        draft.wait(DeadlineKind.QUIET, incident.id, policy.quiet)
    else:
        draft.stop((DeadlineKind.QUIET,), incident.id)
    draft.wait(DeadlineKind.REVIEW, incident.id, policy.review)
