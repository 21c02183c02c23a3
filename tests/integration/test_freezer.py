"""Full garbage collections stay short: what has settled is left out of them, and looked through once a night."""

import gc
import weakref
from collections.abc import Iterator
from datetime import timedelta

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.community_help import freezer
from tests.integration.conftest import INCIDENT, FakeGateway, serving

FREEZE = ["unfreeze", "collect", "freeze"]


async def wait(hass: HomeAssistant, seconds: float) -> None:
    """So much time passes from now."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done()


async def test_what_has_settled_is_frozen_once(
    hass: HomeAssistant, loaded: MockConfigEntry, collections: list[str]
) -> None:
    """Ten seconds after the last entity came; later ones wait for the night."""
    assert not collections
    hass.states.async_set("sensor.late", "1")
    await wait(hass, freezer.LOOK_SECONDS + 1)
    assert not collections
    await wait(hass, 2 * freezer.LOOK_SECONDS + 2)
    assert collections == FREEZE
    hass.states.async_set("sensor.later", "1")
    await wait(hass, 100)
    assert collections == FREEZE


async def test_a_start_is_waited_for(hass: HomeAssistant, entry: MockConfigEntry, collections: list[str]) -> None:
    """Other integrations still bring their entities."""
    hass.set_state(CoreState.starting)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait(hass, 60)
    assert not collections
    hass.set_state(CoreState.running)
    hass.bus.async_fire_internal("homeassistant_started")
    await hass.async_block_till_done()
    await wait(hass, freezer.LOOK_SECONDS + 1)
    assert collections == FREEZE


@pytest.mark.parametrize(("open_incidents", "frozen"), [((), FREEZE), ((INCIDENT,), [])])
async def test_it_is_looked_through_at_night_unless_something_is_open(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    collections: list[str],
    time_machine: FrozenDateTimeFactory,
    open_incidents: tuple[object, ...],
    frozen: list[str],
) -> None:
    """A full collection takes half a second, which a page would wait."""
    gateway.incidents = open_incidents
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    for looks in (1, 2):
        await wait(hass, looks * (freezer.LOOK_SECONDS + 1))
    assert collections == FREEZE
    collections.clear()
    night = dt_util.now().replace(hour=freezer.HOUR, minute=freezer.MINUTE, second=0, microsecond=0) + timedelta(days=1)
    time_machine.move_to(night)
    async_fire_time_changed(hass, night)
    await hass.async_block_till_done()
    assert collections == frozen


async def test_nothing_stays_frozen_without_a_gateway(
    hass: HomeAssistant, loaded: MockConfigEntry, collections: list[str]
) -> None:
    """The last one that is unloaded ends it; one that was removed before it froze freezes nothing."""
    async with serving() as other:
        data = {**loaded.data, "port": other.port}
        second = MockConfigEntry(domain="community_help", unique_id="other", title="Other", data=data)
        second.add_to_hass(hass)
        assert await hass.config_entries.async_setup(second.entry_id)
        assert await hass.config_entries.async_unload(loaded.entry_id)
        assert not collections
        assert await hass.config_entries.async_unload(second.entry_id)
    assert collections == ["unfreeze"]
    await wait(hass, 60)
    assert collections == ["unfreeze"]


@pytest.fixture
def time_machine() -> Iterator[FrozenDateTimeFactory]:
    """Moves the clock; the library's own name for it is this module's."""
    with freeze_time() as factory:
        yield factory


class Knot:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        """Holds itself."""
        self.itself = self


@pytest.fixture
def _thawed() -> Iterator[None]:
    """Later tests have their usual collections."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_thawed")
def test_garbage_goes_and_the_rest_is_left_out_of_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own collector, as it is."""
    monkeypatch.setattr(freezer, "gc", gc)
    garbage, kept = weakref.ref(Knot()), Knot()
    freezer.freeze()
    assert garbage() is None
    assert not any(item is kept for item in gc.get_objects())
    freezer.freeze()
    held, kept = weakref.ref(kept), Knot()
    gc.collect()
    assert held() is not None
    freezer.freeze()
    assert held() is None
