"""The thread that writes: a commit takes what arrived while the last one ran, and never waits for more."""

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import JournalError
from ..model.state import Change
from .database import FAILURES, DamageError, is_damage
from .disk import Disk
from .opening import Opened
from .retention import Retention
from .rows import Batch, Pending, Told

_LOGGER = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""How soon a failed write is tried again at the latest (project's choice)."""

SHORT_SECONDS = 0.1
"""A try that failed so fast is repeated for every batch that arrives; others only once a second, so that those
who wait are told at once (project's choice)."""

REBUILD_SECONDS = 5.0
"""How long the records are waited for when a damaged file is replaced; then the salvaged ones serve
(project's choice)."""

_SAY_AGAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Every record as it stood when the queue had come to here; None when nobody could say."""

    changes: tuple[Change, ...] | None


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A reader of the file with this epoch found it damaged."""

    epoch: str
    problem: str


@dataclass(frozen=True, slots=True)
class Renewal:
    """From here on another epoch counts: an older backup of the file was put in its place."""

    epoch: str


type Item = list[Batch] | Retention | Rebuilt | Suspicion | Renewal | None


class Writer:
    """Owns the file while it runs. ``ask`` is called on the loop with a new epoch and shall ``put`` a Rebuilt."""

    def __init__(self, file: Path, opened: Opened, ask: Callable[[str], None]) -> None:
        """Start the thread."""
        self.disk = Disk(file, opened, self._gather)
        self.pending = Pending()
        self.problem = opened.problem
        self._file = file
        self._ask = ask
        self._queue: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._retentions: list[Retention] = []
        self._answer: Rebuilt | None = None
        self._closing = False
        self._next_try = 0.0
        self._said_at = time.monotonic() if opened.problem else -_SAY_AGAIN_SECONDS
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, item: Item) -> None:
        """Hand something over, in order; None ends the thread after a last try."""
        self._queue.put(item)
        if not self._thread.is_alive():
            self._end()

    def join(self) -> None:
        """Wait for the thread's end."""
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing:
                self._collect()
                self._turn()
                self._retain()
        finally:
            self._end()

    def _collect(self) -> None:
        """Take everything that has arrived; waits for the first unless there is other work."""
        down = self.problem or self.pending
        timeout = 0.0 if self._retentions else RETRY_SECONDS if down else None
        with contextlib.suppress(queue.Empty):
            self._accept(self._queue.get(timeout=timeout) if timeout != 0.0 else self._queue.get_nowait())
            while True:
                self._accept(self._queue.get_nowait())

    def _accept(self, item: Item) -> None:
        match item:
            case list():
                for batch in item:
                    self.pending.add(batch)
            case Retention():
                self._retentions.append(item)
            case Rebuilt():
                self._answer = item
                if item.changes is not None:
                    self.pending.rebase(item.changes)
            case Suspicion():
                if item.epoch == self.disk.epoch and self.disk.connection:
                    self.disk.leave(DamageError("damaged", item.problem))
            case Renewal():
                self.pending.epoch = item.epoch
            case None:
                self._closing = True

    def _turn(self) -> None:
        """Write, or tell those who wait that it could not be done."""
        if self._closing and not self.pending and not self.pending.waiting:
            return  # the file may be another gateway's by now
        begun = time.monotonic()
        if self.problem and begun < self._next_try and not self._closing:
            self._settle(self.problem)
            return
        try:
            self.disk.write(self.pending)
        except (OSError, *FAILURES) as error:
            self._failed(str(error), begun)
        else:
            if self.problem:
                _LOGGER.warning("The journal %s is written again", self._file)
            self.problem, self._next_try = "", 0.0
        self._settle(self.problem)

    def _failed(self, problem: str, begun: float) -> None:
        now = time.monotonic()
        if problem != self.problem or now >= self._said_at + _SAY_AGAIN_SECONDS:
            _LOGGER.error("The journal %s cannot be written: %s. Free space or mend the disk", self._file, problem)
            self._said_at = now
        self.problem = problem
        self._next_try = begun if now - begun < SHORT_SECONDS else now + RETRY_SECONDS

    def _retain(self) -> None:
        """Delete one slice for the oldest request."""
        if not self._retentions:
            return
        request = self._retentions[0]
        try:
            if not self.problem and self.disk.delete(request):
                return
            problem = self.problem
        except FAILURES as error:
            problem = str(error)
            if is_damage(error):
                self.disk.leave(DamageError("damaged", problem))
        self._retentions.pop(0)
        self._call(settle, request.done, request.deleted, self._error(problem))

    def _gather(self, epoch: str) -> bool:
        """Ask for every record; the answer comes through the queue, so that the order is right."""
        self._answer = None
        self._call(self._ask, epoch)
        with contextlib.suppress(queue.Empty):
            while self._answer is None:
                self._accept(self._queue.get(timeout=REBUILD_SECONDS))
        return self._answer is not None and self._answer.changes is not None

    def _settle(self, problem: str) -> None:
        """Those who wait are told once; what they wait for stays pending."""
        if self.pending.waiting:
            self._call(_tell, self.pending.waiting, self._error(problem))
            self.pending.waiting = []

    def _end(self) -> None:
        """Nobody waits forever, and the file is closed."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._accept(self._queue.get_nowait())
        for request in self._retentions:
            self._call(settle, request.done, 0, self._error("is closed"))
        self.problem = self.problem or "is closed"
        self._settle(self.problem)
        self.disk.close()

    def _error(self, problem: str) -> JournalError | None:
        return JournalError(file=str(self._file), problem=problem) if problem else None

    def _call[*Arguments](self, function: Callable[[*Arguments], object], *arguments: *Arguments) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be gone when the process ends
            self._loop.call_soon_threadsafe(function, *arguments)


def _tell(waiting: Iterable[Told], error: JournalError | None) -> None:
    """One that fails keeps no other from being told."""
    for told in waiting:
        try:
            told(error)
        except Exception:
            _LOGGER.exception("Something that is on the disk could not be shown")


def settle[Result](future: asyncio.Future[Result], result: Result, error: JournalError | None) -> None:
    """End the wait for something."""
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
        future.exception()  # whoever waits sees it; nobody waiting is no error of its own
