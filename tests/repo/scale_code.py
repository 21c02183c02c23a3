"""The quality scale's rules about code, each as a check that can fail."""

import ast
import re

from tests.repo.scale import Integration, constants, keyword, rule

ERRORS = {
    "ConfigEntryAuthFailed",
    "ConfigEntryError",
    "ConfigEntryNotReady",
    "HomeAssistantError",
    "ServiceValidationError",
}
"""Errors that a person sees."""

DEVICE_CLASS_ICONS = {"fault", "panel", "sensor_suspect"}
"""Binary sensors whose device class (problem, smoke) has the fitting icon."""


@rule("action-setup")
def _action_setup(it: Integration) -> None:
    """Each function that registers an action is ``services.async_register`` or called by it alone; it runs at setup."""
    registering = {
        node.name
        for tree in it.trees.values()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(_registers, _calls_in(node)))
    }
    assert registering
    top = it.function("services", "async_register")
    assert registering - {top.name} <= {name for name, _ in _calls_in(top)}
    callers = {
        (module, node.name)
        for module, tree in it.trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for called in _calls_in(node)
        if called[0] in registering and not _registers(called)
    }
    assert callers == {("__init__", "async_setup"), ("services", "async_register")}


@rule("appropriate-polling")
def _pushes(it: Integration) -> None:
    assert it.manifest["iot_class"] == "local_push"
    for name, defined in it.entities().items():
        assert "_attr_should_poll=False" in defined, name


@rule("dependency-transparency")
@rule("async-dependency")
def _no_requirement(it: Integration) -> None:
    assert it.manifest["requirements"] == []


@rule("brands")
def _brands(it: Integration) -> None:
    for image in ("icon", "icon@2x", "logo", "logo@2x"):
        assert (it.home / f"brand/{image}.png").is_file(), image


@rule("common-modules")
def _common_modules(it: Integration) -> None:
    assert {"coordinator", "entity"} <= it.trees.keys()


@rule("config-flow")
def _config_flow(it: Integration) -> None:
    assert it.manifest["config_flow"] is True
    for language, words in it.words.items():
        flows = [words["config"], words.get("options", {}), *words["config_subentries"].values()]
        for flow in flows:
            for name, step in flow.get("step", {}).items():
                for part in (step, *step.get("sections", {}).values()):
                    assert part.get("data", {}).keys() == part.get("data_description", {}).keys(), f"{language}: {name}"


@rule("entity-event-setup")
def _entity_event_setup(it: Integration) -> None:
    """An entity listens from its addition to its removal, never from its making."""
    listening = {"async_dispatcher_connect", "async_listen", "async_track_state_change_event", "async_call_later"}
    for name in it.entities():
        for one in it.lineage(name):
            for node in one.body:
                if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                    assert not [called for called, _ in _calls_in(node) if called in listening], name
                if isinstance(node, ast.AsyncFunctionDef) and node.name == "async_added_to_hass":
                    calls = [call for call, _ in _calls_in(node)]
                    heard = [call for call in calls if call in listening]
                    assert calls.count("async_on_remove") >= len(heard), f"{name} goes on listening"


@rule("entity-unique-id")
def _unique_id(it: Integration) -> None:
    _each_entity_has(it, "_attr_unique_id", "unique_id")


@rule("has-entity-name")
def _has_entity_name(it: Integration) -> None:
    _each_entity_has(it, "_attr_has_entity_name=True")


@rule("devices")
def _devices(it: Integration) -> None:
    _each_entity_has(it, "_attr_device_info", "device_info")


@rule("entity-unavailable")
def _entity_unavailable(it: Integration) -> None:
    _each_entity_has(it, "available")


@rule("entity-category")
def _entity_category(it: Integration) -> None:
    """What shows the state of the system rather than of a place is diagnostic."""
    for name, defined in it.entities().items():
        classes = {item for item in defined if item.startswith("_attr_device_class=")}
        if any(item.endswith((".PROBLEM", ".CONNECTIVITY")) for item in classes):
            assert "_attr_entity_category=EntityCategory.DIAGNOSTIC" in defined, name


@rule("entity-device-class")
def _entity_device_class(it: Integration) -> None:
    """Every switch has one, and every binary sensor or, where Home Assistant has none that fits, words for on and off.

    A sensor has none only where Home Assistant has none for it.
    """
    for name, defined in it.entities().items():
        bases = {ast.unparse(base) for one in it.lineage(name) for base in one.bases}
        if bases & {"BinarySensorEntity", "SwitchEntity"} and "entity_description" not in defined:
            classed = any(item.startswith("_attr_device_class=") for item in defined)
            keys = {item.partition("=")[2].strip("'") for item in defined if item.startswith("_attr_translation_key=")}
            assert classed or ("SwitchEntity" not in bases and _has_own_words(it, keys)), name
    descriptions = {"BinarySensorEntityDescription"} | {
        name
        for name in it.classes
        if any(ast.unparse(base) == "BinarySensorEntityDescription" for one in it.lineage(name) for base in one.bases)
    }
    for name, call in it.calls():
        if name in descriptions:
            keys = constants(keyword(call, "translation_key"))
            assert keyword(call, "device_class") or _has_own_words(it, keys), ast.unparse(call)


