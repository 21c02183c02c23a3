"""One demo, all its processes real, for the whole run of the end-to-end tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.develop import Demo


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """Gateway, field, Home Assistant and a phone, set up as a user would."""
    demo = Demo.at(tmp_path_factory.mktemp("demo"), fixed_ports=False)
    try:
        await demo.start()
        yield demo
    finally:
        await demo.stop()
