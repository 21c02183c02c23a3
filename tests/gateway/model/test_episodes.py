"""From observations to episodes, incidents and pages: pure, with time as an input."""

from dataclasses import dataclass, replace

import pytest

from community_help_gateway.model import decisions
from community_help_gateway.model.draft import Decision, Draft
from community_help_gateway.model.incident import (
    ANSWER_SECONDS,
    RAISE_AGAIN_SECONDS,
    Cause,
    Deadline,
    DeadlineKind,
    Incident,
    IncidentState,
    Person,
    ReceiptStep,
)
from community_help_gateway.model.observation import Address, Observation, Reset
from community_help_gateway.model.reduce import commit, due, field_input
from community_help_gateway.model.site import Hazard, StaffMember
from community_help_gateway.model.state import Event, EventKind, Receipt, State
from community_help_gateway.site import SiteFile

SMOKE = Address("gb26875", "4097", "1.1.42.03001100")
OTHER = Address("gb26875", "4097", "1.1.*.03001200")
ZHANG = Person("zhang", "张三")
LI = Person("li", "李四")


@dataclass
class World:
    """A state that is only changed through decisions, and everything that was recorded."""

    state: State
    site_file: SiteFile
    now: float = 1000.0

    def __post_init__(self) -> None:
        """Nothing has happened."""
        self.events: list[Event] = []

    def take(self, decision: Decision) -> Decision:
        """Carry a decision out."""
        commit(self.state, decision)
        self.events += decision.events
        return decision

    def say(self, alarm: bool | None, address: Address = SMOKE, **more: object) -> Decision:
        """The field speaks."""
        seen = replace(Observation(address=address, received_at=self.now, alarm=alarm), **more)
        return self.take(field_input(self.state, self.site_file.site, seen, self.now))

    def draft(self) -> Draft:
        """For people's decisions."""
        return Draft(self.state, self.site_file.site, self.now)

    def expire(self, kind: DeadlineKind) -> Decision:
        """Let the one deadline of a kind fall due."""
        (deadline,) = [item for item in self.state.deadlines.values() if item.kind is kind]
        self.now = deadline.due_at
        return self.take(due(self.state, self.site_file.site, deadline, self.now))

    @property
    def incident(self) -> Incident:
        """The only incident there is."""
        (incident,) = self.state.incidents.values()
        return incident

    def kinds(self) -> list[EventKind]:
        """What was recorded, but for points and settled pages."""
        return [event.kind for event in self.events if event.kind not in (EventKind.POINT, EventKind.SETTLED)]


@pytest.fixture
def world(site_file: SiteFile) -> World:
    """An empty journal, epoch "e"."""
    return World(State("e"), site_file)


def test_an_alarm_raises_one_incident_and_pages_the_first_tier(world: World) -> None:
    """Raise, page, and both waits are in the same decision."""
    world.say(True)
    (page,) = world.state.pages.values()
    assert world.kinds() == [EventKind.RAISED, EventKind.PAGED]
    assert (page.people, page.tier, page.reason, page.revision) == (("zhang",), 1, "raised", 1)
    assert world.incident.place == "清水湾 1号楼 2 201 烟感"
    assert {item.kind for item in world.state.deadlines.values()} == {DeadlineKind.ACCEPT, DeadlineKind.ANSWER}


def test_a_repeated_alarm_changes_nothing(world: World) -> None:
    """Promise 2: one episode is one membership, however often the device repeats it."""
    world.say(True)
    number = world.state.number
    for _ in range(100):
        assert world.say(True) == Decision()
    assert world.state.number == number
    assert len(world.incident.members) == 1


def test_fire_restore_and_the_identical_fire_are_two_episodes(world: World) -> None:
    """Promise 2: the second one joins with a new revision and pages again."""
    world.say(True, device_at=900.0)
    world.say(False, device_at=905.0)
    world.say(True, device_at=900.0)
    assert [member.episode for member in world.incident.members] == [1, 2]
    assert world.incident.revision == 2
    assert world.kinds() == [EventKind.RAISED, EventKind.PAGED, EventKind.RESTORED, EventKind.JOINED, EventKind.PAGED]


