"""Shared by the gateway's tests: a small site, a clock that only tests move, a hub on a real journal file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from community_help_gateway.hub import Hub
from community_help_gateway.journal.store import Journal
from community_help_gateway.site import SiteFile, parse

SITE = (Path(__file__).parents[1] / "captures/sites/small.yaml").read_text("utf-8")


class FakeClock:
    """Wall and monotonic time that stand still until a test moves them."""

    def __init__(self) -> None:
        """2026-11-23 09:30:15 in China, when the built frames were sent."""
        self.wall_time = 1795397415.0
        self.monotonic_time = 1000.0

    def wall(self) -> float:
        """Epoch seconds."""
        return self.wall_time

    def monotonic(self) -> float:
        """Seconds since whenever."""
        return self.monotonic_time

    def pass_(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self.wall_time += seconds
        self.monotonic_time += seconds


@pytest.fixture
def clock() -> FakeClock:
    """A clock that only the test moves."""
    return FakeClock()


@pytest.fixture
def site_file() -> SiteFile:
    """Two compounds, one transmitter, two smoke alarms."""
    return parse(SITE, "site.yaml")


@pytest.fixture
async def hub(tmp_path: Path, site_file: SiteFile, clock: FakeClock) -> AsyncIterator[Hub]:
    """A hub on a real journal."""
    hub = Hub(Journal.open(tmp_path / "journal.sqlite"), site_file.site, clock)
    yield hub
    await hub.close()


def captured() -> dict[str, bytes]:
    """The frames of the capture file by name."""
    file = Path(__file__).parents[1] / "captures/gb26875/frames.txt"
    lines = [line.split() for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {name: bytes.fromhex(text) for name, text in lines}


@pytest.fixture(scope="session")
def frames() -> dict[str, bytes]:
    """The worked frames by name."""
    return captured()
