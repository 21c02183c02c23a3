"""Who is told, when, and when again: tiers, waits, hours, and why somebody was not told."""

from collections.abc import Callable

import pytest

from community_help_gateway.model import lifecycle, people
from community_help_gateway.model.incident import Cause, DeadlineKind, ReceiptStep
from community_help_gateway.model.kinds import Severity
from community_help_gateway.model.paging import seconds_until_open
from community_help_gateway.model.reduce import due
from community_help_gateway.model.roster import Shift, StaffMember
from community_help_gateway.model.state import EventKind, Receipt
from tests.gateway.model.world import START, ZHANG, World

A, B = StaffMember("a", "A", 1, always=False), StaffMember("b", "B", 2, always=False)
DAY = 86400.0


def times(world: World) -> list[float]:
    """When people were told, since the start."""
    return [event.at - START for event in world.events if event.kind is EventKind.PAGED]


def test_each_tier_has_its_own_wait_and_the_last_repeats_with_the_last_one(world: World) -> None:
    """60 s for the first, 120 s for each other one."""
    world.say("f201")
    world.pass_(500)
    assert times(world) == [0, 60, 180, 300, 420]
    assert [tier for _, tier, _ in world.paged()] == [1, 2, 3, 3, 3]


def test_escalation_ends_with_an_acknowledgement(world: World) -> None:
    """Nobody else is told; a later incident starts over at the first tier."""
    world.say("f201")
    world.pass_(70)
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    world.decide(lifecycle.add_note, world.incident.id, "on it", ZHANG, "app")
    world.pass_(1700)
    assert len(world.paged()) == 2
    world.say("b2-101")
    assert world.paged()[-1] == ("raised", 1, "zhang")


def test_a_second_detector_skips_the_wait(world: World) -> None:
    """Before any answer the next tier is told when the page has rung 30 s, not after its 60 s."""
    world.say("f201")
    world.now += 1
    world.say("f202")
    world.pass_(29)
    assert times(world) == [0, 30]
    assert world.paged()[1] == ("worse", 2, "zhang,li")


def test_a_second_detector_skips_the_investigation(world: World) -> None:
    """Positive alarm sequence: who is still looking gets help at once."""
    world.say("f201")
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    world.now += 100
    world.say("f202")
    assert world.paged()[-1] == ("worse", 2, "zhang,li")


def test_who_looks_too_long_brings_the_next_tier(world: World) -> None:
    """180 s to investigate; then it wants an answer anew."""
    world.say("f201")
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    world.pass_(179)
    assert len(world.paged()) == 1
    world.pass_(2)
    assert world.paged()[-1] == ("owner_silent", 2, "zhang,li")
    world.pass_(121)
    assert world.paged()[-1] == ("escalated", 3, "wang")


def test_who_says_what_they_found_ends_the_investigation(world: World) -> None:
    """Handling is an answer."""
    world.say("f201")
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    world.decide(lifecycle.handle, world.incident.id, ZHANG, "button")
    world.pass_(1000)
    assert len(world.paged()) == 1


def test_one_tier_at_a_time_after_a_long_outage(world: World) -> None:
    """Promise 14: a day away is one step, and the next tier has its whole wait."""
    world.say("f201")
    world.now += DAY
    for deadline in sorted(world.state.deadlines.values(), key=lambda item: item.due_at):
        world.take(due(world.state, world.site, deadline, world.now))
    assert [tier for _, tier, _ in world.paged()] == [1, 2]
    (wait,) = world.waits(DeadlineKind.ANSWER)
    assert wait.due_at == world.now + 120


def test_the_escalation_tells_all_who_were_told_when_a_worsening_waits(world: World) -> None:
    """What was being collected when the next tier fell due is not lost on the first one."""
    world.say("f201")
    world.say("f201", False)
    world.now += 10
    world.say("f201")
    assert world.incident.pending == "again"
    world.pass_(51)
    assert world.paged()[-1] == ("escalated", 2, "zhang,li")
    assert world.page.revision == 2


