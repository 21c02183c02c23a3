"""Rules about blueprints: a form that anybody can fill in, in two languages, and nothing that is not there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
INTEGRATION = ROOT / "custom_components/community_help"
FILES = sorted((ROOT / "blueprints/automation/community_help").glob("*.yaml"))
NAMES = {
    "alarm_to_staff",
    "appliance_left_on",
    "device_health_digest",
    "drill",
    "duty_handover",
    "fire_lane_voice",
    "first_aid_cabinet",
    "gas_ventilate",
    "resident_line",
    "station_hours",
    "water_filter_due",
}
MOST_LINES = 180
"""A blueprint that is longer does more than one job (project's choice)."""

MOST_RUNS = 100
MOST_PAGES = 1000
"""The main blueprint runs once for each page, and in a storm they come together (project's choice)."""


class Loader(yaml.SafeLoader):
    """Reads ``!input`` as the name of the input."""


Loader.add_constructor("!input", lambda loader, node: Input(loader.construct_scalar(node)))


class Input(str):
    """The use of an input."""

    __slots__ = ()


def read(file: Path) -> dict[str, Any]:
    """A blueprint."""
    return yaml.load(file.read_text("utf-8"), Loader)  # a safe loader with one more tag


def inputs(blueprint: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All inputs of all sections."""
    return {key: item for section in blueprint["blueprint"]["input"].values() for key, item in section["input"].items()}


def found(value: Any, kind: type) -> Iterator[Any]:
    """Everything of one kind in a tree."""
    if isinstance(value, kind):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from found(item, kind)


def bilingual(text: str) -> bool:
    """Whether it says something in English and in Chinese."""
    return bool(re.search(r"[A-Za-z]{3}", text) and re.search(r"[\u4e00-\u9fff]", text))


def test_there_is_a_blueprint_for_every_job() -> None:
    """No more and no less than those that are documented and tested."""
    assert {file.stem for file in FILES} == NAMES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_input_is_a_form_field_in_two_languages(file: Path) -> None:
    """With a selector and a default, so that nobody must write YAML, in sections, and none without use."""
    blueprint = read(file)
    about = blueprint["blueprint"]
    assert bilingual(about["name"])
    assert bilingual(about["description"])
    sections = about["input"]
    assert all("input" in item and bilingual(item["name"]) and item["icon"] for item in sections.values())
    fields = inputs(blueprint)
    for key, item in fields.items():
        assert len(item["selector"]) == 1, key
        assert "default" in item, key
        assert bilingual(item["name"]), key
        assert bilingual(item["description"]), key
    used = set(found({key: item for key, item in blueprint.items() if key != "blueprint"}, Input))
    assert used == set(fields)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_blueprint_is_short_and_runs_as_often_as_it_must(file: Path) -> None:
    """It names its home and its Home Assistant, and how many runs it may have at once."""
    blueprint = read(file)
    assert len(file.read_text("utf-8").splitlines()) <= MOST_LINES
    assert blueprint["blueprint"]["source_url"].endswith(f"blueprints/automation/community_help/{file.name}")
    assert blueprint["blueprint"]["homeassistant"]["min_version"] == "2026.10.4"
    assert blueprint["mode"] in ("single", "parallel")
    most = MOST_PAGES if file.stem == "alarm_to_staff" else MOST_RUNS
    assert blueprint["mode"] == "single" or 20 <= blueprint["max"] <= most


def test_what_blueprints_use_is_there() -> None:
    """Each trigger with its options, each action with its fields."""
    triggers = yaml.safe_load((INTEGRATION / "triggers.yaml").read_text("utf-8"))
    actions = yaml.safe_load((INTEGRATION / "services.yaml").read_text("utf-8"))
    for file in FILES:
        blueprint = read(file)
        for step in found(blueprint, dict):
            for kind, known in (("trigger", triggers), ("action", actions)):
                domain, _, name = str(step.get(kind, "")).partition(".")
                if domain != "community_help":
                    continue
                assert name in known, f"{file.stem}: there is no {kind} {name}"
                given = step.get("options" if kind == "trigger" else "data") or {}
                named = set(given) if isinstance(given, dict) else set()
                assert named <= set((known[name] or {}).get("fields", {})), f"{file.stem}: {name} {named}"


def test_pages_are_answered_before_anything_else() -> None:
    """What may be slow or dead comes after the phones, and a page that fails does not stop the rest."""
    answering = 0
    for file in FILES:
        for steps in found(read(file)["actions"], list):
            names = [step.get("action") for step in steps if isinstance(step, dict)]
            if "community_help.page_staff" in names:
                answering += 1
                first = names.index("community_help.page_staff")
                assert not any(names[:first]), file.stem
                assert len(names) == first + 1 or steps[first]["continue_on_error"], file.stem
    assert answering == 2


def test_nothing_is_switched_on_near_gas_that_nobody_confirmed() -> None:
    """The confirmation is off by default, and the only way to a fan."""
    blueprint = read(ROOT / "blueprints/automation/community_help/gas_ventilate.yaml")
    assert inputs(blueprint)["explosion_proof"]["default"] is False
    (step,) = [item for item in blueprint["actions"] if "turn_on" in str(item)]
    assert step["if"].startswith("{{ explosion_proof and ")


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("suffix", ["", ".zh-Hans"])
def test_every_blueprint_is_described(name: str, suffix: str) -> None:
    """What for, its form, the phone; in both languages, with every input's name."""
    text = (ROOT / f"docs/blueprints{suffix}.md").read_text("utf-8")
    assert f"`{name}`" in text
    part = text.partition(f"`{name}`")[2].partition("\n## ")[0]
    chinese = bool(suffix)
    for what in ("form", "phone"):
        picture = f"images/blueprints/{name}.{what}.{'zh-Hans' if chinese else 'en'}.png"
        assert f"]({picture})" in part, f"{name} is not shown"
        assert (ROOT / "docs" / picture).is_file(), f"python -m tests.e2e.screenshots {name} makes it"
    for item in inputs(read(ROOT / f"blueprints/automation/community_help/{name}.yaml")).values():
        english, _, translated = item["name"].removesuffix(")").partition(" (")
        assert (translated if chinese else english) in part, f"{name}: {item['name']}"
