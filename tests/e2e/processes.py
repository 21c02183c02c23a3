"""Real processes under control: the gateway and the demo field, with deadlines and readable failures."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
GATEWAY_PYTHON = ROOT / ".work/envs/gateway/bin/python"
TAIL_LINES = 40


def free_port() -> int:
    """A TCP port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One child process that writes a log file. ``stopped``: whether it has come to a proper end at least once."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        """Nothing runs before ``start``."""
        self.name = name
        self.arguments = command
        self.log = log
        self.stopped = False
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output is appended to the log."""
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self.arguments,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process id; 0 before the first start."""
        return self._child.pid if self._child else 0

    @property
    def exit_code(self) -> int | None:
        """Its exit code once it has ended."""
        return self._child.poll() if self._child else None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, as a power cut would be for the process."""
        self.signal(signal.SIGKILL)
        if self._child:
            self._child.wait()

    async def stop(self, seconds: float = 30) -> None:
        """SIGTERM, and SIGKILL when that is not heard in time."""
        self.signal(signal.SIGTERM)
        try:
            await self.wait_for(lambda: not self.running, seconds, "the end")
            self.stopped = True
        except TimeoutError:
            self.kill()

    def write(self, line: str) -> None:
        """Write a line to its standard input."""
        if self._child and self._child.stdin:
            self._child.stdin.write(f"{line}\n".encode())
            self._child.stdin.flush()

    def text(self) -> str:
        """All that it wrote."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def tail(self) -> str:
        """The last lines that it wrote."""
        return "\n".join(self.text().splitlines()[-TAIL_LINES:])

    async def wait_for(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until ``condition`` holds; the failure says what was awaited and shows the log's end."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                message = f"{self.name}: waited {seconds} s for {what}. Its log ends:\n{self.tail()}"
                raise TimeoutError(message)
            await asyncio.sleep(0.05)


class GatewayProcess(Process):
    """The real gateway."""

    def __init__(
        self,
        folder: Path,
        site: Path,
        *,
        api_port: int = 0,
        gb_port: int = 0,
        name: str = "Demo",
        announced: bool = False,
    ) -> None:
        """``folder`` holds its data and its log. ``announced``: in the network, as a gateway on its own machine is."""
        self.api_port = api_port or free_port()
        self.gb_port = gb_port or free_port()
        self.data = folder / "gateway"
        command = [
            str(GATEWAY_PYTHON),
            "-m",
            "community_help_gateway",
            "--data",
            str(self.data),
            "--site",
            str(site),
            "--host",
            "0.0.0.0" if announced else "127.0.0.1",
            "--api-port",
            str(self.api_port),
            "--gb26875-port",
            str(self.gb_port),
            "--name",
            name,
            "--pairing",
            *(["--zeroconf"] if announced else []),
        ]
        super().__init__("gateway", command, folder / "gateway.log")

    @property
    def token(self) -> str:
        """The token that the gateway made."""
        return (self.data / "token").read_text("ascii").strip()

    @property
    def pairing_code(self) -> str:
        """The newest pairing code that it showed."""
        lines = [line for line in self.text().splitlines() if "Pairing code" in line]
        return lines[-1].rpartition(":")[2].strip()

    async def ready(self, seconds: float = 20) -> Self:
        """Wait until it says that it is healthy."""
        deadline = time.monotonic() + seconds
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline and self.running:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.api_port}/health") as answer:
                        if answer.status == 200:
                            return self
                await asyncio.sleep(0.05)
        message = f"gateway: not healthy after {seconds} s (exit code {self.exit_code}). Its log ends:\n{self.tail()}"
        raise TimeoutError(message)


class FieldProcess(Process):
    """The demo compound's field devices."""

    def __init__(self, folder: Path, gb_port: int, site: Path, modbus_port: int = 0) -> None:
        """Writes the demo's site file to ``site`` when it starts."""
        command = [
            str(GATEWAY_PYTHON),
            "-m",
            "community_help_gateway.simulators.demo",
            str(gb_port),
            "--modbus-port",
            str(modbus_port),
            "--write-site",
            str(site),
        ]
        super().__init__("field", command, folder / "field.log")

    async def listening(self) -> None:
        """Wait until its Modbus devices can be reached and the site file is written."""
        self.log.unlink(missing_ok=True)
        self.start()
        await self.wait_for(lambda: "modbus " in self.text(), 20, "its Modbus port")

    async def reported(self) -> None:
        """Wait until the transmitter has told the gateway about every flat."""
        await self.wait_for(lambda: "ready" in self.text(), 30, "the transmitter's first report")

    async def command(self, line: str) -> str:
        """Give one command and wait for its one line of answer."""
        before = len(self.text().splitlines())
        self.write(line)
        await self.wait_for(lambda: len(self.text().splitlines()) > before, 45, f"the answer to '{line}'")
        return self.text().splitlines()[before]
