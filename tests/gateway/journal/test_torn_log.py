"""A power cut may leave any part of the write-ahead log: what lies wholly in it is there, nothing is half there."""

import random
import struct
from itertools import pairwise
from pathlib import Path

import pytest

from community_help_gateway.journal.chain import verify
from community_help_gateway.journal.store import Journal
from tests.gateway.journal.story import holds, submit

COMMITS = 6
"""Commits in the log that is cut."""

HEADER, FRAME_HEADER = 32, 24
"""Bytes before the first frame and before each frame's page (https://sqlite.org/fileformat.html, section 4)."""


async def recorded(folder: Path) -> tuple[bytes, bytes, list[int]]:
    """A live journal's file, its log, and how long the log was after each commit: entry n with commit n."""
    journal = Journal.open(folder / "live.sqlite")
    log = folder / "live.sqlite-wal"
    lengths = [log.stat().st_size]
    for number in range(1, COMMITS + 1):
        await submit(journal, number)
        lengths.append(log.stat().st_size)
    contents = (folder / "live.sqlite").read_bytes(), log.read_bytes()
    await journal.close()
    assert all(before < after for before, after in pairwise(lengths)), "a commit that adds nothing cannot be cut"
    return *contents, lengths


def cuts(log: bytes, lengths: list[int]) -> list[int]:
    """Where to cut: around every frame and commit, and at places by chance."""
    (page,) = struct.unpack_from(">I", log, 8)
    frames = range(HEADER, len(log) + 1, FRAME_HEADER + page)
    edges = {at + off for at in (*frames, *lengths, 0, FRAME_HEADER) for off in (-1, 0, 1)}
    chance = random.Random(26875)
    return sorted({at for at in edges if 0 <= at <= len(log)} | {chance.randrange(len(log)) for _ in range(40)})


async def test_a_log_cut_anywhere_keeps_every_whole_commit(tmp_path: Path) -> None:
    """The state is that of the last commit that lies wholly before the cut, and the journal goes on from it."""
    main, log, lengths = await recorded(tmp_path)
    for cut in cuts(log, lengths):
        file = tmp_path / f"cut-{cut}.sqlite"
        file.write_bytes(main)
        file.with_name(f"{file.name}-wal").write_bytes(log[:cut])
        expected = sum(length <= cut for length in lengths[1:])
        journal = Journal.open(file)
        state = journal.load()
        assert not journal.set_aside, cut
        assert state.number == expected, cut
        assert holds(state, expected), cut
        await submit(journal, expected + 1)
        await journal.close()
        assert verify(file, journal.head).broken is None


@pytest.mark.parametrize("seed", range(20))
async def test_a_spoiled_log_gives_the_state_of_some_commit(tmp_path: Path, seed: int) -> None:
    """Turned bits in the log end it there: what is left is the state after one of the commits, never a mixture."""
    main, log, lengths = await recorded(tmp_path)
    chance = random.Random(seed)
    spoiled = bytearray(log)
    at = chance.randrange(len(log))
    spoiled[at] ^= 1 << chance.randrange(8)
    file = tmp_path / "j.sqlite"
    file.write_bytes(main)
    file.with_name("j.sqlite-wal").write_bytes(spoiled)
    journal = Journal.open(file)
    state = journal.load()
    await journal.close()
    assert not journal.set_aside
    assert holds(state, state.number)
    assert state.number >= sum(length <= at for length in lengths[1:])
