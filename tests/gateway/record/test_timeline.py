"""A timeline tells every decision, fold and page, so that "why was I (not) paged" can be read off it."""

from copy import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from community_help_gateway.model.incident import Incident, Page
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.model.policy import Policy, PolicySet
from community_help_gateway.model.state import INCIDENT_EVENTS, Event, EventKind, Receipt
from community_help_gateway.record.naming import Telling
from community_help_gateway.record.timeline import Line, lines
from community_help_gateway.words import RECORD, SHEET
from tests.gateway.conftest import FakeClock
from tests.gateway.record.scenes import a_fire, opened, site

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = {"zhang": "张三", "li": "李四", "wang": "王五"}
FIRE = Incident("i", "i", "bay", "清水湾", Hazard.FIRE, "1号楼", 1.0, owner="li")
PAGE = Page("p", 1, "i", 1, 2, ("zhang", "li"), "escalated", 1.0, 11.0, 61.0, 0)


def tell(language: str, *events: Event) -> list[str]:
    """What some events are told as."""
    return [line.what for line in lines(events, Telling(language, SHANGHAI, NAMES))]


def one(kind: EventKind, detail: str = "", **more: object) -> Event:
    """An event of the fire."""
    return Event(1, 1.0, kind, "i", FIRE, detail=detail, **more)  # type: ignore[arg-type]


async def test_a_fire_can_be_read(tmp_path: Path, clock: FakeClock) -> None:
    """From the raising to the closing: who, what, by which way, in the order of the record."""
    async with opened(tmp_path, site(), clock) as scene:
        fire = await a_fire(scene)
        events = await scene.hub.journal.timeline(fire.id, 1000)
    told = lines(events, Telling("en", SHANGHAI, NAMES))
    assert [line.number for line in told] == sorted(line.number for line in told)
    texts = [line.what for line in told]
    assert texts[0] == "Alarm raised: 清水湾 1号楼 2 201 烟感"
    assert texts[1] == "Paged tier 1: 张三 (new incident)"
    assert "Alarm joined: 清水湾 1号楼 2 203 烟感 - not paged: same floor" in texts
    assert "Alarm joined: 清水湾 1号楼 3 301 烟感 - paged at once: new floor" in texts
    assert any("collected, one page for all that come within 30 s: a second detector" in text for text in texts)
    assert any("comes and goes: paged at most every 300 s" in text for text in texts)
    taken = next(line for line in told if line.kind == "acknowledged")
    assert (taken.who, taken.what, taken.way) == ("张三", "张三 took the incident", "by a button on the phone")
    assert told[-1].what.endswith("closed it. Cause: cooking (厨房油烟)")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_kind_and_reason_has_words(language: str) -> None:
    """No event of an incident, fold, reason or receipt is told by its bare word."""
    kinds = [*INCIDENT_EVENTS, EventKind.ACCEPTED, EventKind.OVERDUE, EventKind.SETTLED]
    for kind in kinds:
        assert tell(language, one(kind, "folded:same_floor" if kind is EventKind.JOINED else "severity")) != [kind]
    for reason in ("raised", "worse", "escalated", "repeated", "asked", "owner_silent", "returned", "auditor"):
        (text,) = tell(language, one(EventKind.PAGED, page=replace(PAGE, reason=reason)))
        assert f"({reason})" not in text
        assert reason == "raised" or f"（{reason}）" not in text
    for words in (RECORD, SHEET):
        assert all(set(text) == {"en", "zh-Hans"} and all(text.values()) for text in words.values())


@pytest.mark.parametrize(
    ("detail", "english", "chinese"),
    [("policy", "only shows", "只显示"), ("hours", "outside the hours", "不在策略的通知时段")],
)
def test_not_paged_says_why(detail: str, english: str, chinese: str) -> None:
    """By policy, or by the hour."""
    event = one(EventKind.NOT_PAGED, detail)
    assert english in tell("en", event)[0]
    assert chinese in tell("zh-Hans", event)[0]


def test_a_page_says_tier_people_reason_and_why_these() -> None:
    """Nobody in particular is everybody."""
    assert tell("en", one(EventKind.PAGED, page=PAGE)) == ["Paged tier 2: 张三, 李四 (nobody answered)"]
    all_staff = replace(PAGE, people=(), why="nobody_on_duty")
    assert tell("en", one(EventKind.PAGED, page=all_staff)) == [
        "Paged tier 2: everybody (nobody answered; nobody is on duty)"
    ]
    assert tell("zh-Hans", one(EventKind.PAGED, page=PAGE)) == ["通知第 2 级：张三、李四（无人应答）"]


def test_receipts_name_phone_person_and_own_channel() -> None:
    """What the gateway sent itself is told as such."""
    by_itself = Receipt("p", "handed_over", 1.0, "fallback:duty-ntfy")
    by_phone = Receipt("p", "failed", 1.0, "pixel", "zhang", "no route")
    events = [Event(1, 1.0, EventKind.RECEIPT, "p", receipt=item) for item in (by_itself, by_phone)]
    assert tell("en", *events) == [
        "handed over for sending (gateway's own channel duty-ntfy)",
        "张三: failed: no route (phone pixel)",
    ]


def test_an_erased_name_is_a_mark_that_tells_people_apart() -> None:
    """Neither the name nor the id; two people have two marks, one person the same one everywhere."""
    events = [one(EventKind.HANDLING, "button", person=person) for person in ("gone-1", "gone-2", "gone-1")]
    told = lines(events, Telling("en", SHANGHAI, NAMES))
    assert told[0].who == told[2].who != told[1].who
    assert "name erased" in told[0].what
    assert "gone" not in "".join(line.what + line.who for line in told)


def test_numbers_of_policies_come_from_the_incidents_own() -> None:
    """The set that it kept, while that is known; else no number is claimed."""
    rules = PolicySet.of({f"/fire/{FIRE.severity}": Policy(flap=77.0)}, {})
    event = replace(one(EventKind.JOINED, "folded:flapping"), incident=replace(FIRE, policy=rules.id))

    def told(policies: dict[str, PolicySet]) -> Line:
        return lines([event], Telling("en", SHANGHAI, NAMES, policies))[0]

    assert "at most every 77 s" in told({rules.id: rules}).what
    assert "now and then" in told({}).what
