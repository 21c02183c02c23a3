"""Community Help: shows what a gateway knows, pages the staff's phones and brings their decisions back."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.storage import Store
from homeassistant.helpers.typing import ConfigType

from . import auditor, freezer, incident_bus
from .absences import Absences
from .adoption import Adoption
from .announcer import Announcer
from .answers import AnswerView
from .cabinet import async_cabinets
from .const import DOMAIN, STORES
from .coordinator import CommunityHelpEntry, Coordinator
from .duty import DUTIES, Duty
from .issues import clear_all
from .pager import Pager
from .places import Places, registry_keys
from .proof import Proofs
from .readiness_board import ReadinessBoard
from .readiness_issues import ReadinessIssues
from .repairs import async_follow_automations
from .rollout import async_rollout
from .self_test import SelfTest
from .services import async_register
from .standby import async_end, async_standby
from .texts import Texts

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TODO,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions."""
    async_register(hass)
    hass.http.register_view(AnswerView(hass))
    return True


async def async_setup_entry(hass: HomeAssistant, entry: CommunityHelpEntry) -> bool:
    """Follow one gateway: states first, then entities, then what happened meanwhile."""
    texts = await Texts.load(hass, entry)
    standby = await async_standby(hass, entry, texts)
    coordinator = Coordinator(hass, entry)
    coordinator.roster = standby.duty.roster
    await coordinator.async_connect()
    entry.runtime_data = coordinator
    await async_rollout(hass, coordinator, Places(hass, coordinator, texts)).async_start()
    coordinator.async_on_new_devices(lambda _: standby.duty.async_take_compounds(coordinator.compounds))
    await async_cabinets(hass, coordinator)
    pager = Pager(hass, coordinator, texts, standby.board, standby.answers)
    pager.async_start()
    standby.async_attach(coordinator)
    announcer = Announcer(hass, coordinator)
    announcer.async_start()
    entry.async_on_unload(announcer.async_stop)
    absences = Absences(hass, coordinator)
    absences.async_start()
    entry.async_on_unload(absences.async_stop)
    adoption = Adoption(hass, coordinator)
    adoption.async_start()
    entry.async_on_unload(adoption.async_stop)
    entry.async_on_unload(auditor.async_follow(coordinator, texts))
    entry.async_on_unload(incident_bus.async_follow(coordinator))
    entry.async_on_unload(freezer.async_follow(coordinator))
    await _async_start_readiness(hass, coordinator, texts, standby.duty)
    entry.async_on_unload(async_follow_automations(hass, entry))
    entry.async_on_unload(entry.add_update_listener(_async_entry_changed))
    entry.async_on_unload(coordinator.async_close)
    entry.async_on_unload(standby.async_detach)
    entry.async_on_unload(pager.async_stop)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.async_release()
    return True


async def _async_start_readiness(hass: HomeAssistant, coordinator: Coordinator, texts: Texts, duty: Duty) -> None:
    """Know who can be reached: what phones prove, the board, its repairs, and the self-test that asks for proof."""
    proofs = Proofs(hass, coordinator.entry)
    await proofs.async_start()
    board = ReadinessBoard(hass, coordinator, duty, proofs)
    board.async_start()
    self_test = SelfTest(hass, coordinator, board, texts)
    await self_test.async_start()
    for undo in (
        ReadinessIssues(board, texts).async_start(),
        self_test.async_stop,
        board.async_stop,
        proofs.async_stop,
    ):
        coordinator.entry.async_on_unload(undo)


async def async_unload_entry(hass: HomeAssistant, entry: CommunityHelpEntry) -> bool:
    """Stop following; the gateway keeps judging and remembering."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: CommunityHelpEntry) -> None:
    """Nothing of a gateway that was removed stays on disk: places and names are in it."""
    async_end(hass, entry)
    clear_all(hass, entry)
    for name in STORES:
        await Store[dict[str, object]](hass, 1, f"{DOMAIN}.{entry.entry_id}.{name}").async_remove()


async def _async_entry_changed(hass: HomeAssistant, entry: CommunityHelpEntry) -> None:
    await hass.data[DUTIES][entry.entry_id].async_resolve()
    await entry.runtime_data.async_entry_changed()


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: CommunityHelpEntry, device: DeviceEntry
) -> bool:
    """A device that the gateway no longer knows may be removed by hand."""
    if device.config_subentry_id in entry.subentries:
        return False
    known = registry_keys(entry.runtime_data)
    return not any(domain == DOMAIN and key in known for domain, key in device.identifiers)
