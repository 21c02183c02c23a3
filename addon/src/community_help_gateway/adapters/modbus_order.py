"""Which block of an endpoint is asked next: alarm inputs first, and none is forgotten on a line that is too slow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..codecs.modbus.profile import READ_INPUTS, Block, Profile


class Unit(Protocol):
    """One configured device; see the site file."""

    @property
    def id(self) -> str:
        """Its name on this link."""

    @property
    def host(self) -> str:
        """Where the endpoint is."""

    @property
    def port(self) -> int:
        """TCP port."""

    @property
    def unit(self) -> int:
        """Modbus unit id, 1 to 247."""

    @property
    def profile(self) -> str:
        """Id of the profile that explains its registers."""

    @property
    def used(self) -> frozenset[str]:
        """The readings that a device of the site has."""


@dataclass(slots=True, eq=False)
class Poll:
    """One block of one device: when it is due, how often it failed in a row, what it said and when to say so again."""

    unit: Unit
    profile: Profile
    index: int
    block: Block
    due: float = 0.0
    failures: int = 0
    told: list[int] | None = None
    tell_at: float = 0.0

    @property
    def first(self) -> bool:
        """Whether it is read before others: inputs are the contacts of detectors."""
        return self.block.function == READ_INPUTS

    def again(self, now: float) -> None:
        """It was read: when it is due next. Inputs keep their pace, others make up for nothing."""
        due = self.due + self.block.interval
        self.due = max(due, now) if self.first or due > now else now + self.block.interval


def following(polls: Sequence[Poll], now: float, last: Poll | None) -> Poll:
    """The block to ask next; one that is not due yet when none is.

    Inputs go first. Another block waits for a pause, but no longer than its own interval: then it has the turn after
    an input's, so that a line that cannot do all of it slows both down.
    """
    inputs = [poll for poll in polls if poll.due <= now and poll.first]
    others = [poll for poll in polls if poll.due <= now and not poll.first]
    waited = any(now - poll.due > poll.block.interval for poll in others)
    if inputs and (not waited or (last is not None and not last.first)):
        return min(inputs, key=_due)
    return min(others or polls, key=_due)


def _due(poll: Poll) -> float:
    return poll.due
