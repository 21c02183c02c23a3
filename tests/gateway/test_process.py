"""The gateway as a process: what it survives, and how it says why it does not start."""

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from community_help_gateway import app, options
from community_help_gateway.codecs.gb26875 import Command
from community_help_gateway.contract.messages import Resume, Snapshot, decode, encode
from community_help_gateway.errors import OptionsError
from community_help_gateway.simulators.transmitter import Part, Transmitter

SITE = (Path(__file__).parents[1] / "captures/sites/small.yaml").read_text("utf-8")
FLAT_201 = Part(zone=3, position=17)


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Knotted:
    """Something that can be watched."""


class Gateway:
    """A real gateway process in a folder."""

    def __init__(self, folder: Path) -> None:
        """Writes the site file; starts nothing."""
        self.folder, self.api, self.gb = folder, free_port(), free_port()
        self.site = folder / "site.yaml"
        self.site.write_text(SITE, "utf-8")
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; everything that it writes goes to one log."""
        command = [
            sys.executable,
            "-m",
            "community_help_gateway",
            "--data",
            str(self.folder / "data"),
            "--site",
            str(self.site),
            "--host",
            "127.0.0.1",
            "--api-port",
            str(self.api),
            "--gb26875-port",
            str(self.gb),
        ]
        with (self.folder / "log").open("ab") as log:
            self.child = subprocess.Popen(command, stdout=log, stderr=log)

    async def started(self) -> None:
        """Start and wait until it is healthy."""
        self.start()
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.api}/health") as answer:
                        assert answer.status == 200
                        return
                await asyncio.sleep(0.02)

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        assert self.child is not None
        return self.child.wait(20)

    def signal(self, number: int) -> None:
        """Send a signal."""
        assert self.child is not None
        self.child.send_signal(number)

    @property
    def log(self) -> str:
        """What it wrote."""
        return (self.folder / "log").read_text("utf-8")

    async def snapshot(self) -> Snapshot:
        """Everything, as a client sees it."""
        token = (self.folder / "data/token").read_text().strip()
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
            session.ws_connect(f"http://127.0.0.1:{self.api}/api/v1/stream") as stream,
        ):
            await stream.receive_json()
            await stream.send_json(encode(Resume("test", "Test")))
            found = decode(await stream.receive_json())
            assert isinstance(found, Snapshot)
            return found


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that is stopped at the end."""
    gateway = Gateway(tmp_path)
    yield gateway
    if gateway.child and gateway.child.poll() is None:
        gateway.child.kill()
        gateway.child.wait()


async def test_promise_1_a_confirmed_alarm_survives_kill_9(gateway: Gateway) -> None:
    """Promise 1: killed right after the confirmation, it still has the incident, once, and still pages it."""
    await gateway.started()
    device = await Transmitter.connect("127.0.0.1", gateway.gb, 4097)
    reply = await device.fire(FLAT_201)
    gateway.signal(signal.SIGKILL)
    gateway.ended()
    await device.close()
    assert reply.command == Command.CONFIRM
    await gateway.started()
    snapshot = await gateway.snapshot()
    assert [len(incident.members) for incident in snapshot.incidents] == [1]
    assert [page.incident.id for page in snapshot.pages] == [snapshot.incidents[0].id]
    assert snapshot.pages[0].answer_by > time.time()


async def test_it_stops_when_asked(gateway: Gateway) -> None:
    """SIGTERM ends it with code 0."""
    await gateway.started()
    gateway.signal(signal.SIGTERM)
    assert gateway.ended() == 0


async def test_no_collection_looks_through_the_site_again(tmp_path: Path) -> None:
    """After the start the site is out of Python's collections, and what was garbage by then is gone."""
    site = tmp_path / "site.yaml"
    site.write_text(SITE, "utf-8")
    ports = ["--host", "127.0.0.1", "--api-port", str(free_port()), "--gb26875-port", str(free_port())]
    knot: list[object] = []
    knot.append(knot)
    knot.append(Knotted())
    garbage = weakref.ref(knot[1])
    del knot
    try:
        async with app.Gateway(
            options.from_arguments(["--data", str(tmp_path), "--site", str(site), *ports])
        ).running() as hub:
            assert garbage() is None
            assert not any(item is hub.site for item in gc.get_objects())
    finally:
        gc.unfreeze()


async def test_a_wrong_site_file_stops_the_start_with_its_line(gateway: Gateway) -> None:
    """Exit code 3; file, line, what was expected."""
    gateway.site.write_text(SITE.replace("kind: smoke_alarm", "kind: kettle", 1), "utf-8")
    gateway.start()
    assert gateway.ended() == 3
    assert "site.yaml, line 12: devices.1.kind" in gateway.log
    assert "smoke_alarm" in gateway.log


async def test_a_running_gateway_keeps_the_previous_site_file(gateway: Gateway) -> None:
    """A wrong file is refused with its line, a mended one is used, and incidents are not touched by either."""
    await gateway.started()
    device = await Transmitter.connect("127.0.0.1", gateway.gb, 4097)
    await device.fire(FLAT_201)
    gateway.site.write_text(SITE.replace("version: 1", "version: 3"), "utf-8")
    gateway.signal(signal.SIGHUP)
    await said(gateway, "line 1: version: expected 1")
    assert len((await gateway.snapshot()).devices) == 3
    gateway.site.write_text(SITE.replace("id: f202", "id: f299"), "utf-8")
    gateway.signal(signal.SIGHUP)
    await said(gateway, "was read again")
    snapshot = await gateway.snapshot()
    assert {item.id for item in snapshot.devices} == {"uitd", "f201", "f299"}
    assert len(snapshot.incidents) == 1
    await device.close()


async def said(gateway: Gateway, text: str) -> None:
    """The log says so, soon."""
    async with asyncio.timeout(10):
        while text not in gateway.log:
            await asyncio.sleep(0.02)


async def test_a_port_in_use_is_named(gateway: Gateway) -> None:
    """Exit code 5."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", gateway.gb))
        other.listen()
        gateway.start()
        assert gateway.ended() == 5
    assert f"127.0.0.1:{gateway.gb}" in gateway.log


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file in its own way")
async def test_a_journal_that_cannot_be_opened_is_named(gateway: Gateway) -> None:
    """Exit code 4, with the file's name."""
    (gateway.folder / "data").mkdir()
    (gateway.folder / "data/journal.sqlite").mkdir()
    gateway.start()
    assert gateway.ended() == 4
    assert "journal.sqlite" in gateway.log


async def test_wrong_options_are_named(tmp_path: Path) -> None:
    """The Supervisor's options: file, option, what was expected."""
    file = tmp_path / "options.json"
    with pytest.raises(OptionsError, match=r"options.json"):
        options.from_supervisor(tmp_path, tmp_path)
    file.write_text(json.dumps({"log_level": "loud"}))
    with pytest.raises(OptionsError, match="log_level"):
        options.from_supervisor(tmp_path, tmp_path)
    file.write_text(json.dumps({"site_file": "../../etc/passwd"}))
    with pytest.raises(OptionsError, match="site_file"):
        options.from_supervisor(tmp_path, tmp_path)
    file.write_text("{}")
    assert options.from_supervisor(tmp_path, tmp_path).site == tmp_path / "site.yaml"
    with pytest.raises(SystemExit) as caught:
        options.from_arguments(["--api-port", "99999"])
    assert caught.value.code == 2
