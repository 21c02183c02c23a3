"""What the gateway's policy check and auditor found is shown in words, in both languages."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.contract import values
from custom_components.community_help.findings import finding, hole
from tests.integration.conftest import INCIDENT, FakeGateway, eventually
from tests.integration.test_texts import LANGUAGES, texts

COMPOUNDS = {"bay": values.Compound("bay", "清水湾")}
MODEL = Path(__file__).parents[2] / "addon/src/community_help_gateway/model"


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("bay: no_staff", "清水湾: nobody is responsible.", "清水湾：没有负责人员。"),
        (
            "bay: nobody_on_duty Mon 03:00-Sun 05:30",
            "清水湾: nobody is on duty from Mon 03:00 to Sun 05:30.",
            "清水湾：周一 03:00 至 周日 05:30 无人值班。",
        ),
        (
            "bay: tells_nobody fire/danger",
            "清水湾: FIRE ALARM (danger) tells nobody.",
            "清水湾：火警（危险）不通知任何人。",
        ),
        (": no_staff", "Without a compound: nobody is responsible.", "不属于任何小区：没有负责人员。"),
        ("sold: no_staff", "sold: nobody is responsible.", "sold：没有负责人员。"),
        ("bay: invented_later Mon", "bay: invented_later Mon", "bay: invented_later Mon"),
        ("bay: nobody_on_duty soon", "bay: nobody_on_duty soon", "bay: nobody_on_duty soon"),
        ("nonsense", "nonsense", "nonsense"),
    ],
)
def test_a_hole_is_told_in_words(code: str, english: str, chinese: str) -> None:
    """With the compound's name; what a newer gateway invents is shown as it came."""
    assert [hole(texts(language), COMPOUNDS, code) for language in LANGUAGES] == [english, chinese]


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("stuck", "A wait is more than a minute overdue: the gateway is stuck.", "有等待超时一分钟以上：网关卡住了。"),
        ("no_room", "The disk is nearly full.", "磁盘空间即将用尽。"),
        ("unwatched:ep-1", f"page this incident again: FIRE ALARM: {INCIDENT.place}", f"：火警：{INCIDENT.place}"),
        ("unwatched:ep-9", "again: ep-9", "：ep-9"),
        ("invented:later", "invented:later", "invented:later"),
    ],
)
def test_a_finding_is_told_in_words(code: str, english: str, chinese: str) -> None:
    """With the incident's place, as long as it is open."""
    for language, words in zip(LANGUAGES, (english, chinese), strict=True):
        assert finding(texts(language), {"ep-1": INCIDENT}, code).endswith(words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_the_gateway_has_words(language: str) -> None:
    """Those that its own source yields, for every hazard and severity that it looks at, every day of the week."""
    tree = ast.parse((MODEL / "coverage.py").read_text("utf-8"))
    yields = [node.value for node in ast.walk(tree) if isinstance(node, ast.Yield)]
    texts_ = [node.values[0] if isinstance(node, ast.JoinedStr) else node for node in yields]
    codes = {str(node.value).split()[0] for node in texts_ if isinstance(node, ast.Constant)}
    assert codes == {*CODES}
    for code, about in CODES.items():
        for what in about:
            text = f"bay: {code} {what}".strip()
            assert hole(texts(language), COMPOUNDS, text) != text


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ALARMS = [f"{hazard}/{severity}" for hazard in ("fire", "gas", "unplaced") for severity in ("alarm", "danger")]
CODES = {
    "no_staff": [""],
    "nobody_on_duty": [f"{day} 00:00-{day} 23:59" for day in DAYS],
    "tells_nobody": ALARMS,
    "only_within_hours": ALARMS,
    "tells_once": ALARMS,
}
"""What ``coverage.holes`` of the gateway yields, and about what."""


async def test_the_repairs_speak(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> None:
    """In Home Assistant's language, the first ten; they go when there is nothing to say."""

    def shown(key: str) -> dict[str, str]:
        issue = ir.async_get(hass).async_get_issue("community_help", f"{key}_{loaded.entry_id}")
        return (issue.translation_placeholders or {}) if issue else {}

    holes = tuple(f"bay: nobody_on_duty Mon {hour:02}:00-Mon {hour:02}:30" for hour in range(12))
    health = values.Health(findings=("stuck", "unwatched:ep-7"), holes=holes)
    await gateway.say(health=health)
    await eventually(hass, lambda: bool(shown("policy_holes")))
    lines = shown("policy_holes")["holes"].splitlines()
    assert (len(lines), lines[0]) == (10, "- 清水湾: nobody is on duty from Mon 00:00 to Mon 00:30.")
    assert shown("policy_holes")["count"] == "12"
    assert shown("auditor_findings")["findings"].splitlines() == [
        "- A wait is more than a minute overdue: the gateway is stuck.",
        "- Nothing would page this incident again: ep-7",
    ]
    await gateway.say(health=replace(health, findings=(), holes=()))
    await eventually(hass, lambda: not shown("policy_holes"))
    assert not shown("auditor_findings")
