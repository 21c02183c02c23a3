"""Feeds a recorded journal to another site file's policies: who would have been paged, when, and who was.

    python -m community_help_gateway.replay JOURNAL --site NEW.yaml [--with-decisions] [--csv] [--lang en]

The journal is only read, and may be in use: what is worked on is a copy. Exit codes are those of the gateway.
"""

import argparse
import contextlib
import csv
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from . import site as site_file
from .errors import GatewayError, JournalError
from .journal import reading
from .journal.database import DamageError, connect, read_only
from .model.site import Site
from .model.state import Event, State
from .record.comparison import Pair, pairs, summary
from .record.csv_sheet import MARK, cell
from .record.naming import Telling, span
from .record.replay import MAX_PAGES, NEEDED, Called, Outcome, Replay, replay
from .record.timeline import paged_text
from .words import compare

CHUNK = 2_000
"""Entries that are read at once (project's choice)."""

FOREVER = 1e12
"""Later than every entry."""

NAMED = 10
"""So many missing points are named (project's choice)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit code."""
    options = _options(arguments)
    try:
        site = site_file.load(options.site).site
        outcome, names = run(options.journal, site, decisions=options.with_decisions)
    except GatewayError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    telling = Telling(options.lang, site.zone, names)
    if options.csv:
        _write_csv(outcome, telling, sys.stdout)
    else:
        _write_table(outcome, telling, sys.stdout)
    return 0


def run(journal: Path, site: Site, *, decisions: bool) -> tuple[Outcome, dict[str, str]]:
    """Replay a journal under ``site``; the outcome, and how people are called. Raises JournalError."""
    with tempfile.TemporaryDirectory(prefix="community-help-replay-") as folder:
        copy = Path(folder) / "journal.sqlite"
        state = _copied(journal, copy)
        outcome = replay(
            _entries(copy), Replay(site, decisions=decisions, policies=state.policies, roster=state.roster)
        )
    staff = state.roster.staff if state.roster else site.staff
    names = {member.id: member.name for member in staff} | {item.id: item.name for item in state.names.values()}
    return outcome, names


def _copied(journal: Path, copy: Path) -> State:
    """Copy a journal, however it is being used, and bring the copy to this version's form; what it holds."""
    if not journal.is_file():
        raise JournalError(file=str(journal), problem="there is no such file")
    try:
        with contextlib.closing(_source(journal)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        connection, contents = connect(copy)
        connection.close()
    except (sqlite3.Error, DamageError) as error:
        raise JournalError(file=str(journal), problem=f"cannot be read ({error})") from error
    state = State(contents.epoch)
    state.apply(contents.records, contents.head.number)
    return state


def _source(journal: Path) -> sqlite3.Connection:
    """A connection that never writes; where not even a lock can be written, the file is taken as it stands."""
    connection = read_only(journal)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        return sqlite3.connect(f"{journal.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    return connection


def _entries(file: Path) -> Iterator[Event]:
    number = 0
    while events := reading.between(file, 0.0, FOREVER, NEEDED, number, CHUNK):
        yield from events
        number = events[-1].number


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="replay", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("journal", type=Path, help="journal.sqlite, or a copy of it")
    parser.add_argument("--site", type=Path, required=True, help="the site file with the policies to try")
    parser.add_argument("--with-decisions", action="store_true", help="people decide as they did then")
    parser.add_argument("--csv", action="store_true", help="for a spreadsheet")
    parser.add_argument("--lang", choices=("en", "zh-Hans"), default="zh-Hans")
    return parser.parse_args(arguments)


def _row(pair: Pair, outcome: Outcome, telling: Telling) -> tuple[str, str, str, str]:
    """Which side, when, whom, and where."""
    called: Called | None = pair.now or pair.then
    if called is None:
        return ("", "", "", "")
    side = "both" if pair.then and pair.now else "then" if pair.then else "now"
    side = "later" if called.at > outcome.ends_at else side
    text = paged_text(called.tier, called.people, called.reason, called.why, telling)
    place = f"[{telling.say('sheet_drill')}] {called.place}" if called.drill else called.place
    where = f"{telling.say(f'hazard_{called.hazard}')} {place}"
    return (compare(side, telling.language), telling.when(called.at), text, where)


def _heads(language: str) -> tuple[str, ...]:
    return tuple(compare(key, language) for key in ("table", "when", "page", "where"))


def _write_csv(outcome: Outcome, telling: Telling, target: TextIO) -> None:
    target.write(MARK)
    writer = csv.writer(target)
    writer.writerow(_heads(telling.language))
    writer.writerows(tuple(map(cell, _row(pair, outcome, telling))) for pair in pairs(outcome))
    writer.writerows([(cell(line),) for line in _notes(outcome, telling)])


def _write_table(outcome: Outcome, telling: Telling, target: TextIO) -> None:
    rows = [_row(pair, outcome, telling) for pair in pairs(outcome)]
    if not rows:
        target.write(compare("nothing", telling.language) + "\n")
    target.writelines(" | ".join(row) + "\n" for row in ([_heads(telling.language), *rows] if rows else []))
    target.write("\n" + "\n".join(_notes(outcome, telling)) + "\n")


def _notes(outcome: Outcome, telling: Telling) -> list[str]:
    """Both sides in numbers, and what the replay could not know."""
    language, found = telling.language, []
    for side, pages in (("then", outcome.then), ("now", outcome.now)):
        told = summary(pages, outcome.ends_at, telling.zone)
        found.append(
            compare(
                "summary",
                language,
                side=compare(side, language),
                pages=told.pages,
                incidents=told.incidents,
                night=told.at_night,
                second=span(told.second_tier.median),
                count=told.second_tier.count,
            )
        )
    found.append(compare("ends", language, at=telling.when(outcome.ends_at)))
    if outcome.unknown:
        named = ", ".join(outcome.unknown[:NAMED])
        found.append(compare("unknown", language, count=len(outcome.unknown), points=named))
    return found + ([compare("full", language, count=MAX_PAGES)] if outcome.cut else [])


if __name__ == "__main__":
    sys.exit(main())
