"""The record over HTTP: sheets of an incident and of a month, statistics, the chain's check, erasing a name."""

import asyncio
import json
import secrets
from datetime import datetime, tzinfo
from functools import partial
from itertools import islice

from aiohttp import web
from msgspec import to_builtins

from ..errors import (
    BadHeadError,
    BadLanguageError,
    BadMonthError,
    NoSuchExportError,
    UnauthorizedError,
    UnrecordedIncidentError,
)
from ..hub import Hub
from ..journal import chain
from ..model.bypass import MAX_DRILL_SECONDS
from ..model.people import erase_name
from ..model.state import Event
from ..record.csv_sheet import drills_csv, incident_csv, month_csv
from ..record.drills import NEEDED as EXERCISES, Exercises, drill_sheet
from ..record.html_sheet import drills_html, incident_html, month_html
from ..record.naming import Telling
from ..record.sheet import MAX_LINES, PROOF_HEADS, Foot, IncidentSheet, MonthSheet, incident_sheet, month_sheet
from ..record.statistics import statistics_of
from ..record.trace import NEEDED, Trace, Traces
from .auth import authorized

CHUNK = 1_000
"""Entries that are read at once: about a megabyte, some milliseconds of decoding in a thread (project's choice)."""

TAIL_SECONDS = 31 * 86400.0
"""How long after a month's end the closings of its incidents are looked for (project's choice)."""

LANGUAGES = ("en", "zh-Hans")
TYPES = {"json": "application/json", "csv": "text/csv", "html": "text/html"}
NO_SNIFFING = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


