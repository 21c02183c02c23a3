"""Stations in the site file: a line that does nothing, or not what was meant, is named with its remedy."""

from pathlib import Path

import pytest

from community_help_gateway.errors import SiteError
from community_help_gateway.model.kinds import DeviceKind, PointKind
from community_help_gateway.model.observation import Address
from community_help_gateway.model.station import Filter, Hold, Station
from community_help_gateway.site import parse

SITE = (Path(__file__).parents[1] / "captures/sites/station.yaml").read_text("utf-8")
LINES = SITE.splitlines()


def test_a_station_becomes_a_device_its_hours_and_its_holds() -> None:
    """With what is measured in the room, and what the gateway works out itself."""
    site = parse(SITE, "station.yaml").site
    love = site.devices["love"]
    assert (love.kind, [point.kind for point in love.points]) == (DeviceKind.STATION, ["open", "temperature", "door"])
    assert site.stations.stations == {"love": Station("love", "bay", ((420, 720), (780, 1290)))}
    assert site.stations.holds["microwave.relay"] == Hold(
        "microwave.relay", "microwave", "love", 1800, 300, ("floor.leak",), "microwave.power"
    )
    assert site.stations.holds["chair.relay"].max_on == 900
    assert site.stations.filters == {"water": Filter("water", 180, 2000, 2)}
    kinds = [point.kind for point in site.devices["microwave"].points]
    assert kinds == ["relay", "power", "energy", "running", "ends", "sessions"]
    assert sum(point.writable for point in site.points.values()) == 3


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('["07:00", "12:00"]', '["07:00"]', "expected from and until"),
        ('["07:00", "12:00"]', '["7 am", "12:00"]', 'expected a time such as "22:30"'),
        (
            "station: love\n    at: { modbus: box, relay: 1 }",
            "station: hate\n    at: { modbus: box, relay: 1 }",
            "no station hate",
        ),
        ("{ power: { modbus: meter }", "{ power: { modbus: gone }", "no modbus entry gone"),
        ("{ power: { modbus: meter }", "{ power: { modbus: room }", "profile xy_md02 has no power; it has temperature"),
        ("{ power: { modbus: meter }", "{ power: { modbus: meter, input: 1 }", "no input: it is read from registers"),
        ("door: { modbus: box, input: 1 }", "door: { modbus: box }", "an input (1 to 8) for door"),
        (
            "at: { modbus: box, relay: 2 }",
            "at: { modbus: room, relay: 2 }",
            "profile xy_md02 has no relay_2; it has temp",
        ),
        ("    session: 5\n", "    session: 45\n", "a session is longer than max_on"),
        ("    max_on: 30\n", "    max_on: 0\n", "expected minutes from 0.1"),
        ("points: { dispensing: { modbus: box, input: 2 } }", "points: {}", "points: dispensing"),
        ("id: love\n", "id: chair\n", "chair is there twice"),
        ("relay: 2", "relay: 1", "microwave has this address already"),
        ("kind: leak,", "kind: leak, max_on: 3,", "max_on needs a relay"),
        (
            "    station: love\n    at: { modbus: box, relay: 2 }",
            "    at: { modbus: box, relay: 2 }",
            "session needs station",
        ),
        ("kind: massage_chair", "kind: station", "massage_chair"),
    ],
)
def test_a_wrong_line_is_named_with_what_was_expected(old: str, new: str, text: str) -> None:
    """And the file as a whole is refused."""
    assert old in SITE
    with pytest.raises(SiteError) as caught:
        parse(SITE.replace(old, new, 1), "station.yaml")
    assert text in str(caught.value)
    assert 8 < int(caught.value.placeholders["line"]) <= len(LINES) + 1


@pytest.mark.parametrize("language", ["", ".zh-Hans"])
def test_the_example_in_the_document_is_valid(language: str) -> None:
    """What people copy works."""
    text = (Path(__file__).parents[2] / f"docs/station{language}.md").read_text("utf-8")
    example = text.partition("```yaml\n")[2].partition("```")[0]
    found = parse(f"version: 1\ncompounds: [{{ id: clearwater, name: 清水湾 }}]\n{example}", "station.md").site
    assert set(found.stations.holds) == {"microwave.relay", "water.relay"}


SENSOR = "  - { id: faces, host: 10.0.0.2, unit: 114, profile: dfrobot_sen0626 }\n"
WITH_SENSOR = SITE.replace("stations:\n", f"{SENSOR}stations:\n", 1)
COUNTER = "  - { id: people, name: 人数, kind: people_counter, compound: bay, station: love, at: { modbus: faces } }\n"


def of_the_room(modbus: str) -> str:
    """The site whose station has its people counted by this Modbus device."""
    return WITH_SENSOR.replace("    points:\n", f"    points:\n      people: {{ modbus: {modbus} }}\n", 1)


@pytest.mark.parametrize(
    ("text", "device", "kind"),
    [(WITH_SENSOR + COUNTER, "people", DeviceKind.PEOPLE_COUNTER), (of_the_room("faces"), "love", DeviceKind.STATION)],
)
def test_people_are_counted_by_a_device_or_for_the_room(text: str, device: str, kind: DeviceKind) -> None:
    """By a device of its own, or as one more thing that is measured in the station: never by both."""
    site = parse(text, "station.yaml").site
    (found,) = [point for point in site.points.values() if point.kind is PointKind.PEOPLE]
    assert (found.device, site.devices[device].kind, found.unit, found.writable) == (device, kind, None, False)
    assert found.address == Address("modbus", "faces", "people")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (of_the_room("faces") + COUNTER, "people has this address already"),
        (of_the_room("room"), "profile xy_md02 has no people; it has temperature"),
        (WITH_SENSOR + COUNTER.replace("faces }", "faces, input: 1 }"), "neither input nor relay for a people_counter"),
    ],
)
def test_people_who_are_counted_twice_or_by_nothing_are_named(text: str, problem: str) -> None:
    """A sensor is one point, and is read as a whole."""
    with pytest.raises(SiteError, match=problem):
        parse(text, "station.yaml")
