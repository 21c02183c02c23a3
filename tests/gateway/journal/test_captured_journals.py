"""Journals as versions in the field left them open with the newest code, and everything in them still counts."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from community_help_gateway.hub import Hub
from community_help_gateway.journal.chain import verify
from community_help_gateway.journal.migrate import VERSION
from community_help_gateway.journal.store import Journal
from community_help_gateway.model import audit
from community_help_gateway.model.incident import DeadlineKind, IncidentState
from community_help_gateway.site import SiteFile
from tests.gateway.conftest import FakeClock

CAPTURES = Path(__file__).parents[2] / "captures/journals"


def captured(version: int, file: Path) -> Path:
    """A file as that schema's gateway left it."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(CAPTURES.joinpath(f"v{version}.sql").read_text("utf-8"))
    return file


@pytest.mark.parametrize("version", range(1, VERSION))
async def test_a_captured_journal_opens_unharmed(tmp_path: Path, version: int) -> None:
    """Nothing is set aside, every event can be read, and no incident is left without a clock."""
    journal = Journal.open(captured(version, tmp_path / "journal.sqlite"))
    state = journal.load()
    assert journal.set_aside is None
    assert state.incidents
    assert await journal.history(0, 100)
    assert all(audit.watched(state, item) for item in state.incidents.values() if not item.answered)
    await journal.close()


async def test_version_1_with_its_people_members_and_waits(
    tmp_path: Path, site_file: SiteFile, clock: FakeClock
) -> None:
    """The acknowledged incident keeps owner and members; the unanswered one goes on paging."""
    clock.pass_(150)
    hub = Hub(Journal.open(captured(1, tmp_path / "journal.sqlite")), site_file.site, clock)
    hub.audit()  # version 1 knew no clocks for what was acknowledged
    taken, ringing = sorted(hub.state.incidents.values(), key=lambda item: item.opened_at)
    assert hub.health.findings == (f"unwatched:{taken.id}",)
    hub.audit()
    assert not hub.health.findings
    hub.fire_due()
    assert (taken.owner, hub.state.name("zhang"), taken.state) == ("zhang", "张三", IncidentState.ACKNOWLEDGED)
    assert (taken.detectors, taken.live, taken.answered) == (1, 1, True)
    assert hub.state.members[taken.id]["f201.smoke"].episode == 2
    assert (ringing.answered, ringing.tier) == (False, 2)
    assert [item.kind for item in hub.state.deadlines.values()].count(DeadlineKind.ANSWER) == 1
    kinds = [event.kind.value for event in await hub.journal.timeline(taken.id, 100)]
    assert kinds[:2] == ["raised", "paged"]
    assert "acknowledged" in kinds
    await hub.close()


async def test_version_2_with_its_duty_policies_drill_and_proofs(
    tmp_path: Path, site_file: SiteFile, clock: FakeClock
) -> None:
    """People, shifts, policies, bypass and drill are there; policies of that time have the defaults of what is new."""
    journal = Journal.open(captured(2, tmp_path / "journal.sqlite"))
    state = journal.load()
    assert state.roster is not None
    assert next((member.id, member.tier, member.always) for member in state.roster.staff) == ("zhang", 1, False)
    assert state.roster.shifts[0].compounds == ("bay",)
    assert (state.lease.holder, state.lease.fence, state.lease.version) == ("one", 1, 0) if state.lease else False
    assert "b2-101.smoke" in state.bypasses
    assert "hill" in state.drills
    fire = next(item for item in state.incidents.values() if item.key == "building:bay:1号楼")
    policy = state.policies[fire.policy].find("bay", fire.hazard, fire.severity)
    assert (policy.answer, policy.unproven) == ((45.0, 90.0), 30.0)
    events = await journal.timeline(fire.id, 100)
    steps = [event.receipt.step for event in events if event.receipt]
    assert steps == ["accepted", "handed_over", "received", "failed"]
    verdict = verify(journal.file, journal.head)
    assert (verdict.broken, verdict.checked) == (None, journal.head.number)
    await journal.close()
    clock.pass_(300)
    hub = Hub(Journal.open(tmp_path / "journal.sqlite"), site_file.site, clock)
    hub.audit()
    assert hub.health.findings == ()
    hub.start()
    assert {wait.subject for wait in hub.state.deadlines.values() if wait.kind is DeadlineKind.SELF_TEST} == {
        *site_file.site.compounds
    }
    await hub.close()
