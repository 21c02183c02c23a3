"""One notification as a phone gets it: title, words and the data that makes it ring or not."""

from dataclasses import dataclass
from typing import Any

from . import phone
from .contract.values import Incident, Page
from .incidents import answered
from .texts import Texts


@dataclass(frozen=True, slots=True)
class Notice:
    """What to show; ``revision`` is the incident's as it is told here, ``data`` carries the tag that replaces."""

    title: str
    message: str
    data: dict[str, Any]
    revision: int = 0
    sounding: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What an automation asked for: empty texts mean the default ones."""

    title: str = ""
    message: str = ""
    critical: bool = True


def newest(page: Page, known: Incident | None) -> Incident:
    """The incident of a page as it is known best: a page may carry an older or a newer one."""
    return known if known and known.revision >= page.incident.revision else page.incident


def page_notice(texts: Texts, page: Page, incident: Incident, words: Words, now: float, *, sounding: bool) -> Notice:
    """A page."""
    data = phone.page_data(incident, _buttons(texts, incident), critical=words.critical, sounding=sounding)
    message = words.message or texts.page(page, incident, now)
    return Notice(words.title or texts.title(incident), message, data, incident.revision, sounding)


def update_notice(texts: Texts, incident: Incident, now: float, *, critical: bool) -> Notice:
    """What replaces a page in silence; as long as nobody answered it keeps the page's buttons and prominence."""
    if answered(incident):
        data = phone.update_data(phone.tag_of(incident.id))
        return Notice(texts.title(incident), texts.state(incident), data, incident.revision)
    data = phone.page_data(incident, _buttons(texts, incident), critical=critical, sounding=False)
    return Notice(texts.title(incident), texts.unanswered(incident, now), data, incident.revision)


def _buttons(texts: Texts, incident: Incident) -> list[dict[str, str]]:
    found = [phone.button(phone.ACKNOWLEDGE, incident, texts.say("acknowledge"))]
    if incident.drill:
        found.append(phone.button(phone.DECLARE_REAL, incident, texts.say("declare_real")))
    return found


def loss_notice(texts: Texts, entry_id: str, gateway: str, unanswered: int) -> Notice:
    """The gateway is gone: urgent, and over silence while alarms are unanswered."""
    lines = [texts.say("gateway_gone")]
    if unanswered:
        lines.append(texts.say("gateway_gone_open", count=unanswered))
    data = {**_of_gateway(entry_id), **phone.prominence(critical=unanswered > 0), "ttl": 0, "priority": "high"}
    return Notice(texts.say("gateway_gone_title", gateway=gateway), "\n".join(lines), data, sounding=True)


def back_notice(texts: Texts, entry_id: str, gateway: str) -> Notice:
    """What replaces it, in silence."""
    data = phone.update_data(_of_gateway(entry_id)["tag"])
    return Notice(texts.say("gateway_back_title", gateway=gateway), texts.say("gateway_back"), data)


def _of_gateway(entry_id: str) -> dict[str, str]:
    return {"tag": phone.tag_of(f"gateway_{entry_id}"), "group": "community_help"}
