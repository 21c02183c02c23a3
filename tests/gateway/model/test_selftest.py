"""Every night one silent page proves the way to all staff of a compound; nothing else follows from it."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from community_help_gateway.model import audit, bypass, lifecycle, people, selftest
from community_help_gateway.model.draft import Draft
from community_help_gateway.model.incident import Cause, DeadlineKind, Incident, IncidentState, Person, ReceiptStep
from community_help_gateway.model.kinds import Hazard, Severity
from community_help_gateway.model.observation import Observation
from community_help_gateway.model.reduce import due, field_input, take_up
from community_help_gateway.model.roster import Shift, StaffMember
from community_help_gateway.model.site import Site
from community_help_gateway.model.state import EventKind, Receipt
from community_help_gateway.site import parse
from tests.gateway.model.conftest import COMPOUND
from tests.gateway.model.world import START, ZHANG, World

DAY, HOUR = 86400.0, 3600.0
NIGHT = START + 18 * HOUR - 15
"""Tuesday, 03:30 in China."""


def built(more: str = "", *, version: int = 3, zone: str = "Asia/Shanghai") -> World:
    """The compound with a Home Assistant that pages, started."""
    text = COMPOUND.replace("Asia/Shanghai", zone)
    world = World(parse(text + more, "compound.yaml").site)
    world.decide(people.claim_lease, "one", "Home", force=False, version=version)
    start(world)
    return world


def start(world: World) -> None:
    """What a start of the gateway looks for."""
    draft = world.draft()
    take_up(draft)
    world.take(draft.decision())


@pytest.fixture
def world() -> World:
    """With the site file's default: 03:30."""
    return built()


def running(world: World, compound: str = "bay") -> list[Incident]:
    """The self-tests that run."""
    found = world.state.incidents.values()
    return [item for item in found if item.hazard is Hazard.SELF_TEST and item.compound == compound]


def begun(world: World, compound: str = "bay") -> list[float]:
    """When self-tests of a compound began."""
    return [event.at for event in world.events if event.kind is EventKind.SELF_TEST and event.subject == compound]


def sleep_through(world: World, seconds: float) -> None:
    """The gateway is away; then everything that was due falls due at once, in the hub's order."""
    world.now += seconds
    start(world)
    waits = sorted(world.state.deadlines.values(), key=lambda item: (item.remaining(world.now), item.id))
    for wait in waits:
        if wait.due_at <= world.now and world.state.deadlines.get(wait.id) == wait:
            world.take(due(world.state, world.site, wait, world.now))


def test_every_compound_is_tested_every_night(world: World) -> None:
    """At the site file's local time, once, all year."""
    world.pass_(30 * DAY)
    assert begun(world) == begun(world, "hill") == [NIGHT + day * DAY for day in range(30)]
    assert not running(world)


def test_one_silent_page_goes_to_all_staff_of_the_compound(world: World) -> None:
    """On duty or not, of every tier; a drill of the least severity, which waits for nobody's answer."""
    staff = (
        StaffMember("a", "A", 1, ("bay",), always=False),
        StaffMember("b", "B", 3),
        StaffMember("c", "C", 1, ("hill",)),
    )
    world.decide(people.set_roster, staff, (Shift("b", START, START + HOUR),), START + 2 * HOUR)
    world.pass_(NIGHT - START)
    (incident,) = running(world)
    page = world.state.pages[incident.page]
    assert (page.people, page.reason, page.why, page.tier) == (("a", "b"), "self_test", "", 1)
    assert (page.answer_by, page.accept_by) == (0, NIGHT + 600)
    assert (incident.drill, incident.severity, incident.place) == (True, Severity.NOTICE, "清水湾")
    assert audit.watched(world.state, incident)
    pages = len(world.paged())
    world.pass_(DAY - 1)
    assert len(world.paged()) == pages
    assert not {"overdue", "escalated", "needs_review"} & set(world.kinds())


