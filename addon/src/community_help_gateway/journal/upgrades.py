"""What a new schema version needs beyond SQL: one step per version, in the version's own transaction."""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

type Body = dict[str, Any]


def to_version_2(connection: sqlite3.Connection) -> None:
    """Version 1 wrote an incident's members and people's names into the incident; both stand apart now."""
    names: dict[str, str] = {}
    rows = connection.execute("SELECT kind, id, body FROM record WHERE kind IN ('incident', 'page')").fetchall()
    for kind, key, text in rows:
        body = json.loads(text)
        members = body.get("members", ())
        _rewrite(kind, body, names)
        _put(connection, kind, key, body)
        for member in _members(body, members) if kind == "incident" else ():
            _put(connection, "member", f"{key}/{member['point']}", member)
    for number, text in connection.execute("SELECT number, body FROM entry").fetchall():
        body = json.loads(text)
        _rewrite_event(body, names)
        incident = (body.get("incident") or {}).get("id", "")
        connection.execute(
            "UPDATE entry SET body = ?, incident = ? WHERE number = ?",
            (json.dumps(body, ensure_ascii=False), incident, number),
        )
    for person, name in names.items():
        _put(connection, "name", person, {"id": person, "name": name})


def _rewrite_event(body: Body, names: dict[str, str]) -> None:
    incident = body.get("incident")
    if incident:
        members = _members(incident, incident.get("members", ()))
        if members and body["kind"] in ("raised", "joined"):
            body["member"] = members[-1]
        _rewrite("incident", incident, names)
    if body.get("page"):
        _rewrite("page", body["page"], names)
    if "person" in body:
        body["person"] = _person(body["person"], names)


def _rewrite(kind: str, body: Body, names: dict[str, str]) -> None:
    if kind == "page":
        body.setdefault("accept_by", body["demanded_at"] + ACCEPT_SECONDS)
        body.setdefault("answer_by", body["demanded_at"] + ANSWER_SECONDS)
        return
    if "members" not in body:
        return
    members = body.pop("members")
    body["owner"] = _person(body.get("owner"), names)
    body["policy"] = "default"
    body["detectors"] = len({member["point"] for member in members})
    body["live"] = sum(member.get("restored_at") is None for member in members)
    body["hazards"] = [body["hazard"]]
    body["worse_revision"] = body.get("revision", 1)
    body["joined_at"] = body["paged_at"] = body["opened_at"]


def _members(incident: Body, members: list[Body]) -> list[Body]:
    """The newest episode of each point, with the incident that it is in."""
    newest = {
        member["point"]: {**member, "incident": incident["id"], "hazard": incident["hazard"]} for member in members
    }
    return list(newest.values())


def _person(person: Body | str | None, names: dict[str, str]) -> str:
    if not isinstance(person, dict):
        return person or ""
    names[person["id"]] = person["name"]
    return str(person["id"])


def _put(connection: sqlite3.Connection, kind: str, key: str, body: Body) -> None:
    text = json.dumps(body, ensure_ascii=False)
    connection.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (kind, key, text))


ACCEPT_SECONDS, ANSWER_SECONDS = 10.0, 120.0
"""How long version 1 waited: it did not write it down."""

STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {2: to_version_2}
"""Run after the version's SQL script. A step must not commit."""
