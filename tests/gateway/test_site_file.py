"""The site file: every wrong line is named with file, line and what was expected."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from community_help_gateway.errors import SiteError
from community_help_gateway.model.kinds import DeviceKind, Hazard, PointKind, Severity
from community_help_gateway.model.observation import Address
from community_help_gateway.model.policy import DEFAULTS, Policy, PolicySet
from community_help_gateway.simulators import demo
from community_help_gateway.site import SiteFile, load, parse

GOOD = """\
version: 1
compounds:
  - id: bay
    name: 清水湾
transmitters:
  - { id: uitd, name: T, compound: bay, address: 4097 }
modbus:
  - { id: box, host: 10.0.0.2, profile: waveshare_io_8ch, unit: 9 }
devices:
  - id: f1
    name: A
    kind: smoke_alarm
    compound: bay
    at: { transmitter: uitd, zone: 1, position: 2 }
"""


def test_addresses_resolve_to_points(site_file: SiteFile) -> None:
    """With a component type only that type, without one any type."""
    site = site_file.site
    exact = site.resolve(Address("gb26875", "4097", "1.1.42.03001100"))
    assert exact is not None
    assert exact.id == "f201.smoke"
    assert site.resolve(Address("gb26875", "4097", "1.1.*.03001200")) is not None


def test_the_demo_compound_has_a_device_of_every_kind() -> None:
    """So that each is seen by somebody who tries it out, tested end to end, and in a picture of the documents."""
    found = parse(demo.site(502), "demo").site.devices.values()
    assert {device.kind for device in found} == set(DeviceKind)
    assert sum(device.kind is DeviceKind.SMOKE_ALARM for device in found) == len(demo.flats())


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("version: 1", "version: 2", 1, "expected 1"),
        ("kind: smoke_alarm", "kind: smoke", 12, "smoke_alarm"),
        ("id: f1", "id: F 1", 10, "expected a-z"),
        ("    compound: bay\n    at", "    compound: hill\n    at", 13, "no compound hill"),
        ("transmitter: uitd, zone", "transmitter: gone, zone", 14, "no transmitter gone"),
        ("zone: 1", "zone: 70000", 14, "expected"),
        ("profile: waveshare_io_8ch, unit: 9", "profile: waveshare_io_8ch, unit: 900", 8, "at most 247"),
        ("address: 4097", "peer: 1.2.3.4, address: 1", 6, "not both"),
        (", address: 4097", "", 6, "expected address"),
        ("    name: A", "    name: A\n    colour: red", 12, "extra keys"),
        ("    name: A", "    name: A\n    name: B", 12, "twice"),
        ("version: 1", "version: 1\nversion: 1", 2, "twice"),
        ("    name: A", "    name: [", 13, "expected"),
        ("    name: A", "    name: *x", 11, "aliases"),
    ],
)
def test_a_wrong_line_is_named(old: str, new: str, line: int, text: str) -> None:
    """File, line, and what was expected."""
    assert old in GOOD
    with pytest.raises(SiteError) as caught:
        parse(GOOD.replace(old, new, 1), "site.yaml")
    assert caught.value.placeholders["file"] == "site.yaml"
    assert caught.value.placeholders["line"] == str(line)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        ("modbus: box, relay: 1", "fire_lane"),
        ("modbus: box", "fire_lane"),
        ("modbus: box, input: 1", "gas_detector"),
        ("modbus: box, input: 1, relay: 2", "appliance"),
        ("modbus: box, input: 9", "fire_lane"),
    ],
)
def test_a_connection_that_does_not_fit_its_device_is_named(at: str, kind: str) -> None:
    """An input is no relay."""
    wrong = GOOD.replace("kind: smoke_alarm", f"kind: {kind}").replace("transmitter: uitd, zone: 1, position: 2", at)
    with pytest.raises(SiteError) as caught:
        parse(wrong, "site.yaml")
    assert caught.value.placeholders["line"] == "14"


def test_two_devices_with_one_address_are_named() -> None:
    """The second one's line, and the name of the first."""
    twice = GOOD + GOOD[GOOD.index("  - id: f1") :].replace("id: f1", "id: f2")
    with pytest.raises(SiteError, match=r"line 19.*f1 has this address"):
        parse(twice, "site.yaml")


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """Missing, not text, empty."""
    with pytest.raises(SiteError, match=r"gone.yaml, line 1: cannot be read"):
        load(tmp_path / "gone.yaml")
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SiteError, match="cannot be read"):
        load(tmp_path / "bad.yaml")
    with pytest.raises(SiteError, match="empty"):
        parse("", "site.yaml")


