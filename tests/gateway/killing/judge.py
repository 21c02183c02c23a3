"""The judge: what a start finds, held against what the outside was told. Every problem is one line."""

from collections import Counter
from collections.abc import Iterator
from copy import replace
from typing import Any

import msgspec

from community_help_gateway.contract.commands import Inject, ReportAdopted, SetAdopted
from community_help_gateway.model.audit import watched
from community_help_gateway.model.incident import Deadline, DeadlineKind
from community_help_gateway.model.state import Event, EventKind, State
from tests.gateway.killing.effects import effect_of, effects
from tests.gateway.killing.evidence import Evidence
from tests.gateway.killing.ledger import Ledger

JOINING = ("raised", "joined")
ENDS = frozenset({DeadlineKind.MAX_ON, DeadlineKind.SESSION, DeadlineKind.VERIFY})
"""What turns a relay off."""
ARMED_ANEW = frozenset({DeadlineKind.LINK, DeadlineKind.SELF_TEST, DeadlineKind.STATION})
"""Waits that come with the site file."""


def problems(base: Evidence, found: Evidence, ledger: Ledger, *, final: bool = False) -> list[str]:
    """All of them. ``final``: everything was sent again, so all that was said must be there."""
    entries = base.entries | found.entries
    return [
        *_numbers(base, found),
        *_alarms(entries, ledger, final=final),
        *_commands(entries, found, ledger, final=final),
        *_shown(entries, found.state, ledger),
        *_adopted(found.state, ledger, final=final),
        *_held(found.state),
        *_halves(found.state),
        *_page_halves(found.state),
        *_replayed(base, found),
        *_waits(base, found),
    ]


def _numbers(base: Evidence, found: Evidence) -> Iterator[str]:
    numbers = sorted(found.entries)
    if numbers and (numbers != list(range(numbers[0], numbers[-1] + 1)) or numbers[-1] != found.number):
        yield f"the numbers have a gap or do not end at {found.number}: {numbers}"
    if found.number < base.number:
        yield f"the record ends at {found.number}, it was at {base.number} before"
    for number in base.entries.keys() & found.entries.keys():
        if base.entries[number] != found.entries[number]:
            yield f"entry {number} was rewritten"


def _alarms(entries: dict[int, dict[str, Any]], ledger: Ledger, *, final: bool) -> Iterator[str]:
    joined = Counter((m["point"], m["episode"]) for e in entries.values() if e["kind"] in JOINING and (m := _member(e)))
    yield from (
        f"alarm {episode} of {point} has {count} memberships" for (point, episode), count in joined.items() if count > 1
    )
    known = set(joined) | {
        (e["subject"], e["point"]["episode"]) for e in entries.values() if e["kind"] == "bypassed_alarm"
    }
    have = Counter(point for point, _ in known)
    closed = sum(entry["kind"] == "closed" for entry in entries.values())
    injected = Counter(body.point for body in ledger.commands.values() if isinstance(body, Inject))
    for point, said in ledger.said.items():
        least = said if final else ledger.confirmed[point]
        if not least <= have[point] <= said + closed + injected[point]:
            yield f"{point} has {have[point]} alarms; {said} were said, {ledger.confirmed[point]} confirmed"


def _member(entry: dict[str, Any]) -> dict[str, Any] | None:
    """The member that an entry is about, unless it is a device or a link that supervision is about."""
    member: dict[str, Any] = entry.get("member") or (entry["incident"].get("members") or [{}])[-1]
    return member if member and entry["incident"]["hazard"] != "supervision" else None


def _commands(entries: dict[int, dict[str, Any]], found: Evidence, ledger: Ledger, *, final: bool) -> Iterator[str]:
    for key in ledger.answered.keys() - found.commands:
        if isinstance(ledger.commands.get(key), ReportAdopted):
            continue  # a report is an observation: what it says is counted, not that it came
        yield f"command {key} was answered, but is not in the journal"
    sent = Counter(effect_of(body) for body in ledger.commands.values())
    sure = Counter(effect_of(body) for key, body in ledger.commands.items() if final or key in ledger.answered)
    done = effects(entries.values())
    for effect, most in sent.items():
        if effect and not sure[effect] <= done[effect] <= most:
            yield f"{effect} is recorded {done[effect]} times; {most} were sent, {sure[effect]} answered"


def _shown(entries: dict[int, dict[str, Any]], state: State, ledger: Ledger) -> Iterator[str]:
    if ledger.shown_to > state.number:
        yield f"clients were shown up to {ledger.shown_to}, the record ends at {state.number}"
    for number, kind in ledger.events.items():
        if number not in entries or entries[number]["kind"] != kind:
            yield f"{kind} {number} was shown, but is not in the record"
    paged = {entry["subject"] for entry in entries.values() if entry["kind"] == "paged"}
    hurried = {entry["subject"] for entry in entries.values() if entry["kind"] == "unproven"}
    settled = {entry["subject"] for entry in entries.values() if entry["kind"] == "settled"}
    for page in ledger.pages.values():
        now = state.pages.get(page.id)
        if page.id not in paged:
            yield f"page {page.id} was shown, but is not in the record"
        elif not now and page.id not in settled:
            yield f"page {page.id} is gone"
        elif (
            now
            and (now.incident, now.answer_by) != (page.incident.id, page.answer_by)
            and not (now.answer_by < page.answer_by and page.id in hurried)
        ):
            yield f"page {page.id} was told for {page.incident.id} until {page.answer_by}, now it is {now}"
        elif now and page.settled:
            yield f"page {page.id} was shown as settled, and is demanded"