def test_an_accepted_page_is_not_overdue_and_still_escalates(world: World) -> None:
    """Accepted by the integration is not answered by a person."""
    world.say("f201")
    world.decide(people.receive, Receipt(world.page.id, ReceiptStep.ACCEPTED, world.now))
    world.pass_(61)
    assert "overdue" not in world.kinds()
    assert world.paged()[-1][0] == "escalated"


def test_every_page_that_nobody_accepts_is_overdue_for_itself(world: World) -> None:
    """Promise 10: each goes out by the gateway's own channel after its 10 s."""
    world.say("f201")
    world.pass_(71)
    overdue = [event.page.id for event in world.events if event.kind is EventKind.OVERDUE and event.page]
    paged = [event.page.id for event in world.events if event.kind is EventKind.PAGED and event.page]
    assert overdue == paged
    assert len(paged) == 2


def test_a_warning_about_devices_waits_for_the_morning(world: World) -> None:
    """Told between 8 and 20 o'clock, local time, once."""
    world.now = START + 13 * 3600  # Monday, 22:30:15
    world.say("f201", None, tamper=True)
    assert world.details(EventKind.NOT_PAGED) == ["hours"]
    assert not world.paged()
    world.pass_(DAY)
    assert world.paged() == [("raised", 1, "zhang")]
    assert times(world) == [22 * 3600 + 30 * 60 - 15]
    assert not world.waits(DeadlineKind.ANSWER)


def test_nobody_is_told_in_the_morning_of_what_is_over(world: World) -> None:
    """It ended in the night."""
    world.now = START + 13 * 3600
    world.say("f201", None, tamper=True)
    world.say("f201", None, tamper=False)
    world.pass_(DAY)
    assert not world.paged()
    assert not world.state.incidents


def test_what_becomes_an_alarm_does_not_wait_for_the_hours(built: Callable[[str], World]) -> None:
    """The hours are those of the severity."""
    world = built('policies:\n  - { hazard: gas, severity: warning, hours: ["08:00", "20:00"] }\n')
    world.now = START + 13 * 3600
    for value in (12.0, 12.0):
        world.say("septic-1", None, kind="ch4", value=value)
    assert not world.paged()
    for value in (25.0, 25.0):
        world.say("septic-1", None, kind="ch4", value=value)
    assert world.incident.severity is Severity.ALARM
    assert [reason for reason, _, _ in world.paged()] == ["worse"]


def test_an_escalation_that_waited_for_the_hours_keeps_its_reason(built: Callable[[str], World]) -> None:
    """What is told in the morning says what it was in the evening."""
    world = built('policies:\n  - { hazard: fire, hours: ["08:00", "20:00"] }\n')
    world.now = START + 10.5 * 3600 - 45  # 19:59:30
    world.say("f201")
    world.pass_(DAY / 2 + 30)
    assert world.details(EventKind.NOT_PAGED) == ["hours"]
    assert world.paged()[1] == ("escalated", 2, "zhang,li")


def test_a_policy_that_tells_nobody_is_written_down(built: Callable[[str], World]) -> None:
    """Shown, not paged, with the reason; it ends in a review, and nothing runs for ever."""
    world = built("policies:\n  - { hazard: fire, pages: false }\n")
    world.say("f201")
    assert world.details(EventKind.NOT_PAGED) == ["policy"]
    world.pass_(4 * 3600 + 1)
    assert world.incident.needs_review
    assert not world.state.deadlines


def test_a_policy_that_tells_once_never_repeats(built: Callable[[str], World]) -> None:
    """People are told, then it waits for its review."""
    world = built("policies:\n  - { hazard: fire, repeats: false }\n")
    world.say("f201")
    world.pass_(4 * 3600 + 1)
    assert len(world.paged()) == 1
    assert world.incident.needs_review


