"""The integration's own assessment against Home Assistant's quality scale, held against code and documents."""

import re
import shutil
from pathlib import Path

import pytest

from tests.repo import scale_code, scale_docs
from tests.repo.scale import CHECKS, Integration

ROOT = Path(__file__).resolve().parents[2]
THIS = Integration(ROOT)
RULES = re.findall(
    r"\S+",
    """
action-setup appropriate-polling brands common-modules config-flow config-flow-test-coverage dependency-transparency
docs-actions docs-conditions docs-high-level-description docs-installation-instructions docs-removal-instructions
docs-triggers entity-event-setup entity-unique-id has-entity-name runtime-data test-before-configure test-before-setup
unique-config-entry
action-exceptions config-entry-unloading docs-configuration-parameters docs-installation-parameters entity-unavailable
integration-owner log-when-unavailable parallel-updates reauthentication-flow test-coverage
devices diagnostics discovery discovery-update-info docs-data-update docs-examples docs-known-limitations
docs-supported-devices docs-supported-functions docs-troubleshooting docs-use-cases dynamic-devices entity-category
entity-device-class entity-disabled-by-default entity-translations exception-translations icon-translations
reconfiguration-flow repair-issues stale-devices
async-dependency inject-websession strict-typing
""",
)
"""All rules of the scale, by tier, as of Home Assistant 2026.11."""


def state(name: str) -> tuple[str, str]:
    """What is said of a rule: its status, and the comment."""
    said = THIS.rules[name]
    return (said, "") if isinstance(said, str) else (said["status"], said.get("comment", ""))


def test_every_rule_of_the_scale_is_answered() -> None:
    """No more, no less; an exemption and what is left to do say why."""
    assert len(RULES) == 54
    assert list(THIS.rules) == [name for name in THIS.rules if name in RULES]
    assert set(THIS.rules) == set(RULES)
    for name in RULES:
        status, comment = state(name)
        assert status in {"done", "todo", "exempt"}, name
        assert comment or status == "done", name


@pytest.mark.parametrize("name", [name for name in RULES if state(name)[0] != "todo"])
def test_what_is_said_of_a_rule_is_true(name: str) -> None:
    """A check reads it off the code, or the comment names the test that shows it."""
    status, comment = state(name)
    if name in CHECKS:
        CHECKS[name](THIS)
    elif status == "done":
        named = re.findall(r"tests/[\w/]+\.py", comment)
        assert named, f"{name}: nothing shows it"
        assert all((ROOT / file).is_file() for file in named), named


HOME = "custom_components/community_help"
FAULTS = [
    (
        "action-setup",
        f"{HOME}/__init__.py",
        "    texts = await Texts.load(hass, entry)\n",
        "    async_register(hass)\n",
    ),
    ("config-flow", f"{HOME}/translations/zh-Hans.json", '"host": "网关在局域网中的名称或 IP 地址。", ', ""),
    ("docs-actions", "docs/automations.zh-Hans.md", "`inject_alarm`", ""),
    ("docs-conditions", "docs/automations.md", "`community_help.is_in_drill`", ""),
    ("docs-removal-instructions", "docs/install.md", "## Removal", "## Goodbye"),
    ("docs-troubleshooting", "docs/troubleshooting.zh-Hans.md", "## 故障排查", "## 故障"),
    (
        "entity-event-setup",
        f"{HOME}/event.py",
        "self.async_on_remove(async_dispatcher_connect(",
        "(async_dispatcher_connect(",
    ),
    ("entity-translations", f"{HOME}/translations/en.json", '"refused": "Refused",', ""),
    ("entity-unavailable", f"{HOME}/event.py", "def available(self)", "def there(self)"),
    ("entity-unique-id", f"{HOME}/event.py", "self._attr_unique_id", "self._own_id"),
    ("exception-translations", f"{HOME}/translations/zh-Hans.json", '"phone_gone": {', '"phone_lost": {'),
    ("exception-translations", f"{HOME}/phone.py", 'translation_domain=DOMAIN, translation_key="phone_gone"', '"gone"'),
    ("entity-device-class", f"{HOME}/binary_sensor.py", "device_class=BinarySensorDeviceClass.TAMPER,", ""),
    (
        "entity-device-class",
        f"{HOME}/translations/en.json",
        '"on_duty": { "name": "On duty", "state": ',
        '"on_duty": { "name": ',
    ),
    ("has-entity-name", f"{HOME}/entity.py", "_attr_has_entity_name = True", "_attr_has_entity_name = False"),
    ("icon-translations", f"{HOME}/icons.json", '"close": { "service": "mdi:check-circle" },', ""),
    ("parallel-updates", f"{HOME}/switch.py", "PARALLEL_UPDATES = 1\n", ""),
    ("reauthentication-flow", f"{HOME}/config_flow.py", "async_step_reauth_confirm", "async_step_again"),
    ("reconfiguration-flow", f"{HOME}/reconfigure.py", "async_step_reconfigure", "async_step_move"),
    ("repair-issues", f"{HOME}/translations/en.json", '"gateway_gone": {', '"gateway_lost": {'),
    ("repair-issues", f"{HOME}/budget.py", '"entity_budget"', '"gateway_gone"'),
    ("repair-issues", f"{HOME}/watcher.py", "clear_issue(", "print("),
    ("runtime-data", f"{HOME}/__init__.py", "entry.runtime_data = coordinator", "hass.data[DOMAIN] = coordinator"),
    ("strict-typing", "pyproject.toml", "strict = true", "strict = false"),
    ("test-coverage", "scripts/coverage", '"reconfigure", ', ""),
    ("test-coverage", ".github/workflows/validate.yaml", "run: scripts/coverage", "run: scripts/check"),
    ("unique-config-entry", f"{HOME}/config_flow.py", "self._abort_if_unique_id_configured(", "print("),
]


@pytest.mark.parametrize(("name", "file", "old", "new"), FAULTS, ids=lambda item: item if "-" in item else "")
def test_a_rule_that_is_broken_is_found(tmp_path: Path, name: str, file: str, old: str, new: str) -> None:
    """The checks themselves can fail."""
    for folder in ("custom_components", "docs", "scripts", ".github"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "images"))
    for document in ("README.md", "README.zh-Hans.md", "pyproject.toml"):
        shutil.copy(ROOT / document, tmp_path / document)
    CHECKS[name](Integration(tmp_path))
    text = (tmp_path / file).read_text("utf-8")
    assert old in text, "this fault cannot be planted any more"
    (tmp_path / file).write_text(text.replace(old, new), "utf-8")
    with pytest.raises(AssertionError):
        CHECKS[name](Integration(tmp_path))


def test_no_check_is_idle() -> None:
    """Every check belongs to a rule, and both modules of checks are in force."""
    assert set(CHECKS) <= set(RULES)
    assert scale_code.ERRORS
    assert scale_docs.SECTIONS.keys() <= set(CHECKS)
