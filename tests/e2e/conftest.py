"""One demo, all its processes real, for the whole run of the end-to-end tests."""

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.develop import Demo
from tests.e2e.processes import ROOT

sys.path.insert(0, str(ROOT / "addon/src"))
"""The benchmark's devices speak with the gateway's own codecs, which need nothing that is not here."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """Gateway, field, Home Assistant and a phone, set up as a user would."""
    demo = Demo.at(tmp_path_factory.mktemp("demo"), fixed_ports=False)
    try:
        await demo.start()
        yield demo
    finally:
        await demo.stop()
