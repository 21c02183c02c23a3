"""A month's report: which self-tests and drills were held, whom they reached, who took what was rehearsed."""

import csv
import io
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from community_help_gateway.model import bypass, lifecycle, people, selftest
from community_help_gateway.model.incident import Person
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.model.roster import StaffMember
from community_help_gateway.model.state import Event, Receipt
from community_help_gateway.record import drills
from community_help_gateway.record.csv_sheet import drills_csv
from community_help_gateway.record.drills import NEEDED, DrillSheet, Exercises, drill_sheet
from community_help_gateway.record.html_sheet import drills_html
from community_help_gateway.record.naming import Telling
from community_help_gateway.record.sheet import Foot
from community_help_gateway.record.statistics import fold_events
from community_help_gateway.record.timeline import lines
from tests.gateway.conftest import FakeClock
from tests.gateway.record.scenes import LI, ZHANG, Scene, opened, site
from tests.gateway.record.test_sheets import Page

SHANGHAI = ZoneInfo("Asia/Shanghai")
STAFF = (StaffMember("zhang", "张三"), StaffMember("li", "李四", 2), StaffMember("wang", "王五", 3, ("bay",)))
NAMES = {member.id: member.name for member in STAFF}
COMPOUNDS = {"bay": "清水湾", "hill": "青山"}
DAY = 86400.0


async def prove(scene: Scene, step: str, phone: str = "", person: str = "") -> None:
    """Home Assistant says something about the page of the self-test in the bay."""
    page = scene.incident(Hazard.SELF_TEST, "清水湾").page
    reason = "no route" if step == "failed" else ""
    await scene.decide(people.receive, receipt=Receipt(page, step, scene.clock.wall(), phone, person, reason))


async def a_night(scene: Scene) -> None:
    """The first night: taken over in the bay only; one person has seen it, one phone failed, one is silent."""
    await scene.decide(people.claim_lease, holder="one", name="Home", force=False, version=3)
    await scene.decide(people.set_roster, staff=STAFF)
    await scene.pass_(18 * 3600 - 15)
    await scene.pass_(2)
    await prove(scene, "accepted")
    for step, phone, person in (
        ("handed_over", "p1", "zhang"),
        ("received", "p1", "zhang"),
        ("failed", "p0", "zhang"),
        ("failed", "p2", "li"),
    ):
        await prove(scene, step, phone, person)
    await scene.pass_(60)
    await prove(scene, "seen", "p1", "zhang")
    await scene.pass_(7000)


async def a_drill(scene: Scene) -> None:
    """One point is injected, a named one alarms; Li takes it; it is prolonged once and ended by hand."""
    begin = {"compound": "bay", "seconds": 600.0, "points": ("f202.smoke",), "person": ZHANG}
    await scene.decide(bypass.start_drill, **begin)
    await scene.decide(bypass.inject, point_id="f201.smoke", person=ZHANG)
    await scene.pass_(20)
    await scene.say("f202")
    await scene.decide(bypass.start_drill, **begin | {"points": ("f203.smoke",)})
    await scene.pass_(22)
    await scene.decide(lifecycle.handle, incident_id=scene.incident().id, person=LI, way="button")
    await scene.say("f202", alarm=False)
    await scene.pass_(100)
    await scene.decide(bypass.end_drill, compound="bay", person=LI)


async def everything(scene: Scene) -> list[Event]:
    """The whole record."""
    return await scene.hub.journal.between(0, 1e12, (), 0, 10_000)


def held(events: list[Event], month: str = "2026-11") -> Exercises:
    """What was held in a month."""
    found = Exercises(SHANGHAI, month)
    for event in events:
        if event.kind in NEEDED:
            found.add(event)
    found.finish()
    return found


def sheet(found: Exercises, language: str) -> tuple[DrillSheet, Telling]:
    """The report."""
    telling = Telling(language, SHANGHAI, NAMES)
    return drill_sheet("2026-11", found, COMPOUNDS, telling, Foot(42, "ab" * 32, 1795406400.0)), telling


async def test_a_self_test_says_how_far_it_came_to_each_person(tmp_path: Path, clock: FakeClock) -> None:
    """By the best of a person's phones; who is silent, and a page that nobody took over, show."""
    async with opened(tmp_path, site(), clock) as scene:
        await a_night(scene)
        found = held(await everything(scene))
    bay, hill = found.tests.values()
    assert bay.people == {"zhang": "seen", "li": "failed", "wang": "nothing"}
    assert bay.accepted_at is not None
    assert (bay.accepted_at - bay.at, bay.ended_at) == (2, bay.at + 600)
    assert (hill.people, hill.accepted_at) == ({"zhang": "nothing", "li": "nothing"}, None)
    assert {test.begun_by for test in (bay, hill)} == {"gateway"}
    assert found.all_over


async def test_a_drill_says_when_what_and_who_took_it(tmp_path: Path, clock: FakeClock) -> None:
    """A prolonged one is one; the time runs from the first alarm to the first person; real alarms are none of it."""
    async with opened(tmp_path, site(), clock) as scene:
        await a_drill(scene)
        await scene.say("f301")
        found = held(await everything(scene))
    (drill,) = found.drills
    assert (drill.begun_by, drill.ended_by, list(drill.points)) == ("zhang", "li", ["f201.smoke", "f202.smoke"])
    assert (drill.first_taken, drill.taken_by) == (42, "li")
    assert drill.ended_at == drill.at + 142
    assert found.tests == {}


