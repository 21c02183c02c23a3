"""From observations to episodes, incidents and pages: pure, with time as an input."""

import pytest

from community_help_gateway.model import lifecycle, people
from community_help_gateway.model.draft import Decision
from community_help_gateway.model.incident import Cause, Deadline, DeadlineKind, IncidentState, ReceiptStep
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.model.observation import Address, Observation, Reset
from community_help_gateway.model.reduce import field_input
from community_help_gateway.model.roster import StaffMember
from community_help_gateway.model.state import EventKind, Receipt
from tests.gateway.model.world import LI, START, ZHANG, World


def hear(world: World, address: Address, **more: object) -> Decision:
    """An address speaks that may be unknown."""
    seen = Observation(address=address, received_at=world.now, **more)  # type: ignore[arg-type]
    return world.take(field_input(world.state, world.site, seen, world.now))


def reset(world: World, device: str, part: str, **more: object) -> None:
    """A system's own device says that it was reset."""
    said = Reset(Address("gb26875", device, part), world.now, **more)  # type: ignore[arg-type]
    world.take(field_input(world.state, world.site, said, world.now))


def test_an_alarm_raises_one_incident_and_pages_the_first_tier(world: World) -> None:
    """Raise, page, and both waits are in the same decision."""
    decision = world.say("f201")
    assert world.kinds() == ["raised", "paged"]
    assert (world.page.people, world.page.tier, world.page.reason, world.page.revision) == (("zhang",), 1, "raised", 1)
    assert world.incident.place == "清水湾 1号楼 2 201 烟感"
    assert {item.kind for item in world.state.deadlines.values()} == {DeadlineKind.ACCEPT, DeadlineKind.ANSWER}
    assert decision.touched == ("f201.smoke",)


def test_a_repeated_alarm_changes_nothing(world: World) -> None:
    """Promise 2: one episode is one membership, however often the device repeats it."""
    world.say("f201")
    number = world.state.number
    for _ in range(100):
        assert world.say("f201") == Decision()
    assert world.state.number == number
    assert world.members() == ["f201.smoke"]


def test_fire_restore_and_the_identical_fire_are_two_episodes(world: World) -> None:
    """Promise 2: the second one joins with a new revision, is unanswered and pages again."""
    world.say("f201", device_at=900.0)
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    world.say("f201", False, device_at=905.0)
    world.say("f201", device_at=900.0)
    members = [event.member for event in world.events if event.kind in (EventKind.RAISED, EventKind.JOINED)]
    assert [member.episode for member in members if member] == [1, 2]
    assert (world.incident.revision, world.incident.answered) == (2, False)
    world.pass_(300)
    assert world.paged()[1] == ("worse", 1, "zhang")


def test_a_point_that_comes_back_after_the_window_is_in_its_own_incident_again(world: World) -> None:
    """While that is open: a detector that chatters for hours is one thing to deal with, each time told."""
    world.say("f201")
    for _ in range(3):
        world.decide(lifecycle.handle, world.incident.id, ZHANG, "app")
        world.say("f201", False)
        world.pass_(1000)
        world.say("f201")
        assert world.paged()[-1][0] == "worse"
    assert world.incident.revision == 4


@pytest.mark.parametrize("more", [{"fault": True}, {"tamper": True}, {"test": True}, {"fault": False}])
def test_fault_tamper_and_test_never_touch_an_alarm(world: World, more: dict[str, bool]) -> None:
    """Promises 5 and 6: only an explicit restore ends a live alarm."""
    world.say("f201", test=False)
    world.say("f201", None, **more)
    assert world.state.points["f201.smoke"].alarm is True
    assert "restored" not in world.kinds()


def test_fire_with_the_test_label_is_an_alarm_and_pages(world: World) -> None:
    """Promise 5: test is a label, never a filter."""
    world.say("f201", test=True)
    assert world.kinds() == ["raised", "paged"]
    (member,) = world.state.members[world.incident.id].values()
    assert member.test
    assert not world.incident.drill


def test_a_bare_self_test_restores_only_an_alarm_that_carried_the_label(world: World) -> None:
    """A device that always sends bit 0 as 0 restores with it; any other one has only tested itself."""
    world.say("f201", test=False)
    world.say("f201", False, test=True)
    assert world.state.points["f201.smoke"].alarm is True
    world.say("f202", test=True)
    world.say("f202", False, test=True)
    assert world.state.points["f202.smoke"].alarm is False


def test_a_self_test_that_reports_nothing_else_raises_nothing(world: World) -> None:
    """Promise 5: a test is shown as a test."""
    world.say("f201", None, test=True)
    assert not world.state.incidents
    assert world.state.points["f201.smoke"].test is True


def test_a_late_normal_that_is_older_than_the_alarm_is_no_restore(world: World) -> None:
    """Promise 6: frames may overtake each other."""
    world.say("f201", device_at=900.0)
    world.say("f201", False, device_at=899.0)
    assert world.state.points["f201.smoke"].alarm is True
    world.say("f201", False, device_at=901.0)
    assert world.state.points["f201.smoke"].alarm is False


