"""What the gateway's policy check and auditor found, in words: they come as codes with a subject."""

import re
from collections.abc import Mapping

from .contract.values import Compound, Incident
from .texts import Texts

_HOLE = re.compile(r"(?P<compound>.*): (?P<code>\w+)(?: (?P<about>.*))?")
_HOURS = re.compile(r"(?P<from_day>\w{3}) (?P<from>\d\d:\d\d)-(?P<to_day>\w{3}) (?P<to>\d\d:\d\d)")
_ALARM = re.compile(r"(?P<hazard>\w+)/(?P<severity>\w+)")


def hole(texts: Texts, compounds: Mapping[str, Compound], code: str) -> str:
    """Where and when an alarm would reach nobody; what is not understood is shown as it came."""
    found = _HOLE.fullmatch(code)
    if found is None:
        return code
    place = compounds[found["compound"]].name if found["compound"] in compounds else found["compound"]
    about = found["about"] or ""
    hours, alarm = _HOURS.fullmatch(about), _ALARM.fullmatch(about)
    words: dict[str, str | int] = {}
    if hours:
        start = texts.say("clock", day=_word(texts, f"day_{hours['from_day'].lower()}"), time=hours["from"])
        end = texts.say("clock", day=_word(texts, f"day_{hours['to_day'].lower()}"), time=hours["to"])
        words = {"start": start, "end": end}
    elif alarm:
        hazard, severity = _word(texts, f"hazard_{alarm['hazard']}"), _word(texts, f"severity_{alarm['severity']}")
        words = {"hazard": hazard, "severity": severity}
    return texts.filled(f"hole_{found['code']}", {"place": place or texts.say("no_compound"), **words}) or code


def finding(texts: Texts, incidents: Mapping[str, Incident], code: str) -> str:
    """What is wrong with the gateway itself; what is not understood is shown as it came."""
    kind, _, subject = code.partition(":")
    incident = incidents.get(subject)
    about = texts.title(incident) if incident else subject
    return texts.filled(f"finding_{kind}", {"about": about}) or code


def _word(texts: Texts, key: str) -> str:
    return next(iter(texts.maybe(key)), key.partition("_")[2])
