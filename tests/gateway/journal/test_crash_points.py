"""Promise 1 at every point: what was confirmed before kill -9 is there after it, exactly once and in order."""

import ast
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from community_help_gateway import crash
from community_help_gateway.journal.chain import verify
from community_help_gateway.journal.migrate import VERSION, version_of
from community_help_gateway.journal.store import Journal
from tests.gateway.journal.story import beside, holds, numbers, write

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "addon/src/community_help_gateway"


def run(file: Path, work: str, first: int, last: int, crash_at: str = "") -> tuple[int, list[int]]:
    """Run the writing process; its exit code and what it said to be confirmed."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'addon/src'}:{ROOT}"} | (
        {crash.VARIABLE: crash_at} if crash_at else {}
    )
    command = [sys.executable, str(Path(__file__).with_name("writing_process.py")), str(file), work]
    child = subprocess.run([*command, str(first), str(last)], env=environment, capture_output=True, timeout=60)
    assert child.returncode in {0, -signal.SIGKILL}, child.stderr.decode()
    return child.returncode, [int(line) for line in child.stdout.split()]


def version_1(file: Path) -> None:
    """A file as version 1 left it, with two incidents."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        script = files("community_help_gateway.journal").joinpath("schema/v1.sql").read_text("utf-8")
        connection.executescript(f"{script}; PRAGMA user_version = 1; INSERT INTO meta VALUES ('epoch', 'old')")


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("point", [name for name in crash.POINTS if name.startswith("journal.")])
async def test_what_was_confirmed_is_there_once(tmp_path: Path, point: str, count: int) -> None:
    """After every start the entries are 1 to n without a gap, n is at least the last confirmed, the state is n's."""
    file = tmp_path / "j.sqlite"
    code, confirmed = run(file, "write", 1, 60, f"{point}:{count}")
    assert code == -signal.SIGKILL
    journal = Journal.open(file)
    state = journal.load()
    found = numbers(file)
    assert found == list(range(1, state.number + 1))
    assert state.number >= max(confirmed, default=0)
    assert holds(state, state.number)
    assert list(journal.commands()) == [f"k-{number}" for number in found]
    await journal.close()
    assert verify(file, journal.head).broken is None
    code, _ = run(file, "write", state.number + 1, 70)
    assert code == 0
    assert numbers(file) == list(range(1, 71))


async def test_a_commit_that_nobody_heard_of_is_there(tmp_path: Path) -> None:
    """A kill between the commit and its confirmation leaves more than was confirmed, never less."""
    file = tmp_path / "j.sqlite"
    _, confirmed = run(file, "write", 1, 60, "journal.after_commit:2")
    assert len(numbers(file)) > len(confirmed)


@pytest.mark.parametrize("point", [name for name in crash.POINTS if name.startswith("migration.")])
@pytest.mark.parametrize("count", [1, 2])
async def test_a_migration_is_whole_or_not_at_all(tmp_path: Path, point: str, count: int) -> None:
    """A kill in it leaves one version or the next, and the next start brings it to the end."""
    file = tmp_path / "j.sqlite"
    if count == 1:
        version_1(file)
    code, _ = run(file, "look", 1, 1, f"{point}:{count}")
    assert code == -signal.SIGKILL
    with contextlib.closing(sqlite3.connect(file)) as reader:
        columns = [row[1] for row in reader.execute("PRAGMA table_info(entry)")]
        assert ("hash" in columns) == (version_of(reader) >= 2)
    journal = Journal.open(file)
    assert not journal.set_aside
    await write(journal, 1, 3)
    assert holds(journal.load(), 3)
    await journal.close()


