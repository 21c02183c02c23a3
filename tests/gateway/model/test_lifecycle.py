"""What people do with an incident: every step is theirs, is written down, and can be refused with a reason."""

from collections.abc import Callable
from typing import Any

import pytest

from community_help_gateway.model import lifecycle
from community_help_gateway.model.draft import Decision
from community_help_gateway.model.incident import Cause, DeadlineKind, IncidentState, Person
from community_help_gateway.model.kinds import Severity
from community_help_gateway.model.state import INCIDENT_EVENTS, EventKind
from tests.gateway.model.world import LI, ZHANG, World

type Command = Callable[..., Decision]
COMMANDS: dict[str, tuple[Command, tuple[Any, ...]]] = {
    "acknowledge": (lifecycle.acknowledge, (1,)),
    "handle": (lifecycle.handle, ()),
    "hand_over": (lifecycle.hand_over, (LI,)),
    "add_note": (lifecycle.add_note, ("text",)),
    "ask": (lifecycle.ask, ()),
    "resolve": (lifecycle.resolve, ("note",)),
    "close": (lifecycle.close, (Cause.REAL, "note")),
    "declare_real": (lifecycle.declare_real, ()),
}


@pytest.fixture
def burning(world: World) -> World:
    """One open incident."""
    world.say("f201")
    return world


def do(world: World, name: str, person: Person = ZHANG, way: str = "button") -> Decision:
    """``person`` gives a command about the only incident."""
    decide, more = COMMANDS[name]
    return world.decide(decide, world.incident.id, *more, person, way)


def timeline(world: World) -> list[tuple[str, str, str]]:
    """What people did: kind, person, detail."""
    return [(e.kind.value, e.person, e.detail) for e in world.events if e.kind in INCIDENT_EVENTS and e.person]


def test_the_whole_life_of_an_incident_is_on_its_timeline(burning: World) -> None:
    """Every transition: state, who, when, by which way."""
    states = []
    for name in ("acknowledge", "handle", "resolve", "close"):
        burning.now += 10
        do(burning, name)
        last = burning.events[-1] if name == "close" else [e for e in burning.events if e.incident][-1]
        states.append(last.incident.state if last.incident else None)
    assert states == [
        IncidentState.ACKNOWLEDGED,
        IncidentState.HANDLING,
        IncidentState.RESOLVED,
        IncidentState.CLOSED,
    ]
    assert timeline(burning) == [
        ("acknowledged", "zhang", "button"),
        ("handling", "zhang", "button"),
        ("resolved", "zhang", "button"),
        ("closed", "zhang", "button"),
    ]
    times = [event.at for event in burning.events if event.kind in INCIDENT_EVENTS]
    assert times == sorted(set(times))


def test_the_cause_is_given_at_closing(burning: World) -> None:
    """With the note, when, and nothing is left behind."""
    burning.now += 60
    burning.decide(lifecycle.close, burning.incident.id, Cause.COOKING, "锅", ZHANG, "app")
    closed = burning.events[-1].incident
    assert closed is not None
    assert (closed.cause, closed.note, closed.closed_at) == (Cause.COOKING, "锅", burning.now)
    assert not burning.state.incidents
    assert not burning.state.members
    assert not burning.state.pages
    assert {item.kind for item in burning.state.deadlines.values()} == {DeadlineKind.RAISE_AGAIN}


@pytest.mark.parametrize("name", COMMANDS)
def test_nobody_decides_nothing(burning: World, name: str) -> None:
    """Promise 3: neither an automation, nor the gateway's own name, nor an unknown user is a person."""
    for person in ("", "automation", "gateway"):
        assert do(burning, name, Person(person, "x")).refusal == "unidentified"
    decide, more = COMMANDS[name]
    assert burning.decide(decide, "gone", *more, ZHANG, "button").refusal == "unknown_incident"
    assert burning.kinds() == ["raised", "paged"]


def test_a_handover_to_nobody_is_refused(burning: World) -> None:
    """An owner is a person."""
    assert lifecycle.hand_over(burning.draft(), burning.incident.id, Person("", ""), ZHANG, "app").refusal


def test_an_incident_is_handed_over_and_taken_over(burning: World) -> None:
    """The owner changes, who did it is kept, and nobody is paged for it."""
    do(burning, "acknowledge")
    burning.decide(lifecycle.hand_over, burning.incident.id, LI, ZHANG, "app")
    assert burning.incident.owner == "li"
    burning.decide(lifecycle.hand_over, burning.incident.id, ZHANG, ZHANG, "app")
    assert burning.incident.owner == "zhang"
    assert timeline(burning)[1:] == [("handed_over", "zhang", "app:li"), ("handed_over", "zhang", "app:zhang")]
    assert len(burning.paged()) == 1


def test_the_new_owner_has_the_whole_time_to_investigate(burning: World) -> None:
    """A hand-over starts the owner's clocks anew."""
    do(burning, "acknowledge")
    burning.pass_(170)
    burning.decide(lifecycle.hand_over, burning.incident.id, LI, ZHANG, "app")
    burning.pass_(170)
    assert len(burning.paged()) == 1
    burning.pass_(11)
    assert burning.paged()[-1][0] == "owner_silent"


