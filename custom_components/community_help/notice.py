"""One notification, as it is meant: what it says, how much it insists, which buttons it has.

How it looks on a certain kind of phone or channel is the business of ``phone`` and ``channels``.
"""

from dataclasses import dataclass
from enum import StrEnum

from .contract.values import Compound, Incident, IncidentState, Page, Severity
from .incidents import answered, loud
from .texts import Texts

TAG = "community_help_"
ACKNOWLEDGE = "COMMUNITY_HELP_ACKNOWLEDGE"
ON_MY_WAY = "COMMUNITY_HELP_ON_MY_WAY"
FALSE_ALARM = "COMMUNITY_HELP_FALSE_ALARM"
DECLARE_REAL = "COMMUNITY_HELP_REAL"
BUTTONS = (ACKNOWLEDGE, ON_MY_WAY, FALSE_ALARM, DECLARE_REAL)


class Urgency(StrEnum):
    """How much a notification insists."""

    CRITICAL = "critical"
    """Over the phone's silence."""
    HIGH = "high"
    NOTICE = "notice"
    UPDATE = "update"
    """Only replaces what was there."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button; it says which incident, as it was at which revision, the person saw. ``asks``: for words, too."""

    kind: str
    incident: str
    revision: int
    title: str
    asks: bool = False

    @property
    def action(self) -> str:
        """Its id, as it comes back when it is pressed."""
        return f"{self.kind}:{self.incident}:{self.revision}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What to show under ``tag``, in the place of what was there.

    ``revision`` is the incident's as it is told here. ``answer_by``: when the next tier is told (epoch seconds, 0:
    never). ``page``: the page that this is, whose arrival its receiver confirms; empty for what only replaces one.
    ``asking``: somebody must still take it, so that it insists and stays. ``owner``: who has taken it, and alone has
    the ``buttons``. ``camera`` is an entity, ``picture`` a path or an address, ``at`` degrees (WGS 84), ``opens`` an
    entity that a tap shows. ``gone``: the notification is taken away.
    """

    tag: str
    title: str
    message: str
    urgency: Urgency = Urgency.UPDATE
    revision: int = 0
    sounding: bool = False
    buttons: tuple[Button, ...] = ()
    answer_by: float = 0.0
    camera: str = ""
    picture: str = ""
    at: tuple[float, float] | None = None
    opens: str = ""
    page: str = ""
    asking: bool = False
    owner: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What an automation asked for: empty texts mean the default ones."""

    title: str = ""
    message: str = ""
    critical: bool = True
    camera: str = ""
    picture: str = ""


def tag_of(incident_id: str) -> str:
    """One notification per incident on a phone: the same tag replaces."""
    return f"{TAG}{incident_id}"


def parse_button(action: str) -> tuple[str, str, int] | None:
    """Kind, incident id and revision of a pressed button, or ``None`` when it is not ours."""
    kind, _, rest = action.partition(":")
    incident_id, _, revision = rest.partition(":")
    if kind not in BUTTONS or not incident_id or not revision.isdecimal():
        return None
    return kind, incident_id, int(revision)


def newest(page: Page, known: Incident | None) -> Incident:
    """The incident of a page as it is known best: a page may carry an older or a newer one."""
    return known if known and known.revision >= page.incident.revision else page.incident


def place_of(compounds: dict[str, Compound], incident: Incident) -> tuple[float, float] | None:
    """Where the incident's compound is, if somebody entered it."""
    found = compounds.get(incident.compound)
    if found is None or found.latitude is None or found.longitude is None:
        return None
    return found.latitude, found.longitude


def page_notice(
    texts: Texts,
    page: Page,
    incident: Incident,
    words: Words,
    now: float,
    *,
    sounding: bool,
) -> Notice:
    """A page. Only alarm and danger sound over silence, whoever asks for more."""
    return Notice(
        tag_of(incident.id),
        words.title or texts.title(incident),
        words.message or texts.page(page, incident, now),
        _urgency(incident, critical=words.critical),
        incident.revision,
        sounding,
        buttons_of(texts, incident),
        page.answer_by,
        words.camera,
        words.picture,
        page=page.id if sounding else "",
        asking=True,
    )


def update_notice(texts: Texts, incident: Incident, now: float, words: Words, *, answer_by: float = 0.0) -> Notice:
    """What replaces a page in silence; unanswered it keeps its buttons, words and prominence; closed it goes away.

    Whoever has taken it goes on from the same notification: on my way, and what it was.
    """
    tag, title = tag_of(incident.id), texts.title(incident)
    if incident.closed_at is not None:
        return Notice(tag, title, texts.state(incident), revision=incident.revision, gone=True)
    if answered(incident):
        owner = incident.owner.id if incident.owner else ""
        buttons = buttons_of(texts, incident)[1 if incident.state is IncidentState.ACKNOWLEDGED else 2 :]
        return Notice(tag, title, texts.state(incident), revision=incident.revision, buttons=buttons, owner=owner)
    said = texts.unanswered(incident, now)
    return Notice(
        tag,
        words.title or title,
        "\n".join(filter(None, (words.message, said))),
        _urgency(incident, critical=words.critical),
        incident.revision,
        buttons=buttons_of(texts, incident),
        answer_by=answer_by,
        camera=words.camera,
        picture=words.picture,
        asking=True,
    )


def buttons_of(texts: Texts, incident: Incident) -> tuple[Button, ...]:
    """At most three, because Android shows no more: in a drill, "this is real" stands for "false alarm"."""

    def button(kind: str, text: str, *, asks: bool = False) -> Button:
        return Button(kind, incident.id, incident.revision, texts.say(text), asks)

    last = button(DECLARE_REAL, "declare_real") if incident.drill else button(FALSE_ALARM, "false_alarm", asks=True)
    return button(ACKNOWLEDGE, "acknowledge"), button(ON_MY_WAY, "on_my_way"), last


def _urgency(incident: Incident, *, critical: bool) -> Urgency:
    if critical and loud(incident):
        return Urgency.CRITICAL
    return Urgency.NOTICE if incident.severity is Severity.NOTICE else Urgency.HIGH


def loss_notice(texts: Texts, entry_id: str, gateway: str, unanswered: int) -> Notice:
    """The gateway is gone: urgent, and over silence while alarms are unanswered."""
    lines = [texts.say("gateway_gone")]
    if unanswered:
        lines.append(texts.say("gateway_gone_open", count=unanswered))
    title = texts.say("gateway_gone_title", gateway=gateway)
    urgency = Urgency.CRITICAL if unanswered else Urgency.HIGH
    return Notice(tag_of(f"gateway_{entry_id}"), title, "\n".join(lines), urgency, sounding=True)


def back_notice(texts: Texts, entry_id: str, gateway: str) -> Notice:
    """What replaces it, in silence."""
    title = texts.say("gateway_back_title", gateway=gateway)
    return Notice(tag_of(f"gateway_{entry_id}"), title, texts.say("gateway_back"))
