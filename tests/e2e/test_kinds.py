"""Every kind of device that the gateway knows, in a real Home Assistant: there, named, and heard."""

import pytest

from community_help_gateway.model.kinds import DeviceKind
from tests.e2e import kinds
from tests.e2e.develop import Demo

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_the_demo_shows_every_kind_and_hears_each(demo: Demo) -> None:
    """A device with a model that people read, and nothing of it unavailable; each is in a picture of the documents."""
    found = await kinds.shown_by_kind(demo)
    wanted = {kind.value for kind in DeviceKind} | {"compound", "staff", "gateway"}
    assert set(found) == wanted
    assert {kind for names in kinds.DASHBOARDS.values() for kind in names} == wanted
    for kind, (device, entities) in found.items():
        assert device["model"], kind
        assert entities, kind
        states = {item: (await demo.hass.state(item))["state"] for item in entities}
        assert "unavailable" not in states.values(), f"{kind}: {states}"
