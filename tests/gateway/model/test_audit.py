"""The auditor: an incident that nothing would ever page again is found, and mended once."""

from collections.abc import Callable

import pytest

from community_help_gateway.model import audit, bypass, lifecycle
from community_help_gateway.model.audit import Health
from community_help_gateway.model.draft import Decision, Draft
from community_help_gateway.model.incident import DeadlineKind
from community_help_gateway.model.state import State
from tests.gateway.model.world import ZHANG, World


def find(world: World) -> tuple[str, ...]:
    """What the auditor finds; no wait is late."""
    return audit.findings(world.state, 0.0)


def mend(world: World) -> None:
    """What the hub does with each incident that it finds."""
    for incident in tuple(world.state.incidents.values()):
        if not audit.watched(world.state, incident):
            world.take(audit.mend(Draft(world.state, world.site, world.now), incident))


def test_an_open_incident_whose_waits_were_removed_is_found_and_paged(world: World) -> None:
    """By hand, by a fault, whatever it was: the tier that had it is told, and it escalates again."""
    world.say("f201")
    world.pass_(61)
    world.state.deadlines.clear()
    assert find(world) == (f"unwatched:{world.incident.id}",)
    mend(world)
    assert world.paged()[-1] == ("auditor", 2, "zhang,li")
    assert find(world) == ()
    world.pass_(121)
    assert world.paged()[-1] == ("escalated", 3, "wang")


def test_an_open_incident_whose_page_was_removed_is_found(world: World) -> None:
    """A wait for a page that is not there watches nothing."""
    world.say("f201")
    world.state.deadlines = {key: item for key, item in world.state.deadlines.items() if item.kind != "answer"}
    world.state.pages.clear()
    assert find(world)
    mend(world)
    assert world.page.reason == "auditor"


@pytest.mark.parametrize("command", [lifecycle.handle, lifecycle.resolve])
def test_an_answered_incident_whose_waits_were_removed_is_watched_again(
    world: World, command: Callable[..., Decision]
) -> None:
    """Its owner is not paged for it, but silence counts from now."""
    world.say("f201")
    more = ("",) if command is lifecycle.resolve else ()
    world.decide(command, world.incident.id, *more, ZHANG, "app")
    world.state.deadlines.clear()
    assert find(world)
    mend(world)
    assert find(world) == ()
    assert len(world.paged()) == 1
    world.pass_(1801)
    assert world.paged()[-1][0] == "owner_silent"


def test_what_tells_nobody_is_mended_once_and_not_every_minute(world: World) -> None:
    """A low battery whose review was lost gets another one."""
    world.say("f201", None, battery_low=True)
    world.state.deadlines.clear()
    for _ in range(5):
        mend(world)
    assert find(world) == ()
    assert not world.paged()
    assert world.waits(DeadlineKind.REVIEW)
    assert world.kinds().count("not_paged") == 2


def test_nothing_is_found_where_all_is_well(world: World) -> None:
    """In every state that an incident can be in."""
    world.say("f201")
    found = [find(world)]
    for command, more in ((lifecycle.acknowledge, (1,)), (lifecycle.handle, ()), (lifecycle.resolve, ("",))):
        world.decide(command, world.incident.id, *more, ZHANG, "app")
        found.append(find(world))
    world.say("f201", False)
    world.decide(lifecycle.resolve, world.incident.id, "", ZHANG, "app")
    world.pass_(5 * 3600)
    assert world.incident.needs_review
    assert {*found, find(world)} == {()}


def test_a_drill_needs_no_watch(world: World) -> None:
    """It ends with its drill."""
    world.decide(bypass.start_drill, "bay", 60.0, [], ZHANG)
    world.decide(bypass.inject, "f201.smoke", ZHANG)
    world.decide(lifecycle.handle, world.incident.id, ZHANG, "app")
    assert find(world) == ()


def test_mending_what_is_well_does_nothing(world: World) -> None:
    """The auditor and a page may come at the same moment."""
    world.say("f201")
    assert audit.mend(world.draft(), world.incident).events == ()


def test_a_wait_that_is_late_is_stuck() -> None:
    """By more than a minute; the heartbeat stops."""
    assert audit.findings(State("e"), 59.0) == ()
    assert audit.findings(State("e"), 61.0) == ("stuck",)


def test_the_auditor_is_content_only_with_everything() -> None:
    """Holes in the roster are shown, but the machine works."""
    assert Health().content
    assert Health(holes=("bay: no_staff",)).content
    assert not Health(recorded=False).content
    assert not Health(findings=("stuck",)).content
