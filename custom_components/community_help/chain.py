"""The head of the gateway's record, kept here too: a chain that was recomputed or cut short cannot hide from it."""

from dataclasses import dataclass
from typing import Any

from .contract.values import Health


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the record that was seen: the journal's epoch, the entry's number, its hash."""

    epoch: str
    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash[:16]}"


def head_of(epoch: str, health: Health | None) -> Head | None:
    """What the gateway says, if it says anything."""
    if health is None or not health.head_hash or not epoch:
        return None
    return Head(epoch, health.head_number, health.head_hash)


def contradicts(kept: Head | None, came: Head) -> bool:
    """Whether a record that only ever grows cannot have both heads: no further on, and yet another."""
    return kept is not None and kept.epoch == came.epoch and came.number <= kept.number and came.hash != kept.hash


def to_disk(head: Head | None) -> dict[str, Any] | None:
    """As it is kept beside the cursor."""
    return {"epoch": head.epoch, "number": head.number, "hash": head.hash} if head else None


def from_disk(data: dict[str, Any] | None) -> Head | None:
    """What an earlier run kept; an older version kept none."""
    return Head(data["epoch"], data["number"], data["hash"]) if data else None
