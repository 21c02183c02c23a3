"""What is wrong with the devices: each cause one incident, nobody woken, and nothing cleared by silence."""

import pytest

from community_help_gateway.model import lifecycle, supervision
from community_help_gateway.model.draft import Decision
from community_help_gateway.model.incident import DeadlineKind
from community_help_gateway.model.kinds import Hazard, Severity
from community_help_gateway.model.observation import Address, Observation
from community_help_gateway.model.reduce import field_input
from community_help_gateway.model.state import EventKind
from community_help_gateway.model.supervision import NO_ANSWER, NO_VALUE
from community_help_gateway.site import parse
from tests.gateway.model.world import START, ZHANG, World

YEAR = 365.25 * 86400
HEAD = """\
version: 1
compounds:
  - { id: bay, name: 清水湾 }
staff:
  - { id: zhang, name: 张三 }
transmitters:
  - { id: uitd, name: 用传, compound: bay, building: 1号楼, address: 4097 }
devices:
"""


def concentrator(devices: int = 400) -> World:
    """Many smoke alarms behind one transmitter."""
    lines = [
        f"  - {{ id: d{n}, name: 烟感, kind: smoke_alarm, compound: bay, building: 1号楼, floor: {n // 8},"
        f" report_every: 3600, at: {{ transmitter: uitd, zone: 1, position: {n} }} }}"
        for n in range(devices)
    ]
    return World(parse(HEAD + "\n".join(lines), "many.yaml").site)


def sweep(world: World, *silent: str) -> Decision:
    """The gateway looks for silent and old devices."""
    draft = world.draft()
    supervision.sweep(draft, silent)
    return world.take(draft.decision())


def supervised(world: World) -> list[tuple[str, str, int]]:
    """The open supervision incidents: key, severity, how many live."""
    found = [item for item in world.state.incidents.values() if item.hazard is Hazard.SUPERVISION]
    return [(item.key, item.severity.value, item.live) for item in found]


def test_400_devices_behind_one_dead_link_are_one_incident() -> None:
    """A dead concentrator is one incident, not 400, and all of its points are touched."""
    world = concentrator()
    lost = world.link("gb26875", "4097", up=False)
    assert len(lost.touched) == 401
    sweep(world, *[f"d{n}" for n in range(400)])
    assert not world.state.incidents
    world.pass_(181)
    sweep(world, *[f"d{n}" for n in range(400)])
    assert supervised(world) == [("supervision:link_lost:link:gb26875:4097", "warning", 1)]
    assert len(world.paged()) == 1


def test_400_silent_devices_on_a_live_link_are_one_incident_that_names_them() -> None:
    """Folded per cause, with every device in it, told once."""
    world = concentrator()
    sweep(world, *[f"d{n}" for n in range(400)])
    assert supervised(world) == [("supervision:offline:bay", "warning", 400)]
    assert len(world.members()) == 400
    assert len(world.paged()) == 1


def test_a_link_that_comes_back_in_time_is_no_incident(world: World) -> None:
    """It has three minutes."""
    world.link("gb26875", "4097", up=False)
    world.pass_(179)
    world.link("gb26875", "4097", up=True)
    world.pass_(3600)
    assert not world.state.incidents
    assert not world.state.deadlines


def test_a_lost_link_clears_nothing_and_ends_its_incident_when_it_is_back(world: World) -> None:
    """Promise 8: silence is not absence."""
    world.say("f201")
    world.link("gb26875", "4097", up=False)
    world.pass_(181)
    assert world.state.points["f201.smoke"].alarm is True
    assert len(supervised(world)) == 1
    world.link("gb26875", "4097", up=True)
    assert supervised(world) == []
    assert world.state.points["f201.smoke"].alarm is True


def test_after_a_start_every_link_is_expected(world: World) -> None:
    """A concentrator that never comes back after a power cut is an incident; one that does is none."""
    world.state.links_up.clear()
    draft = world.draft()
    supervision.expect_links(draft)
    world.take(draft.decision())
    assert {item.subject for item in world.waits(DeadlineKind.LINK)} == {"gb26875:4097", "modbus:box", "modbus:septic"}
    world.link("modbus", "box", up=True)
    world.pass_(181)
    assert sorted(key.split(":", 2)[2] for key, _, _ in supervised(world)) == [
        "link:gb26875:4097",
        "link:modbus:septic",
    ]


@pytest.mark.parametrize(
    ("said", "cause", "severity"),
    [
        ({"fault": True}, "fault", Severity.WARNING),
        ({"tamper": True}, "tamper", Severity.WARNING),
        ({"battery_low": True}, "battery_low", Severity.NOTICE),
    ],
)
def test_each_cause_is_an_incident_of_its_own_severity(
    world: World, said: dict[str, bool], cause: str, severity: Severity
) -> None:
    """It begins, folds the next device in, and ends by itself with the last one."""
    for device in ("f201", "f202"):
        world.say(device, None, **said)
    assert supervised(world) == [(f"supervision:{cause}:bay", severity.value, 2)]
    world.say("hall", None, **said)
    assert len(supervised(world)) == 2
    healthy = dict.fromkeys(said, False)
    world.say("f201", None, **healthy)
    assert len(supervised(world)) == 2
    world.say("f202", None, **healthy)
    world.say("hall", None, **healthy)
    assert supervised(world) == []
    assert world.kinds()[-1] == "closed"


def test_nobody_is_woken_for_a_low_battery(world: World) -> None:
    """Promise 3: it is shown, never paged, and after a month it needs review."""
    world.now = START + 13 * 3600
    world.say("f201", None, battery_low=True)
    world.pass_(31 * 86400)
    assert not world.paged()
    assert set(world.details(EventKind.NOT_PAGED)) == {"policy"}
    assert world.incident.needs_review


