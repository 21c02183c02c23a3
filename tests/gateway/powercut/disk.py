"""A model of a disk that loses power: what is on it for sure, and what may be.

Pessimistic where POSIX leaves it open:

* what was written to a file before an fsync or fdatasync of it began is on the disk once that sync has returned;
* of what came later each write and each truncation may be there or not, independently and in spite of their order,
  and a write may be torn: any of the 512-byte sectors that it touches may be there without the others;
* a file's name (made, renamed, removed) is sure only after a sync of its folder. A sync of the file alone is not
  taken as enough, though ext4 would do more: SQLite syncs the folder itself when it first syncs a new journal or WAL;
* bytes beside a torn write are not harmed (SQLite assumes as much: https://www.sqlite.org/psow.html).

The WAL index (``-shm``) is a mapped file that SQLite makes anew after a power cut; its content is rubbish here.
"""

from dataclasses import dataclass, field
from pathlib import Path

from tests.gateway.powercut.luck import Luck
from tests.gateway.powercut.trace import Kind, Record

INDEX = "-shm"


class NotUnderstoodError(Exception):
    """The process did something that this model cannot follow; a verdict would be worth nothing."""


@dataclass(slots=True, eq=False)
class File:
    """``sure`` is on the disk; ``unsure`` are writes (where, what) and truncations (to where, None) after that."""

    sure: bytearray = field(default_factory=bytearray)
    unsure: list[tuple[int, bytes | None]] = field(default_factory=list)
    settled: int = 0

    @property
    def mark(self) -> int:
        """How many writes and truncations there were."""
        return self.settled + len(self.unsure)

    def settle(self, mark: int) -> None:
        """The first ``mark`` of all writes and truncations are on the disk."""
        for _ in range(self.settled, mark):
            _alter(self.sure, *self.unsure.pop(0))
        self.settled = max(self.settled, mark)

    def content(self, luck: Luck) -> bytearray:
        """What the disk may hold."""
        data = bytearray(self.sure)
        for at, what in self.unsure:
            if what is None and luck.kept():
                _alter(data, at, None)
            elif what is not None:
                for start, end in luck.sectors(at, at + len(what)):
                    _alter(data, start, what[start - at : end - at])
        return data


def _alter(data: bytearray, at: int, what: bytes | None) -> None:
    """Write, or cut off; what lies between the old end and the place is zeros."""
    end = at if what is None else at + len(what)
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    if what is None:
        del data[at:]
    else:
        data[at:end] = what


@dataclass(frozen=True, slots=True, eq=False)
class _Naming:
    """A change of a name: ``new`` now means ``file``, or ``old`` means nothing any more."""

    old: str
    new: str
    file: File | None

    def within(self, folder: str) -> bool:
        """Whether a sync of ``folder`` settles it."""
        return _folder(self.new or self.old) == folder

    def apply(self, names: dict[str, File]) -> None:
        """Carry it out."""
        file = names.pop(self.old, None) or self.file
        if self.new and file:
            names[self.new] = file


def _folder(name: str) -> str:
    return name[: name.rfind("/") + 1]


class Disk:
    """Follows a trace record by record; at any time it can be asked for an image."""

    def __init__(self) -> None:
        """An empty folder."""
        self.files: dict[str, File] = {}
        self.names: dict[int, str] = {}
        self._sure: dict[str, File] = {}
        self._unsure: list[_Naming] = []
        self._open: dict[int, File | str] = {}
        self._syncs: dict[int, int | list[_Naming]] = {}

    def apply(self, record: Record) -> None:
        """Follow one record; raises NotUnderstoodError."""
        match record.kind:
            case Kind.START:
                self._open, self.names, self._syncs = {}, {}, {}
            case Kind.OPEN | Kind.CREATE:
                self._opened(record)
            case Kind.CLOSE:
                self._open.pop(record.fd, None)
                self.names.pop(record.fd, None)
            case Kind.WRITE | Kind.TRUNCATE:
                what = record.data if record.kind is Kind.WRITE else None
                self._file(record).unsure.append((record.offset, what))
            case Kind.SYNC_BEGIN | Kind.SYNC_END:
                self._synced(record, self._open[record.fd])
            case Kind.UNLINK | Kind.RENAME:
                old, _, new = record.name.partition("\0")
                self._rename(old, new, record)
            case Kind.MAPPED if not self.names[record.fd].endswith(INDEX):
                raise NotUnderstoodError(self.names[record.fd])
            case Kind.OTHER:
                raise NotUnderstoodError(record.name)

    def image(self, luck: Luck) -> dict[str, bytes]:
        """What may be on the disk if the power went now."""
        names = dict(self._sure)
        for change in self._unsure:
            if luck.kept():
                change.apply(names)
        return {
            name: luck.random.randbytes(4096) if name.endswith(INDEX) else bytes(file.content(luck))
            for name, file in names.items()
        }

    def _opened(self, record: Record) -> None:
        if record.kind is Kind.CREATE:
            self.files[record.name] = File()
            self._unsure.append(_Naming("", record.name, self.files[record.name]))
        folder = record.name and f"{record.name}/"
        self._open[record.fd] = self.files.get(record.name, folder)  # what is no file is a folder
        self.names[record.fd] = record.name

    def _file(self, record: Record) -> File:
        found = self._open[record.fd]
        if isinstance(found, str):
            raise NotUnderstoodError(found)
        return found

    def _synced(self, record: Record, what: File | str) -> None:
        if record.kind is Kind.SYNC_BEGIN:
            self._syncs[record.offset] = what.mark if isinstance(what, File) else list(self._unsure)
            return
        began = self._syncs.pop(record.offset)
        if isinstance(what, File) and isinstance(began, int):
            what.settle(began)
        elif isinstance(what, str) and isinstance(began, list):
            for change in began:
                if change in self._unsure and change.within(what):
                    change.apply(self._sure)
                    self._unsure.remove(change)

    def _rename(self, old: str, new: str, record: Record) -> None:
        file = self.files.pop(old, None)
        if file is None or (record.kind is Kind.RENAME and (record.offset or not new or _folder(old) != _folder(new))):
            raise NotUnderstoodError(record.name)
        self._unsure.append(_Naming(old, new, file))
        if new:
            self.files[new] = file


def lay_out(image: dict[str, bytes], folder: Path) -> Path:
    """Write an image into a new folder."""
    folder.mkdir(parents=True)
    for name, content in image.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
