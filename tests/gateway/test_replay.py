"""Replay: a recorded journal under the same policies pages the same, under others as they say."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from community_help_gateway.model import people, selftest
from community_help_gateway.model.incident import ReceiptStep
from community_help_gateway.model.site import Site
from community_help_gateway.model.state import Receipt
from community_help_gateway.record.comparison import night, pairs, summary
from community_help_gateway.record.replay import Called, Outcome
from community_help_gateway.replay import main, run
from tests.gateway.conftest import FakeClock
from tests.gateway.record.scenes import COMPOUND, ZHANG, Scene, a_day, a_fire, opened, site


def shown(pages: tuple[Called, ...], until: float = 1e12) -> list[tuple[float, int, tuple[str, ...], str, str]]:
    """Time, tier, people, reason and why of pages up to a time."""
    return [(page.at, page.tier, page.people, page.reason, page.why) for page in pages if page.at <= until]


async def recorded(folder: Path, clock: FakeClock, happening: object, its_site: Site | None = None) -> Path:
    """The journal of something that happened."""
    async with opened(folder, its_site or site(), clock) as scene:
        await happening(scene)  # type: ignore[operator]
    return folder / "journal.sqlite"


async def test_the_same_site_pages_the_same(tmp_path: Path, clock: FakeClock) -> None:
    """Same second, tier, people, reason and why, for every page of a day with all sorts of alarms and decisions."""
    journal = await recorded(tmp_path, clock, a_day)
    outcome, _ = run(journal, site(), decisions=True)
    reasons = {page.reason for page in outcome.then}
    assert {"raised", "worse", "escalated", "repeated", "owner_silent", "asked", "raised_again"} <= reasons
    assert {page.hazard for page in outcome.then} >= {"fire", "gas", "fire_lane", "unplaced", "supervision"}
    assert any(page.drill for page in outcome.then)
    assert shown(outcome.now, outcome.ends_at) == shown(outcome.then)


async def test_a_shorter_answer_escalates_earlier(tmp_path: Path, clock: FakeClock) -> None:
    """30 s instead of 60 s for the first tier: the second one is called 30 s earlier."""

    async def unanswered(scene: Scene) -> None:
        await scene.say("f201")
        await scene.pass_(400)

    journal = await recorded(tmp_path, clock, unanswered)
    changed = site("policies:\n  - { hazard: fire, answer: [30, 120] }\n")
    outcome, _ = run(journal, changed, decisions=True)
    second = [next(page.at for page in side if page.tier == 2) for side in (outcome.then, outcome.now)]
    assert second[0] - second[1] == 30.0
    assert summary(outcome.now, outcome.ends_at, changed.zone).second_tier.median == 30.0
    assert summary(outcome.then, outcome.ends_at, changed.zone).second_tier.median == 60.0


async def test_pages_without_proof_and_self_tests_replay_as_they_were(tmp_path: Path, clock: FakeClock) -> None:
    """A page that no phone had shown goes on as early as then; a night's self-test is no part of the comparison."""

    async def happening(scene: Scene) -> None:
        await scene.decide(people.claim_lease, holder="one", name="Home", force=False, version=3)
        await scene.say("f201")
        await scene.pass_(5)
        unproven = Receipt(scene.incident().page, ReceiptStep.UNPROVEN, scene.clock.wall())
        await scene.decide(people.receive, receipt=unproven)
        await scene.pass_(300)
        await scene.decide(selftest.start, compound="bay", person=ZHANG)
        await scene.pass_(20 * 3600)

    journal = await recorded(tmp_path, clock, happening)
    outcome, _ = run(journal, site(), decisions=True)
    assert shown(outcome.now, outcome.ends_at) == shown(outcome.then)
    assert [page.at - outcome.then[0].at for page in outcome.then[:3]] == [0, 35, 155]
    assert not [page for page in (*outcome.then, *outcome.now) if page.hazard == "self_test" or page.drill]
    longer, _ = run(journal, site("policies:\n  - { hazard: fire, unproven: 0 }\n"), decisions=True)
    assert longer.now[1].at - longer.now[0].at == 60