@pytest.mark.parametrize("point", [name for name in crash.POINTS if name.startswith("retention.")])
async def test_retention_leaves_a_whole_chain(tmp_path: Path, point: str) -> None:
    """A kill in it leaves the slice or takes it, with the anchor that fits."""
    file = tmp_path / "j.sqlite"
    code, confirmed = run(file, "retain", 1, 40, f"{point}:1")
    assert (code, confirmed[-1]) == (-signal.SIGKILL, 40)
    assert verify(file).broken is None
    journal = Journal.open(file)
    assert holds(journal.load(), 40)
    await journal.retain(40.0, 35)
    await journal.close()
    assert numbers(file) == list(range(35, 41))
    assert verify(file, journal.head).broken is None


@pytest.mark.parametrize("point", [name for name in crash.POINTS if name.startswith("aside.")])
async def test_a_file_that_is_set_aside_at_a_start_is_never_lost(tmp_path: Path, point: str) -> None:
    """A kill in it leaves the old file somewhere, whole, and the next start has what is salvaged."""
    file = tmp_path / "j.sqlite"
    run(file, "write", 1, 40)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer = file.read_bytes()
    code, _ = run(file, "look", 1, 1, f"{point}:1")
    assert code == -signal.SIGKILL
    journal = Journal.open(file)
    assert holds(journal.load(), 40, points=False)
    assert journal.load().number == 40
    await journal.close()
    assert [content for name, content in beside(file).items() if not name.endswith(("-wal", "-shm"))] == [newer]
    assert sorted(path.name for path in tmp_path.iterdir() if ".new" in path.name[:-1] and "T" not in path.name) == []


@pytest.mark.parametrize("point", [name for name in crash.POINTS if name.startswith("aside.")])
async def test_what_was_confirmed_before_the_damage_survives_a_kill_while_it_is_replaced(
    tmp_path: Path, point: str
) -> None:
    """From the rename on, the new file has every record that the hub had, and what is confirmed later."""
    file = tmp_path / "j.sqlite"
    code, confirmed = run(file, "lose", 1, 40, f"{point}:1")
    assert code == -signal.SIGKILL
    journal = Journal.open(file)
    state = journal.load()
    await journal.close()
    if point in {"aside.after_rename", "aside.after"}:
        assert state.number >= max(confirmed)
        assert holds(state, state.number)
    assert [name for name in beside(file) if not name.endswith(("-wal", "-shm"))]


async def test_work_goes_on_after_the_damage(tmp_path: Path) -> None:
    """Without a kill every number is confirmed; those after the damage are entries of the new file."""
    file = tmp_path / "j.sqlite"
    code, confirmed = run(file, "lose", 1, 40)
    assert (code, confirmed) == (0, list(range(1, 41)))
    assert numbers(file) == list(range(21, 41))
    journal = Journal.open(file)
    assert not journal.set_aside
    assert holds(journal.load(), 40)
    await journal.close()
    assert verify(file, journal.head).broken is None


def test_every_point_of_the_journal_is_in_the_source_and_the_other_way_round() -> None:
    """What the source says is in POINTS; each of the journal's POINTS is in its source, so the tests above reach it."""
    said = set()
    for module in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reach":
                (point,) = node.args
                assert isinstance(point, ast.Constant)
                said.add(point.value)
    assert said <= set(crash.POINTS)
    own = ("aside.", "journal.", "migration.", "retention.")
    assert {name for name in crash.POINTS if name.startswith(own)} == {name for name in said if name.startswith(own)}


def test_without_the_variable_a_point_does_nothing() -> None:
    """Nothing is looked up; even an unknown name passes."""
    assert crash.VARIABLE not in os.environ
    assert crash.reach is crash._pass
    crash.reach("nowhere")


@pytest.mark.parametrize(
    "text", ["nowhere:1", "journal.after_commit", "journal.after_commit:0", "journal.after_commit:x"]
)
def test_a_wrong_text_is_refused(text: str) -> None:
    """A test with a typing error must not pass because nothing crashed."""
    with pytest.raises(ValueError, match="expected one of"):
        crash._fuse(text)
    with pytest.raises(ValueError, match="not in POINTS"):
        crash._fuse("journal.after_commit:1")("nowhere")