def policies(text: str) -> PolicySet:
    """What a site file with this text at its end decides."""
    return parse(GOOD + text, "site.yaml").site.policies


def rule(text: str, compound: str = "bay", hazard: Hazard = Hazard.FIRE, severity: Severity = Severity.ALARM) -> Policy:
    """The policy that these rules give."""
    return policies("policies:\n" + text).find(compound, hazard, severity)


def test_without_rules_the_defaults_hold() -> None:
    """And all communities without rules have one and the same set."""
    assert policies("") == PolicySet()
    assert policies("policies: []\ngas: []\n").id == "default"
    assert rule("  []\n") == DEFAULTS[Hazard.FIRE, None]


def test_a_rule_changes_only_the_numbers_that_it_names() -> None:
    """The rest comes from the defaults of its hazard and severity."""
    found = rule("  - { hazard: fire, answer: [30, 60, 90], investigate: 120 }\n")
    assert (found.answer, found.investigate) == ((30.0, 60.0, 90.0), 120.0)
    assert (found.quiet, found.accept) == (Policy().quiet, Policy().accept)
    warning = rule("  - { hazard: gas, quiet: 60 }\n", hazard=Hazard.GAS, severity=Severity.WARNING)
    assert (warning.quiet, warning.answer) == (60.0, DEFAULTS[Hazard.GAS, Severity.WARNING].answer)


def test_the_most_particular_rule_wins_number_by_number() -> None:
    """A compound over all, a severity over none; in whatever order they stand."""
    rules = [
        "  - { hazard: fire, accept: 11, quiet: 100, review: 1000 }\n",
        "  - { hazard: fire, severity: danger, accept: 12 }\n",
        "  - { hazard: fire, compound: bay, accept: 13, quiet: 200 }\n",
        "  - { hazard: fire, compound: bay, severity: danger, accept: 14 }\n",
    ]
    for text in ("".join(rules), "".join(reversed(rules))):
        danger, alarm = rule(text, severity=Severity.DANGER), rule(text)
        assert (danger.accept, danger.quiet, danger.review) == (14.0, 200.0, 1000.0)
        assert (alarm.accept, alarm.quiet) == (13.0, 200.0)
        assert rule(text, "elsewhere", severity=Severity.DANGER).accept == 12.0
        assert rule(text, "elsewhere").accept == 11.0
        assert rule(text, hazard=Hazard.GAS) == DEFAULTS[Hazard.GAS, None]


def test_equal_rules_have_one_id_and_others_another() -> None:
    """An incident finds the set that it was raised under by its id."""
    one, same, other = (policies(f"policies:\n  - {{ hazard: fire, quiet: {n} }}\n") for n in (60, 60.0, 61))
    assert one.id == same.id
    assert len({one.id, other.id, "default"}) == 3


def test_hours_are_minutes_of_the_local_day() -> None:
    """In quotes, and may span midnight; an empty list takes hours away."""
    assert rule('  - { hazard: fire, hours: ["22:30", "06:00"] }\n').hours == (22 * 60 + 30, 6 * 60)
    warning = rule("  - { hazard: supervision, hours: [] }\n", hazard=Hazard.SUPERVISION, severity=Severity.WARNING)
    assert warning.hours == ()