@pytest.mark.parametrize("more", [{"fault": True}, {"tamper": True}, {"test": True}, {"fault": False}])
def test_fault_tamper_and_test_never_touch_an_alarm(world: World, more: dict[str, bool]) -> None:
    """Promises 5 and 6: only an explicit restore ends a live alarm."""
    world.say(True, test=False)
    world.say(None, **more)
    assert world.state.points["f201.smoke"].alarm is True
    assert world.kinds().count(EventKind.RESTORED) == 0


def test_fire_with_the_test_label_is_an_alarm_and_pages(world: World) -> None:
    """Promise 5: test is a label, never a filter."""
    world.say(True, test=True)
    assert world.kinds() == [EventKind.RAISED, EventKind.PAGED]
    assert world.incident.members[0].test


def test_a_bare_self_test_restores_only_an_alarm_that_carried_the_label(world: World) -> None:
    """A device that always sends bit 0 as 0 restores with it; any other one has only tested itself."""
    world.say(True, test=False)
    world.say(False, test=True)
    assert world.state.points["f201.smoke"].alarm is True
    world.say(True, address=OTHER, test=True)
    world.say(False, address=OTHER, test=True)
    assert world.state.points["f202.smoke"].alarm is False


def test_a_late_normal_that_is_older_than_the_alarm_is_no_restore(world: World) -> None:
    """Promise 6: frames may overtake each other."""
    world.say(True, device_at=900.0)
    world.say(False, device_at=899.0)
    assert world.state.points["f201.smoke"].alarm is True


def test_a_reset_ends_the_live_alarms_of_its_own_system_only(world: World) -> None:
    """Promise 6: live ends, latched stays."""
    world.say(True)
    elsewhere = Reset(Address("gb26875", "9999", "1.1."), world.now)
    world.take(field_input(world.state, world.site_file.site, elsewhere, world.now))
    assert world.state.points["f201.smoke"].alarm is True
    own = Reset(Address("gb26875", "4097", "1.1."), world.now)
    world.take(field_input(world.state, world.site_file.site, own, world.now))
    assert world.state.points["f201.smoke"].alarm is False
    assert world.incident.state is IncidentState.OPEN


def test_an_unanswered_page_goes_to_the_next_tier_and_the_last_one_repeats(world: World) -> None:
    """Promise 3: paging ends with a person, not with the tiers."""
    world.say(True)
    assert world.expire(DeadlineKind.ANSWER).events[-1].page is not None
    (second,) = world.state.pages.values()
    assert (second.tier, second.people, second.reason) == (2, ("li",), "escalated")
    world.expire(DeadlineKind.ANSWER)
    (third,) = world.state.pages.values()
    assert (third.tier, third.reason) == (2, "repeated")
    assert third.demanded_at - second.demanded_at == ANSWER_SECONDS


def test_an_unaccepted_page_is_recorded_and_stays_demanded(world: World) -> None:
    """The integration was silent: the same page id is still there."""
    world.say(True)
    (page,) = world.state.pages
    world.expire(DeadlineKind.ACCEPT)
    assert world.kinds()[-1] is EventKind.OVERDUE
    assert list(world.state.pages) == [page]


def test_accepted_ends_only_the_wait_for_the_integration(world: World) -> None:
    """A page that was taken over still wants an answer from a person."""
    world.say(True)
    (page,) = world.state.pages
    world.take(decisions.receive(world.draft(), Receipt(page, ReceiptStep.ACCEPTED, world.now)))
    assert [item.kind for item in world.state.deadlines.values()] == [DeadlineKind.ANSWER]


@pytest.mark.parametrize("page", ["other-1", "e-999", "e-", "", "e-x"])
def test_a_receipt_for_no_page_is_refused(world: World, page: str) -> None:
    """Nothing is invented."""
    assert decisions.receive(world.draft(), Receipt(page, ReceiptStep.SEEN, 1.0)).refusal == "unknown_page"


def test_the_first_acknowledgement_owns_and_the_second_learns_who(world: World) -> None:
    """One owner, and pages end."""
    world.say(True)
    first = world.take(decisions.acknowledge(world.draft(), world.incident.id, 1, ZHANG, "button"))
    second = world.take(decisions.acknowledge(world.draft(), world.incident.id, 1, LI, "button"))
    assert (first.result["first"], second.result["first"], second.result["owner"]) == (True, False, "张三")
    assert world.incident.owner == ZHANG
    assert not world.state.pages
    assert not world.state.deadlines