def test_handling_takes_an_incident_that_nobody_owns(burning: World) -> None:
    """Who is on the spot need not press twice."""
    do(burning, "handle", LI)
    assert (burning.incident.owner, burning.incident.answered) == ("li", True)
    assert not burning.state.pages


def test_an_owners_note_says_that_they_handle_it(burning: World) -> None:
    """The words are kept, the transition is on the timeline, the investigation is over."""
    do(burning, "acknowledge")
    burning.decide(lifecycle.add_note, burning.incident.id, "门锁着", ZHANG, "app")
    assert burning.incident.state is IncidentState.HANDLING
    assert timeline(burning)[1:] == [("handling", "zhang", "app"), ("noted", "zhang", "门锁着")]
    assert not burning.waits(DeadlineKind.INVESTIGATE)


def test_a_bystanders_note_does_not_speak_for_the_owner(burning: World) -> None:
    """The owner's clocks run on."""
    do(burning, "acknowledge")
    burning.pass_(100)
    burning.decide(lifecycle.add_note, burning.incident.id, "看到烟", LI, "app")
    burning.pass_(81)
    assert burning.paged()[-1] == ("owner_silent", 2, "zhang,li")


def test_a_quiet_owner_brings_the_tier_above(burning: World) -> None:
    """While something is in alarm, an owner who says nothing is no owner; they are told, too."""
    do(burning, "handle")
    burning.pass_(1801)
    assert burning.paged()[1] == ("owner_silent", 2, "zhang,li")
    assert not burning.incident.answered


def test_a_quiet_owner_of_what_is_over_is_left_alone(burning: World) -> None:
    """Nothing is in alarm any more."""
    do(burning, "handle")
    burning.say("f201", False)
    burning.pass_(1801)
    assert len(burning.paged()) == 1


def test_a_joining_alarm_starts_the_quiet_clock_again(built: Callable[[str], World]) -> None:
    """What had ended and burns again on the same floor is watched again, even if it pages nobody."""
    world = built("policies:\n  - { hazard: fire, fold: 7200 }\n")
    for device in ("f201", "f202"):
        world.say(device)
    do(world, "handle")
    for device in ("f201", "f202"):
        world.say(device, False)
    world.pass_(1801)
    assert not world.waits(DeadlineKind.QUIET)
    world.say("f203")
    assert world.incident.answered
    world.pass_(1801)
    assert world.paged()[-1][0] == "owner_silent"


def test_who_asks_for_help_gets_the_next_tier_at_once(burning: World) -> None:
    """Those before it hear it, too, and it wants an answer anew."""
    do(burning, "acknowledge")
    do(burning, "ask")
    assert burning.paged()[-1] == ("asked", 2, "zhang,li")
    assert not burning.incident.answered


def test_a_resolved_incident_waits_only_for_its_cause(burning: World) -> None:
    """No clock watches the owner; the review remains."""
    do(burning, "acknowledge")
    burning.say("f201", False)
    do(burning, "resolve")
    assert {item.kind for item in burning.state.deadlines.values()} == {DeadlineKind.REVIEW}


def test_a_resolved_incident_that_is_still_live_comes_back(burning: World) -> None:
    """The sensor says otherwise: the owner's silence opens it again."""
    do(burning, "acknowledge")
    do(burning, "resolve")
    burning.pass_(1801)
    assert burning.paged()[1] == ("owner_silent", 2, "zhang,li")
    assert burning.incident.state is IncidentState.OPEN


def test_a_new_alarm_opens_a_resolved_incident_again(burning: World) -> None:
    """Resolved was said of less."""
    do(burning, "resolve")
    burning.say("f301")
    assert burning.incident.state is IncidentState.OPEN
    assert burning.paged()[-1][0] == "worse"


def test_an_answered_incident_that_nobody_touches_needs_review_and_pages_no_more(burning: World) -> None:
    """Promise 3: it is marked and shown; months later nobody is woken by it."""
    burning.say("f201", False)
    do(burning, "handle")
    burning.pass_(4 * 3600 + 1)
    assert burning.incident.needs_review
    assert burning.kinds()[-1] == "needs_review"
    burning.pass_(30 * 86400)
    assert len(burning.paged()) == 1
    assert not burning.state.deadlines


@pytest.mark.parametrize("name", ["acknowledge", "handle", "add_note", "hand_over"])
def test_what_needs_review_can_be_taken_again(burning: World, name: str) -> None:
    """Whoever touches it makes it watched again, with the button on the old notification, too."""
    burning.say("f201", False)
    do(burning, "handle")
    burning.pass_(4 * 3600 + 1)
    do(burning, name, LI)
    assert not burning.incident.needs_review
    assert burning.waits(DeadlineKind.REVIEW)
    assert burning.incident.acknowledged_revision == burning.incident.revision == 1


def test_an_unanswered_incident_never_needs_review(burning: World) -> None:
    """It pages until a person takes it."""
    burning.pass_(86400)
    assert not burning.incident.needs_review
    assert burning.page.reason == "repeated"


