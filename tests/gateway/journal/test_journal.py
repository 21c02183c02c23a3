"""The journal: durable, ordered, committed in groups, the same after a restart."""

import sqlite3
from pathlib import Path
from typing import Protocol

import pytest

from community_help_gateway.errors import JournalError
from community_help_gateway.hub import Hub
from community_help_gateway.journal.store import Journal
from community_help_gateway.model import lifecycle, people
from community_help_gateway.model.incident import Person
from community_help_gateway.model.observation import Address, Observation
from community_help_gateway.site import SiteFile


class Clock(Protocol):
    """The clock that a test moves."""

    def wall(self) -> float:
        """Epoch seconds."""

    def monotonic(self) -> float:
        """Seconds."""

    def pass_(self, seconds: float) -> None:
        """Let time pass."""


SMOKE = Address("gb26875", "4097", "1.1.42.03001100")


def fire(alarm: bool = True) -> list[Observation]:
    """The smoke alarm of flat 201 speaks."""
    return [Observation(address=SMOKE, received_at=1795397415.0, alarm=alarm)]


async def test_a_restart_gives_the_same_state(tmp_path: Path, site_file: SiteFile) -> None:
    """Points, incidents, pages, deadlines, lease and numbers are those before."""
    hub = Hub(Journal.open(tmp_path / "j.sqlite"), site_file.site)
    await hub.command("k1", lambda draft: people.claim_lease(draft, "one", "One", force=False))
    await hub.observe(fire())
    before = hub.state
    await hub.close()
    again = Hub(Journal.open(tmp_path / "j.sqlite"), site_file.site)
    assert (again.state.points, again.state.incidents, again.state.pages, again.state.deadlines, again.state.lease) == (
        before.points,
        before.incidents,
        before.pages,
        before.deadlines,
        before.lease,
    )
    assert (again.state.epoch, again.state.number) == (before.epoch, before.number)
    await again.close()


async def test_a_command_is_carried_out_once_even_after_a_restart(tmp_path: Path, site_file: SiteFile) -> None:
    """The same key gets the same answer and changes nothing."""
    hub = Hub(Journal.open(tmp_path / "j.sqlite"), site_file.site)
    await hub.observe(fire())
    (incident,) = hub.state.incidents

    async def acknowledge(hub: Hub, key: str, name: str) -> object:
        return await hub.command(
            key, lambda draft: lifecycle.acknowledge(draft, incident, 1, Person(name, name), "button")
        )

    first = await acknowledge(hub, "key", "zhang")
    number = hub.state.number
    assert await acknowledge(hub, "key", "li") == first
    await hub.close()
    again = Hub(Journal.open(tmp_path / "j.sqlite"), site_file.site)
    assert await acknowledge(again, "key", "li") == first
    assert again.state.number == number
    await again.close()


async def test_what_is_visible_is_on_the_disk(hub: Hub) -> None:
    """Durable, then visible: a listener finds every event it is told in the file."""
    missing: list[int] = []

    def look(publication: object) -> None:
        with sqlite3.connect(hub.journal.file) as reader:
            (number,) = reader.execute("SELECT max(number) FROM entry").fetchone()
        missing.extend(event.number for event in publication.events if event.number > (number or 0))  # type: ignore[attr-defined]
        reader.close()

    hub.subscribe(look)
    await hub.observe(fire())
    await hub.observe(fire(alarm=False))
    assert not missing
    assert hub.visible.number == hub.state.number


async def test_many_alarms_share_few_commits(tmp_path: Path, site_file: SiteFile) -> None:
    """What is judged in one turn of the loop is written by one commit."""
    hub = Hub(Journal.open(tmp_path / "j.sqlite"), site_file.site)
    alarms = [
        Observation(address=Address("gb26875", str(n), "1.1.42.00"), received_at=1.0, alarm=True) for n in range(400)
    ]
    await hub.observe(alarms)
    assert hub.journal.commits <= 2
    await hub.close()


async def test_history_gives_incident_events_after_a_cursor(hub: Hub) -> None:
    """A returning client is told what it missed and nothing else."""
    await hub.observe(fire())
    first = await hub.journal.history(0, 100)
    assert [event.kind for event in first] == ["raised"]
    await hub.observe(fire(alarm=False))
    assert [event.kind for event in await hub.journal.history(first[-1].number, 100)] == ["restored"]


async def test_promise_13_a_journal_that_cannot_be_written_confirms_nothing_and_still_pages(hub: Hub) -> None:
    """The caller learns that it is not on the disk; listeners are told all the same; recovery writes it first."""
    told: list[object] = []
    hub.subscribe(told.append)
    blocker = sqlite3.connect(hub.journal.file, isolation_level=None, timeout=0)
    hub.journal._connection.execute("PRAGMA busy_timeout = 0")
    blocker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalError):
        await hub.observe(fire())
    assert told
    assert hub.unrecorded
    blocker.execute("ROLLBACK")
    blocker.close()
    await hub.observe(fire(alarm=False))
    assert not hub.unrecorded
    assert [event.kind for event in await hub.journal.history(0, 10)] == ["raised", "restored"]


async def test_a_deadline_that_passed_while_the_gateway_was_down_falls_due_once(
    tmp_path: Path, site_file: SiteFile, clock: Clock
) -> None:
    """Promise 14: after an hour's outage the incident advances one tier, and the next wait is a whole one again."""
    hub = Hub(Journal.open(tmp_path / "j.sqlite"), site_file.site, clock)
    await hub.observe(fire())
    await hub.close()
    clock.pass_(3600)
    again = Hub(Journal.open(tmp_path / "j.sqlite"), site_file.site, clock)
    again.fire_due()
    again.fire_due()
    assert [page.tier for page in again.state.pages.values()] == [2]
    clock.pass_(119)
    again.fire_due()
    assert [page.reason for page in again.state.pages.values()] == ["escalated"]
    clock.pass_(2)
    again.fire_due()
    assert [page.reason for page in again.state.pages.values()] == ["repeated"]
    await again.close()
