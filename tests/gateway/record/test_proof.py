"""How far a page is proven: one ladder for each person and phone, in words of both languages."""

from zoneinfo import ZoneInfo

import pytest

from community_help_gateway.model.incident import Incident, Page, ReceiptStep
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.model.state import Event, EventKind, Receipt
from community_help_gateway.record.naming import Telling, short
from community_help_gateway.record.proof import furthest, rows
from community_help_gateway.record.timeline import lines

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = {"zhang": "张三", "li": "李四"}
NOON = 1795406400.0
FIRE = Incident("i", "i", "bay", "清水湾", Hazard.FIRE, "1号楼", NOON)
PAGE = Page("p", 2, "i", 1, 1, ("zhang", "li"), "raised", NOON, NOON + 10, NOON + 60, 1)
PHONE = "9f3ac01b7d2e4f5a8b6c"


def proof(step: str, after: float, phone: str = "", person: str = "", detail: str = "") -> Event:
    """A receipt about the page."""
    receipt = Receipt("p", step, NOON + after, phone, person, detail)
    return Event(3, NOON + after, EventKind.RECEIPT, "p", receipt=receipt, about="i")


STORY = [
    Event(2, NOON, EventKind.PAGED, "p", FIRE, PAGE),
    proof("handed_over", 1, PHONE, "zhang"),
    proof("accepted", 2),
    proof("seen", 9, PHONE, "zhang"),
    proof("received", 3, PHONE, "zhang"),
    proof("seen", 20, PHONE, "zhang"),
    proof("failed", 2, "tablet", "zhang", "no route"),
    proof("handed_over", 12, "fallback:ntfy"),
]


def told(language: str, events: list[Event]) -> list[tuple[str, ...]]:
    """The rows, without when and why."""
    return [row[2:] for row in rows(events, Telling(language, SHANGHAI, NAMES))]


def test_each_person_and_phone_has_a_ladder_with_its_times() -> None:
    """In the order of the steps, each when it was first reached; who is silent is there, too."""
    assert told("en", STORY) == [
        ("The page as a whole", "-", "taken over 12:00:02"),
        ("The gateway", "ntfy", "handed over for sending 12:00:12"),
        ("张三", "9f3ac01b…", "handed over for sending 12:00:01 → arrived on the phone 12:00:03 → seen 12:00:09"),
        ("张三", "tablet", "failed 12:00:02 (no route)"),
        ("李四", "-", "nothing is known"),
    ]
    assert told("zh-Hans", STORY)[3:] == [
        ("张三", "tablet", "发送失败 12:00:02 (no route)"),
        ("李四", "-", "无任何证明"),
    ]


def test_a_page_says_when_to_whom_and_why() -> None:
    """Every row belongs to its page."""
    assert {row[:2] for row in rows(STORY, Telling("en", SHANGHAI, NAMES))} == {
        ("2026-11-23 12:00:00", "Tier 1 (new incident)")
    }
    assert rows(STORY, Telling("zh-Hans", SHANGHAI, NAMES))[0][1] == "第 1 级（新事件）"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "no phone has shown that it has it 12:00:30 → not taken over in time 12:00:10"),
        ("zh-Hans", "没有手机证明已收到 12:00:30 → 未按时接收 12:00:10"),
    ],
)
def test_a_page_that_nobody_has_says_so(language: str, words: str) -> None:
    """Unproven, and not taken over."""
    overdue = Event(4, NOON + 10, EventKind.OVERDUE, "p", FIRE, PAGE)
    assert told(language, [STORY[0], overdue, proof("unproven", 30)])[0][2] == words


@pytest.mark.parametrize(("language", "words"), [("en", "no proof in time"), ("zh-Hans", "未在限时内得到证明")])
def test_a_way_that_proved_nothing_says_why_the_next_was_tried(language: str, words: str) -> None:
    """In the ladder and on the timeline, for the person and the phone."""
    silent = proof("unproven", 11, "tablet", "zhang")
    assert told(language, [STORY[0], silent])[1][2] == f"{words} 12:00:11"
    (line,) = lines([silent], Telling(language, SHANGHAI, NAMES))
    said = line.what
    assert words in said
    assert "tablet" in said


def test_an_erased_name_stays_erased() -> None:
    """The ladder shows a mark, not the id."""
    (row,) = [row for row in told("en", [STORY[0], proof("seen", 1, "p1", "gone")]) if row[1] == "p1"]
    assert "name erased" in row[0]
    assert "gone" not in row[0]


def test_a_proof_of_another_page_or_repeated_by_a_new_lease_changes_nothing() -> None:
    """One page is one block, however often it is recorded."""
    strange = Event(9, NOON, EventKind.RECEIPT, "q", receipt=Receipt("q", "seen", NOON, "x", "li"))
    assert told("en", [*STORY, strange, STORY[0]]) == told("en", STORY)


@pytest.mark.parametrize(
    ("steps", "most"),
    [
        ((), "nothing"),
        (("failed",), "failed"),
        (("failed", "handed_over"), "handed_over"),
        (("received", "handed_over", "failed"), "received"),
        (("acted", "seen", "received"), "acted"),
        (("unproven",), "nothing"),
    ],
)
def test_the_furthest_step_counts(steps: tuple[str, ...], most: str) -> None:
    """One phone that failed does not hide another that has it."""
    assert furthest(map(ReceiptStep, steps)) == most


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Nobody's phone has shown the page: the next tier is told sooner, after 30 s"),
        ("zh-Hans", "没有手机证明已收到通知：提前到 30 秒后通知下一级"),
    ],
)
def test_the_timeline_says_that_the_next_tier_comes_sooner(language: str, text: str) -> None:
    """With the seconds that it has."""
    event = Event(5, NOON, EventKind.UNPROVEN, "p", FIRE, PAGE, detail="30")
    assert [line.what for line in lines([event], Telling(language, SHANGHAI, NAMES))] == [text]


@pytest.mark.parametrize(
    ("language", "what", "text"),
    [
        ("en", "close", "张三 wanted to: close the incident. Not permitted"),
        ("zh-Hans", "close", "张三试图结案，但没有权限"),
        ("en", "dance", "张三 wanted to: dance. Not permitted"),
    ],
)
def test_the_timeline_says_what_was_not_permitted(language: str, what: str, text: str) -> None:
    """Who it was, and what they wanted; a word that is not known stays as it is."""
    event = Event(5, NOON, EventKind.REFUSED, "i", FIRE, person="zhang", detail=what)
    (line,) = lines([event], Telling(language, SHANGHAI, NAMES))
    assert (line.what, line.who) == (text, "张三")


def test_a_phone_is_told_by_a_short_id() -> None:
    """Eight letters; what is short stays whole."""
    assert (short(PHONE), short("pixel")) == ("9f3ac01b…", "pixel")
    (line,) = lines([STORY[1]], Telling("en", SHANGHAI, NAMES))
    assert line.what == "张三: handed over for sending (phone 9f3ac01b…)"
