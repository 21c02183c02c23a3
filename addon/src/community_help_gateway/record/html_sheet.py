"""Sheets as one page to print or keep: nothing is loaded, nothing runs, everything is escaped."""

from collections.abc import Iterable
from html import escape

from .drills import DrillSheet
from .naming import Telling
from .sheet import PROOF_HEADS, REFUSAL_HEADS, IncidentSheet, MonthSheet, Pairs, Section

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 190mm; color: #1a1a1a; background: #fff; line-height: 1.45;
  font: 10.5pt/1.45 "Noto Sans", "Helvetica Neue", Arial, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei",
  sans-serif; }
body.wide { max-width: 277mm; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 16px;
  border-bottom: 2pt solid #1a1a1a; padding-bottom: 6px; margin-bottom: 14px; }
h1 { font-size: 17pt; margin: 0; }
h2 { font-size: 12pt; margin: 18px 0 6px; break-after: avoid; }
.stamp { border: 1.5pt solid #b00020; color: #b00020; padding: 2px 10px; font-weight: 700; white-space: nowrap; }
table { width: 100%; border-collapse: collapse; margin: 0 0 10px; }
th, td { text-align: left; vertical-align: top; padding: 4px 7px; border: .5pt solid #b8b8b8; overflow-wrap: anywhere; }
thead th { background: #efefef; font-weight: 600; border-color: #909090; overflow-wrap: normal; word-break: keep-all; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
.facts th { width: 17%; background: #f6f6f6; font-weight: 600; }
.facts td { width: 33%; }
.facts td[colspan] { width: auto; }
.wide table { font-size: 9pt; }
.who { min-width: 5em; }
.time, td.n { white-space: nowrap; font-variant-numeric: tabular-nums; }
.told { margin: 0 0 10px; padding: 6px 10px; background: #f6f6f6; border-left: 3pt solid #606060; }
.cut { color: #b00020; font-weight: 600; }
.sign { display: flex; gap: 18mm; margin: 16mm 0 6mm; break-inside: avoid; }
.sign div { flex: 1; border-top: .75pt solid #1a1a1a; padding-top: 3px; font-size: 9pt; }
footer { border-top: .5pt solid #909090; padding-top: 6px; font-size: 8.5pt; color: #444; break-inside: avoid; }
footer code { font-family: "Noto Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
@page { size: A4; margin: 14mm 12mm; }
@page wide { size: A4 landscape; }
@media print { body, body.wide { padding: 0; max-width: none; font-size: 9pt; } body.wide { page: wide; }
  th, td { padding: 2px 6px; } }
"""


def incident_html(sheet: IncidentSheet, telling: Telling) -> str:
    """An incident on a portrait page."""
    heads = tuple(telling.say(key) for key in ("time", "who", "what", "way", "entry"))
    rows = [(telling.clock(line.at), line.who, line.what, line.way, str(line.number)) for line in sheet.timeline]
    body = [
        _header(sheet.title, telling.say("sheet_drill") if sheet.drill else ""),
        _facts(sheet.facts),
        f'<p class="told">{escape(sheet.line)}</p>',
        _heading(telling.say("timeline")),
        _table(heads, rows, {0: "time", 1: "who", 3: "who", 4: "n"}),
        *_titled(telling, "proofs", PROOF_HEADS, sheet.proofs),
        _cut(telling, cut=sheet.cut),
        _signatures(telling),
        _footer(telling, sheet.foot),
    ]
    return _page(sheet.title, telling, body)


def month_html(sheet: MonthSheet, telling: Telling) -> str:
    """A month on a landscape page."""
    number = dict.fromkeys((5, 6, 7, 10, 11), "n") | {0: "time", 8: "who"}
    body = [_header(sheet.title, ""), _heading(telling.say("incidents"))]
    body.append(_table(sheet.heads, sheet.rows, number) if sheet.rows else f"<p>{escape(telling.say('none'))}</p>")
    body.append(_cut(telling, cut=sheet.cut))
    for section in sheet.sections:
        body += _section(section, telling)
    body += _titled(telling, "refusals", REFUSAL_HEADS, sheet.refusals)
    body += [_signatures(telling), _footer(telling, sheet.foot)]
    return _page(sheet.title, telling, body, wide=True)


def drills_html(sheet: DrillSheet, telling: Telling) -> str:
    """A month's drills and self-tests on a landscape page."""
    body = [_header(sheet.title, "")]
    body += [] if sheet.sections else [f"<p>{escape(telling.say('no_exercises'))}</p>"]
    for section in sheet.sections:
        for title, table in section.tables:
            body += [_heading(f"{title} - {section.title}"), _table(table[0], table[1:], {0: "who"})]
    body += [_cut(telling, cut=sheet.cut), _signatures(telling), _footer(telling, sheet.foot)]
    return _page(sheet.title, telling, body, wide=True)


def _titled(telling: Telling, title: str, heads: Iterable[str], rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """A table under its heading, where it has rows."""
    if not rows:
        return []
    return [_heading(telling.say(title)), _table(map(telling.say, heads), rows, {0: "time", 1: "who"})]


def _section(section: Section, telling: Telling) -> list[str]:
    found = [_heading(f"{telling.say('statistics')} - {section.title}"), _facts(section.numbers)]
    found.append(_table(section.times[0], section.times[1:], dict.fromkeys(range(1, 5), "n")))
    if section.devices:
        found.append(_heading(f"{telling.say('devices')} - {section.title}"))
        found.append(_table(section.devices[0], section.devices[1:], dict.fromkeys(range(1, 6), "n")))
    return found


def _page(title: str, telling: Telling, body: Iterable[str], *, wide: bool = False) -> str:
    parts = "\n".join(filter(None, body))
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(telling.language)}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body{' class="wide"' if wide else ''}>\n{parts}\n</body>\n</html>\n"
    )


def _header(title: str, stamp: str) -> str:
    mark = f'<span class="stamp">{escape(stamp)}</span>' if stamp else ""
    return f"<header><h1>{escape(title)}</h1>{mark}</header>"


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _facts(pairs: Pairs) -> str:
    """Two facts side by side; a long one has the whole width."""
    rows, waiting = [], ""
    for name, value in pairs:
        one = f"<th>{escape(name)}</th><td>{escape(value)}</td>"
        if len(value) > LONG:
            rows += [f"{waiting}<td colspan=2></td>"] if waiting else []
            rows.append(f"<th>{escape(name)}</th><td colspan=3>{escape(value)}</td>")
            waiting = ""
        elif waiting:
            rows.append(waiting + one)
            waiting = ""
        else:
            waiting = one
    rows += [f"{waiting}<td colspan=2></td>"] if waiting else []
    return f'<table class="facts"><tbody>{"".join(f"<tr>{row}</tr>" for row in rows)}</tbody></table>'


LONG = 40
"""Characters of a fact that need more than half of a portrait page (project's choice)."""


def _table(heads: Iterable[str], rows: Iterable[tuple[str, ...]], classes: dict[int, str]) -> str:
    def line(tag: str, row: Iterable[str]) -> str:
        marks = {index: f' class="{name}"' for index, name in classes.items()}
        cells = (f"<{tag}{marks.get(index, '')}>{escape(text)}</{tag}>" for index, text in enumerate(row))
        return f"<tr>{''.join(cells)}</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', heads)}</thead><tbody>{body}</tbody></table>"


def _cut(telling: Telling, *, cut: bool) -> str:
    return f'<p class="cut">{escape(telling.say("cut"))}</p>' if cut else ""


def _signatures(telling: Telling) -> str:
    places = (telling.say(key) for key in ("name_line", "signature", "date_line"))
    return f'<div class="sign">{"".join(f"<div>{escape(place)}</div>" for place in places)}</div>'


def _footer(telling: Telling, foot: Pairs) -> str:
    lines = "".join(f"<div>{escape(name)}: <code>{escape(value)}</code></div>" for name, value in foot)
    return f"<footer>{lines}<p>{escape(telling.say('disclaimer'))}</p></footer>"
