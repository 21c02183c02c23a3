"""Readiness as pure judgement: phones by platform and age of proof, people by their ways, duty by its shifts."""

from datetime import datetime

import pytest

from custom_components.community_help.confirmations import Asked, due
from custom_components.community_help.contract.values import ReceiptStep, Shift
from custom_components.community_help.handsets import Handset
from custom_components.community_help.phone import Platform
from custom_components.community_help.proof import Proof, Record
from custom_components.community_help.readiness import (
    DAY,
    Gap,
    Verdict,
    best,
    confirms_silently,
    empty_tiers,
    gaps,
    judge,
    moments,
    stale,
)
from custom_components.community_help.roster import Member

NOW = 1_800_000_000.0
READY, UNPROVEN, UNREACHABLE = Verdict.READY, Verdict.UNPROVEN, Verdict.UNREACHABLE


def phone(platform: str, *, local: bool = True, cloud: bool = False) -> Handset:
    """One phone."""
    return Handset("d", "phone", Platform(platform), "1", "16", local, cloud)


def record(days: float | None, step: str = "received", since: float = 100) -> Record:
    """What was proven so many days ago, of a phone that has been known for ``since`` days."""
    found = Record(NOW - since * DAY)
    if days is not None:
        found.proofs[ReceiptStep(step)] = Proof(ReceiptStep(step), NOW - days * DAY)
    return found


@pytest.mark.parametrize(
    ("platform", "days", "step", "version", "silently"),
    [
        ("android", 1, "received", 3, True),
        ("android", 50, "received", 3, True),
        ("android", 1, "acted", 3, False),
        ("android", None, "received", 3, False),
        ("android", 1, "received", 2, False),
        ("ios", 1, "received", 3, False),
        ("unknown", 1, "received", 3, False),
    ],
)
def test_only_an_android_phone_that_ever_confirmed_proves_itself_at_night(
    platform: str, days: float | None, step: str, version: int, silently: bool
) -> None:
    """And only where the gateway tests at night; a tap says nothing of what the phone does by itself."""
    assert confirms_silently(phone(platform), record(days, step), version) is silently


@pytest.mark.parametrize(
    ("platform", "local", "cloud", "days", "step", "verdict"),
    [
        ("android", True, False, 1.9, "received", READY),
        ("android", True, False, 2.1, "received", UNPROVEN),
        ("android", False, True, 1.9, "received", READY),
        ("android", False, False, 0.1, "received", UNREACHABLE),
        ("android", True, False, None, "received", UNPROVEN),
        ("android", False, False, None, "received", UNREACHABLE),
        ("android", True, False, 8.9, "acted", READY),
        ("android", True, False, 9.1, "acted", UNPROVEN),
        ("ios", False, True, 8.9, "acted", READY),
        ("ios", False, True, 9.1, "acted", UNPROVEN),
        ("ios", True, False, 8.9, "acted", READY),
        ("ios", False, False, 0.1, "acted", UNREACHABLE),
        ("ios", False, True, None, "acted", UNPROVEN),
        ("unknown", False, True, 8.9, "seen", READY),
        ("unknown", True, False, 9.1, "seen", UNPROVEN),
    ],
)
def test_a_phone_is_judged_by_its_way_and_the_age_of_its_proof(
    platform: str, local: bool, cloud: bool, days: float | None, step: str, verdict: Verdict
) -> None:
    """Two days where the night proves it, nine where a person's tap does; without a way no proof helps."""
    handset, proven = phone(platform, local=local, cloud=cloud), record(days, step)
    silently = confirms_silently(handset, proven, 3)
    assert judge(handset, proven, NOW, silently=silently) is verdict


def test_a_phone_that_is_not_registered_any_more_is_unreachable() -> None:
    """Whatever it proved yesterday."""
    assert judge(None, record(0.1), NOW, silently=False) is UNREACHABLE


@pytest.mark.parametrize(
    ("days", "since", "silently", "expected"),
    [
        (1.9, 100, True, False),
        (2.1, 100, True, True),
        (8.9, 100, False, False),
        (9.1, 100, False, True),
        (None, 8.9, False, False),
        (None, 9.1, False, True),
    ],
)
def test_a_new_phone_has_time_to_prove_itself_before_it_is_complained_about(
    days: float | None, since: float, silently: bool, expected: bool
) -> None:
    """The same time that a proof lasts."""
    assert stale(record(days, since=since), NOW, silently=silently) is expected


def test_one_good_way_is_enough_and_none_is_unreachable() -> None:
    """Of several phones the best counts."""
    assert best([UNREACHABLE, READY, UNPROVEN]) is READY
    assert best([UNREACHABLE, UNPROVEN]) is UNPROVEN
    assert best([]) is UNREACHABLE


ZHANG, LI, WANG = Member("z", "张三", tier=1), Member("l", "李四", tier=1), Member("w", "王五", tier=2)
STAFF = (ZHANG, LI, WANG)