@rule("runtime-data")
def _runtime_data(it: Integration) -> None:
    assert "entry.runtime_data = " in ast.unparse(it.function("__init__", "async_setup_entry"))
    assert any(
        isinstance(node, ast.TypeAlias) and ast.unparse(node.value).startswith("ConfigEntry[")
        for node in it.trees["coordinator"].body
    )
    for module, tree in it.trees.items():
        assert "hass.data[DOMAIN]" not in ast.unparse(tree), module


@rule("test-before-setup")
def _test_before_setup(it: Integration) -> None:
    raised = {name for name, _ in it.calls("coordinator")}
    assert {"ConfigEntryNotReady", "ConfigEntryAuthFailed"} <= raised
    assert "async_connect" in {name for name, _ in _calls_in(it.function("__init__", "async_setup_entry"))}


@rule("unique-config-entry")
def _unique_config_entry(it: Integration) -> None:
    called = [name for name, _ in it.calls("config_flow")]
    assert "async_set_unique_id" in called
    for step in ("async_step_user", "async_step_zeroconf", "async_step_hassio"):
        calls = {name for name, _ in _calls_in(it.function("config_flow", step))}
        assert "_abort_if_unique_id_configured" in calls, step


@rule("config-entry-unloading")
def _unloading(it: Integration) -> None:
    it.function("__init__", "async_unload_entry")


@rule("integration-owner")
def _owner(it: Integration) -> None:
    assert it.manifest["codeowners"]


@rule("parallel-updates")
def _parallel_updates(it: Integration) -> None:
    assert it.platforms
    for module in it.platforms:
        assert it.listed(module, "PARALLEL_UPDATES"), module


@rule("reauthentication-flow")
def _reauthentication(it: Integration) -> None:
    assert {"async_step_reauth", "async_step_reauth_confirm"} <= it.flow()
    assert "async_start_reauth" in {name for name, _ in it.calls("coordinator")}
    _step_has_words(it, "reauth_confirm", "reauth_successful")


@rule("reconfiguration-flow")
def _reconfiguration(it: Integration) -> None:
    assert "async_step_reconfigure" in it.flow()
    _step_has_words(it, "reconfigure", "reconfigure_successful")


@rule("diagnostics")
def _diagnostics(it: Integration) -> None:
    it.function("diagnostics", "async_get_config_entry_diagnostics")
    redacted = [ast.unparse(call) for name, call in it.calls("diagnostics") if name == "async_redact_data"]
    assert "CONF_TOKEN" in " ".join(redacted)


@rule("discovery")
def _discovery(it: Integration) -> None:
    assert it.manifest["zeroconf"]
    assert {"async_step_zeroconf", "async_step_hassio"} <= it.flow()


@rule("discovery-update-info")
def _discovery_update_info(it: Integration) -> None:
    for step in ("async_step_zeroconf", "async_step_hassio"):
        calls = [call for name, call in _calls_in(it.function("config_flow", step)) if name.startswith("_abort_if")]
        updates = ast.unparse(keyword(calls[0], "updates") or ast.Constant(None))
        assert "CONF_HOST" in updates, step
        assert "CONF_PORT" in updates, step


@rule("entity-translations")
def _entity_translations(it: Integration) -> None:
    """Every key that an entity has is translated, and so is everything that the event entity may say."""
    for language, words in it.words.items():
        known = {key for entities in words["entity"].values() for key in entities}
        for module in (*it.platforms, "entity", "oversight"):
            for key in _entity_keys(it, module):
                assert key in known, f"{language}: {key}"
        told = words["entity"]["event"]["incident"]["state_attributes"]["event_type"]["state"]
        kinds = ast.parse((it.home / "contract/values.py").read_text("utf-8"))
        (kind,) = (item for item in kinds.body if isinstance(item, ast.ClassDef) and item.name == "IncidentEventKind")
        values = {text for item in kind.body if isinstance(item, ast.Assign) for text in constants(item.value)}
        assert set(told) == values - {"unknown"}, language


@rule("exception-translations")
def _exception_translations(it: Integration) -> None:
    """A person's error has a key, and every key has words in both languages."""
    used: set[str] = set(constants(ast.parse(it.listed("refusals", "TRANSLATED")).body[0].value))  # type: ignore[attr-defined]
    for name, call in it.calls():
        if name in ERRORS:
            key = keyword(call, "translation_key")
            assert key is not None, f"without words: {ast.unparse(call)}"
            used |= constants(key)
        elif name == "wrong" and call.args:
            used |= constants(call.args[0])
    assert used
    for language, words in it.words.items():
        assert used <= words["exceptions"].keys(), f"{language}: {used - words['exceptions'].keys()}"


