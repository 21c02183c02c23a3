"""What the gateway itself says to people, in English and Chinese: on its own channels and in what it exports."""

from .model.incident import Incident, Page
from .model.kinds import Hazard, Severity
from .words_of_proof import DRILLS, PROOF

type Text = dict[str, str]

HAZARDS: dict[Hazard, Text] = {
    Hazard.FIRE: {"en": "FIRE ALARM", "zh-Hans": "火警"},
    Hazard.GAS: {"en": "GAS ALARM", "zh-Hans": "燃气报警"},
    Hazard.FIRE_LANE: {"en": "Fire lane blocked", "zh-Hans": "消防车通道被占用"},
    Hazard.APPLIANCE: {"en": "Appliance alarm", "zh-Hans": "电器设备报警"},
    Hazard.UNPLACED: {"en": "ALARM OF AN UNKNOWN DEVICE", "zh-Hans": "未登记设备报警"},
    Hazard.SUPERVISION: {"en": "Device problem", "zh-Hans": "设备异常"},
    Hazard.SELF_TEST: {"en": "Self-test (no alarm)", "zh-Hans": "自检（非报警）"},
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


RECORD: dict[str, Text] = {
    "raised": {"en": "Alarm raised: {what}", "zh-Hans": "报警发生：{what}"},
    "raised_first": {"en": "Incident raised", "zh-Hans": "事件发生"},
    "joined": {"en": "Alarm joined: {what}", "zh-Hans": "报警并入：{what}"},
    "worsened": {"en": "Became worse: {why}", "zh-Hans": "事态加重：{why}"},
    "restored": {"en": "Alarm restored: {what}", "zh-Hans": "报警恢复：{what}"},
    "restored_first": {"en": "Alarm restored", "zh-Hans": "报警恢复"},
    "escalated": {"en": "Nobody took it in time: on to tier {tier}", "zh-Hans": "无人按时接警：升级到第 {tier} 级"},
    "acknowledged": {"en": "{who} took the incident", "zh-Hans": "{who}已接警"},
    "handling": {"en": "{who} is on the way or on the spot", "zh-Hans": "{who}正在处置"},
    "handed_over": {"en": "{who} handed it over to {to}", "zh-Hans": "{who}移交给{to}"},
    "taken_over": {"en": "{who} took it over", "zh-Hans": "{who}接手"},
    "noted": {"en": "{who} noted: {text}", "zh-Hans": "{who}备注：{text}"},
    "asked": {"en": "{who} asked for help", "zh-Hans": "{who}请求支援"},
    "owner_silent": {"en": "{who} said nothing in time", "zh-Hans": "{who}超时未反馈"},
    "needs_review": {
        "en": "Nobody touched it for long: needs review, pages no more by itself",
        "zh-Hans": "长时间无人处理：待复核，不再自动通知",
    },
    "declared_real": {"en": "{who} said: this is real, no drill", "zh-Hans": "{who}确认：这是真实警情，不是演练"},
    "resolved": {"en": "{who} said that the danger is over", "zh-Hans": "{who}确认险情解除"},
    "closed": {"en": "{who} closed it. Cause: {cause}", "zh-Hans": "{who}结案。原因：{cause}"},
    "paged": {"en": "Paged tier {tier}: {people} ({reason})", "zh-Hans": "通知第 {tier} 级：{people}（{reason}）"},
    "paged_why": {
        "en": "Paged tier {tier}: {people} ({reason}; {why})",
        "zh-Hans": "通知第 {tier} 级：{people}（{reason}；{why}）",
    },
    "not_paged": {"en": "Nobody was paged: {why}", "zh-Hans": "未通知任何人：{why}"},
    "accepted": {"en": "Home Assistant took the page over", "zh-Hans": "Home Assistant 已接收通知"},
    "overdue": {
        "en": "Home Assistant did not take the page over in time: the gateway's own channels are used",
        "zh-Hans": "Home Assistant 未按时接收通知：改用网关自有渠道",
    },
    "settled": {
        "en": "The page before ended: answered, or replaced by the next",
        "zh-Hans": "上一条通知结束：已应答或被后续通知取代",
    },
    "receipt": {"en": "{step} ({way})", "zh-Hans": "{step}（{way}）"},
    "receipt_of": {"en": "{who}: {step} ({way})", "zh-Hans": "{who}：{step}（{way}）"},
    "ordered": {
        "en": "It is not proven to be off ({doubt}): the gateway turns it off again",
        "zh-Hans": "无法证明已断电（{doubt}）：网关再次断电",
    },
    "verified": {"en": "It is proven to be off", "zh-Hans": "已证明断电"},
    "doubt_relay": {"en": "the relay does not say so", "zh-Hans": "继电器未确认"},
    "doubt_power": {"en": "the power meter does not say so", "zh-Hans": "电能表未确认"},
    "other": {"en": "{kind}", "zh-Hans": "{kind}"},
    "unpaged": {"en": "{what} - not paged: {why}", "zh-Hans": "{what}——未再通知：{why}"},
    "at_once": {"en": "{what} - paged at once: {why}", "zh-Hans": "{what}——立即通知：{why}"},
    "collected": {
        "en": "{what} - collected, one page for all that come soon after: {why}",
        "zh-Hans": "{what}——与随后的变化合并通知：{why}",
    },
    "collected_within": {
        "en": "{what} - collected, one page for all that come within {seconds} s: {why}",
        "zh-Hans": "{what}——与 {seconds} 秒内的变化合并通知：{why}",
    },
    "flapping": {
        "en": "{what} - comes and goes: paged now and then only",
        "zh-Hans": "{what}——反复报警：限制通知频率",
    },
    "flapping_within": {
        "en": "{what} - comes and goes: paged at most every {seconds} s",
        "zh-Hans": "{what}——反复报警：最多每 {seconds} 秒通知一次",
    },
    "not_now": {"en": "{what} - not paged now", "zh-Hans": "{what}——暂不通知"},
    "everybody": {"en": "everybody", "zh-Hans": "所有人"},
    "gateway": {"en": "The gateway", "zh-Hans": "网关"},
    "somebody": {"en": "Somebody", "zh-Hans": "有人"},
    "erased": {"en": "(name erased, {mark})", "zh-Hans": "（姓名已删除 {mark}）"},
    "by_button": {"en": "by a button on the phone", "zh-Hans": "手机按钮"},
    "by_action": {"en": "in Home Assistant", "zh-Hans": "Home Assistant 操作"},
    "by_gateway": {"en": "by itself", "zh-Hans": "自动"},
    "by_free": {"en": "it stayed free", "zh-Hans": "已持续恢复正常"},
    "by_cleared": {"en": "it cleared by itself", "zh-Hans": "自行恢复"},
    "by_fallback": {"en": "gateway's own channel {name}", "zh-Hans": "网关自有渠道 {name}"},
    "by_self_test": {"en": "the self-test was over", "zh-Hans": "自检结束"},
    "by_phone": {"en": "phone {name}", "zh-Hans": "手机 {name}"},
    "by_whole": {"en": "the page as a whole", "zh-Hans": "整条通知"},
    "why_same_floor": {"en": "same floor", "zh-Hans": "同一楼层"},
    "why_same_cause": {"en": "same cause", "zh-Hans": "同一原因"},
    "why_panel": {"en": "a panel repeats its detectors", "zh-Hans": "控制器转报探测器"},
    "why_call_point": {"en": "a call point was pressed", "zh-Hans": "手动报警按钮按下"},
    "why_second_hazard": {"en": "another hazard", "zh-Hans": "出现另一种险情"},
    "why_severity": {"en": "more severe", "zh-Hans": "级别升高"},
    "why_again": {"en": "the same detector again", "zh-Hans": "同一探测器再次报警"},
    "why_second_detector": {"en": "a second detector", "zh-Hans": "第二个探测器报警"},
    "why_unknown_floor": {"en": "floor unknown", "zh-Hans": "楼层未知"},
    "why_new_floor": {"en": "new floor", "zh-Hans": "新楼层"},
    "why_policy": {"en": "the policy only shows such incidents", "zh-Hans": "策略规定只显示、不通知"},
    "why_hours": {
        "en": "outside the hours of the policy, paged when they begin",
        "zh-Hans": "不在策略的通知时段，到时再通知",
    },
    "why_raised": {"en": "new incident", "zh-Hans": "新事件"},
    "why_raised_again": {"en": "raised again: still in alarm", "zh-Hans": "再次发生：仍在报警"},
    "why_worse": {"en": "became worse", "zh-Hans": "事态加重"},
    "why_escalated": {"en": "nobody answered", "zh-Hans": "无人应答"},
    "why_repeated": {"en": "repeated: nobody answered", "zh-Hans": "重复通知：无人应答"},
    "why_asked": {"en": "help was asked for", "zh-Hans": "请求支援"},
    "why_owner_silent": {"en": "the owner is silent", "zh-Hans": "负责人超时未反馈"},
    "why_declared_real": {"en": "declared real", "zh-Hans": "确认为真实警情"},
    "why_auditor": {"en": "the auditor found it without a clock", "zh-Hans": "自检发现无人跟进"},
    "why_returned": {"en": "the journal was replaced", "zh-Hans": "日志库已更换"},
    "why_no_staff": {"en": "nobody is responsible for this compound", "zh-Hans": "该小区无负责人"},
    "why_nobody_on_duty": {"en": "nobody is on duty", "zh-Hans": "无人值班"},
    "why_beyond_horizon": {"en": "the roster ends before this time", "zh-Hans": "超出排班表范围"},
    "why_self_test": {"en": "self-test", "zh-Hans": "自检"},
    "why_tier_empty": {"en": "the tier before is empty", "zh-Hans": "上一级无人"},
    "step_handed_over": {"en": "handed over for sending", "zh-Hans": "已交付发送"},
    "step_accepted": {"en": "taken over", "zh-Hans": "已接收"},
    "step_received": {"en": "arrived on the phone", "zh-Hans": "已到达手机"},
    "step_seen": {"en": "seen", "zh-Hans": "已查看"},
    "step_acted": {"en": "answered", "zh-Hans": "已操作"},
    "step_failed": {"en": "failed", "zh-Hans": "发送失败"},
    "step_unproven": {"en": "no phone has shown that it has it", "zh-Hans": "没有手机证明已收到"},
    "way_unproven": {"en": "no proof in time", "zh-Hans": "未在限时内得到证明"},
    "cause_real": {"en": "real", "zh-Hans": "真实警情"},
    "cause_cooking": {"en": "cooking", "zh-Hans": "烹饪油烟"},
    "cause_dust": {"en": "dust", "zh-Hans": "灰尘"},
    "cause_drill": {"en": "drill", "zh-Hans": "演练"},
    "cause_device_fault": {"en": "device fault", "zh-Hans": "设备故障"},
    "cause_test": {"en": "test", "zh-Hans": "测试"},
    "cause_cleared": {"en": "cleared by itself", "zh-Hans": "自行恢复"},
    "cause_unknown": {"en": "unknown", "zh-Hans": "不明"},
    "hazard_fire": {"en": "fire", "zh-Hans": "火警"},
    "hazard_gas": {"en": "gas", "zh-Hans": "燃气"},
    "hazard_fire_lane": {"en": "fire lane", "zh-Hans": "消防车通道"},
    "hazard_appliance": {"en": "appliance", "zh-Hans": "电器设备"},
    "hazard_unplaced": {"en": "unknown device", "zh-Hans": "未登记设备"},
    "hazard_supervision": {"en": "device problem", "zh-Hans": "设备异常"},
    "hazard_self_test": {"en": "self-test", "zh-Hans": "自检"},
    "state_open": {"en": "open", "zh-Hans": "未接警"},
    "state_acknowledged": {"en": "taken", "zh-Hans": "已接警"},
    "state_handling": {"en": "being handled", "zh-Hans": "处置中"},
    "state_resolved": {"en": "danger over, cause not named", "zh-Hans": "险情解除，待填原因"},
    "state_closed": {"en": "closed", "zh-Hans": "已结案"},
}
"""What the record is told in. A word that has no text here is shown as it was recorded."""


def phrase(key: str, language: str, **parts: str | int) -> str:
    """One line of the record in ``language`` with its parts filled in; an unknown word stays as it is."""
    found = RECORD.get(key) or SHEET.get(key) or PROOF.get(key) or DRILLS.get(key)
    if found is None:
        return key.partition("_")[2] or key
    return found["en" if language == "en" else "zh-Hans"].format(**parts)


SHEET: dict[str, Text] = {
    "sheet_incident": {"en": "Incident record", "zh-Hans": "警情处置记录单"},
    "sheet_month": {"en": "Monthly record {month}", "zh-Hans": "{month} 月度警情记录"},
    "sheet_drill": {"en": "DRILL", "zh-Hans": "演练"},
    "place": {"en": "Place", "zh-Hans": "地点"},
    "compound": {"en": "Compound", "zh-Hans": "小区"},
    "hazard": {"en": "Hazard", "zh-Hans": "类型"},
    "severity": {"en": "Severity", "zh-Hans": "级别"},
    "floors": {"en": "Floors", "zh-Hans": "楼层"},
    "detectors": {"en": "Detectors", "zh-Hans": "探测器数"},
    "state": {"en": "State", "zh-Hans": "状态"},
    "owner": {"en": "Owner", "zh-Hans": "负责人"},
    "cause": {"en": "Cause", "zh-Hans": "原因"},
    "note": {"en": "Note", "zh-Hans": "备注"},
    "number": {"en": "Number", "zh-Hans": "编号"},
    "opened": {"en": "Raised", "zh-Hans": "发生时间"},
    "taken": {"en": "Taken", "zh-Hans": "接警时间"},
    "closed_at": {"en": "Closed", "zh-Hans": "结案时间"},
    "time": {"en": "Time", "zh-Hans": "时间"},
    "who": {"en": "Who", "zh-Hans": "人员"},
    "what": {"en": "What happened", "zh-Hans": "经过"},
    "way": {"en": "By which way", "zh-Hans": "方式"},
    "entry": {"en": "Entry", "zh-Hans": "序号"},
    "timeline": {"en": "Timeline", "zh-Hans": "时间线"},
    "statistics": {"en": "Statistics", "zh-Hans": "统计"},
    "incidents": {"en": "Incidents", "zh-Hans": "警情"},
    "still_open": {"en": "Still open", "zh-Hans": "未结案"},
    "hazards": {"en": "By hazard", "zh-Hans": "按类型"},
    "causes": {"en": "By cause", "zh-Hans": "按原因"},
    "to_page": {"en": "To the first page", "zh-Hans": "至首次通知"},
    "to_accept": {"en": "To Home Assistant's acceptance", "zh-Hans": "至 Home Assistant 接收"},
    "to_acknowledge": {"en": "Until somebody took it", "zh-Hans": "至接警"},
    "to_close": {"en": "Until it was closed", "zh-Hans": "至结案"},
    "times": {"en": "Times from the raising", "zh-Hans": "用时（自发生起）"},
    "count": {"en": "Count", "zh-Hans": "次数"},
    "median": {"en": "Median", "zh-Hans": "中位数"},
    "p90": {"en": "9 of 10 within", "zh-Hans": "九成不超过"},
    "worst": {"en": "Longest", "zh-Hans": "最长"},
    "pages": {"en": "Pages", "zh-Hans": "通知次数"},
    "not_paged_count": {"en": "Not paged by policy", "zh-Hans": "按策略未通知"},
    "escalated_count": {"en": "Reached tier 2 or higher", "zh-Hans": "升级到第 2 级及以上"},
    "overdue_count": {"en": "Pages not accepted in time", "zh-Hans": "未按时接收的通知"},
    "fallback_count": {"en": "Sent by the gateway's own channels", "zh-Hans": "网关自有渠道发送"},
    "unpaged_count": {"en": "Joined without a page", "zh-Hans": "并入且未再通知"},
    "false_count": {"en": "False alarms", "zh-Hans": "误报"},
    "real_count": {"en": "Real alarms", "zh-Hans": "真实警情"},
    "unjudged_count": {"en": "Neither (cleared, unknown)", "zh-Hans": "未判定（自行恢复、不明）"},
    "drills_count": {"en": "Drills", "zh-Hans": "演练次数"},
    "drill_incidents": {"en": "Incidents in drills (in no other number)", "zh-Hans": "演练中的事件（不计入其他数字）"},
    "devices": {"en": "Devices with the most false alarms", "zh-Hans": "误报最多的设备"},
    "device": {"en": "Device", "zh-Hans": "设备"},
    "alarms": {"en": "Alarms", "zh-Hans": "报警次数"},
    "rate": {"en": "False rate", "zh-Hans": "误报率"},
    "day_most": {"en": "Most on one day", "zh-Hans": "单日最多"},
    "suggestion": {"en": "Suggestion", "zh-Hans": "建议"},
    "suggest_clean": {"en": "clean it", "zh-Hans": "清洁"},
    "suggest_replace": {"en": "replace it", "zh-Hans": "更换"},
    "suggest_move": {"en": "move it", "zh-Hans": "移位"},
    "nowhere": {"en": "compound unknown", "zh-Hans": "小区不明"},
    "none": {"en": "No incidents.", "zh-Hans": "无警情。"},
    "cut": {"en": "Not everything fits: the sheet is cut.", "zh-Hans": "内容过多，本表已截断。"},
    "chain": {"en": "Head of the record's chain", "zh-Hans": "记录链头"},
    "exported": {"en": "Exported", "zh-Hans": "导出时间"},
    "signature": {"en": "Signature", "zh-Hans": "签字"},
    "name_line": {"en": "Name", "zh-Hans": "姓名"},
    "date_line": {"en": "Date", "zh-Hans": "日期"},
    "line": {
        "en": "Paged {page}, taken {taken}, closed {closed} after the raising. Pages: {pages}, highest tier: {tier}, "
        "joined without a page: {unpaged}.",
        "zh-Hans": "自发生起：首次通知 {page}，接警 {taken}，结案 {closed}。通知 {pages} 次，最高第 {tier} 级，"
        "并入且未再通知 {unpaged} 次。",
    },
    "disclaimer": {
        "en": "Community Help is not certified to any fire alarm standard. It replaces neither the fire panel, nor the "
        "sounder in the flat, nor the call to 119. Delivery to phones is best effort.",
        "zh-Hans": "社区来帮忙（Community Help）未经任何消防标准认证，不能代替火灾报警控制器、户内声警报器或拨打 119；"
        "手机通知尽力送达，不作保证。",
    },
}
"""The words of the sheets that are printed and exported."""

REPLAY: dict[str, Text] = {
    "then": {"en": "then", "zh-Hans": "当时"},
    "now": {"en": "now", "zh-Hans": "新策略"},
    "both": {"en": "both", "zh-Hans": "相同"},
    "later": {"en": "after the end of the record", "zh-Hans": "记录结束之后"},
    "table": {"en": "which", "zh-Hans": "哪一方"},
    "when": {"en": "time", "zh-Hans": "时间"},
    "page": {"en": "page", "zh-Hans": "通知"},
    "where": {"en": "incident", "zh-Hans": "事件"},
    "summary": {
        "en": "{side}: {pages} pages of {incidents} incidents, {night} of them at night (22-6); second tier after "
        "{second} (median of {count})",
        "zh-Hans": "{side}：{incidents} 起事件共通知 {pages} 次，其中夜间（22-6 时）{night} 次；"
        "第二级在 {second} 后（{count} 起的中位数）",
    },
    "ends": {"en": "The record ends at {at}.", "zh-Hans": "记录截止于 {at}。"},
    "unknown": {
        "en": "The new site file does not have {count} points of the record: {points}",
        "zh-Hans": "新站点文件缺少记录中的 {count} 个点位：{points}",
    },
    "full": {
        "en": "More than {count} pages: the replay ended there.",
        "zh-Hans": "通知超过 {count} 次，回放到此为止。",
    },
    "nothing": {"en": "Nobody was paged, and nobody would be.", "zh-Hans": "当时和新策略都没有通知任何人。"},
}
"""What a replay says."""


def compare(key: str, language: str, **parts: str | int) -> str:
    """One line of a replay in ``language``."""
    return REPLAY[key]["en" if language == "en" else "zh-Hans"].format(**parts)
