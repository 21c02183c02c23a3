"""Sheets: what stands on them, safe in a spreadsheet and in a browser, in both languages."""

import csv
import io
from copy import replace
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, strategies as st

from community_help_gateway.model.incident import Cause, Incident
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.model.state import Event, EventKind
from community_help_gateway.record.csv_sheet import cell, incident_csv, month_csv
from community_help_gateway.record.html_sheet import incident_html, month_html
from community_help_gateway.record.naming import Telling
from community_help_gateway.record.sheet import MAX_LINES, Foot, IncidentSheet, incident_sheet, month_sheet
from community_help_gateway.record.trace import Traces

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = 1795406400.0
FOOT = Foot(42, "ab" * 32, NOON + 7200)
EVIL = '=HYPERLINK("http://x")<script>alert(1)</script>"\'&'


def story(note: str = "厨房", drill: bool = False) -> list[Event]:
    """Raised, noted, closed."""
    fire = Incident("e-2", "k", "bay", "清水湾", Hazard.FIRE, "1号楼 201", NOON, floors=("2", "3"), drill=drill)
    taken = replace(fire, owner="zhang", detectors=2)
    done = replace(taken.closed(Cause.COOKING, note, NOON + 90), acknowledged_at=NOON + 30)
    return [
        Event(2, NOON, EventKind.RAISED, "e-2", fire),
        Event(3, NOON + 30, EventKind.ACKNOWLEDGED, "e-2", taken, person="zhang", detail="button"),
        Event(4, NOON + 60, EventKind.NOTED, "e-2", taken, person="zhang", detail=note),
        Event(5, NOON + 90, EventKind.CLOSED, "e-2", done, person="zhang", detail="action"),
    ]


def telling(language: str = "en") -> Telling:
    """Zhang is called by name."""
    return Telling(language, SHANGHAI, {"zhang": "张三"})


def sheet(events: list[Event], language: str = "en") -> IncidentSheet:
    """The sheet of some events."""
    found = incident_sheet(events, telling(language), FOOT)
    assert found is not None
    return found


class Page(HTMLParser):
    """What a browser would find: tags, attributes, text."""

    def __init__(self, text: str) -> None:
        """Read all of it."""
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Text."""
        self.words.append(data)


def month(events: list[Event], language: str = "en") -> str:
    """The page of a month."""
    traces = Traces(SHANGHAI, "2026-11")
    for event in events:
        traces.add(event)
    return month_html(month_sheet("2026-11", traces, telling(language), FOOT), telling(language))


@given(st.text())
@example("=1+1")
@example("  @SUM(A1)")
@example("\n=1")
@example("－1")
@example("-")
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever people write; the text itself stays whole."""
    shown = cell(text)
    assert shown in (text, f"'{text}")
    assert shown == "-" or shown.lstrip(" ")[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def test_a_csv_opens_in_excel_with_every_part() -> None:
    """Begins with the mark that Excel needs; facts, timeline, head of the chain; the evil note is text."""
    text = incident_csv(sheet(story(EVIL)), telling())
    assert text.encode().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    facts = {row[0]: row[1] for row in rows if len(row) == 2}
    assert facts["Place"] == "1号楼 201"
    assert facts["Floors"] == "2, 3"
    assert facts["Owner"] == "张三"
    assert facts["Cause"] == "cooking"
    assert facts["Note"] == f"'{EVIL}"
    assert facts["Taken"] == "2026-11-23 12:00:30+08:00"
    assert facts["Head of the record's chain"] == f"42 {'ab' * 32}"
    assert [row[0] for row in rows if len(row) == 5] == ["Entry", "2", "3", "4", "5"]
    assert ["3", "2026-11-23 12:00:30+08:00", "张三", "张三 took the incident", "by a button on the phone"] in rows


def test_a_month_as_csv_has_incidents_and_figures() -> None:
    """A row for each incident, then the numbers and times of its compound."""
    traces = Traces(SHANGHAI, "2026-11")
    for event in story():
        traces.add(event)
    text = month_csv(month_sheet("2026-11", traces, telling("zh-Hans"), FOOT), telling("zh-Hans"))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    (row,) = [row for row in rows if row and row[-1] == "e-2"]
    assert row[:3] == ["2026-11-23 12:00:00", "清水湾", "1号楼 201"]
    assert row[6:10] == ["0:00:30", "0:01:30", "张三", "烹饪油烟"]
    assert ["误报", "1"] in rows
    assert ["至接警", "1", "0:00:30", "0:00:30", "0:00:30"] in rows


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["Incident record", "cooking", "2, 3", "张三 took the incident", "Signature", "not certified", "danger"],
        ),
        ("zh-Hans", ["警情处置记录单", "烹饪油烟", "2, 3", "张三已接警", "签字", "未经任何消防标准认证", "报警"]),
    ],
)
def test_a_page_says_everything_in_its_language(language: str, words: list[str]) -> None:
    """Facts, timeline, chain, place for a signature, what it is not; the language stands in the page."""
    text = incident_html(sheet(story(), language), telling(language))
    page = Page(text)
    for word in words[:-1]:
        assert any(word in item for item in page.words), word
    assert ("lang", language) in page.attributes
    assert any(f"42 {'ab' * 32}" in item for item in page.words)
    assert any("2026-11-23 14:00:00+08:00" in item for item in page.words)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_page_loads_and_runs_nothing_and_escapes_everything(language: str) -> None:
    """No script, link, image or address, whatever stands in a note, a place or a name."""
    events = story(EVIL)
    events = [replace(event, incident=event.incident and replace(event.incident, place=EVIL)) for event in events]
    for text in (incident_html(sheet(events, language), telling(language)), month(events, language)):
        page = Page(text)
        assert not {"script", "link", "img", "iframe", "a", "object", "form"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href")]
        assert any(EVIL in item for item in page.words)
        assert "url(" not in text
        assert "@page { size: A4" in text


def test_a_drill_is_stamped() -> None:
    """Nobody takes a rehearsal's sheet for a real one."""
    assert "DRILL" in Page(incident_html(sheet(story(drill=True)), telling())).words
    assert "DRILL" not in Page(incident_html(sheet(story()), telling())).words


def test_what_does_not_fit_is_said() -> None:
    """The sheet is bounded and does not hide that it is."""
    events = story()
    longer = [*events[:-1], *[replace(events[2], number=number) for number in range(10, MAX_LINES + 10)], events[-1]]
    cut = sheet(longer)
    assert len(cut.timeline) == MAX_LINES
    assert any("is cut" in word for word in Page(incident_html(cut, telling())).words)
    assert "is cut" in incident_csv(cut, telling())


def test_events_without_an_incident_make_no_sheet() -> None:
    """A receipt alone does not say what happened."""
    assert incident_sheet([], telling(), FOOT) is None
    assert incident_sheet([Event(1, NOON, EventKind.RECEIPT, "p", about="e-2")], telling(), FOOT) is None
