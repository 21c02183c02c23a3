"""Processes in a fraction of a second: one that has imported the libraries forks, and each fork imports the gateway.

A fork gets its own environment before it imports anything of the gateway, so that it is what a new process is.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[3]


class Nursery:
    """Starts children, and says how they ended."""

    def __init__(self) -> None:
        """Use ``open``."""
        self._mother: asyncio.subprocess.Process | None = None
        self._born: asyncio.Queue[int] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._turn = asyncio.Lock()
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start the process that forks."""
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'addon/src'}:{ROOT}"}
        self._mother = await asyncio.create_subprocess_exec(
            sys.executable, __file__, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it; children that still run are killed."""
        for pid, end in self._ends.items():
            if not end.done():
                os.kill(pid, signal.SIGKILL)
        assert self._mother
        assert self._mother.stdin
        assert self._listener
        self._mother.stdin.close()
        await self._mother.wait()
        await self._listener

    async def start(
        self, environment: dict[str, str], log: Path, *arguments: object
    ) -> tuple[int, asyncio.Future[int]]:
        """A child that runs ``child.main`` with these arguments: its pid, and the return code of its end."""
        assert self._mother
        assert self._mother.stdin
        async with self._turn:
            order = json.dumps([environment, str(log), arguments], default=str)
            self._mother.stdin.write(f"{order}\n".encode())
            pid = await self._born.get()
        return pid, self._ends[pid]

    async def _listen(self) -> None:
        assert self._mother
        assert self._mother.stdout
        while line := (await self._mother.stdout.readline()).split():
            word, pid = line[0], int(line[1])
            if word == b"born":
                self._ends.setdefault(pid, asyncio.get_running_loop().create_future())
                self._born.put_nowait(pid)
            else:
                end = self._ends.setdefault(pid, asyncio.get_running_loop().create_future())
                end.set_result(os.waitstatus_to_exitcode(int(line[2])))


def _bury(*_: object) -> None:
    """Report who has ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            os.write(1, f"ended {pid} {status}\n".encode())


def _live(environment: dict[str, str], log: str, arguments: list[Any]) -> None:
    """Be a child."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(file, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(environment)
    try:
        from tests.gateway.killing.child import main

        folder, site, wall, ports = arguments
        main(Path(folder), Path(site), wall, tuple(ports))
    except BaseException:  # noqa: BLE001 - a fork ends here, whatever happened, and says it in its log
        traceback.print_exc()
    finally:
        os._exit(70)


def main() -> None:
    """Fork for every line."""
    import aiohttp.web
    import msgspec
    import pymodbus.client
    import voluptuous
    import yaml
    import zeroconf.asyncio

    assert all((aiohttp, msgspec, pymodbus, voluptuous, yaml, zeroconf))
    signal.signal(signal.SIGCHLD, _bury)
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if not pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            _live(*json.loads(line))
        os.write(1, f"born {pid}\n".encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


if __name__ == "__main__":
    main()
