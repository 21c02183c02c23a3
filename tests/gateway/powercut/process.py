"""The gateway as a process, and a client of its stream."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from community_help_gateway.contract.commands import Acknowledge
from community_help_gateway.contract.messages import Changes, Command, Outcome, Resume, Snapshot, decode, encode
from community_help_gateway.contract.values import Incident, Person, Way
from tests.gateway.powercut.street import site

ZHANG = Person("zhang", "张三")


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Gateway:
    """A real gateway process on a data folder that exists already."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        """``environment`` is what it gets besides the machine's own."""
        self.data, self.api, self.gb = data, free_port(), free_port()
        self._environment = {**os.environ, **environment}
        self._site = data.parent / f"{data.name}.yaml"
        self._site.write_text(site(), "utf-8")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[subprocess.Popen[bytes]]:
        """Start it, wait until it is healthy; it is ended by SIGTERM unless it has ended already."""
        command = [sys.executable, "-m", "community_help_gateway", "--host", "127.0.0.1"]
        command += ["--data", str(self.data), "--site", str(self._site)]
        command += ["--api-port", str(self.api), "--gb26875-port", str(self.gb)]
        with self._site.with_suffix(".log").open("ab") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment)
        try:
            await self._healthy(child)
            yield child
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                await asyncio.to_thread(child.wait, 20)
        finally:
            child.kill()
            child.wait()

    async def _healthy(self, child: subprocess.Popen[bytes]) -> None:
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while True:
                assert child.poll() is None, self._site.with_suffix(".log").read_text("utf-8")
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.api}/health") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.02)

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """A client that has its snapshot."""
        token = (self.data / "token").read_text().strip()
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
            session.ws_connect(f"http://127.0.0.1:{self.api}/api/v1/stream") as stream,
        ):
            client = Client(stream)
            await stream.send_json(encode(Resume("test", "Test")))
            while not client.complete:
                await client.receive()
            yield client


class Client:
    """Follows the stream and takes incidents for Zhang San."""

    def __init__(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        """Connected already."""
        self.incidents: dict[str, Incident] = {}
        self.points: set[str] = set()
        self.complete = False
        self._stream = stream
        self._outcomes: dict[str, Outcome] = {}

    async def receive(self) -> None:
        """Take in one message."""
        message = decode(await self._stream.receive_json(timeout=20))
        if isinstance(message, Outcome):
            self._outcomes[message.key] = message
        elif isinstance(message, Snapshot):
            self._note(message.incidents)
            self.complete = message.part == message.parts
        elif isinstance(message, Changes):
            self._note(tuple(event.incident for event in message.events))

    def _note(self, incidents: tuple[Incident, ...]) -> None:
        self.incidents.update({incident.id: incident for incident in incidents})
        self.points |= {member.point for incident in incidents for member in incident.members}

    async def take_all(self, points: set[str]) -> None:
        """Wait until each of ``points`` is in an incident, then take all incidents that are not answered, at once."""
        while not points <= self.points:
            await self.receive()
        keys = []
        for incident in self.incidents.values():
            if not incident.answered:
                keys.append(f"{incident.id}.{incident.revision}")
                body = Acknowledge(incident.id, incident.revision, ZHANG, Way.BUTTON, time.time())
                await self._stream.send_json(encode(Command(keys[-1], body)))
        while not self._outcomes.keys() >= set(keys):
            await self.receive()
        assert all(self._outcomes[key].ok for key in keys)
