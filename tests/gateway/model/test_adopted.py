"""Adopted entities: devices like all others, except that Home Assistant brings them and their silence has its time."""

from copy import replace

from community_help_gateway.model import guard, people, supervision
from community_help_gateway.model.adopted import (
    HOME_ASSISTANT,
    LINK,
    REPORT_SECONDS,
    Adopted,
    AdoptedDevice,
    is_adopted,
    joined,
)
from community_help_gateway.model.draft import Decision
from community_help_gateway.model.incident import Cause, DeadlineKind, IncidentState
from community_help_gateway.model.kinds import DeviceKind, Hazard, PointKind
from community_help_gateway.model.state import EventKind
from community_help_gateway.model.supervision import NO_ANSWER
from community_help_gateway.site import parse
from tests.gateway.model.replay import reloaded
from tests.gateway.model.world import START, World

FILE = """\
version: 1
compounds:
  - { id: bay, name: 清水湾 }
  - { id: hill, name: 青山 }
staff:
  - { id: zhang, name: 张三 }
transmitters:
  - { id: uitd, name: 用传, compound: bay, building: 1号楼, address: 4097 }
devices:
  - { id: f201, name: 烟感, kind: smoke_alarm, compound: bay, at: { transmitter: uitd, zone: 1, position: 201 } }
"""
SMOKE = AdoptedDevice("kitchen", "厨房烟感", DeviceKind.SMOKE_ALARM, PointKind.SMOKE, "bay", "1号楼", "2", "202")
LANE = AdoptedDevice("gate", "东门", DeviceKind.FIRE_LANE, PointKind.LANE, "bay")
HEATER = AdoptedDevice("heater", "取暖器", DeviceKind.APPLIANCE, PointKind.RELAY, "hill")


def world(*devices: AdoptedDevice) -> World:
    """The site of the file with these adopted devices, and their link up."""
    return World(joined(parse(FILE, "s").site, Adopted(devices)))


def silence(world: World, device: str) -> Decision:
    """The entity is unavailable."""
    return world.say(device, None, state=NO_ANSWER)


def sweep(world: World, *silent: str) -> None:
    """The gateway looks for silent devices."""
    draft = world.draft()
    supervision.sweep(draft, silent)
    world.take(draft.decision())


def test_what_the_site_file_says_wins_over_an_adopted_device_of_the_same_id() -> None:
    """The file's device keeps its address; the adopted one is not there."""
    site = joined(parse(FILE, "s").site, Adopted((replace(SMOKE, id="f201"), SMOKE)))
    assert not is_adopted(site.devices["f201"])
    assert site.points["f201.smoke"].address.link == "gb26875"
    assert is_adopted(site.devices["kitchen"])
    assert site.place(site.devices["kitchen"]) == "清水湾 1号楼 2 202 厨房烟感"


def test_the_file_s_own_site_stays_as_it_was() -> None:
    """A list that shrinks is joined anew with the same file."""
    file = parse(FILE, "s").site
    joined(file, Adopted((SMOKE, LANE)))
    assert set(file.devices) == {"uitd", "f201"}
    assert file.links() == (("gb26875", "4097"),)
    assert joined(file, None) is file


def test_an_alarm_of_an_adopted_point_raises_and_pages_once() -> None:
    """What is repeated, also after a connection was lost, is the same episode; after a restore it is another one."""
    it = world(SMOKE)
    it.say("kitchen", fault=False, device_at=START)
    for _ in range(3):
        it.say("kitchen", fault=False, device_at=START)
    (incident,) = it.state.incidents.values()
    assert (incident.hazard, incident.place, incident.detectors) == (Hazard.FIRE, "清水湾 1号楼 2 202 厨房烟感", 1)
    assert [event.kind for event in it.events].count(EventKind.RAISED) == 1
    it.pass_(10)
    it.say("kitchen", False, fault=False, device_at=START + 10)
    it.say("kitchen", fault=False, device_at=START + 20)
    assert it.state.points["kitchen.smoke"].episode == 2


def test_silence_ends_no_alarm() -> None:
    """Unavailable is not off: neither the alarm nor its incident ends, and nothing restores when it comes back on."""
    it = world(SMOKE)
    it.say("kitchen", fault=False)
    silence(it, "kitchen")
    assert it.state.points["kitchen.smoke"].alarm
    assert [item.live for item in it.state.incidents.values()] == [1]
    it.say("kitchen", fault=False)
    record = it.state.points["kitchen.smoke"]
    assert (record.alarm, record.episode, record.state) == (True, 1, "")


def test_a_silent_entity_is_offline_after_its_time_and_not_at_once() -> None:
    """A radio that restarts is no incident; what is silent for two and a half periods is one, until it speaks."""
    it = world(SMOKE)
    it.say("kitchen", False, fault=False)
    silence(it, "kitchen")
    sweep(it)
    assert not it.state.incidents
    sweep(it, "kitchen")
    assert list(it.state.devices["kitchen"].causes) == ["offline"]
    silence(it, "kitchen")
    assert list(it.state.devices["kitchen"].causes) == ["offline"]
    it.say("kitchen", False, fault=False)
    assert "kitchen" not in it.state.devices
    assert not it.state.incidents