def test_an_acknowledgement_covers_only_what_was_seen(world: World) -> None:
    """Promise 4: what joined later stays unacknowledged and keeps paging."""
    world.say(True)
    world.say(False)
    world.say(True)
    world.take(decisions.acknowledge(world.draft(), world.incident.id, 1, ZHANG, "button"))
    assert not world.incident.answered
    assert [page.revision for page in world.state.pages.values()] == [2]
    assert decisions.acknowledge(world.draft(), world.incident.id, 3, ZHANG, "").refusal == "future_revision"


def test_a_closed_incident_raises_again_while_its_point_is_live(world: World) -> None:
    """Promise 4: closing does not silence a detector that still smells smoke."""
    world.say(True)
    old = world.incident.id
    result = world.take(decisions.close(world.draft(), old, Cause.COOKING, "", ZHANG)).result
    assert result == {"live": 1}
    assert not world.state.incidents
    world.expire(DeadlineKind.RAISE_AGAIN)
    assert world.incident.id != old
    assert world.now == 1000.0 + RAISE_AGAIN_SECONDS


def test_a_closed_incident_whose_point_restored_stays_closed(world: World) -> None:
    """The deadline comes and nothing happens."""
    world.say(True)
    world.take(decisions.close(world.draft(), world.incident.id, Cause.REAL, "", ZHANG))
    world.say(False)
    world.expire(DeadlineKind.RAISE_AGAIN)
    assert not world.state.incidents
    assert not world.state.deadlines


def test_an_unknown_devices_fire_raises_an_unplaced_alarm(world: World) -> None:
    """A mistyped address must not cost a life; everybody of the compound of its transmitter is paged."""
    world.say(True, address=Address("gb26875", "4097", "1.1.42.FFFF0000"), text="3号楼")
    assert (world.incident.hazard, world.incident.compound) == (Hazard.UNPLACED, "bay")
    assert world.incident.place == "清水湾 gb26875 4097 1.1.42.FFFF0000 3号楼"
    world.say(None, address=Address("gb26875", "77", "1.1.42.FFFF0000"), fault=True)
    assert len(world.state.incidents) == 1


def test_invented_devices_cannot_raise_without_bounds(world: World) -> None:
    """Alarms of many unknown devices share incidents, and a member list has an end."""
    for device in range(3000):
        world.say(True, address=Address("gb26875", str(device + 10_000), "1.1.42.00"))
    assert len(world.state.incidents) == 11
    assert max(len(incident.members) for incident in world.state.incidents.values()) <= 500
    assert len(world.state.pages) == 11


def test_an_empty_tier_falls_through_and_nobody_means_everybody(world: World) -> None:
    """A hole in the roster never swallows a page."""
    world.take(decisions.set_roster(world.draft(), [StaffMember("x", "X", 3, ("bay",))]))
    world.say(True)
    assert [page.people for page in world.state.pages.values()] == [("x",)]
    world.take(decisions.set_roster(world.draft(), [StaffMember("x", "X", 3, ("hill",))]))
    world.say(True, address=OTHER)
    assert [page.people for page in world.state.pages.values()][-1] == ()


def test_the_lease_has_one_holder_and_a_growing_fence(world: World) -> None:
    """Another integration only takes over by a person's word, and pages then carry its number."""
    world.take(decisions.claim_lease(world.draft(), "one", "One", force=False))
    assert decisions.claim_lease(world.draft(), "two", "Two", force=False).refusal == "lease_held"
    world.say(True)
    result = world.take(decisions.claim_lease(world.draft(), "two", "Two", force=True)).result
    assert result == {"fence": 2}
    assert [page.fence for page in world.state.pages.values()] == [2]


def test_no_wait_exceeds_its_length_whatever_the_clock_does() -> None:
    """Promise 14: a day's jump either way neither loses a deadline nor stretches it."""
    deadline = Deadline(DeadlineKind.ANSWER, "p", 1120.0, 120.0)
    assert deadline.remaining(1000.0) == 120.0
    assert deadline.remaining(1000.0 - 86400) == 120.0
    assert deadline.remaining(1000.0 + 86400) == 0.0