class Exports:
    """Answers with what the record holds; one export at a time, so that no number of clients slows the alarms."""

    def __init__(self, hub: Hub, token: str) -> None:
        """``token`` is that of the stream."""
        self._hub = hub
        self._token = token
        self._turn = asyncio.Lock()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Make the exports reachable."""
        router.add_get("/api/v1/incidents/{name}", self._incident)
        router.add_get("/api/v1/months/{name}", self._month)
        router.add_get("/api/v1/statistics", self._statistics)
        router.add_get("/api/v1/exports/drills", self._drills)
        router.add_get("/api/v1/record/verify", self._verify)
        router.add_delete("/api/v1/names/{person}", self._erase)

    async def _incident(self, request: web.Request) -> web.Response:
        self._authorize(request)
        incident, form = _split(request.match_info["name"])
        telling = self._telling(request)
        async with self._turn:
            events = await self._hub.journal.timeline(incident, MAX_LINES + 1)
            return await asyncio.to_thread(self._written_incident, incident, form, events, telling, self._foot())

    def _written_incident(
        self, incident: str, form: str, events: list[Event], telling: Telling, foot: Foot
    ) -> web.Response:
        sheet = incident_sheet(events, telling, foot)
        if sheet is None:
            raise UnrecordedIncidentError(incident=incident)
        return _answer(f"incident-{incident}", form, _incident_text(sheet, form, events, telling, foot))

    async def _month(self, request: web.Request) -> web.Response:
        self._authorize(request)
        month, form = _split(request.match_info["name"])
        start, end = month_bounds(month, self._hub.site.zone)
        telling = self._telling(request)
        async with self._turn:
            traces = await self._traces(month, start, end)
            sheet = partial(month_sheet, month, traces, telling, self._foot())
            return await asyncio.to_thread(
                lambda: _answer(f"month-{month}", form, _month_text(sheet(), form, telling, month, traces))
            )

    async def _statistics(self, request: web.Request) -> web.Response:
        self._authorize(request)
        month = request.query.get("month", "")
        start, end = month_bounds(month, self._hub.site.zone)
        async with self._turn:
            traces = await self._traces(month, start, end)
            found = await asyncio.to_thread(statistics_of, traces)
        return web.json_response({"month": month} | to_builtins(found), headers=NO_SNIFFING)

    async def _drills(self, request: web.Request) -> web.Response:
        self._authorize(request)
        month, form = request.query.get("month", ""), request.query.get("format", "html")
        start, end = month_bounds(month, self._hub.site.zone)
        if form not in TYPES:
            raise NoSuchExportError(name=f"drills.{form}"[:80])
        telling, compounds = self._telling(request), self._hub.site.compounds
        names = {compound.id: compound.name for compound in compounds.values()}
        async with self._turn:
            held = await self._held(month, start, end)
            return await asyncio.to_thread(
                lambda: _answer(f"drills-{month}", form, _drills_text(month, held, names, form, telling, self._foot()))
            )

    async def _held(self, month: str, start: float, end: float) -> Exercises:
        """Follow the month's drills and self-tests to their ends; read in pieces, as the month's incidents are."""
        held = Exercises(self._hub.site.zone, month)
        number = await self._follow(held, start, end, 0)
        if not held.all_over:
            await self._follow(held, end, end + MAX_DRILL_SECONDS, number)
        held.finish()
        return held

    async def _follow(self, held: Exercises, start: float, end: float, number: int) -> int:
        """Let ``held`` hear what happened in a time, above a number; the last number."""
        while True:
            events = await self._hub.journal.between(start, end, EXERCISES, number, CHUNK)
            for event in events:
                held.add(event)
            await asyncio.sleep(0)
            number = events[-1].number if events else number
            if len(events) < CHUNK:
                return number

    async def _verify(self, request: web.Request) -> web.Response:
        """Compute the chain anew; ``number`` and ``hash`` of a head that was kept elsewhere are held against it."""
        self._authorize(request)
        expected = _head(request.query.get("number"), request.query.get("hash"))
        async with self._turn:
            verdict = await asyncio.to_thread(chain.verify, self._hub.journal.file, expected)
        return web.json_response(
            {
                "intact": verdict.broken is None,
                "broken": verdict.broken,
                "checked": verdict.checked,
                "anchor": verdict.anchor._asdict(),
                "head": verdict.head._asdict(),
            },
            headers=NO_SNIFFING,
        )

    async def _erase(self, request: web.Request) -> web.Response:
        self._authorize(request)
        person = request.match_info["person"]
        key = f"erase:{person}:{secrets.token_hex(8)}"
        result = await self._hub.command(key, partial(erase_name, person=person), person=person)
        return web.json_response(result)

    async def _traces(self, month: str, start: float, end: float) -> Traces:
        """Follow the month's incidents to their ends; read in pieces, so that alarms go in between."""
        traces = Traces(self._hub.site.zone, month)
        number, until = 0, end
        while True:
            events = await self._hub.journal.between(start, until, NEEDED, number, CHUNK)
            for event in events:
                traces.add(event)
            await asyncio.sleep(0)
            if len(events) == CHUNK:
                number = events[-1].number
            elif until == end and not traces.all_closed():
                start, until = end, end + TAIL_SECONDS
                number = events[-1].number if events else number
            else:
                return traces

    def _authorize(self, request: web.Request) -> None:
        if not authorized(request.headers.get("Authorization"), self._token):
            raise UnauthorizedError

    def _telling(self, request: web.Request) -> Telling:
        language = request.query.get("lang") or request.query.get("language") or "zh-Hans"
        if language not in LANGUAGES:
            raise BadLanguageError(language=language[:40])
        state = self._hub.visible
        staff = state.roster.staff if state.roster else self._hub.site.staff
        names = {member.id: member.name for member in staff} | {item.id: item.name for item in state.names.values()}
        return Telling(language, self._hub.site.zone, names, dict(state.policies))

    def _foot(self) -> Foot:
        head = self._hub.journal.head
        return Foot(head.number, head.hash, self._hub.clock.wall())


def month_bounds(month: str, zone: tzinfo) -> tuple[float, float]:
    """The first moment of a month where the community is, and that of the next; raises BadMonthError."""
    try:
        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=zone)
        following = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        if start.strftime("%Y-%m") != month:
            raise BadMonthError(month=month[:40])
        return start.timestamp(), following.timestamp()
    except (ValueError, OverflowError) as error:
        raise BadMonthError(month=month[:40]) from error