async def test_hours_keep_the_night_quiet(tmp_path: Path, clock: FakeClock) -> None:
    """Under a policy with hours an alarm at 23:00 is paged at 8 in the morning, within the day after the record."""
    clock.wall_time += 13.5 * 3600  # 23:00:15 in China
    journal = await recorded(tmp_path, clock, lambda scene: scene.say("f201"))
    changed = site('policies:\n  - { hazard: fire, hours: ["08:00", "20:00"] }\n')
    outcome, _ = run(journal, changed, decisions=False)
    assert [night(page.at, changed.zone) for page in outcome.then] == [True]
    assert not any(night(page.at, changed.zone) for page in outcome.now)
    assert outcome.now[0].at == outcome.then[0].at - 15 + 9 * 3600


async def test_without_decisions_nobody_answers_until_the_closing(tmp_path: Path, clock: FakeClock) -> None:
    """What people did is left out but for the endings: more pages than there were, and none after the closing."""
    journal = await recorded(tmp_path, clock, a_fire)
    outcome, _ = run(journal, site(), decisions=False)
    assert len(outcome.now) > len(outcome.then)
    assert not [page for page in outcome.now if page.at > outcome.ends_at]


async def test_points_that_the_new_site_lacks_are_named(
    tmp_path: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """They page nobody, and the outcome says which they were."""
    journal = await recorded(tmp_path, clock, a_fire)
    path = tmp_path / "smaller.yaml"
    path.write_text(COMPOUND.replace("  - { id: f301", "  # - { id: f301"), "utf-8")
    assert main([str(journal), "--site", str(path), "--lang", "en"]) == 0
    assert "does not have 1 points of the record: f301.smoke" in capsys.readouterr().out
    assert run(journal, site(), decisions=True)[0].unknown == ()


async def test_a_journal_in_use_is_only_read(tmp_path: Path, clock: FakeClock) -> None:
    """Replaying beside a running hub changes neither file nor log, and sees what is committed."""
    async with opened(tmp_path, site(), clock) as scene:
        await scene.say("f201")
        files = [tmp_path / name for name in ("journal.sqlite", "journal.sqlite-wal")]
        before = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        outcome, _ = run(files[0], site(), decisions=True)
        assert [hashlib.sha256(file.read_bytes()).hexdigest() for file in files] == before
        assert len(outcome.then) == 1


@pytest.mark.parametrize(
    ("language", "both", "why"), [("en", "both", "nobody answered"), ("zh-Hans", "相同", "无人应答")]
)
async def test_the_command_prints_a_table(
    tmp_path: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str], language: str, both: str, why: str
) -> None:
    """Who, when and why, then both sides in numbers, in both languages; also for a spreadsheet."""
    journal = await recorded(tmp_path, clock, a_fire)
    path = tmp_path / "new.yaml"
    path.write_text(COMPOUND, "utf-8")
    arguments = [str(journal), "--site", str(path), "--with-decisions", "--lang", language]
    assert main(arguments) == 0
    table = capsys.readouterr().out
    assert f"{both} | 2026-11-23 09:30:15+08:00" in table
    assert why in table
    assert "张三" in table
    assert main([*arguments, "--csv"]) == 0
    assert capsys.readouterr().out.startswith("\ufeff")


def test_the_module_runs_and_a_missing_journal_is_named(tmp_path: Path) -> None:
    """A clear error and the journal's exit code; nothing is created."""
    path = tmp_path / "new.yaml"
    path.write_text(COMPOUND, "utf-8")
    command = [
        sys.executable,
        "-m",
        "community_help_gateway.replay",
        str(tmp_path / "none.sqlite"),
        "--site",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, "there is no such file" in done.stderr) == (4, True)
    assert [file.name for file in tmp_path.iterdir()] == ["new.yaml"]


def test_pages_are_compared_side_by_side() -> None:
    """Equal ones become one row, whatever else happened in that second; the others stand alone."""

    def page(at: float, reason: str) -> Called:
        return Called(at, 1, ("zhang",), reason, "", "1号楼", "fire", "alarm", "bay", "i")  # type: ignore[arg-type]

    outcome = Outcome(
        then=(page(1.9, "raised"), page(60, "escalated")), now=(page(2.1, "raised"), page(30, "x")), ends_at=99
    )
    assert [(pair.then is not None, pair.now is not None) for pair in pairs(outcome)] == [
        (True, True),
        (False, True),
        (True, False),
    ]
