"""Adopted entities: what they say reaches the gateway, once and in order; silence is silence; edits need no reload."""

import asyncio
import itertools
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Context, CoreState, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.adopted import AdoptedEntity, adopted_entities, said
from custom_components.community_help.contract import commands, messages, values
from tests.integration.conftest import FakeGateway, Settle, eventually, later

KITCHEN = "binary_sensor.kitchen"


@pytest.fixture(autouse=True)
def kitchen(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> er.RegistryEntry:
    """A smoke alarm of another integration. Minutes pass at once, which no connection's heartbeat outlives."""
    monkeypatch.setattr("custom_components.community_help.client.HEARTBEAT_SECONDS", 1e9)
    found = er.async_get(hass).async_get_or_create("binary_sensor", "zha", "1", suggested_object_id="kitchen")
    hass.states.async_set(KITCHEN, "off")
    return found


def adopt(hass: HomeAssistant, entry: MockConfigEntry, entity: str, kind: str = "smoke", **more: Any) -> AdoptedEntity:
    """Adopt an entity, as the form keeps it."""
    registered = er.async_get(hass).async_get(entity)
    data = {"name": entity, "entity": registered.id if registered else entity, "kind": kind, "compound": "bay", **more}
    subentry = ConfigSubentry(data=MappingProxyType(data), subentry_type="adopted", title=entity, unique_id=None)
    hass.config_entries.async_add_subentry(entry, subentry)
    return next(item for item in adopted_entities(entry) if item.id == subentry.subentry_id)


class Heard:
    """What the gateway heard of one adopted entity."""

    def __init__(self, hass: HomeAssistant, gateway: FakeGateway, item: AdoptedEntity) -> None:
        """From the beginning."""
        self._hass, self._gateway, self._item = hass, gateway, item

    @property
    def words(self) -> list[str]:
        """On, off, silent, or the value, in their order."""
        return [_word(state) for state in self.states]

    @property
    def states(self) -> list[commands.AdoptedState]:
        """All that was said."""
        bodies = self._gateway.bodies(commands.ReportAdopted)
        return [state for body in bodies for state in body.states if state.device == self._item.device]

    async def until(self, *words: str) -> None:
        """Wait until these are the last words."""
        await eventually(self._hass, lambda: self.words[-len(words) :] == list(words))


def _word(state: commands.AdoptedState) -> str:
    if state.silent:
        return "silent"
    on = state.on if state.alarm is None else state.alarm
    return str(state.value) if on is None else "on" if on else "off"


@pytest.fixture
async def heard(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle) -> Heard:
    """The kitchen's smoke alarm is adopted, and was heard for the first time."""
    await settle(lambda: loaded.runtime_data.fence == 1)
    heard = Heard(hass, gateway, adopt(hass, loaded, KITCHEN, building="1号楼", floor="2", flat="201"))
    await heard.until("off")
    return heard


async def after(hass: HomeAssistant, seconds: float) -> None:
    """So much time has passed; what was under way when it began was answered."""
    await asyncio.sleep(0.05)
    await later(hass, seconds)


def issue(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> ir.IssueEntry | None:
    """A repair that is shown."""
    return ir.async_get(hass).async_get_issue("community_help", f"{key}_{entry.entry_id}")


async def test_the_list_goes_first_and_without_a_reload(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, heard: Heard
) -> None:
    """With the place, as the lease's holder, on the connection that there was."""
    (item,) = adopted_entities(loaded)
    device = commands.AdoptedDevice(
        item.device, KITCHEN, values.DeviceKind.SMOKE_ALARM, values.PointKind.SMOKE, "bay", "1号楼", "2", "201"
    )
    assert gateway.bodies(commands.SetAdopted) == [commands.SetAdopted((device,))]
    sent = [command for command in gateway.commands if isinstance(command.body, commands.SetAdopted | type(None))]
    assert [command.fence for command in sent] == [1]
    assert len(gateway.resumed) == 1
    names = [type(command.body).__name__ for command in gateway.commands]
    assert names.index("SetAdopted") < names.index("ReportAdopted")


async def test_every_change_is_told_with_its_time(hass: HomeAssistant, heard: Heard) -> None:
    """An alarm is as old as its change."""
    hass.states.async_set(KITCHEN, "on")
    await heard.until("off", "on")
    state = hass.states.get(KITCHEN)
    assert state
    assert heard.states[-1].at == pytest.approx(state.last_changed.timestamp())
    hass.states.async_set(KITCHEN, "off")
    await heard.until("off", "on", "off")


@pytest.mark.parametrize("word", ["unavailable", "unknown"])
async def test_silence_is_told_as_silence(hass: HomeAssistant, heard: Heard, word: str) -> None:
    """Never as off; a state that is removed is silence, too."""
    hass.states.async_set(KITCHEN, "on")
    hass.states.async_set(KITCHEN, word)
    await heard.until("on", "silent")
    hass.states.async_set(KITCHEN, "on")
    await heard.until("silent", "on")
    hass.states.async_remove(KITCHEN)
    await heard.until("on", "silent")
    assert heard.words.count("off") == 1


async def test_what_holds_is_told_again_every_minute(hass: HomeAssistant, heard: Heard) -> None:
    """So that the gateway notices when it is not."""
    await after(hass, 61)
    await heard.until("off", "off")
    hass.states.async_set(KITCHEN, "on")
    await heard.until("on")
    first = heard.states[-1]
    await after(hass, 122)
    await heard.until("on", "on")
    assert heard.states[-1] == first


async def test_a_pulse_while_the_gateway_is_away_is_told_in_order(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, heard: Heard, settle: Settle
) -> None:
    """On and off again: both are told when it is back, the alarm with its own time; the list goes first."""
    await gateway.hang_up()
    await settle(lambda: not loaded.runtime_data.connected)
    hass.states.async_set(KITCHEN, "on")
    hass.states.async_set(KITCHEN, "off")
    hass.states.async_set(KITCHEN, "on")
    await settle(lambda: loaded.runtime_data.connected)
    await heard.until("on", "off", "on")
    assert len(gateway.bodies(commands.SetAdopted)) == 2
    assert heard.states[-3].at < heard.states[-1].at  # type: ignore[operator] # both have one


async def test_a_flood_while_the_gateway_is_away_stays_small(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, heard: Heard, settle: Settle
) -> None:
    """The first alarm and the last word are told, and never more than a few."""
    await gateway.hang_up()
    await settle(lambda: not loaded.runtime_data.connected)
    before = len(heard.words)
    for _ in range(50):
        hass.states.async_set(KITCHEN, "on")
        hass.states.async_set(KITCHEN, "off")
    await settle(lambda: loaded.runtime_data.connected)
    await heard.until("on", "off")
    words = heard.words[before:]
    assert words[0] == "on"
    assert len(words) <= 9
    assert all(one != other for one, other in itertools.pairwise(words))


async def test_an_answer_that_never_came_makes_no_second_alarm(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, heard: Heard, settle: Settle
) -> None:
    """It is told again, and only then what came after it."""
    gateway.mute = True
    hass.states.async_set(KITCHEN, "on")
    await heard.until("off", "on")
    hass.states.async_set(KITCHEN, "off")
    await hass.async_block_till_done(wait_background_tasks=False)
    assert heard.words[-1] == "on"
    gateway.mute = False
    await gateway.hang_up()
    await settle(lambda: loaded.runtime_data.connected)
    await heard.until("on", "on", "off")


async def test_a_rename_is_followed(hass: HomeAssistant, heard: Heard, loaded: MockConfigEntry) -> None:
    """What is kept is not the entity id."""
    registry = er.async_get(hass)
    registry.async_update_entity(KITCHEN, new_entity_id="binary_sensor.galley")
    hass.states.async_remove(KITCHEN)
    hass.states.async_set("binary_sensor.galley", "off")
    await heard.until("off")
    hass.states.async_set("binary_sensor.galley", "on")
    await heard.until("off", "on")
    assert issue(hass, loaded, "adopted_missing") is None


async def test_a_removal_raises_a_repair_until_it_is_back(
    hass: HomeAssistant, heard: Heard, loaded: MockConfigEntry, kitchen: er.RegistryEntry, settle: Settle
) -> None:
    """It names the point; to the gateway it is silent. The same entity again, or another choice, ends it."""
    er.async_get(hass).async_remove(KITCHEN)
    hass.states.async_remove(KITCHEN)
    await heard.until("silent")
    found = issue(hass, loaded, "adopted_missing")
    assert found
    assert found.translation_placeholders == {"gateway": "Demo", "points": f"- {KITCHEN}: —"}
    er.async_get(hass).async_get_or_create("binary_sensor", "zha", "1", suggested_object_id="kitchen")
    hass.states.async_set(KITCHEN, "on")
    await heard.until("on")
    assert issue(hass, loaded, "adopted_missing") is None


async def test_a_disabled_entity_is_as_good_as_gone(hass: HomeAssistant, heard: Heard, loaded: MockConfigEntry) -> None:
    """Until it is enabled."""
    registry = er.async_get(hass)
    registry.async_update_entity(KITCHEN, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    assert issue(hass, loaded, "adopted_missing")
    registry.async_update_entity(KITCHEN, disabled_by=None)
    await hass.async_block_till_done()
    assert issue(hass, loaded, "adopted_missing") is None


async def test_what_is_in_no_registry_is_missed_at_the_next_look(
    hass: HomeAssistant, loaded: MockConfigEntry, gateway: FakeGateway
) -> None:
    """Not at once: it may only be reloaded."""
    hass.states.async_set("input_boolean.trial", "off")
    heard = Heard(hass, gateway, adopt(hass, loaded, "input_boolean.trial"))
    await heard.until("off")
    hass.states.async_remove("input_boolean.trial")
    await heard.until("silent")
    assert issue(hass, loaded, "adopted_missing") is None
    await after(hass, 61)
    assert issue(hass, loaded, "adopted_missing")
    hass.states.async_set("input_boolean.trial", "off")
    await after(hass, 122)
    await heard.until("off")
    assert issue(hass, loaded, "adopted_missing") is None


async def test_while_home_assistant_starts_nothing_is_missed(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """Entities come one by one; until then they are silent, and a fire that is still there is told as it comes."""
    item = adopt(hass, entry, KITCHEN)
    adopt(hass, entry, "binary_sensor.gone")
    hass.states.async_remove(KITCHEN)
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_setup(entry.entry_id)
    heard = Heard(hass, gateway, item)
    await heard.until("silent")
    assert issue(hass, entry, "adopted_missing") is None
    hass.states.async_set(KITCHEN, "on")
    await heard.until("silent", "on")
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await eventually(hass, lambda: issue(hass, entry, "adopted_missing") is not None)


async def test_after_a_restart_the_state_is_told_as_it_is(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, heard: Heard
) -> None:
    """An alarm that is still there, with its own time."""
    hass.states.async_set(KITCHEN, "on")
    await heard.until("on")
    first, count = heard.states[-1], len(heard.states)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await eventually(hass, lambda: len(heard.states) > count)
    assert heard.states[-1] == first


async def test_what_is_removed_from_the_list_is_told_no_more(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, heard: Heard, settle: Settle
) -> None:
    """The last one, too: the gateway has it among its devices, so it hears of the empty list."""
    (item,) = adopted_entities(loaded)
    point = values.Point(item.point(), values.PointKind.SMOKE)
    kind = values.DeviceKind.SMOKE_ALARM
    gateway.devices = (*gateway.devices, values.Device(item.device, "厨房", kind, "bay", points=(point,), adopted=True))
    gateway.states[point.id] = values.PointState(point.id, True, alarm=False)
    await gateway.hang_up()
    await settle(lambda: item.device in loaded.runtime_data.devices)
    await heard.until("off", "off")
    hass.config_entries.async_remove_subentry(loaded, item.id)
    await settle(lambda: gateway.bodies(commands.SetAdopted)[-1] == commands.SetAdopted(()))
    before = len(heard.words)
    hass.states.async_set(KITCHEN, "on")
    await hass.async_block_till_done(wait_background_tasks=False)
    assert len(heard.words) == before


async def test_an_adopted_device_has_no_second_entity_and_can_be_bypassed_by_its_own(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle, hass_admin_user: Any
) -> None:
    """No device in the registry, no entity; counted among the compound's, and silenced by the adopted entity."""
    item = adopt(hass, loaded, KITCHEN)
    point = values.Point(item.point(), values.PointKind.SMOKE)
    kind = values.DeviceKind.SMOKE_ALARM
    entities = len(er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id))
    gateway.devices = (*gateway.devices, values.Device(item.device, "厨房", kind, "bay", points=(point,), adopted=True))
    gateway.states[point.id] = values.PointState(point.id, True, alarm=True)
    await gateway.hang_up()
    coordinator = loaded.runtime_data
    await settle(lambda: item.device in coordinator.devices)
    await hass.async_block_till_done(wait_background_tasks=False)
    assert len(er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)) == entities
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)
    keys = {key for device in devices for _, key in device.identifiers}
    assert coordinator.device_key("water") in keys
    assert coordinator.device_key(item.device) not in keys
    assert coordinator.tallies.group("compound bay").size == len(gateway.devices)
    call = {"entity_id": [KITCHEN], "hours": 1, "reason": "装修"}
    await hass.services.async_call(
        "community_help", "bypass", call, blocking=True, context=Context(user_id=hass_admin_user.id)
    )
    (bypass,) = gateway.bodies(commands.SetBypass)
    assert bypass.point == item.point()


def _malformed(name: str) -> Callable[[messages.Command], messages.Outcome]:
    def answer(command: messages.Command) -> messages.Outcome:
        if isinstance(command.body, commands.ClaimLease):
            return messages.Outcome(command.key, True, result={"fence": 1})
        if isinstance(command.body, commands.SetAdopted):
            return messages.Outcome(command.key, False, "malformed", f"command.name: {name!r} is not known")
        return messages.Outcome(command.key, True)

    return answer


async def test_an_older_gateway_is_named_and_nothing_else_suffers(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle
) -> None:
    """A repair says which side to update; states are not sent to it; the updated gateway ends the repair."""
    gateway.answer = _malformed("set_adopted")
    adopt(hass, loaded, KITCHEN)
    await settle(lambda: issue(hass, loaded, "adopted_old_gateway") is not None)
    assert not gateway.bodies(commands.ReportAdopted)
    assert loaded.runtime_data.connected
    gateway.answer = None
    await gateway.hang_up()
    await settle(lambda: bool(gateway.bodies(commands.ReportAdopted)))
    assert issue(hass, loaded, "adopted_old_gateway") is None


async def test_a_journal_that_cannot_be_written_holds_no_alarm_back(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, settle: Settle
) -> None:
    """The gateway judges from memory: list and alarms are told all the same, one after the other."""

    def unrecorded(command: messages.Command) -> messages.Outcome:
        if isinstance(command.body, commands.SetAdopted | commands.ReportAdopted):
            return messages.Outcome(command.key, False, "journal", "disk full")
        return messages.Outcome(command.key, True, result={"fence": 1})

    gateway.answer = unrecorded
    heard = Heard(hass, gateway, adopt(hass, loaded, KITCHEN))
    for state in ("on", "off", "on"):
        hass.states.async_set(KITCHEN, state)
        await heard.until(state)
    assert issue(hass, loaded, "adopted_old_gateway") is None


async def test_what_the_gateway_leaves_out_is_named(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, heard: Heard, settle: Settle
) -> None:
    """So is a kind that a newer version of this integration knew."""
    (item,) = adopted_entities(loaded)
    gateway.answer = lambda command: messages.Outcome(command.key, True, result={"fence": 1, "left_out": item.device})
    adopt(hass, loaded, "binary_sensor.other", "from_the_future")
    await settle(lambda: issue(hass, loaded, "adopted_left_out") is not None)
    found = issue(hass, loaded, "adopted_left_out")
    assert found
    points = f"- {KITCHEN}: {KITCHEN}\n- binary_sensor.other: binary_sensor.other"
    assert found.translation_placeholders == {"gateway": "Demo", "points": points}
    gateway.answer = None
    for other in adopted_entities(loaded)[1:]:
        hass.config_entries.async_remove_subentry(loaded, other.id)
    await settle(lambda: issue(hass, loaded, "adopted_left_out") is None)


async def test_who_does_not_page_brings_nothing(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """Two Home Assistants would contradict each other."""
    gateway.lease_holder = "another"
    adopt(hass, entry, KITCHEN)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=False)
    hass.states.async_set(KITCHEN, "on")
    await after(hass, 61)
    assert not gateway.bodies(commands.SetAdopted)
    assert not gateway.bodies(commands.ReportAdopted)


@pytest.mark.parametrize(
    ("entity", "kind", "state", "attributes", "word"),
    [
        ("switch.plug", "relay", "on", {}, "on"),
        ("switch.plug", "relay", "off", {}, "off"),
        ("binary_sensor.gate", "lane", "on", {}, "on"),
        ("binary_sensor.basin", "leak", "on", {}, "on"),
        ("binary_sensor.gate", "lane", "jammed", {}, "silent"),
        ("sensor.co", "co", "12.5", {"unit_of_measurement": "ppm"}, "12.5"),
        ("sensor.co", "co", "12.5", {"unit_of_measurement": "mg/m³"}, "silent"),
        ("sensor.co", "co", "nan", {"unit_of_measurement": "ppm"}, "silent"),
        ("sensor.co", "co", "much", {"unit_of_measurement": "ppm"}, "silent"),
        ("binary_sensor.gate", "from_the_future", "on", {}, "silent"),
    ],
)
def test_a_state_is_read_as_what_it_is(
    hass: HomeAssistant, entity: str, kind: str, state: str, attributes: dict[str, Any], word: str
) -> None:
    """A switch that is on is no alarm; what cannot be read is silence, never a guess."""
    hass.states.async_set(entity, state, attributes)
    found = said(AdoptedEntity("A", entity, "x", kind, "bay"), hass.states.get(entity))
    assert _word(found) == word
    assert (found.on is not None) is (kind == "relay")
