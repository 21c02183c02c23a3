"""The journal: durable, ordered, and never a reason not to start or not to page (promise 13).

SQLite in WAL mode with ``synchronous=FULL``: a commit has reached the disk before its future is done, so a
power cut right after loses nothing that was confirmed. What could not be written is kept and written first.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ..errors import JournalError
from ..model.state import Change, Event, State
from . import reading
from .aside import SetAside
from .chain import Head
from .database import COMMANDS_KEPT, FAILURES, Contents, code_of, is_damage, new_epoch, read, read_only
from .health import JournalHealth, file_bytes, free_bytes
from .opening import Opened, open_file
from .retention import Retention
from .rows import Batch, Command, Told, clean, keyed
from .writer import Item, Rebuilt, Renewal, Suspicion, Writer, settle

__all__ = ["COMMANDS_KEPT", "Journal", "Rebuild"]
_LOGGER = logging.getLogger(__name__)
type Rebuild = Callable[[], tuple[Change, ...]]


class Journal:
    """One journal. Create with ``open``; what is not ``async`` returns at once.

    ``rebuild`` gives a Put of every record that there is. It is called on the loop when a new file has to take the
    place of one that was lost while running; ``epoch`` is the new one by then.
    """

    def __init__(self, file: Path, opened: Opened, rebuild: Rebuild | None = None) -> None:
        """Use ``Journal.open``."""
        self.epoch = opened.contents.epoch
        self.file = file
        self.rebuild = rebuild
        self._start = opened.contents
        self._together: list[Batch] = []
        self._writer = Writer(file, opened, self._ask)

    @classmethod
    def open(cls, file: Path, rebuild: Rebuild | None = None) -> Journal:
        """Open or create, whatever is found; raises JournalError only for a folder in the file's place.

        A file that is damaged, from a newer version, or no journal is kept beside the new one, see ``set_aside``.
        When nothing can be written, the journal begins in memory: see ``check``.
        """
        opened = open_file(file)
        if opened.set_aside:
            _LOGGER.error("%s. Points are unknown until heard", opened.set_aside.remedy)
        if opened.problem:
            _LOGGER.error("The journal %s cannot be written: %s. Free space or mend the disk", file, opened.problem)
        return cls(file, opened, rebuild)

    @property
    def set_aside(self) -> SetAside | None:
        """What became of the last file that could not be used."""
        return self._writer.disk.set_aside

    @property
    def head(self) -> Head:
        """The last entry that is on the disk: to be kept elsewhere too, see ``chain.verify``."""
        return self._writer.disk.head

    @property
    def commits(self) -> int:
        """Transactions since the start."""
        return self._writer.disk.commits

    @property
    def _connection(self) -> sqlite3.Connection | None:
        return self._writer.disk.connection

    def load(self) -> State:
        """Everything as it stood after the last commit."""
        contents = self._contents()
        state = State(contents.epoch)
        state.apply(contents.records, contents.head.number)
        return state

    def commands(self) -> dict[str, str]:
        """The outcomes of the newest commands by key, oldest first."""
        return {command.key: command.outcome for command in self._contents().commands}

    def submit(
        self,
        events: Sequence[Event],
        changes: Sequence[Change],
        command: tuple[str, float, str] | None = None,
        show: Told | None = None,
    ) -> asyncio.Future[None]:
        """Write in the order of the calls; the future is done once it is on the disk, or fails with JournalError.

        ``show`` is called right before, without a turn of the loop in between: in a storm one takes ten milliseconds.
        Nothing to write is a barrier: its future is done when all that came before is on the disk.
        What is submitted in one turn of the loop is handed over together, so that how many commits a storm costs does
        not depend on how soon the writing thread is let in.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        answer = Command(clean(command[0]), *command[1:]) if command else None
        if not self._together:
            loop.call_soon(self._hand_over)

        def told(error: JournalError | None) -> None:
            try:
                if show:
                    show(error)
            finally:
                settle(done, None, error)

        self._together.append(Batch(events, [keyed(change) for change in changes], answer, told))
        return done

    async def history(self, after: int, limit: int) -> list[Event]:
        """Incident events with a number above ``after``, oldest first, at most ``limit``."""
        return await self._read(lambda: reading.history(self.file, after, limit))

    async def timeline(self, incident: str, limit: int) -> list[Event]:
        """What concerns an incident, oldest first, at most ``limit``."""
        return await self._read(lambda: reading.timeline(self.file, incident, limit))

    async def between(
        self, start: float, end: float, kinds: Collection[str], after_number: int, limit: int
    ) -> list[Event]:
        """Entries of a time, of these kinds or of all, above a number: the last one's number gives the next page."""
        return await self._read(lambda: reading.between(self.file, start, end, kinds, after_number, limit))

    async def retain(self, before: float, keep_from: int) -> int:
        """Delete entries older than ``before`` with a number below ``keep_from``; how many. Raises JournalError.

        Commands older than ``before`` go too. Alarms are written between the slices.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._put(Retention(before, keep_from, done))
        return await done

    def renew(self) -> str:
        """Begin another epoch, in order with what was submitted; it is on the disk with the next commit. The epoch."""
        self.epoch = new_epoch()
        self._put(Renewal(self.epoch))
        return self.epoch

    def check(self) -> JournalHealth:
        """How the journal is."""
        disk, pending = self._writer.disk, self._writer.pending
        problem = self._writer.problem
        free, size = free_bytes(self.file), file_bytes(self.file)
        return JournalHealth(not problem, problem, free, size, disk.commits, disk.entries, len(pending.rows))

    async def close(self) -> None:
        """Write what is left and close the file."""
        self._put(None)
        await asyncio.to_thread(self._writer.join)

    def _put(self, item: Item) -> None:
        """Hand something to the writer behind all that was submitted."""
        self._hand_over()
        self._writer.put(item)

    def _hand_over(self) -> None:
        together, self._together = self._together, []
        if together:
            self._writer.put(together)

    def _contents(self) -> Contents:
        if not self._connection:
            return self._start
        with contextlib.closing(read_only(self.file)) as reader:
            return read(reader)

    async def _read(self, ask: Callable[[], list[Event]]) -> list[Event]:
        """Ask in a worker thread; nothing when there is no file yet. Damage found is told to the writer."""
        epoch = self.epoch
        try:
            return await asyncio.to_thread(ask)
        except FAILURES as error:
            if is_damage(error):
                self._put(Suspicion(epoch, str(error)))
            elif code_of(error) == sqlite3.SQLITE_CANTOPEN:
                return []
            raise JournalError(file=str(self.file), problem=f"cannot be read ({error})") from error

    def _ask(self, epoch: str) -> None:
        """Runs on the loop: the epoch is seen first, then every record is asked for."""
        self.epoch = epoch
        changes = None
        try:
            changes = self.rebuild() if self.rebuild else None
        finally:
            self._put(Rebuilt(changes))