def test_a_lane_is_not_free_because_its_camera_went_away() -> None:
    """The held "free" waits until the camera sees again."""
    it = world(LANE)
    it.say("gate", fault=False)
    it.expire(DeadlineKind.DWELL)
    (incident,) = it.state.incidents.values()
    it.say("gate", False, fault=False, device_at=it.now)
    silence(it, "gate")
    assert it.state.links_up >= {(LINK, HOME_ASSISTANT)}
    it.expire(DeadlineKind.FREE)
    assert it.state.incidents[incident.id].state is IncidentState.OPEN
    it.say("gate", False, fault=False, device_at=it.now)
    it.expire(DeadlineKind.FREE)
    found = it.state.incidents.get(incident.id)
    assert found is None or found.state in (IncidentState.RESOLVED, IncidentState.CLOSED)


def test_home_assistant_s_absence_is_one_incident_that_names_it() -> None:
    """Not one for each entity, and nothing is cleared; where all are in one compound, it is that one's."""
    it = world(SMOKE, LANE)
    it.say("kitchen", fault=False)
    fire = next(iter(it.state.incidents))
    it.link(LINK, HOME_ASSISTANT, up=False)
    sweep(it, "kitchen", "gate")
    assert list(it.state.incidents) == [fire]
    it.pass_(181)
    sweep(it, "kitchen", "gate")
    (lost,) = [item for item in it.state.incidents.values() if item.hazard is Hazard.SUPERVISION]
    assert (lost.compound, lost.place) == ("bay", HOME_ASSISTANT)
    assert it.state.incidents[fire].live == 1
    it.link(LINK, HOME_ASSISTANT, up=True)
    assert list(it.state.incidents) == [fire]
    assert any(event.incident and event.incident.cause is Cause.CLEARED for event in it.events)


def test_home_assistant_s_absence_concerns_everybody_where_compounds_differ() -> None:
    """No compound is named that has nothing to do with it."""
    it = world(SMOKE, HEATER)
    it.link(LINK, HOME_ASSISTANT, up=False)
    it.pass_(181)
    (lost,) = it.state.incidents.values()
    assert lost.compound == ""


def test_the_list_is_recorded_when_it_differs_and_survives() -> None:
    """The same list again writes nothing; an empty one takes all away, and no open incident with it."""
    it = world(SMOKE)
    it.say("kitchen", fault=False)
    for _ in range(2):
        it.decide(people.set_adopted, (SMOKE,))
    assert [event.kind for event in it.events].count(EventKind.ADOPTED) == 1
    assert reloaded(it.state).adopted == Adopted((SMOKE,))
    it.decide(people.set_adopted, ())
    assert it.state.adopted == Adopted(())
    assert len(it.state.incidents) == 1


def test_silence_is_measured_by_a_period_that_home_assistant_keeps_twice() -> None:
    """The period is the gateway's, so that an integration of any age is held to it."""
    site = joined(parse(FILE, "s").site, Adopted((SMOKE,)))
    assert site.devices["kitchen"].report_every == REPORT_SECONDS


STATION = """\
modbus:
  - { id: box, host: 10.0.0.2, profile: waveshare_io_8ch }
stations:
  - { id: love, name: 爱心驿站, compound: bay }
"""
MICROWAVE = (
    "  - { id: microwave, name: 微波炉, kind: microwave, compound: bay, station: love, max_on: 30, session: 5,"
    " at: { modbus: box, relay: 1 } }\n"
)
LEAK = AdoptedDevice("sink", "水槽", DeviceKind.LEAK, PointKind.LEAK, "bay", station="love")


def with_station(*devices: AdoptedDevice) -> World:
    """The site with a station, and these adopted devices."""
    return World(
        joined(parse(FILE.replace("devices:\n", f"{STATION}devices:\n{MICROWAVE}"), "s").site, Adopted(devices))
    )


def test_an_adopted_leak_detector_of_a_station_turns_its_relays_off() -> None:
    """As one of the gateway's own does: ordered off at once, and refused while it is wet, though it falls silent."""
    world = with_station(LEAK)
    world.say("microwave", None, kind="relay", on=True)
    world.say("sink", True)
    assert "verify:microwave.relay" in world.state.deadlines
    world.say("microwave", None, kind="relay", on=False)
    silence(world, "sink")
    assert guard.may_switch_on(world.draft(), "microwave.relay") == "leaking"
    world.say("sink", False)
    assert guard.may_switch_on(world.draft(), "microwave.relay") == ""


def test_only_a_leak_detector_of_that_station_s_compound_turns_relays_off() -> None:
    """Elsewhere, in no station, or of another kind it turns nothing off; nor does the file's own site change."""
    for other in (
        replace(LEAK, station=""),
        replace(LEAK, station="gone"),
        replace(LEAK, compound="hill"),
        replace(SMOKE, station="love"),
    ):
        assert with_station(other).site.stations.holds["microwave.relay"].leaks == ()
    file = parse(FILE.replace("devices:\n", f"{STATION}devices:\n{MICROWAVE}"), "s").site
    assert joined(file, Adopted((LEAK,))).stations.holds["microwave.relay"].leaks == ("sink.leak",)
    assert file.stations.holds["microwave.relay"].leaks == ()
