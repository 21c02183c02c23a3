"""Who may import whom: the table of the architecture, held against every module."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = ROOT / "addon/src/community_help_gateway"
INTEGRATION = ROOT / "custom_components/community_help"

# layer -> layers of the same package that it may import; its own layer is always allowed.
GATEWAY_LAYERS = {
    "codecs": set(),
    "model": set(),
    "contract": set(),
    "errors": set(),
    "crash": set(),
    "durable": set(),
    "adapters.port": {"model", "errors"},
    "adapters": {"codecs", "model", "errors", "adapters.port", "crash"},
    "journal": {"model", "errors", "crash", "durable"},
    "hub": {"model", "journal", "adapters.port", "errors", "crash"},
    "api.views": {"model", "contract"},
    "api.exports": {"api", "hub", "model", "journal", "errors", "record"},
    "api": {"hub", "keeper", "model", "contract", "durable", "errors", "api.views", "api.exports"},
    "channels": {"codecs", "errors"},
    "words": {"model", "words_of_proof"},
    "words_of_proof": set(),
    "record": {"model", "words", "errors"},
    "fallback": {"adapters", "codecs", "errors", "hub", "model", "site", "words"},
    "replay": {"errors", "journal", "model", "record", "site", "words"},
    "options": {"errors"},
    "keeper": {"errors", "hub", "model"},
    "policies": {"model"},
    "stations": {"codecs", "model", "policies"},
    "site": {"model", "errors", "policies", "channels", "codecs", "stations"},
    "supervisor": {"errors"},
    "simulators": {"codecs"},
    "app": {"*"},
    "__main__": {"app"},
    "__init__": set(),
}
INTEGRATION_LAYERS = {
    "contract": set(),
    "const": set(),
    "client": {"contract"},
    "incidents": {"contract"},
    "chain": {"contract"},
    "facts": {"contract"},
    "issues": {"const"},
    "roster": {"const", "contract"},
    "refusals": {"client", "const"},
    "open_incidents": {"contract"},
    "tally": {"contract"},
    "wake": set(),
    "departure": set(),
    "followed": {"chain", "contract", "issues", "kept"},
    "coordinator": {
        "client",
        "const",
        "contract",
        "departure",
        "facts",
        "followed",
        "issues",
        "open_incidents",
        "refusals",
        "tally",
        "wake",
    },
    "freezer": {"const", "coordinator"},
    "shifts": set(),
    "plan": {"contract", "roster", "shifts"},
    "timetables": {"shifts"},
    "duty": {"const", "contract", "issues", "kept", "plan", "roster", "shifts", "timetables"},
    "permissions": {"contract", "duty", "roster"},
    "texts": {"const", "contract", "incidents"},
    "notice": {"contract", "incidents", "texts"},
    "phone": {"const", "notice"},
    "kept": {"const"},
    "channels": {"const", "contract", "notice", "phone"},
    "answers": {"const", "kept", "notice"},
    "causes": {"contract"},
    "ladder": {"contract", "roster"},
    "options_flow": {"const", "contract"},
    "told": {"answers", "channels", "contract", "kept", "notice"},
    "updates": {"answers", "contract", "coordinator", "notice", "texts", "told"},
    "pager": {
        "answers",
        "client",
        "const",
        "contract",
        "coordinator",
        "departure",
        "issues",
        "ladder",
        "notice",
        "phone",
        "roster",
        "texts",
        "told",
        "updates",
    },
    "handsets": {"phone"},
    "proof": {"const", "contract", "kept"},
    "readiness": {"contract", "handsets", "phone", "proof", "roster"},
    "readiness_board": {"const", "coordinator", "duty", "facts", "handsets", "proof", "readiness", "roster"},
    "readiness_issues": {"issues", "phone", "readiness", "readiness_board", "texts"},
    "board_report": {"readiness", "readiness_board", "roster"},
    "reachable": {"board_report", "const", "contract", "readiness", "readiness_board", "roster"},
    "confirmations": {"const", "contract", "kept", "notice", "phone", "proof", "readiness_board", "texts"},
    "self_test": {
        "client",
        "confirmations",
        "const",
        "contract",
        "coordinator",
        "kept",
        "notice",
        "phone",
        "proof",
        "readiness_board",
        "roster",
        "texts",
    },
    "install": {"const"},
    "repairs": {"install", "issues"},
    "health": {"contract", "coordinator"},
    "reports": {
        "announced_trigger",
        "announcer",
        "board_report",
        "callers",
        "client",
        "const",
        "contract",
        "coordinator",
        "health",
        "payloads",
        "permissions",
        "readiness",
        "readiness_board",
        "texts",
    },
    "picture": {"contract", "coordinator", "incidents", "notice"},
    "watcher": {
        "const",
        "contract",
        "coordinator",
        "duty",
        "facts",
        "issues",
        "kept",
        "notice",
        "picture",
        "roster",
        "texts",
        "told",
    },
    "probe": {"client", "contract"},
    "standby": {"answers", "buttons", "const", "contract", "coordinator", "duty", "probe", "texts", "told", "watcher"},
    "buttons": {
        "answers",
        "callers",
        "causes",
        "client",
        "const",
        "contract",
        "coordinator",
        "kept",
        "notice",
        "pager",
        "permissions",
        "phone",
        "roster",
        "texts",
        "told",
    },
    "findings": {"contract", "texts"},
    "auditor": {"coordinator", "facts", "findings", "issues", "texts"},
    "levels": {"const", "contract", "coordinator", "tally"},
    "places": {"const", "contract", "coordinator", "levels", "texts"},
    "budget": {"coordinator", "issues"},
    "rollout": {"budget", "const", "contract", "coordinator", "entity", "levels", "places"},
    "signals": {"contract", "coordinator"},
    "entity": {"const", "contract", "coordinator", "facts"},
    "oversight": {"contract", "coordinator", "entity", "facts"},
    "overview": {"contract", "coordinator", "entity", "facts", "incidents", "open_incidents", "tally"},
    "building": {"coordinator", "entity", "levels", "tally"},
    "staff": {"const", "coordinator", "duty", "roster", "texts"},
    "on_duty": {"const", "contract", "coordinator", "plan", "roster", "shifts", "staff", "texts"},
    "cabinet": {"const", "contract", "coordinator", "kept"},
    "appliances": {"cabinet", "contract", "coordinator", "entity"},
    "binary_sensor": {
        "appliances",
        "building",
        "contract",
        "coordinator",
        "entity",
        "levels",
        "on_duty",
        "oversight",
        "reachable",
        "rollout",
        "signals",
        "staff",
        "tally",
        "texts",
    },
    "sensor": {
        "appliances",
        "contract",
        "coordinator",
        "entity",
        "levels",
        "on_duty",
        "overview",
        "rollout",
        "signals",
        "texts",
    },
    "switch": {"contract", "coordinator", "entity", "levels", "rollout", "roster"},
    "button": {"contract", "coordinator", "entity", "levels", "rollout", "roster"},
    "todo": {"appliances", "cabinet", "contract", "coordinator", "levels", "rollout"},
    "select": {"contract", "coordinator", "entity", "levels", "rollout"},
    "event": {"const", "contract", "coordinator", "incident_bus", "incidents", "levels", "rollout"},
    "announcer": {"const", "contract", "coordinator", "facts"},
    "payloads": {"announcer", "const", "contract", "coordinator", "incidents", "texts"},
    "diagnostics": {"coordinator", "incidents", "readiness_board", "roster"},
    "incident_bus": {"const", "contract", "coordinator", "incidents"},
    "logbook": {"const", "incident_bus"},
    "system_health": {"client", "const", "contract", "coordinator", "oversight", "phone", "roster"},
    "llm": {"const", "contract", "coordinator", "incidents", "staff"},
    "reconfigure": {"const"},
    "callers": {"adopted", "client", "const", "contract", "coordinator", "duty", "permissions", "roster", "signals"},
    "decisions": {"callers", "const", "contract", "coordinator"},
    "exercises": {"callers", "const", "contract", "coordinator"},
    "handovers": {"callers", "const", "contract", "coordinator", "plan", "roster", "staff"},
    "services": {"callers", "const", "contract", "decisions", "exercises", "handovers", "notice", "pager", "reports"},
    "duty_trigger": {"const", "contract", "coordinator", "places", "roster", "shifts", "staff", "texts"},
    "absences": {"contract", "coordinator", "facts", "tally"},
    "absence_triggers": {"absences", "contract", "coordinator", "payloads"},
    "announced_trigger": {"announcer", "contract", "coordinator", "payloads", "texts"},
    "unanswered_trigger": {
        "announced_trigger",
        "announcer",
        "const",
        "contract",
        "coordinator",
        "incidents",
        "payloads",
        "texts",
    },
    "trigger": {
        "absence_triggers",
        "announced_trigger",
        "announcer",
        "contract",
        "duty_trigger",
        "payloads",
        "texts",
        "unanswered_trigger",
    },
    "duty_condition": {"const", "coordinator", "places", "readiness", "readiness_board", "roster", "staff"},
    "incident_conditions": {"const", "contract", "coordinator"},
    "condition": {"duty_condition", "incident_conditions"},
    "staff_flow": {"const", "roster"},
    "adopted": {"const", "contract"},
    "adoption": {"adopted", "client", "contract", "coordinator", "issues"},
    "adopted_flow": {"adopted", "const", "contract"},
    "config_flow": {
        "adopted_flow",
        "client",
        "const",
        "contract",
        "coordinator",
        "install",
        "options_flow",
        "reconfigure",
        "staff_flow",
    },
    "__init__": {"*"},
}
THIRD_PARTY = {
    "adapters": {"aiohttp", "pymodbus", "zeroconf"},
    "journal": {"msgspec"},
    "model": {"msgspec"},
    "api": {"aiohttp", "msgspec"},
    "channels": {"voluptuous"},
    "options": {"voluptuous"},
    "policies": {"voluptuous"},
    "stations": {"voluptuous"},
    "site": {"voluptuous", "yaml"},
    "supervisor": {"aiohttp"},
    "simulators": {"pymodbus"},
    "app": {"zeroconf"},
}
PURE = ("codecs", "model", "contract", "record")
IMPURE_MODULES = {
    "asyncio",
    "logging",
    "os",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
}


def layer_of(module: str, layers: dict[str, set[str]]) -> str | None:
    """The most special layer that a dotted module belongs to."""
    fitting = [layer for layer in layers if module == layer or module.startswith(f"{layer}.")]
    return max(fitting, key=len, default=None)


def modules(root: Path) -> list[tuple[str, ast.Module]]:
    """Every module of a package by its dotted name below the root."""
    found = []
    for file in sorted(root.rglob("*.py")):
        name = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        found.append((name, ast.parse(file.read_text("utf-8"), str(file))))
    return found


def imports(module: str, tree: ast.Module, is_package: bool) -> tuple[set[str], set[str]]:
    """What a module imports: from its own package (dotted, below the root), and from outside (top level names)."""
    inside, outside = set(), set()
    parts = module.split(".") if module != "__init__" else []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            outside |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            outside.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + is_package]
            target = [*base, *(node.module.split(".") if node.module else [])]
            inside |= {".".join(target)} if node.module else {".".join([*target, alias.name]) for alias in node.names}
    return inside, outside


def cases() -> list[tuple[Path, dict[str, set[str]], str, ast.Module]]:
    """Every module of both packages."""
    return [
        (root, layers, name, tree)
        for root, layers in ((GATEWAY, GATEWAY_LAYERS), (INTEGRATION, INTEGRATION_LAYERS))
        for name, tree in modules(root)
    ]


def imported(root: Path, name: str, tree: ast.Module) -> tuple[set[str], set[str]]:
    """``imports`` with the package question answered from the file system."""
    return imports(name, tree, (root / name.replace(".", "/")).is_dir() or name == "__init__")


@pytest.mark.parametrize(
    ("root", "layers", "name", "tree"), cases(), ids=lambda item: item if isinstance(item, str) else ""
)
def test_imports_follow_the_table(root: Path, layers: dict[str, set[str]], name: str, tree: ast.Module) -> None:
    """What is not listed is forbidden, and every module has a layer."""
    layer = layer_of(name, layers)
    assert layer, f"{name} is in no layer: add it to the table"
    inside, outside = imported(root, name, tree)
    targets = {target: layer_of(target, layers) for target in inside if target}
    allowed = layers[layer] | {layer}
    wrong = [target for target, its in targets.items() if "*" not in allowed and its not in allowed]
    assert not wrong, f"{name} ({layer}) may not import {wrong}"
    assert not outside & {"community_help_gateway", "custom_components"}, (
        f"{name} must import its own package relatively"
    )


@pytest.mark.parametrize(("name", "tree"), modules(GATEWAY), ids=lambda item: item if isinstance(item, str) else "")
def test_the_gateways_layers_use_only_their_libraries(name: str, tree: ast.Module) -> None:
    """Each layer has its few libraries; the pure ones have the standard library without clocks, sockets and logs."""
    layer = layer_of(name, GATEWAY_LAYERS)
    assert layer
    _, outside = imported(GATEWAY, name, tree)
    foreign = {item for item in outside if item and item not in sys.stdlib_module_names}
    assert foreign <= THIRD_PARTY.get(layer.split(".")[0], set()), f"{name}: {foreign}"
    if layer.startswith(PURE):
        assert not outside & IMPURE_MODULES, f"{name}: {outside & IMPURE_MODULES}"


def test_the_integrations_copy_of_the_contract_is_pure() -> None:
    """Standard library only, there too."""
    for name, tree in modules(INTEGRATION / "contract"):
        _, outside = imported(INTEGRATION / "contract", name, tree)
        assert outside <= set(sys.stdlib_module_names), name
        assert not outside & IMPURE_MODULES, name


def test_a_forbidden_import_is_found() -> None:
    """The test itself sees a planted fault."""
    tree = ast.parse("from ..hub import Hub\nimport asyncio\nfrom . import frame")
    inside, outside = imports("codecs.gb26875.units", tree, is_package=False)
    assert inside == {"codecs.hub", "codecs.gb26875.frame"}
    assert outside == {"asyncio"}
    assert imports("model.field", ast.parse("from ..hub import Hub"), is_package=False)[0] == {"hub"}
