"""What the gateway itself says to people, in English and Chinese: on its own channels and in what it exports."""

from .model.incident import Incident, Page
from .model.kinds import Hazard, Severity

type Text = dict[str, str]

HAZARDS: dict[Hazard, Text] = {
    Hazard.FIRE: {"en": "FIRE ALARM", "zh-Hans": "火警"},
    Hazard.GAS: {"en": "GAS ALARM", "zh-Hans": "燃气报警"},
    Hazard.FIRE_LANE: {"en": "Fire lane blocked", "zh-Hans": "消防车通道被占用"},
    Hazard.APPLIANCE: {"en": "Appliance alarm", "zh-Hans": "电器设备报警"},
    Hazard.UNPLACED: {"en": "ALARM OF AN UNKNOWN DEVICE", "zh-Hans": "未登记设备报警"},
    Hazard.SUPERVISION: {"en": "Device problem", "zh-Hans": "设备异常"},
}
SEVERITIES: dict[Severity, Text] = {
    Severity.NOTICE: {"en": "notice", "zh-Hans": "提示"},
    Severity.WARNING: {"en": "warning", "zh-Hans": "预警"},
    Severity.ALARM: {"en": "alarm", "zh-Hans": "报警"},
    Severity.DANGER: {"en": "danger", "zh-Hans": "危险"},
}
_LINES: dict[str, Text] = {
    "severity": {"en": "Severity: {severity}", "zh-Hans": "级别：{severity}"},
    "detectors": {
        "en": "Detectors: {count}, still in alarm: {live}",
        "zh-Hans": "探测器：{count} 个，仍在报警：{live} 个",
    },
    "floors": {"en": "Floors: {floors}", "zh-Hans": "楼层：{floors}"},
    "age": {"en": "Raised {minutes} min ago", "zh-Hans": "{minutes} 分钟前发生"},
    "people": {"en": "To be told: {people}", "zh-Hans": "应通知：{people}"},
    "overdue": {
        "en": "Home Assistant did not take this page over, so the gateway sends it itself.",
        "zh-Hans": "Home Assistant 未接收此通知，由网关直接发送。",
    },
    "unrecorded": {
        "en": "NOT RECORDED: the gateway cannot write its journal.",
        "zh-Hans": "未记录：网关无法写入日志库。",
    },
}


def say(key: str, language: str, **parts: str | int) -> str:
    """One line in ``language`` (anything but "en" is Chinese) with its parts filled in."""
    return _LINES[key]["en" if language == "en" else "zh-Hans"].format(**parts)


def title(incident: Incident, language: str) -> str:
    """What happened and where."""
    return f"{HAZARDS[incident.hazard][language]} {incident.place}"


def text(incident: Incident, page: Page, people: str, now: float, language: str, *, recorded: bool = True) -> str:
    """How bad it is, where and since when; and why the gateway speaks."""
    lines = [
        say("severity", language, severity=SEVERITIES[incident.severity][language]),
        say("detectors", language, count=max(incident.detectors, 1), live=incident.live),
    ]
    lines += [say("floors", language, floors=", ".join(incident.floors))] if len(incident.floors) > 1 else []
    minutes = int((now - incident.opened_at) // 60)
    lines += [say("age", language, minutes=minutes)] if minutes > 0 else []
    lines += [say("people", language, people=people)] if people else []
    lines += [say("overdue", language)] if page.overdue else []
    lines += [] if recorded else [say("unrecorded", language)]
    return "\n".join(lines)