def tonight(verdicts: dict[str, Verdict], shifts: list[Shift]) -> list[tuple[float, tuple[str, ...], str, bool]]:
    """The gaps, by hours from now."""

    def on_duty(at: float) -> tuple[Member, ...]:
        people = {shift.person for shift in shifts if shift.start <= at < shift.end}
        return tuple(member for member in STAFF if member.id in people)

    found = gaps(moments(shifts, NOW), on_duty, STAFF, lambda member: verdicts.get(member.id, UNREACHABLE))
    return [((gap.at - NOW) / 3600, gap.people, gap.verdict.value, gap.on_duty) for gap in found]


def shift(person: str, start: float, end: float) -> Shift:
    """From and to so many hours from now."""
    return Shift(person, NOW + start * 3600, NOW + end * 3600)


ALL_NIGHT = [shift("z", -1, 20), shift("w", -1, 20)]


@pytest.mark.parametrize(
    ("verdicts", "shifts", "expected"),
    [
        ({"z": READY}, ALL_NIGHT, []),
        ({"z": UNPROVEN, "w": READY}, ALL_NIGHT, [(0, ("z",), "unproven", True)]),
        ({"w": READY}, ALL_NIGHT, [(0, ("z",), "unreachable", True)]),
        ({"l": READY}, [*ALL_NIGHT, shift("l", -1, 20)], []),
        ({"z": READY}, [shift("z", -1, 4), shift("l", 4, 20)], [(4, ("l",), "unreachable", True)]),
        ({"z": READY}, [shift("z", -1, 13), shift("l", 13, 20)], []),
        ({"z": READY, "l": READY}, [shift("z", -1, 4), shift("l", 4, 20)], []),
        ({"w": READY}, [], []),
        ({"z": UNPROVEN}, [], [(0, ("z", "l", "w"), "unproven", False)]),
        ({"z": READY}, [shift("z", -1, 4), shift("l", 6, 20)], [(6, ("l",), "unreachable", True)]),
    ],
)
def test_tonight_the_first_tier_on_duty_must_be_reachable_in_every_shift(
    verdicts: dict[str, Verdict], shifts: list[Shift], expected: list[tuple[float, tuple[str, ...], str, bool]]
) -> None:
    """One person of it is enough; a later tier is no comfort; what is more than twelve hours away is not tonight."""
    assert tonight(verdicts, shifts) == expected


def test_a_gap_that_lasts_is_one_and_keeps_its_beginning() -> None:
    """Looked at later, with the same people and the same reason."""
    gap = Gap(NOW, ("z",), UNPROVEN, True)
    assert gap.continues(Gap(NOW + 60, ("z",), UNPROVEN, True), NOW + 60)
    assert not gap.continues(Gap(NOW + 60, ("z",), UNREACHABLE, True), NOW + 60)
    assert not gap.continues(Gap(NOW + 3600, ("z",), UNPROVEN, True), NOW + 60)
    changes = [shift("w", 1, 2), shift("z", -1, 20)]
    assert [at for at, *_ in tonight({}, changes)] == [0]


def test_an_empty_tier_is_one_before_the_last() -> None:
    """Nobody of the staff is in it."""
    assert empty_tiers((Member("a", "a", tier=2), Member("b", "b", tier=4))) == (1, 3)
    assert empty_tiers((Member("a", "a", tier=1), Member("b", "b", tier=2))) == ()
    assert empty_tiers(()) == ()


def at(text: str) -> datetime:
    """A time of day; the 23rd of November 2026 is a Monday."""
    return datetime.fromisoformat(f"2026-11-{text}:00+08:00")


THIS_WEEK, LAST_WEEK = "2026-11-23", "2026-11-16"


@pytest.mark.parametrize(
    ("asked", "now", "proven", "expected"),
    [
        (None, "23T10:00", True, True),
        (None, "23T09:59", True, False),
        (None, "23T18:00", True, False),
        (None, "25T17:59", True, True),
        (None, "26T10:00", True, False),
        (None, "26T10:00", False, True),
        (None, "26T03:00", False, False),
        (Asked(LAST_WEEK, 1, "2026-11-16", True), "23T10:00", True, True),
        (Asked(LAST_WEEK, 3, "2026-11-18"), "22T12:00", True, False),
        (Asked(THIS_WEEK, 1, "2026-11-23"), "23T15:00", True, False),
        (Asked(THIS_WEEK, 1, "2026-11-23", True), "24T10:00", True, False),
        (Asked(THIS_WEEK, 1, "2026-11-23"), "24T10:00", True, True),
        (Asked(THIS_WEEK, 3, "2026-11-25"), "26T10:00", True, False),
        (Asked(THIS_WEEK, 3, "2026-11-25"), "26T10:00", False, False),
    ],
)
def test_a_tap_is_asked_for_once_a_week_by_day_and_twice_more(
    asked: Asked | None, now: str, proven: bool, expected: bool
) -> None:
    """Monday from ten; again on Tuesday and Wednesday without a tap; a phone that never proved anything at once."""
    assert due(asked, at(now), proven=proven) is expected
