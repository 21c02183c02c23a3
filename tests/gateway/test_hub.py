"""The hub between model and journal: the auditor, silent devices, retention, and a backup that came back."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from community_help_gateway.hub import TICK_SECONDS, Hub
from community_help_gateway.journal.chain import verify
from community_help_gateway.journal.store import Journal
from community_help_gateway.model import lifecycle
from community_help_gateway.model.incident import Cause, Person
from community_help_gateway.model.observation import Address, LinkState, Observation
from community_help_gateway.site import parse
from tests.gateway.conftest import FakeClock

COMPOUND = (Path(__file__).parents[1] / "captures/sites/compound.yaml").read_text("utf-8")
ZHANG = Person("zhang", "张三")
DAY = 86400.0
type Opened = Callable[[], Awaitable[Hub]]


@pytest.fixture
async def opened(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Opened]:
    """Opens the gateway's hub on one journal file; again means after a restart."""
    running: list[Hub] = []

    async def open_hub() -> Hub:
        for hub in running:
            await hub.close()
        running[:] = [Hub(Journal.open(tmp_path / "j.sqlite"), parse(COMPOUND, "s").site, clock)]
        await running[0].observe([LinkState("gb26875", "4097", up=True, received_at=clock.wall())])
        return running[0]

    yield open_hub
    for hub in running:
        await hub.close()


async def say(hub: Hub, device: str, alarm: bool = True) -> None:
    """A device speaks."""
    (point,) = hub.site.devices[device].points
    await hub.observe([Observation(address=point.address, received_at=hub.clock.wall(), alarm=alarm)])


async def test_a_device_that_is_silent_beyond_its_period_is_offline_until_heard(
    opened: Opened, clock: FakeClock
) -> None:
    """2.5 of its own periods of a day, also across a restart; then one word ends it."""
    hub = await opened()
    await say(hub, "f401", alarm=False)
    clock.pass_(2 * DAY)
    hub.sweep()
    await hub.observe([])
    assert "f401" not in hub.state.devices
    hub = await opened()
    hub._heard["f401"] = hub.clock.monotonic() - 2 * DAY  # the link's return gave it a new period
    clock.pass_(0.6 * DAY)
    hub.sweep()
    assert list(hub.state.devices["f401"].causes) == ["offline"]
    await say(hub, "f401", alarm=False)
    assert "f401" not in hub.state.devices
    assert not hub.state.incidents


async def test_when_devices_were_heard_survives_a_restart(opened: Opened, clock: FakeClock) -> None:
    """A restart is no sign of life: what was written down counts, whatever the wall clock did meanwhile."""
    hub = await opened()
    await say(hub, "f401", alarm=False)
    clock.pass_(1000)
    hub = await opened()
    assert clock.wall() - hub.state.heard["f401"] == pytest.approx(1000, abs=1)
    clock.wall_time -= DAY
    again = Hub(hub.journal, hub.site, clock)
    assert again._heard["f401"] <= clock.monotonic()


async def test_promise_14_a_clock_that_jumps_neither_stretches_nor_skips(opened: Opened, clock: FakeClock) -> None:
    """A day forward and a day back while a tier is awaited: it is told after its 60 s, and only that one."""
    for jump in (DAY, -DAY):
        hub = await opened()
        await say(hub, "f201")
        clock.wall_time += jump
        clock.monotonic_time += 59
        hub.fire_due()
        assert [page.tier for page in hub.state.pages.values()] == [1]
        clock.monotonic_time += 2
        hub.fire_due()
        assert [page.tier for page in hub.state.pages.values()] == [2]
        (incident,) = hub.state.incidents
        await say(hub, "f201", alarm=False)
        await hub.command(f"k{jump}", lambda draft, key=incident: lifecycle.close(draft, key, Cause.DUST, "", ZHANG))


async def test_the_auditor_finds_and_mends_what_nothing_would_page(opened: Opened) -> None:
    """A wait that got lost, for whatever reason, is found within a minute and the incident paged."""
    hub = await opened()
    await say(hub, "f201")
    hub.audit()
    assert hub.health.content
    hub.state.deadlines.clear()
    hub.audit()
    (incident,) = hub.state.incidents
    assert hub.health.findings == (f"unwatched:{incident}",)
    assert [page.reason for page in hub.state.pages.values()] == ["auditor"]
    hub.audit()
    assert hub.health.content
    assert TICK_SECONDS <= 60