async def test_a_month_has_what_began_in_it(tmp_path: Path, clock: FakeClock) -> None:
    """By the community's clock: what began in its last night counts there, with its end in the next month."""
    clock.pass_(7 * DAY)  # Monday, 30 November
    async with opened(tmp_path, site(), clock) as scene:
        await scene.decide(people.claim_lease, holder="one", name="Home", force=False, version=3)
        await scene.pass_(14 * 3600 + 25 * 60)  # 23:55:15
        await scene.decide(selftest.start, compound="bay", person=ZHANG)
        await scene.decide(bypass.start_drill, compound="hill", seconds=7200.0, points=(), person=LI)
        await scene.pass_(5 * 3600)
        events = await everything(scene)
    november, december = held(events), held(events, "2026-12")
    assert [(test.compound, test.begun_by) for test in november.tests.values()] == [("bay", "zhang")]
    assert [drill.compound for drill in november.drills] == ["hill"]
    assert november.all_over
    assert [test.compound for test in december.tests.values()] == ["bay", "hill"]
    assert december.drills == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Self-test, nothing is in alarm: button.call_point",
                "Paged tier 1: 张三、李四、王五 (self-test)",
                "张三 began a self-test",
                "The gateway closed it. Cause: test",
            ],
        ),
        (
            "zh-Hans",
            [
                "自检，并无报警：button.call_point",
                "通知第 1 级：张三、李四、王五（自检）",
                "张三开始自检",
                "网关结案。原因：测试",
            ],
        ),
    ],
)
async def test_a_self_test_can_be_read(tmp_path: Path, clock: FakeClock, language: str, words: list[str]) -> None:
    """Nobody takes it for an alarm."""
    async with opened(tmp_path, site(), clock) as scene:
        await scene.decide(people.claim_lease, holder="one", name="Home", force=False, version=3)
        await scene.decide(people.set_roster, staff=STAFF)
        await scene.decide(selftest.start, compound="bay", person=ZHANG)
        test = scene.incident(Hazard.SELF_TEST)
        await scene.pass_(601)
        told = [
            line.what
            for line in lines(await scene.hub.journal.timeline(test.id, 100), Telling(language, SHANGHAI, NAMES))
        ]
    separator = ", " if language == "en" else "、"
    assert [word.replace("、", separator) for word in words] == [
        text for text in told if "ended" not in text and "结束：" not in text
    ]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Drills and self-tests 2026-11",
                "seen: 张三; failed: 李四; nothing: 王五",
                "after 0:00:02",
                "NO",
                "0:00:42",
                "f201.smoke, f202.smoke",
                "Begun by",
                "Signature",
            ],
        ),
        (
            "zh-Hans",
            [
                "2026-11 演练与自检",
                "已查看: 张三; 失败: 李四; 无: 王五",
                "0:00:02 后",
                "否",
                "0:00:42",
                "发起人",
                "签字",
            ],
        ),
    ],
)
async def test_the_report_says_it_in_both_languages_as_page_and_table(
    tmp_path: Path, clock: FakeClock, language: str, words: list[str]
) -> None:
    """For each compound; with a person's row that counts how far the month's self-tests came."""
    async with opened(tmp_path, site(), clock) as scene:
        await a_night(scene)
        await a_drill(scene)
        found = held(await everything(scene))
    report, telling = sheet(found, language)
    page, table = Page(drills_html(report, telling)), drills_csv(report, telling)
    for word in words:
        assert any(word in item for item in page.words), word
    for word in words[:-1]:
        assert word in table, word
    rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"))))
    assert ["张三", "1", "0", "1", "0", "0", "0", "0"] in rows
    assert [f"42 {'ab' * 32}"] in [row[1:] for row in rows]
    assert not {"script", "link", "img"} & set(page.tags)
    assert ("lang", language) in page.attributes


def test_a_month_without_any_says_so() -> None:
    """An empty page would look like an error."""
    report, telling = sheet(held([]), "en")
    assert "No drills and no self-tests." in Page(drills_html(report, telling)).words


def test_what_does_not_fit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report is bounded."""
    monkeypatch.setattr(drills, "MAX_HELD", 2)
    events = [
        Event(number, 1795406400.0 + number, drills.EventKind.DRILL_STARTED, f"c{number}", person="zhang")
        for number in range(1, 4)
    ]
    report, telling = sheet(held(events), "en")
    assert len(held(events).drills) == 2
    assert "is cut" in drills_html(report, telling)


async def test_self_tests_are_in_no_statistics(tmp_path: Path, clock: FakeClock) -> None:
    """Neither as incidents nor as drills: thirty a month would hide what counts."""
    async with opened(tmp_path, site(), clock) as scene:
        await a_night(scene)
        assert fold_events(await everything(scene), SHANGHAI).figures == ()


async def test_an_erased_person_is_a_mark_in_the_report(tmp_path: Path, clock: FakeClock) -> None:
    """Their id and name are nowhere on it."""
    async with opened(tmp_path, site(), clock) as scene:
        guest = Person("guest-7", "赵六")
        await scene.decide(bypass.start_drill, compound="bay", seconds=60.0, points=(), person=guest)
        report, telling = sheet(held(await everything(scene)), "en")
    text = drills_html(report, telling)
    assert "name erased" in text
    assert "guest-7" not in text
