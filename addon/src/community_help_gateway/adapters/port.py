"""What an adapter gets from the hub, and what the hub may ask of an adapter."""

from collections.abc import Sequence
from typing import Protocol

from ..model.observation import Address, Input


class Inlet(Protocol):
    """Where adapters bring what the field says."""

    async def observe(self, inputs: Sequence[Input]) -> None:
        """Judge and remember ``inputs``.

        Returns when all that came so far is in the journal, so the caller may confirm to the field. Raises
        JournalError when it could not be written: then nothing may be confirmed. It never raises otherwise.
        """


class Adapter(Protocol):
    """One field protocol's links."""

    async def start(self) -> None:
        """Open the links; raises PortInUseError when it cannot listen."""

    async def stop(self) -> None:
        """Close the links; what was confirmed is safe already."""


class Switch(Protocol):
    """An adapter that can switch points."""

    async def switch(self, address: Address, *, on: bool) -> None:
        """Switch and verify by reading back; raises SwitchFailedError."""