def test_it_ends_by_itself_and_the_next_night_is_armed(world: World) -> None:
    """After 10 minutes, as a test; nothing of it is left but its result."""
    world.pass_(NIGHT - START + 599)
    assert len(running(world)) == 1
    world.pass_(2)
    assert not running(world)
    closed = [event.incident for event in world.events if event.kind is EventKind.CLOSED and event.incident]
    assert {(item.hazard, item.cause, item.closed_at) for item in closed} == {
        (Hazard.SELF_TEST, Cause.TEST, NIGHT + 600)
    }
    assert {item.kind for item in world.state.deadlines.values()} <= {DeadlineKind.SELF_TEST, DeadlineKind.LINK}
    assert {item.due_at for item in world.waits(DeadlineKind.SELF_TEST)} == {NIGHT + DAY}


def test_a_real_point_is_named_another_one_each_day_and_none_is_touched(world: World) -> None:
    """In time every point was named to the phones; what its sensor says, and what it is latched by, stay."""
    world.say("f201")
    before = dict(world.state.points)
    named = []
    for _ in range(len(world.site.points_of("bay"))):
        world.pass_(DAY)
        named += [event.member.point for event in world.events if event.kind is EventKind.RAISED and event.member]
        world.events.clear()
    of_bay = {point.id for point in world.site.points_of("bay")}
    assert {point for point in named if point in of_bay} == of_bay
    assert world.state.points == before


def test_a_real_alarm_never_folds_into_it(world: World) -> None:
    """Not one of the named point, nor of another in the compound: it pages as if there were no test."""
    world.pass_(NIGHT - START)
    (incident,) = running(world)
    (named,) = world.state.members[incident.id]
    for point in world.site.points_of("bay"):
        seen = Observation(address=point.address, received_at=world.now, alarm=True, value=60.0, on=True)
        world.take(field_input(world.state, world.site, seen, world.now))
    assert list(world.state.members[incident.id]) == [named]
    assert world.state.incidents[incident.id] == incident
    assert not any(item.drill for item in world.state.incidents.values() if item.hazard is not Hazard.SELF_TEST)
    assert len([page for page in world.state.pages.values() if page.reason != "self_test"]) >= 3
    world.pass_(601)
    assert not running(world)
    assert world.state.points[named].alarm or world.site.points[named].hazard is Hazard.FIRE_LANE


def test_nobody_can_do_anything_with_it_but_end_it(world: World) -> None:
    """There is nothing to take, to hand over, or to declare real."""
    world.pass_(NIGHT - START)
    (incident,) = running(world)
    for decide, more in (
        (lifecycle.acknowledge, (1,)),
        (lifecycle.handle, ()),
        (lifecycle.ask, ()),
        (lifecycle.add_note, ("text",)),
        (lifecycle.hand_over, (ZHANG,)),
        (lifecycle.resolve, ("",)),
        (lifecycle.declare_real, ()),
    ):
        assert world.decide(decide, incident.id, *more, ZHANG, "button").refusal == "self_test"
    assert running(world) == [incident]
    assert incident.state is IncidentState.OPEN
    assert not world.decide(lifecycle.close, incident.id, Cause.TEST, "", ZHANG).refusal
    assert not running(world)


def test_a_drill_and_a_self_test_do_not_touch_each_other(world: World) -> None:
    """The drill's end ends only what is the drill's, and the self-test's end only itself."""
    world.pass_(NIGHT - START - 60)
    world.decide(bypass.start_drill, "bay", 120.0, ["f201.smoke"], ZHANG)
    world.decide(bypass.inject, "f202.smoke", ZHANG)
    world.pass_(61)
    assert len(running(world)) == 1
    world.pass_(60)
    assert len(running(world)) == 1
    assert [item.hazard for item in world.state.incidents.values() if item.compound == "bay"] == [Hazard.SELF_TEST]


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        (18 * HOUR, 1),  # back at 03:30:15
        (18.9 * HOUR, 1),  # late, but still that night
        (19.1 * HOUR, 0),  # too late
        (30 * HOUR, 0),
        (18 * HOUR + 10 * DAY, 1),  # ten nights away are no burst
        (30 * HOUR + 10 * DAY, 0),
    ],
)
def test_an_outage_makes_no_burst(world: World, away: float, expected: int) -> None:
    """What was slept through is not made up for; the next night comes as always."""
    sleep_through(world, away)
    assert len(begun(world)) == expected
    back = world.now
    world.pass_(DAY)
    assert len(begun(world)) == expected + 1
    assert begun(world)[-1] > back


