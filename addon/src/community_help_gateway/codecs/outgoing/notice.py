"""A page as the outside sees it, and its words: marked, cleaned, and cut within a limit of bytes."""

from copy import replace
from dataclasses import dataclass, field

TITLE_BYTES = 240
"""A title is cut above this many bytes, eighty Chinese characters (project's choice: a phone shows fewer)."""

LINK_BYTES = 2000
"""A longer link is left out (project's choice)."""

ELLIPSIS = "…"
_NO_MENTION = "\N{FULLWIDTH LESS-THAN SIGN}"
_DRILL = {"en": "[DRILL]", "zh-Hans": "【演练】"}
_TEST = {"en": "[TEST]", "zh-Hans": "【测试】"}


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be said. The same page sent again keeps ``page``; ``tag`` is the incident that it belongs to."""

    page: str
    tag: str
    title: str
    text: str
    urgent: bool
    drill: bool = False
    test: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Everything but the method may hold a credential or a place, so ``repr`` shows none of it."""

    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def cut(text: str, limit: int) -> str:
    """``text`` within ``limit`` bytes of UTF-8, ended by an ellipsis where something was left out."""
    raw = text.encode("utf-8")
    if len(raw) <= limit:
        return text
    room = limit - len(ELLIPSIS.encode("utf-8"))
    if room < 0:
        return ""
    return raw[:room].decode("utf-8", "ignore") + ELLIPSIS


def plain(text: str) -> str:
    """``text`` as it can be encoded and shown: no lone surrogates, no control characters but the line break."""
    lines = text.replace("\r\n", "\n")
    return "".join(char if char.isprintable() or char == "\n" else " " for char in lines).strip()


def unmarked_up(notice: Notice) -> Notice:
    """``notice`` without the sign that begins a mention in WeCom and Feishu: a device's name must not call people."""
    title, text, link = (words.replace("<", _NO_MENTION) for words in (notice.title, notice.text, notice.link))
    return replace(notice, title=title, text=text, link=link)


def headline(notice: Notice, language: str) -> str:
    """The title on one line, cut, with the marks of drill and test in front unless it carries them already."""
    title = cut(plain(notice.title).replace("\n", " "), TITLE_BYTES)
    marks = ((notice.test, _TEST), (notice.drill, _DRILL))
    for mark in (words.get(language, words["en"]) for wanted, words in marks if wanted):
        title = title if mark in title else mark + title
    return title


def link_of(notice: Notice) -> str:
    """The link as it can be sent, or nothing."""
    link = plain(notice.link)
    return link if len(link.encode("utf-8")) <= LINK_BYTES else ""


def message(notice: Notice, language: str, limit: int) -> str:
    """Title, text and link on lines of their own within ``limit`` bytes; the text gives way first, then the link."""
    title, link = headline(notice, language), link_of(notice)
    room = limit - len(title.encode("utf-8"))
    tail = f"\n{link}" if link else ""
    if len(tail.encode("utf-8")) > room:
        tail = ""
    text = cut(plain(notice.text), room - 1 - len(tail.encode("utf-8")))
    return "".join((title, f"\n{text}" if text else "", tail))
