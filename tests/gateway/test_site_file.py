"""The site file: every wrong line is named with file, line and what was expected."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from community_help_gateway.errors import SiteError
from community_help_gateway.model.observation import Address
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


def test_the_demo_compound_is_a_valid_site() -> None:
    """A smoke alarm per flat, four gases, a fire lane, three appliances, the transmitter."""
    found = parse(demo.site(502), "demo")
    assert len(found.site.devices) == len(demo.flats()) + 1 + 1 + 3 + 1
    assert sum(point.writable for point in found.site.points.values()) == 3


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


@given(st.text(max_size=200))
def test_no_text_raises_anything_else(text: str) -> None:
    """Any text is a site or a SiteError."""
    with contextlib.suppress(SiteError):
        parse(text, "site.yaml")


@given(st.integers(0, len(GOOD) - 1), st.text(min_size=1, max_size=3))
def test_no_slip_of_the_pen_raises_anything_else(at: int, typed: str) -> None:
    """A good file with a few characters typed into it is a site or a SiteError."""
    with contextlib.suppress(SiteError):
        parse(GOOD[:at] + typed + GOOD[at + 1 :], "site.yaml")
