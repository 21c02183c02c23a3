"""One recorded life of a gateway, for all tests here."""

import asyncio
from pathlib import Path

import pytest

from tests.gateway.powercut.life import Life, live
from tests.gateway.powercut.trace import compiled


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled recorder."""
    return compiled(tmp_path_factory.mktemp("recorder"))


@pytest.fixture(scope="session")
def life(recorder: Path, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A gateway's life, recorded."""
    return asyncio.run(live(tmp_path_factory.mktemp("life"), recorder))