def test_a_restart_repeats_nothing(world: World) -> None:
    """Neither while it runs, nor right after, nor when the gateway was down from one night to the next."""
    world.pass_(NIGHT - START + 1)
    (incident,) = running(world)
    for seconds in (0, 60, 660, 60):
        sleep_through(world, seconds)
    assert len(begun(world)) == 1
    assert not running(world)
    sleep_through(world, NIGHT + DAY + 60 - world.now)
    assert begun(world) == [NIGHT, NIGHT + DAY + 60]
    assert [item.id for item in running(world)] != [incident.id]


@pytest.mark.parametrize("jump", [-DAY, -HOUR, -300.0, 300.0, HOUR, 10 * HOUR, DAY, 400 * DAY, -400 * DAY])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_jumps_never_makes_two_in_a_night(world: World, jump: float, restarts: bool) -> None:
    """One at most for each night of the wall clock, only near its time, and within two days it is as always."""
    world.pass_(NIGHT - START + 400)
    world.now += jump
    if restarts:
        start(world)
    for wait in world.state.deadlines.values():
        assert wait.remaining(world.now) <= wait.length
    world.pass_(3 * DAY)
    late = [(at - NIGHT) % DAY for at in begun(world)]
    assert all(seconds < HOUR for seconds in late)
    assert all(abs(later - earlier) > DAY / 2 for earlier, later in pairwise(begun(world))), begun(world)
    settled = [at for at in begun(world) if at > world.now - DAY]
    assert len(settled) == (1 if jump < 2 * DAY else len(settled))


def test_it_is_the_local_time_also_when_the_clocks_change() -> None:
    """Each day of the calendar has one, in spring and in autumn too; an hour that is there twice counts once."""
    world = built('self_test: "02:30"\n', zone="Europe/Berlin")
    world.pass_(370 * DAY)
    zone = ZoneInfo("Europe/Berlin")
    days = [datetime.fromtimestamp(at, zone).date() for at in begun(world)]
    assert len(days) == len(set(days)) == 370
    hours = {datetime.fromtimestamp(at, zone).strftime("%H:%M") for at in begun(world)}
    assert hours <= {"02:30", "03:30"}


def test_a_new_site_file_moves_or_ends_it(world: World) -> None:
    """Another hour counts from the next night on; off ends the waiting, and what was found by it."""

    def rebuilt(more: str) -> Site:
        return parse(COMPOUND + more, "compound.yaml").site

    world.site = rebuilt('self_test: "05:00"\n')
    start(world)
    assert {item.due_at for item in world.waits(DeadlineKind.SELF_TEST)} == {NIGHT + 1.5 * HOUR}
    world.pass_(DAY)
    assert selftest.unaccepted(world.state) == ("bay", "hill")
    world.site = rebuilt("self_test: off\n")
    start(world)
    assert not world.waits(DeadlineKind.SELF_TEST)
    assert selftest.unaccepted(world.state) == ()
    world.pass_(3 * DAY)
    assert len(begun(world)) == 1


@pytest.mark.parametrize("version", [0, 2])
def test_who_does_not_know_self_tests_is_not_woken_by_one(version: int) -> None:
    """An older integration would ring for it; its update is known at its next connection."""
    world = built(version=version)
    assert world.decide(selftest.start, "bay", ZHANG).refusal == "no_pager"
    world.pass_(DAY)
    assert not begun(world)
    fence = world.state.lease.fence if world.state.lease else 0
    assert world.decide(people.claim_lease, "one", "Home", force=False, version=3).result == {"fence": fence}
    world.pass_(DAY)
    assert len(begun(world)) == 1