def test_a_low_battery_takes_no_protection_away(world: World) -> None:
    """The point alarms as before."""
    world.say("f201", None, battery_low=True)
    world.say("f201")
    assert world.paged() == [("raised", 1, "zhang")]


def test_a_device_is_silent_by_its_own_period_and_back_with_its_first_word(world: World) -> None:
    """Whatever it says, and even if that changes nothing else."""
    world.say("f401", False)
    sweep(world, "f401")
    assert supervised(world) == [("supervision:offline:bay", "warning", 1)]
    assert sweep(world, "f401").events == ()
    world.say("f401", False)
    assert supervised(world) == []


def test_a_part_that_does_not_answer_makes_its_device_silent(world: World) -> None:
    """One sensor of four is dead while the others answer: somebody must know, until it answers."""
    for kind in ("ch4", "o2", "co", "h2s"):
        world.say("septic-1", False, kind=kind, value=20.9 if kind == "o2" else 0.0, state="normal")
    world.say("septic-1", None, kind="h2s", fault=True, state=NO_ANSWER)
    assert supervised(world) == []
    sweep(world)
    assert supervised(world) == [("supervision:offline:bay", "warning", 1)]
    world.say("septic-1", False, kind="ch4", value=0.1, state="normal")
    sweep(world)
    assert len(world.details(EventKind.RAISED)) == 1
    world.say("septic-1", False, kind="h2s", value=0.1, fault=False, state="normal")
    assert supervised(world) == []


def test_an_input_that_answers_again_is_no_longer_without_answer(world: World) -> None:
    """A bit has no word of its own for its state."""
    world.say("lane", None, fault=True, state=NO_ANSWER)
    world.say("lane", None, fault=False, on=False)
    assert world.state.points["lane.lane"].state == ""
    world.say("lane", None, fault=True)
    assert supervised(world) == [("supervision:fault:bay", "warning", 1)]


def test_what_was_measured_is_forgotten_once_the_device_says_no_value(world: World) -> None:
    """It answers, so it is not silent: unknown and a fault, until it measures again."""
    world.say("septic-1", None, kind="co", value=4.0, fault=False)
    world.say("septic-1", None, kind="co", fault=True, state=NO_VALUE)
    assert world.state.points["septic-1.co"].value is None
    assert supervised(world) == [("supervision:fault:bay", "warning", 1)]
    world.say("septic-1", None, kind="co", value=0.0, fault=False)
    assert (world.state.points["septic-1.co"].value, world.state.points["septic-1.co"].state) == (0.0, "")
    assert supervised(world) == []


def test_a_smoke_alarm_is_too_old_after_ten_years(world: World) -> None:
    """f401 was installed on 2024-05-01; nobody wrote down when the others were."""
    sweep(world)
    assert supervised(world) == []
    world.now += 7.5 * YEAR
    sweep(world)
    assert supervised(world) == [("supervision:end_of_life:bay", "notice", 1)]
    assert world.members() == ["f401"]
    assert not world.paged()


def test_a_clock_that_drifts_is_shown_until_it_is_right(world: World) -> None:
    """Above 5 minutes it is wrong, below 1 minute right again."""
    seen = []
    for offset in (10.0, 299.0, -301.0, 120.0, 59.0):
        world.say("uitd", None, clock_offset=offset)
        seen.append([key for key, _, _ in supervised(world)])
    drift = ["supervision:clock_drift:link:gb26875:4097"]
    assert seen == [[], [], drift, drift, []]


def test_a_word_about_the_clock_costs_no_journal_row(world: World) -> None:
    """Devices send their time with every frame."""
    world.say("uitd", False)
    number = world.state.number
    for _ in range(10):
        world.say("uitd", False, clock_offset=3.0)
    assert world.state.number == number


def test_two_links_with_one_identity_are_an_incident_and_clear_nothing_of_each_other(world: World) -> None:
    """Promise 8: both are heard."""
    world.say("f201", source="10.0.0.1")
    world.link("gb26875", "4097", up=True, rivals=1)
    assert [key for key, _, _ in supervised(world)] == ["supervision:duplicate_identity:link:gb26875:4097"]
    world.say("f201", False, source="10.0.0.2")
    assert world.state.points["f201.smoke"].alarm is True
    world.say("f301", source="10.0.0.2")
    assert world.members(next(iter(world.state.incidents.values()))) == ["f201.smoke", "f301.smoke"]
    world.say("f201", False, source="10.0.0.1")
    assert world.state.points["f201.smoke"].alarm is False
    world.link("gb26875", "4097", up=True, rivals=0)
    assert supervised(world) == []


def test_an_acknowledged_incident_still_takes_the_next_device_and_tells_nobody_again(world: World) -> None:
    """One per cause, however long it is open."""
    world.say("f201", None, tamper=True)
    world.decide(lifecycle.acknowledge, world.incident.id, 1, ZHANG, "app")
    world.pass_(3 * 86400)
    world.say("f202", None, tamper=True)
    assert supervised(world) == [("supervision:tamper:bay", "warning", 2)]
    assert len(world.paged()) == 1


def test_an_unknown_link_is_nobodys(world: World) -> None:
    """Nothing of the site is on it."""
    assert world.link("gb26875", "77", up=False) == Decision()
    seen = Observation(address=Address("gb26875", "77", "system"), received_at=world.now, fault=True)
    assert field_input(world.state, world.site, seen, world.now) == Decision()