def test_a_normal_older_than_the_newest_repetition_is_no_restore(world: World) -> None:
    """Promise 6: the alarm that counts is the last one, and a repetition costs no journal row."""
    world.say("f201", device_at=900.0)
    number = world.state.number
    world.say("f201", device_at=950.0)
    assert world.state.number == number
    world.say("f201", False, device_at=920.0)
    assert world.state.points["f201.smoke"].alarm is True


def test_a_reset_ends_the_live_alarms_of_its_own_system_only(world: World) -> None:
    """Promise 6: live ends, latched stays."""
    world.say("f201")
    reset(world, "9999", "1.1.")
    reset(world, "4097", "2.1.")
    assert world.state.points["f201.smoke"].alarm is True
    reset(world, "4097", "1.1.")
    assert world.state.points["f201.smoke"].alarm is False
    assert world.incident.state is IncidentState.OPEN
    assert world.incident.live == 0


def test_a_reset_that_is_older_than_the_alarm_ends_nothing(world: World) -> None:
    """Promise 6: a reset may be overtaken, too."""
    world.say("f201", device_at=900.0)
    reset(world, "4097", "1.1.", device_at=899.0)
    assert world.state.points["f201.smoke"].alarm is True


def test_a_late_alarm_keeps_its_own_time(world: World) -> None:
    """Promise 6: it is paged with its age."""
    world.say("f201", device_at=world.now - 7200)
    (member,) = world.state.members[world.incident.id].values()
    assert member.raised_at - (member.device_at or 0.0) == 7200
    assert world.paged() == [("raised", 1, "zhang")]


def test_an_unanswered_page_goes_to_the_next_tier_and_the_last_one_repeats(world: World) -> None:
    """Promise 3: paging ends with a person, not with the tiers."""
    world.say("f201")
    for _ in range(4):
        world.expire(DeadlineKind.ANSWER)
    assert world.paged()[1:] == [
        ("escalated", 2, "li"),
        ("escalated", 3, "wang"),
        ("repeated", 3, "wang"),
        ("repeated", 3, "wang"),
    ]


def test_an_unaccepted_page_is_recorded_and_stays_demanded(world: World) -> None:
    """The integration was silent: the same page id is still there."""
    world.say("f201")
    page = world.page.id
    world.expire(DeadlineKind.ACCEPT)
    assert world.kinds()[-1] == "overdue"
    assert (world.page.id, world.page.overdue) == (page, True)


def test_accepted_ends_only_the_wait_for_the_integration(world: World) -> None:
    """A page that was taken over still wants an answer from a person."""
    world.say("f201")
    world.decide(people.receive, Receipt(world.page.id, ReceiptStep.ACCEPTED, world.now))
    assert [item.kind for item in world.state.deadlines.values()] == [DeadlineKind.ANSWER]


def test_accepted_by_one_phone_does_not_speak_for_the_integration(world: World) -> None:
    """Only the receipt for the page as a whole ends the wait."""
    world.say("f201")
    world.decide(people.receive, Receipt(world.page.id, ReceiptStep.ACCEPTED, world.now, phone="p1"))
    assert world.waits(DeadlineKind.ACCEPT)


@pytest.mark.parametrize("page", ["other-1", "e-999", "e-", "", "e-x"])
def test_a_receipt_for_no_page_is_refused(world: World, page: str) -> None:
    """Nothing is invented."""
    assert people.receive(world.draft(), Receipt(page, ReceiptStep.SEEN, 1.0)).refusal == "unknown_page"


def test_the_first_acknowledgement_ends_the_pages_and_starts_the_owners_clocks(world: World) -> None:
    """One owner, no page, and only the waits that watch the owner."""
    world.say("f201")
    first = world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    second = world.decide(lifecycle.acknowledge, world.incident.id, 1, LI, "button")
    assert (first.result["first"], second.result["first"], second.result["owner"]) == (True, False, "张三")
    assert world.incident.owner == "zhang"
    assert not world.state.pages
    assert {item.kind for item in world.state.deadlines.values()} == {
        DeadlineKind.INVESTIGATE,
        DeadlineKind.QUIET,
        DeadlineKind.REVIEW,
    }


def test_a_closed_incident_raises_again_while_its_point_is_live(world: World) -> None:
    """Promise 4: closing does not silence a detector that still smells smoke."""
    world.say("f201")
    old = world.incident.id
    result = world.decide(lifecycle.close, old, Cause.COOKING, "", ZHANG).result
    assert result == {"live": 1}
    assert not world.state.incidents
    world.expire(DeadlineKind.RAISE_AGAIN)
    assert world.incident.id != old
    assert world.now == START + 1800
    assert world.paged()[-1] == ("raised_again", 1, "zhang")


