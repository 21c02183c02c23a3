"""Alarms of one building are one incident; what joins pages only when it is worse, and always says why."""

from community_help_gateway.model import lifecycle
from community_help_gateway.model.incident import DeadlineKind
from community_help_gateway.model.kinds import Severity
from community_help_gateway.model.state import EventKind
from tests.gateway.model.world import LI, ZHANG, World


def taken(world: World) -> None:
    """The incident is acknowledged as it is."""
    world.decide(lifecycle.acknowledge, world.incident.id, world.incident.revision, ZHANG, "button")
    assert world.incident.answered


def test_the_first_alarm_pages_at_once(world: World) -> None:
    """The window only collects what joins later."""
    world.say("f201")
    assert world.paged() == [("raised", 1, "zhang")]
    assert (world.incident.severity, world.incident.place) == (Severity.ALARM, "清水湾 1号楼 2 201 烟感")


def test_a_second_detector_makes_it_dangerous_and_skips_the_wait(world: World) -> None:
    """After an acknowledgement the next tier is told at once, with those before it."""
    world.say("f201")
    taken(world)
    world.say("f202")
    assert world.paged()[-1] == ("worse", 2, "zhang,li")
    assert world.incident.severity is Severity.DANGER
    assert not world.incident.answered


def test_a_third_detector_on_the_same_floor_joins_without_a_page(world: World) -> None:
    """Every fold is visible: joined, not paged, because."""
    for flat in ("f201", "f202"):
        world.say(flat)
    world.pass_(30)
    taken(world)
    pages = len(world.paged())
    world.say("f203")
    assert world.details(EventKind.JOINED)[-1] == "folded:same_floor"
    assert len(world.paged()) == pages
    assert world.incident.answered
    assert world.members() == ["f201.smoke", "f202.smoke", "f203.smoke"]


def test_promise_4_what_is_worse_pages_again_after_the_acknowledgement(world: World) -> None:
    """A new floor, an unknown floor, a second hazard, a manual call point: each unacknowledged, each paged."""
    world.say("f201")
    world.say("f202")
    for device, reason in (
        ("f301", "new_floor"),
        ("unknown-floor", "unknown_floor"),
        ("kitchen", "second_hazard"),
        ("button", "call_point"),
    ):
        world.pass_(61)
        taken(world)
        world.say(device)
        assert world.details(EventKind.JOINED)[-1] == f"paged:{reason}"
        assert world.paged()[-1][0] == "worse"
        assert not world.incident.answered


def test_a_new_building_is_an_incident_of_its_own(world: World) -> None:
    """It pages at once, whatever is acknowledged next door."""
    world.say("f201")
    taken(world)
    world.say("b2-101")
    assert len(world.state.incidents) == 2
    assert world.paged()[-1] == ("raised", 1, "zhang")


def test_promise_4_worsenings_within_30_seconds_make_one_page(world: World) -> None:
    """While phones ring already, a spreading fire is collected; then one page tells all of it."""
    world.say("f201")
    for flat in ("f202", "f203", "f301", "f401"):
        world.now += 1
        world.say(flat)
    assert len(world.paged()) == 1
    assert world.details(EventKind.JOINED)[0] == "collected:second_detector"
    world.pass_(26)
    assert world.paged()[1:] == [("worse", 2, "zhang,li")]
    assert world.page.revision == world.incident.revision == 5


def test_promise_4_a_flapping_point_pages_at_most_every_5_minutes_and_visibly(world: World) -> None:
    """Each return is a membership; the page for it waits, and says so."""
    world.say("f201")
    taken(world)
    for _ in range(20):
        world.now += 5
        world.say("f201", False)
        world.now += 5
        world.say("f201")
    assert len(world.details(EventKind.JOINED)) == 20
    assert set(world.details(EventKind.JOINED)) == {"folded:flapping"}
    assert len(world.paged()) == 1
    world.pass_(101)
    assert [reason for reason, _, _ in world.paged()] == ["raised", "worse"]


def test_promise_4_an_acknowledgement_covers_only_what_was_seen(world: World) -> None:
    """What joined after the revision that the person saw stays unacknowledged and keeps paging."""
    world.say("f201")
    world.say("f301")
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "button")
    assert not world.incident.answered
    assert world.waits(DeadlineKind.ANSWER)
    assert lifecycle.acknowledge(world.draft(), world.incident.id, 9, ZHANG, "").refusal == "future_revision"


def test_a_building_that_was_dealt_with_raises_a_new_incident_after_the_window(world: World) -> None:
    """An answered incident takes in what joins for a while only; an unanswered one as long as it is open."""
    world.say("f201")
    world.pass_(1000)
    world.say("f202")
    taken(world)
    world.now += 901
    world.say("f301")
    assert len(world.state.incidents) == 2


def test_a_storm_of_one_building_is_one_incident_with_every_fold_explained(world: World) -> None:
    """All of its detectors at once, and each joining has its reason."""
    devices = [device.id for device in world.site.devices.values() if device.building == "1号楼" and device.floor]
    for device in devices:
        world.say(device)
    assert len(world.state.incidents) == 1
    assert len(world.details(EventKind.JOINED)) == len(devices) - 1
    assert all(world.details(EventKind.JOINED))
    assert len(world.paged()) == 1


def test_the_first_acknowledgement_owns_and_the_second_learns_who(world: World) -> None:
    """One owner, and pages end."""
    world.say("f201")
    taken(world)
    second = world.decide(lifecycle.acknowledge, world.incident.id, 1, LI, "button")
    assert (second.result["first"], second.result["owner"]) == (False, "张三")
    assert world.incident.owner == "zhang"
    assert not world.state.pages


def test_a_fire_without_a_building_folds_by_compound_and_other_hazards_by_device(world: World) -> None:
    """A spreadsheet without buildings must not become 400 incidents."""
    world.say("hall")
    world.say("septic-1", None, kind="h2s", value=20.0)
    world.say("unknown-floor")
    keys = sorted(incident.key for incident in world.state.incidents.values())
    assert keys == ["building:bay:1号楼", "compound:hill", "device:septic-1"]