def test_without_a_home_assistant_there_is_nothing_to_test() -> None:
    """A gateway that nobody was connected to yet finds nothing wrong with that."""
    world = World(parse(COMPOUND, "compound.yaml").site)
    start(world)
    world.pass_(2 * DAY)
    assert not begun(world)
    assert not selftest.unaccepted(world.state)


def test_a_person_starts_one_at_any_time(world: World) -> None:
    """It is theirs in the record; the night's comes all the same."""
    decision = world.decide(selftest.start, "bay", ZHANG)
    (incident,) = running(world)
    assert decision.result == {"incident": incident.id}
    assert [(e.person, e.about) for e in world.events if e.kind is EventKind.SELF_TEST] == [("zhang", incident.id)]
    world.pass_(DAY)
    assert begun(world) == [START, NIGHT]


def test_what_cannot_be_tested_is_refused_with_its_reason(world: World) -> None:
    """Each with a key of its own; nothing happens."""
    assert world.decide(selftest.start, "nowhere", ZHANG).refusal == "unknown_compound"
    assert world.decide(selftest.start, "bay", Person("automation", "")).refusal == "unidentified"
    assert not world.decide(selftest.start, "bay", ZHANG).refusal
    assert world.decide(selftest.start, "bay", ZHANG).refusal == "self_test_runs"
    assert not world.decide(selftest.start, "hill", ZHANG).refusal
    world.pass_(601)
    world.decide(people.set_roster, (StaffMember("c", "C", 1, ("hill",)),))
    assert world.decide(selftest.start, "bay", ZHANG).refusal == "nobody_serves"
    world.site = Site.of(world.site.compounds.values(), (), world.site.staff, self_test=210)
    assert world.decide(selftest.start, "hill", ZHANG).refusal == "no_devices"
    world.pass_(2 * DAY)
    assert not running(world)
    assert not running(world, "hill")
    assert len(begun(world)) == len(begun(world, "hill")) == 1


def accept(world: World, compound: str) -> None:
    """Home Assistant takes the page of a compound's self-test over."""
    (incident,) = running(world, compound)
    world.decide(people.receive, Receipt(incident.page, ReceiptStep.ACCEPTED, world.now))


def test_a_night_in_which_home_assistant_could_not_page_is_found_until_a_test_succeeds(world: World) -> None:
    """By the auditor, by compound, also while the next one runs and after a restart; the heartbeat stops meanwhile."""
    world.pass_(NIGHT - START)
    assert audit.findings(world.state, 0.0) == ()
    accept(world, "hill")
    world.pass_(601)
    found = ("self_test_unaccepted:bay",)
    assert audit.findings(world.state, 0.0) == found
    assert not audit.Health(findings=found).content
    start(world)
    world.decide(selftest.start, "bay", ZHANG)
    assert audit.findings(world.state, 0.0) == found
    world.pass_(601)
    assert audit.findings(world.state, 0.0) == found
    world.decide(selftest.start, "bay", ZHANG)
    accept(world, "bay")
    assert audit.findings(world.state, 0.0) == ()
    world.pass_(601)
    assert audit.findings(world.state, 0.0) == ()


def test_another_home_assistant_that_takes_over_takes_the_self_test_too(world: World) -> None:
    """Its page is the new one's business, and it ends at the same time."""
    world.decide(selftest.start, "bay", ZHANG)
    accept(world, "bay")
    world.pass_(300)
    world.decide(people.claim_lease, "two", "Other", force=True, version=3)
    (page,) = world.state.pages.values()
    assert (page.fence, page.accepted) == (2, False)
    world.pass_(301)
    assert not running(world)


def test_the_first_wait_is_no_longer_than_a_day(world: World) -> None:
    """Promise 14, and a time zone's odd days."""
    for wait in world.waits(DeadlineKind.SELF_TEST):
        assert 0 < wait.length <= 25 * HOUR
    draft = Draft(world.state, world.site, NIGHT)
    assert selftest._nights(draft, NIGHT) == (NIGHT, NIGHT + DAY)
    assert selftest._nights(draft, NIGHT - 0.001) == (NIGHT - DAY, NIGHT)