async def test_the_auditor_says_when_there_is_no_room(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat stops before the disk is full."""
    hub = await opened()
    monkeypatch.setattr("community_help_gateway.journal.health.free_bytes", lambda _file: 1)
    monkeypatch.setattr("community_help_gateway.journal.store.free_bytes", lambda _file: 1)
    hub.audit()
    assert hub.health.findings == ("no_room",)
    assert not hub.health.content


async def test_a_restored_backup_begins_a_new_epoch_and_pages_what_is_live(
    opened: Opened, clock: FakeClock, tmp_path: Path
) -> None:
    """A client knows more than the journal: live alarms page, marked so; what was only open needs review."""
    hub = await opened()
    await say(hub, "f201")
    await say(hub, "b2-101")
    await say(hub, "b2-101", alarm=False)
    await hub.close()
    shutil.copy(tmp_path / "j.sqlite", tmp_path / "backup")
    hub = Hub(Journal.open(tmp_path / "j.sqlite"), hub.site, clock)
    await say(hub, "f301")
    epoch, number = hub.visible.epoch, hub.visible.number
    await hub.close()
    shutil.copy(tmp_path / "backup", tmp_path / "j.sqlite")
    hub = await opened()
    await hub.compare(epoch, number)
    assert hub.visible.epoch != epoch
    by_place = {incident.place: incident for incident in hub.visible.incidents.values()}
    live, old = by_place["清水湾 1号楼 2 201 烟感"], by_place["清水湾 2号楼 1 101 烟感"]
    assert (live.mark, live.answered, hub.visible.pages[live.page].reason) == ("restored_backup", False, "returned")
    assert (old.mark, old.needs_review) == ("restored_backup", True)
    assert [page.incident for page in hub.visible.pages.values()] == [live.id]
    kept = hub.visible.epoch
    hub = await opened()
    assert hub.state.epoch == kept
    await hub.compare(kept, hub.visible.number)
    assert hub.state.epoch == kept


async def test_retention_keeps_what_open_incidents_are_made_of(
    opened: Opened, clock: FakeClock, tmp_path: Path
) -> None:
    """Old entries go, the chain still verifies, and an open incident's timeline stays whole."""
    hub = await opened()
    await say(hub, "b2-101")
    (first,) = hub.state.incidents
    await say(hub, "b2-101", alarm=False)
    await hub.command("k", lambda draft: lifecycle.close(draft, first, Cause.DUST, "", ZHANG))
    await say(hub, "f201")
    (second,) = hub.state.incidents
    before = await hub.journal.timeline(second, 100)
    clock.pass_(4 * 365 * DAY)
    assert await hub.retain() > 0
    assert await hub.journal.timeline(second, 100) == before
    assert not await hub.journal.timeline(first, 100)
    assert verify(tmp_path / "j.sqlite", hub.journal.head).broken is None


async def test_promise_7_a_name_stands_apart_from_the_record(opened: Opened, tmp_path: Path) -> None:
    """Promise 7: no entry holds a person's name, only the record of names does."""
    hub = await opened()
    await say(hub, "f201")
    (incident,) = hub.state.incidents
    await hub.command("k", lambda draft: lifecycle.acknowledge(draft, incident, 1, ZHANG, "button"))
    with sqlite3.connect(tmp_path / "j.sqlite") as reader:
        bodies = " ".join(body for (body,) in reader.execute("SELECT body FROM entry"))
        names = [body for (body,) in reader.execute("SELECT body FROM record WHERE kind = 'name'")]
    reader.close()
    assert "zhang" in bodies
    assert "张三" not in bodies
    assert "张三" in names[0]


async def test_an_unknown_address_makes_nobody_heard(opened: Opened) -> None:
    """Nothing is remembered for what the site does not know."""
    hub = await opened()
    await hub.observe([Observation(address=Address("gb26875", "1", "x"), received_at=1.0, alarm=None)])
    assert not hub._heard


async def test_promise_13_a_damaged_journal_keeps_its_incidents_and_says_so(
    opened: Opened, clock: FakeClock, tmp_path: Path
) -> None:
    """Set aside, salvaged, a new epoch; also when the gateway died before it could write that down."""
    hub = await opened()
    await say(hub, "f201")
    (incident,) = hub.state.incidents
    epoch = hub.state.epoch
    await hub.close()
    file = tmp_path / "j.sqlite"
    with sqlite3.connect(file) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    replaced = Journal.open(file)
    assert replaced.set_aside
    await replaced.close()
    hub = await opened()
    hub.start()
    await hub.observe([])
    assert hub.visible.epoch != epoch
    assert hub.visible.incidents[incident].mark == "set_aside"
    assert "f201.smoke" not in hub.visible.points
    clock.pass_(61)
    hub.fire_due()
    assert [page.incident for page in hub.state.pages.values()] == [incident]
    assert [path.name for path in tmp_path.glob("j.sqlite.newer-*")]