def _adopted(state: State, ledger: Ledger, *, final: bool) -> Iterator[str]:
    """The list is the last one that was answered, or one that was sent after it."""
    lists = [(key, body) for key, body in ledger.commands.items() if isinstance(body, SetAdopted)]
    if not lists:
        return
    answered = [number for number, (key, _) in enumerate(lists) if key in ledger.answered]
    first = len(lists) - 1 if final else max(answered, default=-1)
    allowed = [[item.id for item in body.devices] for _, body in lists[max(first, 0) :]]
    allowed += [[]] if first < 0 else []
    have = [item.id for item in state.adopted.devices] if state.adopted else []
    if have not in allowed:
        yield f"{have} are adopted, expected one of {allowed}"


def _held(state: State) -> Iterator[str]:
    """A relay that is on has an end."""
    clocks = {wait.subject for wait in state.deadlines.values() if wait.kind in ENDS}
    yield from (
        f"{point.id} is on, and nothing would turn it off"
        for point in state.points.values()
        if point.id.endswith(".relay") and point.on and point.id not in clocks
    )


def _halves(state: State) -> Iterator[str]:
    """Each decision is there as a whole."""
    for incident_id, members in state.members.items():
        if members and incident_id not in state.incidents:
            yield f"members of {incident_id}, which is no incident"
    for point in state.points.values():
        holder = state.incidents.get(point.incident)
        if holder and point.id not in state.members.get(holder.id, {}):
            yield f"{point.id} is latched by {holder.id}, but no member of it"
    for incident in state.incidents.values():
        if not incident.answered and not watched(state, incident):
            yield f"nothing would ever page {incident.id} again"


def _page_halves(state: State) -> Iterator[str]:
    """A page, its incident and its waits are there together."""
    for page in state.pages.values():
        if page.incident not in state.incidents or state.incidents[page.incident].page != page.id:
            yield f"page {page.id} belongs to no incident"
        accept = None if page.accepted or page.overdue else page.accept_by
        for kind, due in ((DeadlineKind.ACCEPT, accept), (DeadlineKind.ANSWER, page.answer_by or None)):
            wait = state.deadlines.get(f"{kind}:{page.id}")
            if (wait.due_at if wait else None) != due:
                yield f"page {page.id} has {wait} for {kind}, expected {due}"


def _replayed(base: Evidence, found: Evidence) -> Iterator[str]:
    """The records are what the entries say, no more and no less."""
    said = State(found.state.epoch)
    replaced = base.state.epoch != found.state.epoch
    said.apply(base.state.records(), base.number)
    for number in sorted(found.entries):
        if number > base.number:
            _apply(said, msgspec.json.decode(msgspec.json.encode(found.entries[number]), type=Event))
    for name in ("incidents", "pages", "members") + (() if replaced else ("points",)):
        expected = {key: item for key, item in getattr(said, name).items() if item}
        have = {key: item for key, item in getattr(found.state, name).items() if item}
        for key in expected.keys() | have.keys():
            if not replaced and expected.get(key) != have.get(key):
                yield f"{name} {key}: the entries say {expected.get(key)}, the record is {have.get(key)}"
            elif replaced and (key in expected) != (key in have):
                yield f"{name} {key} did not come over"


def _apply(state: State, event: Event) -> None:
    if event.kind is EventKind.EPOCH:
        state.incidents = {key: replace(item, mark=event.detail) for key, item in state.incidents.items()}
    if event.point:
        state.points[event.point.id] = event.point
    if event.page and event.page.settled:
        state.pages.pop(event.page.id, None)
    elif event.page:
        state.pages[event.page.id] = event.page
    if event.kind is EventKind.CLOSED:
        state.incidents.pop(event.subject, None)
        state.members.pop(event.subject, None)
        return
    if event.incident:
        state.incidents[event.incident.id] = event.incident
    if event.member:
        state.members.setdefault(event.member.incident, {})[event.member.point] = event.member


def _waits(base: Evidence, found: Evidence) -> Iterator[str]:
    """A wait from before is as it was, unless an entry since then is about the same.

    Those of links, of a station's hours and of the next night's self-test come with the site file: a start arms them
    anew.
    """
    touched: set[str] = set()
    for number, entry in found.entries.items():
        if number > base.number:
            touched |= {entry["subject"]}
            touched |= {entry[name]["id"] for name in ("page", "incident", "point") if entry.get(name)}
    for key, wait in base.state.deadlines.items():
        if wait.kind not in ARMED_ANEW and wait.subject not in touched and found.state.deadlines.get(key) != wait:
            yield f"{wait} became {found.state.deadlines.get(key)}"
    yield from (f"{wait} is longer than it was made" for wait in found.state.deadlines.values() if not _kept(wait))


def _kept(wait: Deadline) -> bool:
    return wait.remaining(wait.due_at - 2 * wait.length) <= wait.length
