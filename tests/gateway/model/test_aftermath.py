"""After the journal was replaced: what is live pages and says so, what is not waits for a person."""

import pytest

from community_help_gateway.model import aftermath, bypass, lifecycle
from community_help_gateway.model.aftermath import RESTORED_BACKUP, SET_ASIDE
from community_help_gateway.model.draft import Draft
from community_help_gateway.model.incident import DeadlineKind
from community_help_gateway.model.state import EventKind, State
from tests.gateway.model.world import START, ZHANG, World


def replaced(world: World, mark: str, days: float = 30) -> None:
    """The journal was replaced by what it held; a new epoch begins later."""
    state = State("new", number=world.state.number)
    state.apply(world.state.records(), world.state.number)
    state.links_up = world.state.links_up
    world.state, world.now = state, world.now + days * 86400
    world.take(aftermath.new_epoch(Draft(world.state, world.site, world.now), mark))


@pytest.mark.parametrize("answered", [False, True])
def test_what_is_live_in_a_restored_backup_pages_and_says_so(world: World, answered: bool) -> None:
    """Whoever had taken it then: who knows what became of it."""
    world.say("f201")
    if answered:
        world.decide(lifecycle.handle, world.incident.id, ZHANG, "app")
    replaced(world, RESTORED_BACKUP)
    assert world.incident.mark == RESTORED_BACKUP
    assert world.paged()[-1] == ("returned", 1, "zhang")
    assert not world.incident.answered
    assert world.page.id.startswith("new-")


def test_what_was_over_in_a_restored_backup_needs_review_and_pages_nobody(world: World) -> None:
    """Nobody is woken by an alarm of four months ago."""
    world.say("f201")
    world.say("f201", False)
    replaced(world, RESTORED_BACKUP)
    world.pass_(30 * 86400)
    assert (world.incident.needs_review, world.incident.mark) == (True, RESTORED_BACKUP)
    assert len(world.paged()) == 1
    assert not world.state.pages
    assert not world.state.deadlines


def test_a_new_alarm_in_what_needs_review_pages(world: World) -> None:
    """The mark silences nothing."""
    world.say("f201")
    world.say("f201", False)
    replaced(world, RESTORED_BACKUP)
    world.say("f201")
    assert world.paged()[-1][0] in ("raised", "worse")
    assert world.state.pages


def test_a_low_battery_in_a_restored_backup_still_wakes_nobody(world: World) -> None:
    """Live, and its policy is its own."""
    world.say("f201", None, battery_low=True)
    replaced(world, RESTORED_BACKUP)
    assert not world.paged()


def test_a_journal_that_was_set_aside_goes_on_by_its_clocks(world: World) -> None:
    """It was salvaged a moment ago: nothing is paged for that alone, and nothing is forgotten."""
    world.say("f201")
    replaced(world, SET_ASIDE, days=0)
    assert len(world.paged()) == 1
    assert world.incident.mark == SET_ASIDE
    world.pass_(61)
    assert world.paged()[-1] == ("escalated", 2, "li")


def test_the_new_epoch_is_in_the_record(world: World) -> None:
    """With its name and why."""
    replaced(world, SET_ASIDE)
    last = world.events[-1]
    assert (last.kind, last.subject, last.detail) == (EventKind.EPOCH, "new", SET_ASIDE)


def test_a_drill_in_a_restored_backup_is_over(world: World) -> None:
    """Its end has passed; it pages nobody."""
    world.decide(bypass.start_drill, "bay", 3600.0, [], ZHANG)
    world.decide(bypass.inject, "f201.smoke", ZHANG)
    pages = len(world.paged())
    replaced(world, RESTORED_BACKUP)
    assert len(world.paged()) == pages
    (wait,) = world.waits(DeadlineKind.DRILL)
    assert wait.remaining(world.now) == 0
    world.expire(DeadlineKind.DRILL)
    assert not world.state.incidents


def test_records_hold_everything_that_the_state_does(world: World) -> None:
    """A journal that is written anew from them is the same community."""
    world.say("f201")
    world.say("septic-1", None, kind="ch4", value=60.0)
    world.say("f202", None, battery_low=True)
    world.decide(bypass.set_bypass, "f301.smoke", 60.0, "why", ZHANG)
    world.decide(bypass.start_drill, "bay", 3600.0, ["f401.smoke"], ZHANG)
    copy = State("e", number=world.state.number, links_up=world.state.links_up)
    copy.apply(world.state.records(), world.state.number)
    assert copy == world.state
    assert world.now == START
