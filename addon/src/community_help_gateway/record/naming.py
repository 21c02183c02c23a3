"""How people are called in what is exported, and how moments and spans are written."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from ..model.incident import GATEWAY, Incident
from ..model.policy import Policy, PolicySet
from ..words import phrase


@dataclass(frozen=True, slots=True)
class Telling:
    """In which language something is told, by which clock, and who is called how (names by a person's id).

    ``policies`` are the sets that are still known, by their id.
    """

    language: str
    zone: tzinfo
    names: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, PolicySet] = field(default_factory=dict)

    def say(self, key: str, **parts: str | int) -> str:
        """One line of text."""
        return phrase(key, self.language, **parts)

    def who(self, person: str) -> str:
        """A person's name. One that was erased has a mark that says who is the same, not who it was."""
        if person in ("", "automation"):
            return self.say("somebody")
        if person == GATEWAY.id:
            return self.say("gateway")
        return self.names.get(person) or self.say("erased", mark=mark(person))

    def people(self, people: Iterable[str]) -> str:
        """Several people; nobody in particular is everybody."""
        separator = ", " if self.language == "en" else "、"
        return separator.join(map(self.who, people)) or self.say("everybody")

    def policy(self, incident: Incident | None) -> Policy | None:
        """The policy that an incident kept, if it is still known."""
        if incident is None:
            return None
        rules = self.policies.get(incident.policy) or (PolicySet() if incident.policy in ("", "default") else None)
        return rules.find(incident.compound, incident.hazard, incident.severity) if rules else None

    def when(self, at: float | None) -> str:
        """A moment by the community's clock, with its offset; empty for none."""
        return datetime.fromtimestamp(at, self.zone).isoformat(" ", "seconds") if at is not None else ""

    def clock(self, at: float) -> str:
        """A moment by the community's clock, short."""
        return datetime.fromtimestamp(at, self.zone).strftime("%Y-%m-%d %H:%M:%S")


def mark(person: str) -> str:
    """Four digits that tell two erased people apart."""
    return hashlib.sha256(person.encode()).hexdigest()[:4]


SHORT = 8
"""Characters of a phone's id that tell the phones of a community apart (project's choice)."""


def short(phone: str) -> str:
    """A phone's id as people can compare it; nobody reads 32 letters."""
    return phone if len(phone) <= SHORT else f"{phone[:SHORT]}…"


def span(seconds: float | None) -> str:
    """A length of time as hours, minutes and seconds; a dash for none."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
