"""Why it was a false alarm, guessed from what somebody typed on the phone, in either language."""

from .contract.values import Cause

WORDS: dict[Cause, tuple[str, ...]] = {
    Cause.COOKING: ("cook", "kitchen", "food", "frying", "toast", "做饭", "炒菜", "油烟", "厨房", "烧饭", "烹饪"),
    Cause.DUST: ("dust", "steam", "shower", "insect", "灰", "蒸汽", "水汽", "洗澡", "虫", "装修", "粉尘"),
    Cause.DRILL: ("drill", "exercise", "演练", "演习"),
    Cause.TEST: ("test", "测试", "试验", "检测"),
    Cause.DEVICE_FAULT: ("fault", "broken", "defect", "battery", "故障", "坏", "电池", "损坏"),
}
"""In this order: the first that fits."""


def cause_of(reply: str) -> Cause:
    """The cause that a reply names; unknown when it names none. The reply itself is kept as the note."""
    said = reply.casefold()
    return next((cause for cause, words in WORDS.items() if any(word in said for word in words)), Cause.UNKNOWN)