def test_gas_levels_are_laid_over_the_defaults() -> None:
    """For all compounds, or one; what is not named stays."""
    text = "gas:\n  - { gas: ch4, rising: [5, 10, 25] }\n  - { gas: o2, compound: bay, falling: [20, 19.5, 18] }\n"
    found = policies(text)
    methane, oxygen = found.limits("bay", PointKind.CH4), found.limits("bay", PointKind.O2)
    assert methane is not None
    assert oxygen is not None
    assert (methane.rising, methane.hysteresis) == ((5.0, 10.0, 25.0), 0.1)
    assert (oxygen.falling, oxygen.rising, oxygen.hysteresis) == ((20.0, 19.5, 18.0), (23.5, 23.5, 30.0), 0.015)
    assert found.limits("elsewhere", PointKind.O2) == PolicySet().limits("elsewhere", PointKind.O2)
    assert found.limits("bay", PointKind.SMOKE) is None


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("policies:\n  - { hazard: flood }\n", 16, "policies.1.hazard"),
        ("policies:\n  - { quiet: 60 }\n", 16, "required"),
        ("policies:\n  - { hazard: fire, compound: gone }\n", 16, "no compound gone"),
        ("policies:\n  - { hazard: fire, severity: mild }\n", 16, "severity"),
        ("policies:\n  - { hazard: fire, colour: red }\n", 16, "extra keys"),
        ("policies:\n  - { hazard: fire, answer: [] }\n", 16, "answer"),
        ("policies:\n  - { hazard: fire, answer: [1] }\n", 16, "answer"),
        ("policies:\n  - { hazard: fire, accept: 0 }\n", 16, "accept"),
        ("policies:\n  - { hazard: fire, quiet: -1 }\n", 16, "quiet"),
        ("policies:\n  - { hazard: fire, quiet: .nan }\n", 16, "quiet"),
        ("policies:\n  - { hazard: fire, quiet: .inf }\n", 16, "quiet"),
        ("policies:\n  - hazard: fire\n    quiet: soon\n", 17, "quiet"),
        ("policies:\n  - hazard: gas\n    resolves: true\n", 16, "never end by themselves"),
        ("policies:\n  - { hazard: fire, resolves: true }\n", 16, "never end by themselves"),
        ("policies:\n  - { hazard: fire, hours: [8:00, 20:00] }\n", 16, "in quotes"),
        ("policies:\n  - { hazard: fire, hours: [16:40, 20:00] }\n", 16, "in quotes"),
        ('policies:\n  - { hazard: fire, hours: ["8 Uhr", "20:00"] }\n', 16, "in quotes"),
        ('policies:\n  - { hazard: fire, hours: ["08:00"] }\n', 16, "hours"),
        ("policies:\n  - { hazard: fire_lane, dwell: [60, 30, 600] }\n", 16, "become longer"),
        ("policies:\n  - { hazard: fire_lane, dwell: [60, 60] }\n", 16, "become longer"),
        ("gas:\n  - { gas: radon }\n", 16, "gas.1.gas"),
        ("gas:\n  - { gas: ch4, compound: gone }\n", 16, "no compound gone"),
        ("gas:\n  - { gas: ch4, rising: [10, 20] }\n", 16, "rising"),
        ("gas:\n  - { gas: ch4, rising: [20, 10, 50] }\n", 16, "become worse"),
        ("gas:\n  - { gas: o2, falling: [16, 18, 19.5] }\n", 16, "become worse"),
        ("gas:\n  - { gas: ch4, rising: [10, .nan, 50] }\n", 16, "rising"),
        ("gas:\n  - { gas: ch4, rising: [10, 20, .inf] }\n", 16, "rising"),
        ("gas:\n  - { gas: ch4, hysteresis: 0.9 }\n", 16, "hysteresis"),
        ("gas:\n  - { gas: o2, hysteresis: 0.1 }\n", 16, "never end"),
        ("timezone: Atlantis/Centre\n", 15, "no time zone Atlantis/Centre"),
        ("timezone: ../../etc/passwd\n", 15, "no time zone"),
        ("timezone: 8\n", 15, "timezone"),
    ],
)
def test_a_wrong_policy_gas_or_time_zone_is_named(text: str, line: int, problem: str) -> None:
    """With its line, and what was expected."""
    with pytest.raises(SiteError) as caught:
        parse(GOOD + text, "site.yaml")
    assert caught.value.placeholders["line"] == str(line)
    assert problem in str(caught.value)


