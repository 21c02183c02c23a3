"""The same state once more: from every change through the journal's encoding, and from the records alone."""

from copy import replace
from typing import Any

import msgspec

from community_help_gateway.model.draft import Decision
from community_help_gateway.model.state import KINDS, Change, Put, State

PLAIN = (
    "devices",
    "incidents",
    "members",
    "pages",
    "deadlines",
    "policies",
    "drills",
    "bypasses",
    "names",
    "self_tests",
    "heard",
)
SINGLE = ("epoch", "number", "roster", "lease", "adopted")
INDEXES = ("by_key", "alarming", "unplaced")


def durable(state: State) -> dict[str, Any]:
    """All that a restart keeps; a reading that was never journalled is no part of it, and neither is an open link."""
    points = {
        key: replace(record, value=None, rising=0, changed_at=None, device_at=None, alarm_device_at=None)
        for key, record in state.points.items()
    }
    return {"points": points, **{name: getattr(state, name) for name in (*PLAIN, *SINGLE, *INDEXES)}}


def through_json(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """The changes as they come back from the journal's file."""
    return tuple(
        Put(change.id, msgspec.json.decode(msgspec.json.encode(change.record), type=type(change.record)))
        if isinstance(change, Put)
        else change
        for change in changes
    )


class Copy:
    """A state that follows by the recorded changes alone, and the record itself."""

    def __init__(self, epoch: str) -> None:
        """Nothing was recorded."""
        self.state = State(epoch)
        self.record: list[tuple[tuple[Change, ...], int]] = []

    def follow(self, decision: Decision, number: int) -> None:
        """Record a decision."""
        for event in decision.events:
            assert msgspec.json.decode(msgspec.json.encode(event), type=type(event)) == event
        if decision.changes or decision.events:
            changes = through_json(decision.changes)
            self.record.append((changes, number))
            self.state.apply(changes, number)

    def replayed(self) -> State:
        """The state that replaying the whole record gives."""
        state = State(self.state.epoch)
        for changes, number in self.record:
            state.apply(changes, number)
        return state


def reloaded(state: State) -> State:
    """The state that a journal gives which holds the records of ``state``, in the order of its keys."""
    fresh = State(state.epoch)
    puts = sorted(state.records(), key=lambda put: (KINDS[type(put.record)], put.id))
    fresh.apply(through_json(tuple(puts)), state.number)
    return fresh


def differences(one: State, other: State) -> dict[str, tuple[Any, Any]]:
    """What differs between two states, by field."""
    left, right = durable(one), durable(other)
    return {name: (left[name], right[name]) for name in left if left[name] != right[name]}