def test_a_worse_alarm_ends_the_review(burning: World) -> None:
    """What burns again in a building wants people, whatever was reviewed."""
    do(burning, "handle")
    burning.say("f201", False)
    burning.pass_(4 * 3600 + 1)
    burning.say("f201")
    assert any(not incident.needs_review and not incident.answered for incident in burning.state.incidents.values())
    assert burning.paged()[-1][0] in ("raised", "worse")


def test_an_older_acknowledgement_takes_nothing_back(burning: World) -> None:
    """A stale phone neither becomes the owner nor lowers what was seen."""
    burning.say("f301")
    burning.decide(lifecycle.acknowledge, burning.incident.id, 2, ZHANG, "button")
    result = burning.decide(lifecycle.acknowledge, burning.incident.id, 1, LI, "button").result
    assert (result["first"], result["owner_id"]) == (False, "zhang")
    assert burning.incident.acknowledged_revision == 2


def test_a_second_person_may_take_what_became_worse(burning: World) -> None:
    """The newer revision is theirs."""
    burning.say("f301")
    burning.decide(lifecycle.acknowledge, burning.incident.id, 1, ZHANG, "button")
    result = burning.decide(lifecycle.acknowledge, burning.incident.id, 2, LI, "button").result
    assert (result["first"], burning.incident.owner) == (True, "li")


def test_live_and_latched_are_two_things(burning: World) -> None:
    """A restore ends the one, a person the other."""
    burning.say("f201", False)
    assert (burning.incident.live, burning.incident.state) == (0, IncidentState.OPEN)
    assert burning.state.points["f201.smoke"].incident == burning.incident.id
    assert burning.page.reason == "raised"


def test_names_live_apart_from_the_record(burning: World) -> None:
    """Promise 7: the record holds ids; erasing a name leaves it as it is."""
    do(burning, "acknowledge")
    assert "张三" not in repr(burning.events)
    assert burning.state.names["zhang"].name == "张三"


def test_a_gas_that_rises_after_its_incident_was_closed_raises_at_once(world: World) -> None:
    """Promise 4: higher severity does not wait for the stated time."""
    world.say("septic-1", None, kind="ch4", value=12.0)
    world.say("septic-1", None, kind="ch4", value=12.0)
    world.decide(lifecycle.close, world.incident.id, Cause.UNKNOWN, "", ZHANG)
    world.say("septic-1", None, kind="ch4", value=60.0)
    assert world.incident.severity is Severity.DANGER
    assert world.details(EventKind.RAISED)
    assert world.paged()[-1] == ("raised_again", 1, "zhang")


def test_a_closing_ends_only_what_the_person_saw(burning: World) -> None:
    """What became worse since then pages on; seen anew it is ended, and so is what only grew without being worse."""
    burning.say("f202")
    burning.pass_(31)
    seen = burning.incident.revision
    burning.say("f203")
    assert burning.incident.revision > seen
    burning.say("f301")
    before = burning.incident
    refused = burning.decide(lifecycle.close, before.id, Cause.DUST, "", ZHANG, "button", seen)
    assert (refused.refusal, burning.incident) == ("worse_since", before)
    assert burning.page
    closing = (burning.incident.id, Cause.DUST, "", ZHANG, "button")
    assert burning.decide(lifecycle.close, *closing, burning.incident.revision + 1).refusal == "future_revision"
    assert not burning.decide(lifecycle.close, *closing, burning.incident.worse_revision).refusal
    assert not burning.state.incidents


def test_a_closing_without_a_revision_ends_all(burning: World) -> None:
    """What an action or an older integration says is meant for all that is known."""
    burning.say("f301")
    burning.decide(lifecycle.close, burning.incident.id, Cause.DUST, "", ZHANG)
    assert not burning.state.incidents


@pytest.mark.parametrize("person", [ZHANG, Person("guest", "赵六"), Person("", "")])
def test_what_was_not_permitted_is_on_the_timeline_and_changes_nothing(burning: World, person: Person) -> None:
    """Neither the incident, nor its revision, its page, or any clock; whoever it was, and by whatever name."""
    incident, page, waits = burning.incident, burning.page, dict(burning.state.deadlines)
    burning.decide(lifecycle.not_permitted, "close", person, incident.id, "f201.smoke")
    event = burning.events[-1]
    assert (event.kind, event.incident, event.person, event.detail) == ("refused", incident, person.id, "close")
    assert (burning.incident, burning.page, burning.state.deadlines) == (incident, page, waits)
    assert burning.state.name(person.id) == person.name
    assert event.kind in INCIDENT_EVENTS


def test_what_was_not_permitted_to_do_with_a_place_is_written_down_about_it(world: World) -> None:
    """A drill of a compound, a bypass of a point; also about an incident that is closed meanwhile."""
    world.decide(lifecycle.not_permitted, "start_drill", ZHANG, "", "bay")
    world.decide(lifecycle.not_permitted, "close", ZHANG, "e-99", "")
    told = [(event.subject, event.incident, event.about, event.detail) for event in world.events[-2:]]
    assert told == [("bay", None, "", "start_drill"), ("e-99", None, "e-99", "close")]