@rule("icon-translations")
def _icon_translations(it: Integration) -> None:
    for kind in ("services", "triggers", "conditions"):
        assert it.yaml(f"{kind}.yaml").keys() == it.icons[kind].keys(), kind
    for platform, entities in it.words["en"]["entity"].items():
        iconless = DEVICE_CLASS_ICONS if platform == "binary_sensor" else set()
        assert entities.keys() - iconless <= it.icons["entity"][platform].keys(), platform


@rule("repair-issues")
def _repair_issues(it: Integration) -> None:
    """What is raised is taken back, unless it lasts until a person has seen it; both languages say what to do."""
    raised: set[str] = set()
    cleared: set[str] = set()
    for module in it.trees:
        for name, call in it.calls(module):
            if name in {"clear_issue", "clear_others"}:
                cleared |= _issues(it, module, call)
            elif name == "raise_issue":
                raised |= _issues(it, module, call)
                if keyword(call, "lasting"):
                    cleared |= _issues(it, module, call)
            assert name != "async_create_issue" or module == "issues", f"{module} raises an issue past the others"
    assert raised
    assert raised <= cleared
    assert "clear_all" in {name for name, _ in _calls_in(it.function("__init__", "async_remove_entry"))}
    for words in it.words.values():
        assert raised == words["issues"].keys()
        for key in raised:
            assert words["issues"][key]["title"], key
            assert words["issues"][key].get("description") or words["issues"][key].get("fix_flow"), key


@rule("stale-devices")
def _stale_devices(it: Integration) -> None:
    it.function("__init__", "async_remove_config_entry_device")
    assert "async_remove_device" in {name for name, _ in it.calls("places")}


@rule("inject-websession")
def _websession(it: Integration) -> None:
    """Home Assistant's own session is used, nowhere an own one."""
    called = [name for name, _ in it.calls()]
    assert "ClientSession" not in called
    assert "async_get_clientsession" in called


@rule("strict-typing")
def _strict_typing(it: Integration) -> None:
    assert "\n[tool.mypy]\nstrict = true\n" in it.text("pyproject.toml")
    assert "mypy --config-file pyproject.toml custom_components/community_help" in it.text("scripts/check")
    for module, tree in it.trees.items():
        assert "type: ignore" not in ast.unparse(tree), module


@rule("test-coverage")
def _test_coverage(it: Integration) -> None:
    """Published checks fail when a module is below the scale's 95 %, or what people set up with below all."""
    assert re.search(r"^LEAST = 95$", it.text("scripts/coverage"), re.MULTILINE)
    whole = re.search(r"^WHOLE = \((.*)\)$", it.text("scripts/coverage"), re.MULTILINE)
    assert whole
    assert {"config_flow", "options_flow", "reconfigure"} <= set(re.findall(r"\w+", whole[1]))
    assert "run: scripts/coverage" in it.text(".github/workflows/validate.yaml")


def _calls_in(node: ast.AST) -> list[tuple[str, ast.Call]]:
    """Calls below a node."""
    return [
        (item.func.attr if isinstance(item.func, ast.Attribute) else getattr(item.func, "id", ""), item)
        for item in ast.walk(node)
        if isinstance(item, ast.Call)
    ]


def _registers(called: tuple[str, ast.Call]) -> bool:
    """Whether a call registers an action in Home Assistant."""
    name, call = called
    return name == "async_register" and ".services." in ast.unparse(call.func)


def _has_own_words(it: Integration, keys: set[str]) -> bool:
    """Whether binary sensors with these keys say in both languages what on and off mean."""
    known = [words["entity"]["binary_sensor"].get(key, {}) for words in it.words.values() for key in keys]
    return bool(known) and all({"on", "off"} <= entity.get("state", {}).keys() for entity in known)


def _issues(it: Integration, module: str, call: ast.Call) -> set[str]:
    """Which issues a call is about: a text, all that an f-string may be, or a variable over the module's ``KEYS``."""
    if len(call.args) < 3:
        return set()
    what = call.args[2]
    texts = constants(ast.parse(it.listed(module, "KEYS")) if isinstance(what, ast.Name) else what)
    begun = tuple(text for text in texts if text.endswith("_"))
    found = (texts - set(begun)) | {key for key in it.words["en"]["issues"] if begun and key.startswith(begun)}
    assert found, f"{module}: {ast.unparse(call)}"
    return found


def _each_entity_has(it: Integration, *one_of: str) -> None:
    found = it.entities()
    assert found
    for name, defined in found.items():
        assert defined & set(one_of), f"{name} has no {one_of[0]}"


def _step_has_words(it: Integration, step: str, done: str) -> None:
    for words in it.words.values():
        assert words["config"]["step"][step]["title"]
        assert words["config"]["abort"][done]


def _entity_keys(it: Integration, module: str) -> set[str]:
    """Literal translation keys of entities and their descriptions."""
    keys = {
        text
        for name, call in it.calls(module)
        if name.endswith("Description")
        for text in constants(keyword(call, "translation_key"))
    }
    for node in ast.walk(it.trees[module]):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("_attr_translation_key"):
            keys |= constants(node.value)
    return keys