@pytest.mark.parametrize(
    ("staff", "shifts", "until", "why", "told"),
    [
        ([], [], None, "no_staff", ""),
        ([A, B], [], None, "nobody_on_duty", "a,b"),
        ([A, B], [Shift("b", START, START + DAY)], START + 10, "tier_empty", "b"),
        ([A, B], [Shift("b", START, START + DAY)], START, "beyond_horizon", "a,b"),
        ([A, B], [Shift("b", START, START + DAY)], None, "tier_empty", "b"),
        ([A, B], [Shift("a", START, START + DAY, ("hill",))], None, "nobody_on_duty", "a,b"),
    ],
)
def test_a_page_says_why_it_goes_to_these_people(
    world: World, staff: list[StaffMember], shifts: list[Shift], until: float | None, why: str, told: str
) -> None:
    """An empty tier, a night without duty, a roster that ended: somebody is told, with the reason."""
    world.decide(people.set_roster, staff, shifts, until)
    world.say("f201")
    assert (world.page.why, ",".join(world.page.people)) == (why, told)


def test_all_staff_are_paged_again_when_there_is_no_tier_to_go_to(world: World) -> None:
    """Nobody on duty: everybody, again and again, and no tier is counted up."""
    world.decide(people.set_roster, [A, B], [], None)
    world.say("f201")
    world.pass_(200)
    assert world.paged() == [("raised", 1, "a,b")] + [("repeated", 1, "a,b")] * 3


def test_a_change_of_shift_decides_who_hears_the_next_page(world: World) -> None:
    """Duty is looked up when a page goes out, not when the incident began."""
    night, day = StaffMember("n", "N", 1, always=False), StaffMember("d", "D", 1, always=False)
    shifts = [Shift("n", START - DAY, START + 30), Shift("d", START + 30, START + DAY)]
    world.decide(people.set_roster, [night, day], shifts, START + DAY)
    world.say("f201")
    world.pass_(61)
    assert world.paged() == [("raised", 1, "n"), ("repeated", 1, "d")]


def test_a_running_incident_keeps_the_policy_it_was_raised_under(world: World, built: Callable[[str], World]) -> None:
    """Edits do not change running incidents; the next one follows them."""
    world.say("f201")
    world.site = built("policies:\n  - { hazard: fire, answer: [600] }\n").site
    world.pass_(61)
    assert world.paged()[-1] == ("escalated", 2, "li")
    world.say("b2-101")
    (wait,) = [item for item in world.waits(DeadlineKind.ANSWER) if item.length == 600]
    assert wait.due_at == world.now + 600


def test_policies_that_no_incident_needs_any_more_are_forgotten(world: World, built: Callable[[str], World]) -> None:
    """The journal does not grow with edits."""
    for seconds in range(600, 620):
        world.site = built(f"policies:\n  - {{ hazard: fire, answer: [{seconds}] }}\n").site
        world.say("f201")
        world.decide(lifecycle.handle, world.incident.id, ZHANG, "app")
        world.say("f201", False)
        world.pass_(5 * 3600)
        close_all(world)
    assert len(world.state.policies) <= 2


def close_all(world: World) -> None:
    """Close what is open."""
    for incident in tuple(world.state.incidents):
        world.decide(lifecycle.close, incident, Cause.UNKNOWN, "", ZHANG)


@pytest.mark.parametrize(
    ("hours", "at", "seconds"),
    [
        ((), 0.0, 0.0),
        ((480, 1200), START, 0.0),
        ((600, 1200), START, 29 * 60 + 45),
        ((480, 570), START, 22 * 3600 + 30 * 60 - 15),
        ((1320, 360), START, 12 * 3600 + 30 * 60 - 15),
        ((1320, 600), START, 0.0),
    ],
)
def test_hours_are_local_and_may_span_midnight(world: World, hours: tuple[int, ...], at: float, seconds: float) -> None:
    """START is 09:30:15 in China."""
    assert seconds_until_open(hours, at, world.site.zone) == seconds
