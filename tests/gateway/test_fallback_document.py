"""The examples that people copy are right."""

import re
from pathlib import Path

import pytest
import voluptuous as vol
import yaml

from community_help_gateway.channels import SCHEMA, ChannelKind, channels_of, heartbeat_of

DOCS = Path(__file__).parents[2] / "docs"


def examples(name: str) -> list[str]:
    """The YAML blocks of a document."""
    return re.findall(r"```yaml\n(.*?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", ["fallback.md", "fallback.zh-Hans.md"])
def test_every_example_is_a_valid_part_of_a_site_file(name: str) -> None:
    """One for each kind, and one for the heartbeat."""
    found = [vol.Schema(SCHEMA)(yaml.safe_load(text)) for text in examples(name)]
    assert [channel.kind for data in found for channel in channels_of(data)] == list(ChannelKind)
    assert [bool(heartbeat_of(data)) for data in found].count(True) == 1


def test_both_languages_show_the_same_examples_and_outline() -> None:
    """Whoever reads one misses nothing of the other."""
    english, chinese = ((DOCS / f"fallback{suffix}.md").read_text("utf-8") for suffix in ("", ".zh-Hans"))
    assert examples("fallback.md") == examples("fallback.zh-Hans.md")
    for pattern in (r"^(#+) ", r"^\| (`\w+`)", r"^(- )"):
        assert re.findall(pattern, english, re.MULTILINE) == re.findall(pattern, chinese, re.MULTILINE)