def test_the_time_zone_is_the_communitys() -> None:
    """China's, unless another one is named."""
    assert str(parse(GOOD, "site.yaml").site.zone) == "Asia/Shanghai"
    assert str(parse(GOOD + "timezone: Europe/Berlin\n", "site.yaml").site.zone) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("more", "line", "problem"),
    [
        ("report_every: -1", 11, "report_every"),
        ("report_every: daily", 11, "report_every"),
        ("report_every: .nan", 11, "report_every"),
        ("report_every: 2678401", 11, "report_every"),
        ("installed: 2024", 11, "expected a date such as 2024-05-01"),
        ("installed: spring", 11, "expected a date"),
        ("installed: 2024-02-31", 11, "installed"),
    ],
)
def test_a_wrong_period_or_date_is_named(more: str, line: int, problem: str) -> None:
    """Each with its line."""
    with pytest.raises(SiteError) as caught:
        parse(GOOD.replace("    name: A", f"    {more}\n    name: A"), "site.yaml")
    assert caught.value.placeholders["line"] == str(line)
    assert problem in str(caught.value)


def test_a_period_and_a_date_are_kept() -> None:
    """Seconds, and midnight of the day; unknown is nothing, not 1970."""
    text = GOOD.replace("    name: A", "    report_every: 86400\n    installed: 2024-05-01\n    name: A")
    device = parse(text, "site.yaml").site.devices["f1"]
    assert (device.report_every, device.installed) == (86400, 1714521600.0)
    assert parse(GOOD, "site.yaml").site.devices["f1"].installed is None


@given(st.text(max_size=200))
@settings(deadline=None)
def test_no_text_raises_anything_else(text: str) -> None:
    """Any text is a site or a SiteError."""
    with contextlib.suppress(SiteError):
        parse(text, "site.yaml")


@given(st.integers(0, len(GOOD) - 1), st.text(min_size=1, max_size=3))
@settings(deadline=None)
def test_no_slip_of_the_pen_raises_anything_else(at: int, typed: str) -> None:
    """A good file with a few characters typed into it is a site or a SiteError."""
    with contextlib.suppress(SiteError):
        parse(GOOD[:at] + typed + GOOD[at + 1 :], "site.yaml")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("", 210), ('self_test: "22:05"\n', 1325), ("self_test: off\n", None), ('self_test: "off"', None)],
)
def test_the_hour_of_the_self_test_is_a_local_time_or_off(text: str, minutes: int | None) -> None:
    """03:30 where nothing is said."""
    assert parse(GOOD + text, "site.yaml").site.self_test == minutes


@pytest.mark.parametrize("value", ["3:30", "20:00", '"night"', "on", "~", "[]", '"3"', '"03:60"'])
def test_a_wrong_hour_of_the_self_test_is_named(value: str) -> None:
    """With its line, and that it stands in quotes."""
    with pytest.raises(SiteError, match=r'line 15: self_test: .*"22:30" \(in quotes\), or off'):
        parse(GOOD + f"self_test: {value}\n", "site.yaml")


def test_a_compound_may_say_where_it_is() -> None:
    """Both numbers or none."""
    assert parse(GOOD, "site.yaml").site.compounds["bay"].latitude is None
    at = GOOD.replace("    name: 清水湾", "    name: 清水湾\n    latitude: -33.5\n    longitude: 180", 1)
    found = parse(at, "site.yaml").site.compounds["bay"]
    assert (found.latitude, found.longitude) == (-33.5, 180.0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("latitude: 31.2", "both latitude and longitude"),
        ("longitude: 121.5", "both latitude and longitude"),
        ("latitude: 91\n    longitude: 0", "from -90 to 90"),
        ("latitude: 0\n    longitude: -180.1", "from -180 to 180"),
        ("latitude: .nan\n    longitude: 0", "from -90 to 90"),
        ("latitude: true\n    longitude: 0", "from -90 to 90"),
        ('latitude: "31"\n    longitude: 0', "from -90 to 90"),
    ],
)
def test_a_wrong_place_is_named(text: str, problem: str) -> None:
    """Swapped, cut off, or no number."""
    with pytest.raises(SiteError, match=problem):
        parse(GOOD.replace("    name: 清水湾", f"    name: 清水湾\n    {text}", 1), "site.yaml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hazard: fire, unproven: 3", "unproven"),
        ("hazard: fire, unproven: x", "unproven"),
        ("hazard: self_test", "hazard"),
    ],
)
def test_what_a_policy_cannot_say_about_proof_is_named(text: str, problem: str) -> None:
    """At least 5 s, or 0 for never; and a self-test has no policy."""
    with pytest.raises(SiteError, match=problem):
        parse(GOOD + f"policies:\n  - {{ {text} }}\n", "site.yaml")