def test_a_closed_incident_whose_point_restored_stays_closed(world: World) -> None:
    """The deadline comes and nothing happens."""
    world.say("f201")
    world.decide(lifecycle.close, world.incident.id, Cause.REAL, "", ZHANG)
    world.say("f201", False)
    world.expire(DeadlineKind.RAISE_AGAIN)
    assert not world.state.incidents
    assert not world.state.deadlines


def test_a_point_that_returns_after_its_incident_was_closed_raises_at_once(world: World) -> None:
    """Promise 2: after a restore it is a new episode, whatever was closed."""
    world.say("f201")
    world.decide(lifecycle.close, world.incident.id, Cause.COOKING, "", ZHANG)
    world.say("f201", False)
    world.say("f201")
    assert world.paged()[-1] == ("raised", 1, "zhang")


def test_an_unknown_devices_fire_raises_an_unplaced_alarm(world: World) -> None:
    """A mistyped address must not cost a life; the compound is that of its transmitter."""
    hear(world, Address("gb26875", "4097", "1.1.42.FFFF0000"), alarm=True, text="3号楼")
    assert (world.incident.hazard, world.incident.compound) == (Hazard.UNPLACED, "bay")
    assert world.incident.place == "清水湾 gb26875 4097 1.1.42.FFFF0000 3号楼"
    hear(world, Address("gb26875", "77", "1.1.42.FFFF0000"), fault=True)
    assert len(world.state.incidents) == 1


def test_an_unplaced_alarm_that_was_closed_while_it_goes_on_raises_again_after_the_stated_time(world: World) -> None:
    """Promise 4 for devices that nobody knows: repeats do not undo a closing at once, a new episode does."""
    strange = Address("gb26875", "77", "1.1.42.FFFF0000")
    hear(world, strange, alarm=True)
    world.decide(lifecycle.close, world.incident.id, Cause.UNKNOWN, "", ZHANG)
    hear(world, strange, alarm=True)
    assert not world.state.incidents
    world.pass_(1801)
    hear(world, strange, alarm=True)
    world.decide(lifecycle.close, world.incident.id, Cause.UNKNOWN, "", ZHANG)
    hear(world, strange, alarm=False)
    hear(world, strange, alarm=True)
    assert len(world.state.incidents) == 1


def test_invented_devices_cannot_raise_without_bounds(world: World) -> None:
    """Alarms of many unknown devices share incidents, and a member list has an end."""
    for device in range(3000):
        hear(world, Address("gb26875", str(device + 10_000), "1.1.42.00"), alarm=True)
    assert len(world.state.incidents) == 11
    assert max(len(group) for group in world.state.members.values()) <= 500
    assert len(world.state.pages) == 11


def test_an_empty_tier_falls_through_and_nobody_means_everybody(world: World) -> None:
    """A hole in the roster never swallows a page."""
    world.decide(people.set_roster, [StaffMember("x", "X", 3, ("bay",))])
    world.say("f201")
    assert world.page.people == ("x",)
    world.decide(people.set_roster, [StaffMember("x", "X", 3, ("hill",))])
    world.say("b2-101")
    assert [page.people for page in world.state.pages.values()][-1] == ()


def test_the_lease_has_one_holder_and_a_growing_fence(world: World) -> None:
    """Another integration only takes over by a person's word, and pages then carry its number."""
    world.decide(people.claim_lease, "one", "One", force=False)
    assert people.claim_lease(world.draft(), "two", "Two", force=False).refusal == "lease_held"
    world.say("f201")
    assert world.decide(people.claim_lease, "two", "Two", force=True).result == {"fence": 2}
    assert world.page.fence == 2


def test_who_takes_the_pager_over_must_accept_its_pages_anew(world: World) -> None:
    """What the last holder had accepted is nobody's until the new one accepts it (promise 10)."""
    world.decide(people.claim_lease, "one", "One", force=False)
    world.say("f201")
    world.decide(people.receive, Receipt(world.page.id, ReceiptStep.ACCEPTED, world.now))
    world.now += 20
    world.decide(people.claim_lease, "two", "Two", force=True)
    assert not world.page.accepted
    world.expire(DeadlineKind.ACCEPT)
    assert world.page.overdue


def test_no_wait_exceeds_its_length_whatever_the_clock_does() -> None:
    """Promise 14: a day's jump either way neither loses a deadline nor stretches it."""
    deadline = Deadline(DeadlineKind.ANSWER, "p", 1120.0, 120.0)
    assert deadline.remaining(1000.0) == 120.0
    assert deadline.remaining(1000.0 - 86400) == 120.0
    assert deadline.remaining(1000.0 + 86400) == 0.0


def test_a_contact_that_closes_is_an_alarm(world: World) -> None:
    """A smoke alarm on an input of a box says on and off, and nothing else."""
    world.say("f201", None, on=True)
    assert world.incident.hazard is Hazard.FIRE
    world.say("f201", None, on=False)
    assert world.incident.live == 0
