"""A clock that stands still until somebody moves it."""

import time

START = 1795397600.0
"""Right after the last entry of the captured journal of version 1."""


class Standing:
    """Wall and monotonic time, moved together."""

    def __init__(self, wall: float = START) -> None:
        """Begin at ``wall``."""
        self._wall = wall

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds since whenever."""
        return self._wall - START + 1000.0

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self._wall += seconds


class Polling:
    """Wall time that stands, monotonic time that goes on: devices are polled all the while."""

    def __init__(self, clock: Standing) -> None:
        """``clock`` says the wall time."""
        self.wall = clock.wall

    monotonic = staticmethod(time.monotonic)
