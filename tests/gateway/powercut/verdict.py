"""The judge: what was told, held against what is on the disk."""

import shutil
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.gateway.powercut.disk import Disk, lay_out
from tests.gateway.powercut.kept import JOURNAL, WAL, Kept, read
from tests.gateway.powercut.luck import EVERYTHING, NOTHING, Luck
from tests.gateway.powercut.told import Confirmation, Message, Told, told
from tests.gateway.powercut.trace import Kind, Record

FRAME_HEAD = 24
"""Bytes before a page in the WAL; number 4 to 7 are not zero in a commit's last frame (SQLite file format, 4.1)."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a device said in the frame with this serial: the ``word``-th change of ``point``, in its ``episode``."""

    serial: int
    point: str
    word: int
    episode: int
    alarm: bool


class Ledger:
    """What the journal held, commit by commit: in the page cache, and on the disk for sure."""

    def __init__(self, records: Sequence[Record], folder: Path) -> None:
        """Follow the whole trace; ``folder`` is for images."""
        self.written: list[tuple[int, Kept]] = [(-1, Kept())]
        self.sure: list[tuple[int, Kept]] = [(-1, Kept())]
        self.told = told(records)
        self._folder = folder
        disk, last = Disk(), False
        for at, record in enumerate(records):
            disk.apply(record)
            name = disk.names.get(record.fd, "")
            if name == WAL and record.kind is Kind.WRITE:
                if last and len(record.data) > FRAME_HEAD:
                    self.written.append((at, self._read(disk, EVERYTHING)))
                last = len(record.data) == FRAME_HEAD and any(record.data[4:8])
            elif name in (JOURNAL, WAL) and record.kind is Kind.SYNC_END:
                self.sure.append((at, self._read(disk, NOTHING)))

    def _read(self, disk: Disk, luck: Luck) -> Kept:
        return kept_on(disk, luck, self._folder / "image")

    @property
    def last(self) -> Kept:
        """What the journal held in the end."""
        return self.written[-1][1]

    def sure_before(self, at: int) -> Kept:
        """What was on the disk for sure when record ``at`` came."""
        return self.sure[bisect_left(self.sure, at, key=lambda item: item[0]) - 1][1]

    def possible_before(self, at: int) -> list[Kept]:
        """What a cut before record ``at`` may leave: the last sure commit, or any that was written after it."""
        written = [kept for when, kept in self.written if when < at]
        sure = [index for index, kept in enumerate(written) if kept.digest == self.sure_before(at).digest]
        return written[sure[-1] :] if sure else []

    def told_before(self, at: int) -> list[Told]:
        """What the field and the clients know."""
        return [item for item in self.told if item.at < at]


def kept_on(disk: Disk, luck: Luck, folder: Path) -> Kept:
    """What the journal holds if the power goes now; ``folder`` is made and removed."""
    try:
        return read(lay_out(disk.image(luck), folder))
    finally:
        shutil.rmtree(folder)


def forgotten(items: Iterable[Told], said: dict[int, Said], kept: Kept) -> list[str]:
    """What was told and is not in the journal."""
    found: list[str] = []
    for item in items:
        if isinstance(item, Confirmation):
            found += _unconfirmable(said[item.serial], kept)
        else:
            found += _unpublishable(item, kept)
    return found


def _unconfirmable(word: Said, kept: Kept) -> list[str]:
    found = []
    if kept.words[word.point] < word.word:
        found.append(f"frame {word.serial} was confirmed, but change {word.word} of {word.point} is not in the record")
    if kept.episodes[word.point] < word.episode:
        found.append(f"frame {word.serial} was confirmed, but alarm {word.episode} of {word.point} is in no incident")
    return found


def _unpublishable(message: Message, kept: Kept) -> list[str]:
    body = message.body
    if body["type"] == "outcome":
        known = body["key"] in kept.commands or not body["ok"]
        return [] if known else [f"command {body['key']} was answered, but is not in the journal"]
    number = (body.get("cursor") or {}).get("number", 0)
    found = [f"a {body['type']} was sent up to {number}, the journal has {kept.last}"] if number > kept.last else []
    for event in (*body.get("events", ()), *body.get("missed", ())):
        if kept.kinds.get(event["number"]) != event["kind"]:
            found.append(f"{event['kind']} {event['number']} was published, but is not in the journal")
        elif event["kind"] == "acknowledged" and event["incident"]["id"] not in kept.acknowledged:
            found.append(f"incident {event['incident']['id']} was shown as taken, but is not in the journal")
    return found


def doubled(kept: Kept, said: dict[int, Said]) -> list[str]:
    """Alarms that the journal has more often than the devices said them."""
    episodes: Counter[str] = Counter()
    for word in said.values():
        episodes[word.point] = max(episodes[word.point], word.episode)
    return [
        f"{point} has {count} alarms, its device told {episodes[point]}"
        for point, count in kept.episodes.items()
        if count > episodes[point]
    ]


def told_too_early(ledger: Ledger, said: dict[int, Said]) -> list[str]:
    """What was told before it was on the disk for sure."""
    return [text for item in ledger.told for text in forgotten([item], said, ledger.sure_before(item.at))]
