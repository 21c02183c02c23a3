"""Sheets as CSV for a spreadsheet: UTF-8 with a mark, so that Excel reads Chinese, and no cell is a formula."""

import csv
import io
from collections.abc import Iterable

from .drills import DrillSheet
from .naming import Telling
from .sheet import PROOF_HEADS, REFUSAL_HEADS, IncidentSheet, MonthSheet

MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the machine's own code page."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet calculate (OWASP, "CSV Injection"), in wide characters too."""


def cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula; a lone dash is none."""
    shown = text.lstrip(" ")
    return f"'{text}" if text != "-" and (shown.startswith(_FORMULA) or text.startswith(_FORMULA)) else text


def incident_csv(sheet: IncidentSheet, telling: Telling) -> str:
    """An incident: what is known of it, then its timeline."""
    rows: list[tuple[str, ...]] = [(sheet.title, telling.say("sheet_drill") if sheet.drill else "")]
    rows += [*sheet.facts, (telling.say("statistics"), sheet.line), ()]
    rows.append(tuple(telling.say(key) for key in ("entry", "time", "who", "what", "way")))
    rows += [(str(line.number), telling.when(line.at), line.who, line.what, line.way) for line in sheet.timeline]
    rows += [(), (telling.say("proofs"),), tuple(map(telling.say, PROOF_HEADS)), *sheet.proofs] if sheet.proofs else []
    return _written([*rows, *_end(telling, sheet.foot, cut=sheet.cut)])


def month_csv(sheet: MonthSheet, telling: Telling) -> str:
    """A month: its incidents, a row each, then the figures of every compound."""
    rows: list[tuple[str, ...]] = [(sheet.title,), (), sheet.heads, *sheet.rows]
    for section in sheet.sections:
        rows += [(), (section.title,), *section.numbers, (), *section.times]
        rows += [(), (telling.say("devices"),), *section.devices] if section.devices else []
    if sheet.refusals:
        rows += [(), (telling.say("refusals"),), tuple(map(telling.say, REFUSAL_HEADS)), *sheet.refusals]
    return _written([*rows, *_end(telling, sheet.foot, cut=sheet.cut)])


def drills_csv(sheet: DrillSheet, telling: Telling) -> str:
    """A month's drills and self-tests, compound by compound."""
    rows: list[tuple[str, ...]] = [(sheet.title,)]
    for section in sheet.sections:
        rows += [(), (section.title,)]
        for title, table in section.tables:
            rows += [(), (title,), *table]
    return _written([*rows, *_end(telling, sheet.foot, cut=sheet.cut)])


def _end(telling: Telling, foot: Iterable[tuple[str, ...]], *, cut: bool) -> list[tuple[str, ...]]:
    warning: list[tuple[str, ...]] = [(telling.say("cut"),)] if cut else []
    return [(), *warning, *foot, (telling.say("disclaimer"),)]


def _written(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(tuple(map(cell, row)) for row in rows)
    return MARK + text.getvalue()