def _split(name: str) -> tuple[str, str]:
    """What is exported, and in which form."""
    what, _, form = name.rpartition(".")
    if not what or form not in TYPES:
        raise NoSuchExportError(name=name[:80])
    return what, form


def _head(number: str | None, digest: str | None) -> chain.Head | None:
    if number is None and digest is None:
        return None
    if not number or not digest or not number.isascii() or not number.isdecimal() or len(number) > MAX_DIGITS:
        raise BadHeadError
    return chain.Head(int(number), digest)


MAX_DIGITS = 18
"""More digits no number of an entry has: SQLite counts to 2^63."""


def _incident_text(sheet: IncidentSheet, form: str, events: list[Event], telling: Telling, foot: Foot) -> str:
    if form == "csv":
        return incident_csv(sheet, telling)
    if form == "html":
        return incident_html(sheet, telling)
    known = [event.incident for event in events if event.incident]
    return _json(
        incident=to_builtins(known[-1]),
        lines=[to_builtins(line) for line in sheet.timeline],
        proofs=[dict(zip(PROOF_HEADS, row, strict=True)) for row in sheet.proofs],
        events=[to_builtins(event) for event in events[:MAX_LINES]],
        head={"number": foot.number, "hash": foot.hash},
        exported_at=foot.at,
        cut=sheet.cut,
    )


def _month_text(sheet: MonthSheet, form: str, telling: Telling, month: str, traces: Traces) -> str:
    if form == "csv":
        return month_csv(sheet, telling)
    if form == "html":
        return month_html(sheet, telling)
    return _json(
        month=month,
        figures=[to_builtins(item) for item in statistics_of(traces).figures],
        incidents=[_plain(trace) for trace in islice(traces.found.values(), MAX_LINES)],
        refusals=[
            {"at": item.at, "person": item.person, "what": item.detail, "subject": item.subject}
            for item in traces.refusals
        ],
        foot=dict(sheet.foot),
        cut=sheet.cut,
    )


def _drills_text(month: str, held: Exercises, names: dict[str, str], form: str, telling: Telling, foot: Foot) -> str:
    if form == "json":
        return _json(
            month=month,
            self_tests=[to_builtins(test) | {"accepted": test.accepted_at is not None} for test in held.tests.values()],
            drills=[to_builtins(drill) | {"points": list(drill.points)} for drill in held.drills],
            people={person: telling.who(person) for test in held.tests.values() for person in test.people},
            head={"number": foot.number, "hash": foot.hash},
            exported_at=foot.at,
            cut=held.cut,
        )
    sheet = drill_sheet(month, held, names, telling, foot)
    return drills_csv(sheet, telling) if form == "csv" else drills_html(sheet, telling)


def _plain(trace: Trace) -> dict[str, object]:
    """One incident of a month for a program: words as they are recorded, times as epoch seconds."""
    return {
        **{name: getattr(trace.incident, name) for name in _OF_INCIDENT},
        **{name: getattr(trace, name) for name in _OF_TRACE},
    }


_OF_INCIDENT = ("id", "compound", "place", "hazard", "severity", "state", "owner", "cause", "note", "floors")
_OF_TRACE = ("raised_at", "paged_at", "accepted_at", "acknowledged_at", "closed_at", "pages", "tier", "joined_unpaged")


def _json(**parts: object) -> str:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _answer(name: str, form: str, text: str) -> web.Response:
    """A file with a name that every system takes."""
    clean = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in name)
    how = "inline" if form == "html" else "attachment"
    headers = NO_SNIFFING | {"Content-Disposition": f'{how}; filename="community-help-{clean[:80]}.{form}"'}
    return web.Response(body=text.encode(), content_type=TYPES[form], charset="utf-8", headers=headers)
