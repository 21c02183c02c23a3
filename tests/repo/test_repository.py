"""Rules about files: copies, names, hosts, sizes, versions, languages."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
FILES = [ROOT / name for name in TRACKED if name and (ROOT / name).is_file()]
SOURCES = [file for file in FILES if file.suffix == ".py"]


def test_the_copies_are_byte_equal() -> None:
    """The integration ships the very contract and blueprints."""
    subprocess.run([ROOT / "scripts/sync", "--check"], check=True)


def test_only_the_app_has_a_config_file() -> None:
    """The Supervisor takes every other config.yaml, .yml or .json for an app."""
    found = [file for file in FILES if re.fullmatch(r"config\.(ya?ml|json)", file.name)]
    assert [str(file.relative_to(ROOT)) for file in found] == ["addon/config.yaml"]


def test_no_registry_or_mirror_is_named() -> None:
    """Packages are named, never the host that they come from."""
    hosts = [
        ".".join(parts)
        for parts in (
            ("pypi", "org"),
            ("files", "pythonhosted", "org"),
            ("deb", "debian", "org"),
            ("registry", "npmjs", "org"),
            ("security", "debian", "org"),
        )
    ]
    for file in FILES:
        if file.suffix != ".png":
            text = file.read_text("utf-8")
            assert not [host for host in hosts if host in text], file


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_modules_stay_readable(file: Path) -> None:
    """No module over 400 lines, but for the tests of one subject."""
    limit = 500 if "tests" in file.parts else 400
    assert len(file.read_text("utf-8").splitlines()) <= limit


def test_every_picture_is_there_and_shown() -> None:
    """No document shows a picture that does not exist, none is kept that nobody sees, and both languages have each."""
    shown = {
        (file.parent / link).resolve()
        for file in FILES
        if file.suffix == ".md"
        for link in re.findall(r"""(?:\]\(|src=")([^)"\s:]+\.(?:png|svg))""", file.read_text("utf-8"))
    }
    kept = {file for file in FILES if file.is_relative_to(ROOT / "docs/images") and file.parent.name != "source"}
    assert not [file for file in shown if not file.is_file()]
    assert kept <= shown
    both = [re.sub(r"\.(en|zh-Hans)(?=\.)", "", str(file)) for file in kept]
    assert not [name for name in both if both.count(name) != 2]


def test_lint_is_rarely_switched_off() -> None:
    """At most one suppression per thousand lines of source."""
    sources = [file.read_text("utf-8") for file in SOURCES if "tests" not in file.parts]
    lines = sum(len(text.splitlines()) for text in sources)
    assert sum(len(re.findall(r"# (noqa|type: ignore)", text)) for text in sources) <= lines / 1000 + 1


def test_all_parts_have_one_version() -> None:
    """Integration, app and gateway are released together."""
    manifest = json.loads((ROOT / "custom_components/community_help/manifest.json").read_text())["version"]
    app = yaml.safe_load((ROOT / "addon/config.yaml").read_text())["version"]
    package = re.search(r'^version = "(.*)"', (ROOT / "addon/pyproject.toml").read_text(), re.MULTILINE)
    log = re.search(r"^## (\S+)", (ROOT / "addon/CHANGELOG.md").read_text(), re.MULTILINE)
    assert package
    assert log
    assert {manifest, app, package[1], log[1]} == {manifest}


def keys(value: object, path: str = "") -> set[str]:
    """All paths of a tree of texts."""
    if isinstance(value, dict):
        return {found for key, item in value.items() for found in keys(item, f"{path}.{key}")}
    return {path}


@pytest.mark.parametrize("folder", ["custom_components/community_help/translations", "addon/translations"])
def test_english_and_chinese_say_the_same(folder: str) -> None:
    """The same keys, and Chinese in Chinese."""
    texts = {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in (ROOT / folder).iterdir()}
    assert set(texts) == {"en", "zh-Hans"}
    assert keys(texts["en"]) == keys(texts["zh-Hans"])
    assert re.search(r"[\u4e00-\u9fff]", json.dumps(texts["zh-Hans"], ensure_ascii=False))


@pytest.mark.parametrize(
    "name",
    [
        "README",
        "docs/install",
        "docs/devices",
        "docs/adopted",
        "docs/architecture",
        "docs/automations",
        "docs/blueprints",
        "docs/incidents",
        "docs/fallback",
        "docs/people",
        "docs/paging",
        "docs/readiness",
        "docs/entities",
        "docs/station",
        "docs/performance",
        "docs/troubleshooting",
    ],
)
def test_documents_exist_in_both_languages_with_the_same_outline(name: str) -> None:
    """As many headings, the same commands."""
    english, chinese = ((ROOT / f"{name}{suffix}.md").read_text("utf-8") for suffix in ("", ".zh-Hans"))
    assert len(re.findall(r"^#+ ", english, re.MULTILINE)) == len(re.findall(r"^#+ ", chinese, re.MULTILINE))
    assert set(re.findall(r"scripts/\w+", english)) == set(re.findall(r"scripts/\w+", chinese))


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link of a Markdown file names a file that is there."""
    for file in FILES:
        if file.suffix == ".md":
            for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", file.read_text("utf-8")):
                assert (file.parent / target).exists(), f"{file.relative_to(ROOT)} → {target}"


def test_ci_runs_the_readmes_test_command() -> None:
    """What a newcomer runs is what is run."""
    assert "scripts/test" in (ROOT / "README.md").read_text("utf-8")
    assert "\nscripts/test\n" in (ROOT / ".ci/run").read_text("utf-8")
