"""What the quality scale asks, read off the code and the documents: one check for each rule that can be seen there."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

BASES = {"BuildingEntity", "DeviceEntity", "FactEntity", "IncidentsSensor", "StaffEntity", "_BoardSensor"}
"""Classes that only others inherit from."""


@dataclass
class Integration:
    """The integration under ``root``, a copy of the repository or the repository itself."""

    root: Path
    home: Path = field(init=False)

    def __post_init__(self) -> None:
        """Where its code is."""
        self.home = self.root / "custom_components/community_help"

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """Its own modules by name."""
        return {file.stem: ast.parse(file.read_text("utf-8")) for file in self.home.glob("*.py")}

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """manifest.json."""
        return self.json("manifest.json")

    @cached_property
    def words(self) -> dict[str, Any]:
        """Both languages' texts."""
        return {language: self.json(f"translations/{language}.json") for language in ("en", "zh-Hans")}

    @cached_property
    def icons(self) -> dict[str, Any]:
        """icons.json."""
        return self.json("icons.json")

    @cached_property
    def rules(self) -> dict[str, Any]:
        """What quality_scale.yaml says."""
        found: dict[str, Any] = self.yaml("quality_scale.yaml")["rules"]
        return found

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """Every class by name."""
        return {
            node.name: node for tree in self.trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
        }

    @cached_property
    def platforms(self) -> list[str]:
        """The modules that make entities."""
        return [module.lower() for module in re.findall(r"Platform\.([A-Z_]+)", self.listed("__init__", "PLATFORMS"))]

    def text(self, name: str) -> str:
        """A file's text, from the repository's root."""
        return (self.root / name).read_text("utf-8")

    def json(self, name: str) -> dict[str, Any]:
        """One of its own JSON files."""
        found: dict[str, Any] = json.loads((self.home / name).read_text("utf-8"))
        return found

    def yaml(self, name: str) -> dict[str, Any]:
        """One of its own YAML files."""
        found: dict[str, Any] = yaml.safe_load((self.home / name).read_text("utf-8"))
        return found

    def listed(self, module: str, name: str) -> str:
        """The source of the value that ``name`` gets at the top of ``module``."""
        for node in self.trees[module].body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                return ast.unparse(node)
        return ""

    def calls(self, *modules: str) -> Iterator[tuple[str, ast.Call]]:
        """Every call with the last name of what is called, in ``modules`` (none named: in all)."""
        for name, tree in self.trees.items():
            if not modules or name in modules:
                for node in ast.walk(tree):
                    if isinstance(node, ast.Call):
                        yield _last(node.func), node

    def function(self, module: str, name: str) -> ast.AsyncFunctionDef | ast.FunctionDef:
        """A function of a module."""
        for node in ast.walk(self.trees[module]):
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name == name:
                return node
        message = f"{module}.{name} is missing"
        raise AssertionError(message)

    def lineage(self, name: str) -> list[ast.ClassDef]:
        """A class and those of ours that it inherits from."""
        found, waiting = [], [name]
        while waiting:
            known = self.classes.get(waiting.pop())
            if known and known not in found:
                found.append(known)
                waiting += [_last(base) for base in known.bases]
        return found

    def entities(self) -> dict[str, set[str]]:
        """Every entity class that is made, with all that its lineage defines: attributes, properties, methods."""
        return {
            name: {defined for one in self.lineage(name) for defined in _defined(one)}
            for name in self.classes
            if name not in BASES and self._is_entity(name)
        }

    def _is_entity(self, name: str) -> bool:
        """By the names of Home Assistant's own base classes."""
        bases = {_last(base) for one in self.lineage(name) for base in one.bases}
        return any(base.endswith("Entity") for base in bases)

    def flow(self) -> set[str]:
        """The steps of the config flow, its bases' included."""
        (flow,) = (one.name for one in self.classes.values() if any(word.arg == "domain" for word in one.keywords))
        return {defined for one in self.lineage(flow) for defined in _defined(one)}


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _defined(one: ast.ClassDef) -> set[str]:
    """Names that a class or its instances have."""
    found: set[str] = set()
    for node in ast.walk(one):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            value = ast.unparse(node.value) if node.value else ""
            for target in targets:
                name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
                found |= {name, f"{name}={value}"}
    return found


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a call's keyword."""
    return next((word.value for word in call.keywords if word.arg == name), None)


def constants(node: ast.AST | None) -> set[str]:
    """The texts that an expression may be; those of an f-string as far as they are fixed."""
    if node is None:
        return set()
    return {item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)}


type Check = Callable[[Integration], None]
CHECKS: dict[str, Check] = {}


def rule(name: str) -> Callable[[Check], Check]:
    """Register the check of a rule."""

    def register(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return register
