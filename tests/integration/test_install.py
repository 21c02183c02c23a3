"""Blueprints install themselves when a person asks: from the setup, and from the repair about unanswered pages."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help import install
from custom_components.community_help.install import async_answering, async_install
from tests.integration.conftest import FakeGateway, Settle, after_grace, demand
from tests.integration.test_config_flow import start

NAME = "alarm_to_staff.yaml"
AUTOMATION = {
    "id": "pages",
    "alias": "pages",
    "use_blueprint": {"path": f"community_help/{NAME}", "input": {}},
}


@pytest.fixture
def folder(hass: HomeAssistant) -> Path:
    """Where they belong."""
    return Path(hass.config.path("blueprints/automation/community_help"))


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An integration that ships two blueprints, one of them in its second version."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "one.yaml").write_text("one: 2\n")
    (shipped / "two.yaml").write_text("two: 1\n")
    old = hashlib.sha256(b"one: 1\n").hexdigest()
    (shipped / install.HASHES).write_text(f"{old}  one.yaml\n")
    monkeypatch.setattr(install, "SHIPPED", shipped)
    return shipped


async def test_what_is_missing_is_copied_byte_for_byte(hass: HomeAssistant, folder: Path) -> None:
    """Without the internet; a second time nothing is done."""
    done = await async_install(hass)
    assert NAME in done.new
    assert (folder / NAME).read_bytes() == (install.SHIPPED / NAME).read_bytes()
    again = await async_install(hass)
    assert (again.new, again.updated, again.kept) == ([], [], [])
    assert NAME in again.same


async def test_a_changed_file_is_never_overwritten(hass: HomeAssistant, folder: Path, shipped: Path) -> None:
    """And named; one that is as it was once shipped is updated; one that is missing comes."""
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text("one: 1 # mine\n")
    done = await async_install(hass)
    assert (done.kept, done.new, done.updated) == (["one.yaml"], ["two.yaml"], [])
    assert (folder / "one.yaml").read_text() == "one: 1 # mine\n"
    (folder / "one.yaml").write_text("one: 1\n")
    done = await async_install(hass)
    assert (done.updated, done.same, done.kept) == (["one.yaml"], ["two.yaml"], [])
    assert (folder / "one.yaml").read_text() == "one: 2\n"


async def test_another_blueprints_old_version_is_a_changed_file(
    hass: HomeAssistant, folder: Path, shipped: Path
) -> None:
    """The list is by name."""
    folder.mkdir(parents=True)
    (folder / "two.yaml").write_text("one: 1\n")
    assert (await async_install(hass)).kept == ["two.yaml"]


async def test_a_folder_that_cannot_be_written_is_named(hass: HomeAssistant, folder: Path) -> None:
    """Translated, with the place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder belongs")
    with pytest.raises(HomeAssistantError) as error:
        await async_install(hass)
    assert error.value.translation_key == "blueprints_not_written"
    assert error.value.translation_placeholders
    assert error.value.translation_placeholders["folder"] == str(folder)


@pytest.mark.parametrize("wanted", [True, False])
async def test_the_setup_offers_them(hass: HomeAssistant, gateway: FakeGateway, folder: Path, wanted: bool) -> None:
    """As a wish of the person; it is not kept."""
    result = await start(hass, gateway)
    answer = {"code": "12345678", "create_areas": False, "install_blueprints": wanted}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], answer)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert set(result["data"]) == {"host", "port", "token", "create_areas"}
    assert (folder / NAME).exists() is wanted


async def test_blueprints_that_cannot_be_written_do_not_stop_the_setup(
    hass: HomeAssistant, gateway: FakeGateway, folder: Path
) -> None:
    """A repair offers them again when it matters."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder belongs")
    result = await start(hass, gateway)
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"code": "12345678"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


def issue(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """That no automation answers pages."""
    return ir.async_get(hass).async_get_issue("community_help", f"page_unhandled_{entry.entry_id}")


@pytest.fixture
async def unanswered(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, phones: list[dict[str, Any]], settle: Settle
) -> MockConfigEntry:
    """A page went out by itself, and the repair says so."""
    assert await async_setup_component(hass, "repairs", {})
    assert await async_setup_component(hass, "automation", {"automation": []})
    await demand(hass, gateway, settle)
    await after_grace(hass)
    found = issue(hass, loaded)
    assert found
    assert found.is_fixable
    return loaded


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    """Somebody opens the repair."""
    manager = repairs_flow_manager(hass)
    assert manager
    context = {"issue_id": f"page_unhandled_{entry.entry_id}"}
    return await manager.async_init("community_help", context=context)  # type: ignore[arg-type]


async def submit(hass: HomeAssistant, result: Any) -> Any:
    """And presses the button."""
    manager = repairs_flow_manager(hass)
    assert manager
    return await manager.async_configure(result["flow_id"], {})


async def make_automation(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the automation editor does: saves, and reloads that automation."""

    async def configuration(_hass: HomeAssistant) -> dict[str, Any]:
        return {"automation": [AUTOMATION]}

    monkeypatch.setattr("homeassistant.config.async_hass_config_yaml", configuration)
    await hass.services.async_call("automation", "reload", blocking=True)
    await hass.async_block_till_done()


async def test_the_repair_installs_and_waits_for_the_automation(
    hass: HomeAssistant, unanswered: MockConfigEntry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks first, leads to the blueprints, and is done only when an automation of one answers pages."""
    result = await begin(hass, unanswered)
    assert result["step_id"] == "confirm"
    assert result["description_placeholders"] == {"gateway": "Demo"}
    assert not folder.exists()
    result = await submit(hass, result)
    assert (result["step_id"], result["errors"]) == ("automation", {})
    assert result["description_placeholders"] == {"link": "/config/blueprint/dashboard"}
    assert (folder / NAME).exists()
    result = await submit(hass, result)
    assert result["errors"] == {"base": "no_automation"}
    assert issue(hass, unanswered)
    await make_automation(hass, monkeypatch)
    assert async_answering(hass)
    assert not issue(hass, unanswered)
    result = await submit(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_repair_names_what_it_left_alone(
    hass: HomeAssistant, unanswered: MockConfigEntry, folder: Path
) -> None:
    """Then goes on."""
    folder.mkdir(parents=True)
    (folder / NAME).write_text("mine")
    result = await submit(hass, await begin(hass, unanswered))
    assert (result["step_id"], result["description_placeholders"]) == ("kept", {"files": NAME})
    assert (folder / NAME).read_text() == "mine"
    assert (await submit(hass, result))["step_id"] == "automation"


async def test_the_repair_says_when_it_cannot_write(
    hass: HomeAssistant, unanswered: MockConfigEntry, folder: Path
) -> None:
    """And can be tried again."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder belongs")
    result = await submit(hass, await begin(hass, unanswered))
    assert (result["step_id"], result["errors"]) == ("confirm", {"base": "blueprints_not_written"})
    folder.unlink()
    assert (await submit(hass, result))["step_id"] == "automation"


async def test_an_automation_that_is_off_answers_nothing(
    hass: HomeAssistant, unanswered: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one of something else."""
    await async_install(hass)
    await make_automation(hass, monkeypatch)
    assert async_answering(hass)
    await hass.services.async_call("automation", "turn_off", {"entity_id": "automation.pages"}, blocking=True)
    assert not async_answering(hass)
