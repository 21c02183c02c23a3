"""What people decide about one incident, each an action: from the caller's words to the gateway's command."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import probatio as vol
from homeassistant.helpers import config_validation as cv

from .callers import member_of
from .const import ATTR_CAUSE, ATTR_INCIDENT_ID, ATTR_NOTE, ATTR_TO
from .contract.commands import Acknowledge, AddNote, Ask, Close, CommandBody, DeclareReal, Handle, HandOver, Resolve
from .contract.values import Cause, Incident, Person, Way
from .coordinator import Coordinator

CAUSES = [cause.value for cause in Cause]
NOTE = vol.All(cv.string, vol.Length(max=1000))
INCIDENT: dict[vol.Marker, Any] = {vol.Required(ATTR_INCIDENT_ID): cv.string}


@dataclass(frozen=True, slots=True)
class Said:
    """Who says what about which incident."""

    coordinator: Coordinator
    incident: Incident
    person: Person
    data: dict[str, Any]


def _acknowledge(said: Said) -> Acknowledge:
    return Acknowledge(said.incident.id, said.incident.revision, said.person, Way.ACTION, time.time())


def _handle(said: Said) -> Handle:
    return Handle(said.incident.id, said.person, Way.ACTION, time.time(), said.incident.revision)


def _take_over(said: Said) -> HandOver:
    return HandOver(said.incident.id, said.person, said.person, Way.ACTION, time.time(), said.incident.revision)


def _hand_over(said: Said) -> HandOver:
    member = member_of(said.coordinator, said.data[ATTR_TO])
    to = Person(member.id, member.name)
    return HandOver(said.incident.id, to, said.person, Way.ACTION, time.time(), said.incident.revision)


def _add_note(said: Said) -> AddNote:
    return AddNote(said.incident.id, said.data[ATTR_NOTE], said.person, Way.ACTION, time.time())


def _ask_for_help(said: Said) -> Ask:
    return Ask(said.incident.id, said.person, Way.ACTION, time.time())


def _resolve(said: Said) -> Resolve:
    note, revision = said.data[ATTR_NOTE], said.incident.revision
    return Resolve(said.incident.id, said.person, Way.ACTION, time.time(), note, revision)


def _declare_real(said: Said) -> DeclareReal:
    return DeclareReal(said.incident.id, said.person, Way.ACTION, time.time())


def _close(said: Said) -> Close:
    cause, note = Cause(said.data[ATTR_CAUSE]), said.data[ATTR_NOTE]
    return Close(said.incident.id, cause, said.person, Way.ACTION, time.time(), note)


DECISIONS: dict[str, tuple[Callable[[Said], CommandBody], dict[vol.Marker, Any]]] = {
    "acknowledge": (_acknowledge, {}),
    "handle": (_handle, {}),
    "take_over": (_take_over, {}),
    "hand_over": (_hand_over, {vol.Required(ATTR_TO): cv.string}),
    "add_note": (_add_note, {vol.Required(ATTR_NOTE): vol.All(NOTE, vol.Length(min=1))}),
    "ask_for_help": (_ask_for_help, {}),
    "resolve": (_resolve, {vol.Optional(ATTR_NOTE, default=""): NOTE}),
    "declare_real": (_declare_real, {}),
    "close": (_close, {vol.Required(ATTR_CAUSE): vol.In(CAUSES), vol.Optional(ATTR_NOTE, default=""): NOTE}),
}
"""The actions about an incident: what each asks of the gateway, and what the caller adds to the incident's id."""
