"""The words of pages, in both languages."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from custom_components.community_help.contract import values
from custom_components.community_help.texts import Texts
from tests.integration.conftest import INCIDENT, PAGE, PROJECT

LANGUAGES = ("en", "zh-Hans")


def texts(language: str) -> Texts:
    """The words as they are shipped."""
    file = Path(PROJECT) / "community_help/translations" / f"{language}.json"
    return Texts(json.loads(file.read_text("utf-8"))["common"])


def page(language: str, **changes: Any) -> str:
    """A page's message."""
    incident = replace(INCIDENT, **changes.pop("incident", {}))
    return texts(language).page(replace(PAGE, incident=incident, **changes), incident, 1000.0)


@pytest.mark.parametrize(
    ("changes", "english", "chinese"),
    [
        (
            {"incident": {"detectors": 41, "live": 7}},
            "Detectors: 41, still in alarm: 7.",
            "报警点位：41 个，仍在报警：7 个。",
        ),
        ({"incident": {"floors": ("2", "3")}}, "Floors: 2, 3.", "楼层：2、3。"),
        (
            {"incident": {"hazards": (values.Hazard.FIRE, values.Hazard.GAS)}},
            "Also: GAS ALARM.",
            "同时：燃气告警。",
        ),
        ({"incident": {"drill": True}}, "DRILL.", "演练。"),
        ({"incident": {"mark": "restored_backup"}}, "restored backup", "恢复的备份"),
        ({"incident": {"mark": "set_aside"}}, "set aside", "另行封存"),
        ({"reason": "worse"}, "It has become worse.", "情况恶化。"),
        ({"reason": "raised_again"}, "still in alarm.", "仍有点位在报警"),
        ({"reason": "asked"}, "asks for help", "请求支援"),
        ({"reason": "owner_silent"}, "has not been heard from", "没有动静"),
        ({"reason": "declared_real"}, "this is real", "真实警情"),
        ({"reason": "returned"}, "was bypassed or in a drill", "屏蔽或演练已结束"),
        ({"reason": "auditor"}, "self-check", "自检"),
        ({"reason": "escalated"}, "has not answered", "无人应答"),
        ({"reason": "repeated"}, "Nobody has answered yet.", "仍无人应答。"),
        ({"why": "tier_empty"}, "tier before you is empty", "上一梯队无人"),
        ({"why": "nobody_on_duty"}, "nobody is on duty", "当前无人值班"),
        ({"why": "beyond_horizon"}, "duty plan does not reach", "值班表尚未排到"),
        ({"why": "no_staff"}, "no staff is listed", "没有登记值班人员"),
        ({"recorded": False}, "Not recorded", "未记录"),
    ],
)
def test_a_page_says_what_the_gateway_knows(changes: dict[str, Any], english: str, chinese: str) -> None:
    """Each in its own words, and only when it is so."""
    for language, text in zip(LANGUAGES, (english, chinese), strict=True):
        assert text in page(language, **dict(changes))
        assert text not in page(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_about_the_gateway_itself_counts_no_detectors(language: str) -> None:
    """There are none behind what the auditor found."""
    found = page(language, reason="auditor", incident={"members": (), "hazard": values.Hazard.SUPERVISION})
    assert found == texts(language).say("page_auditor")


@pytest.mark.parametrize("language", LANGUAGES)
def test_codes_of_a_newer_gateway_leave_the_rest_of_the_page_readable(language: str) -> None:
    """No words for them here, and no error."""
    strange = page(language, reason="later_invention", why="later_invention", incident={"mark": "later_invention"})
    assert strange == page(language, reason="raised")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hazard", list(values.Hazard))
def test_every_hazard_has_a_title(language: str, hazard: values.Hazard) -> None:
    """Also supervision, and what a newer gateway invents."""
    found = replace(INCIDENT, hazard=hazard, drill=True)
    assert INCIDENT.place in texts(language).title(found)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(values.DeviceKind))
def test_every_kind_of_device_has_a_model_name(language: str, kind: values.DeviceKind) -> None:
    """The devices page names it in Home Assistant's language."""
    assert texts(language).say(f"model_{kind.value}")
