"""A station as it is built: when it is open, which relays it holds, and what its water filter is good for."""

from copy import replace
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

STATION_LINK = "station"
"""The link of what no field says: whether a station is open. It is always up, for it is the gateway itself."""

IDLE_WATTS = 5.0
"""An appliance that takes no more than this is off: what its clock and its lamp need (project's choice)."""


@dataclass(frozen=True, slots=True)
class Station:
    """A rest room; ``hours`` are minutes of the local day, from and until, over midnight too; empty: always open."""

    id: str
    compound: str
    hours: tuple[tuple[int, int], ...] = ()

    @property
    def point(self) -> str:
        """The point that says whether it is open."""
        return f"{self.id}.open"

    def open_at(self, now: float, zone: tzinfo) -> bool:
        """Whether it is open at wall time ``now``."""
        local = datetime.fromtimestamp(now, zone)
        minute = local.hour * 60 + local.minute
        return not self.hours or any(_within(minute, start, end) for start, end in self.hours)

    def next_change(self, now: float, zone: tzinfo) -> float:
        """When it opens, closes, or a new day begins: whatever comes first, as wall time."""
        day = datetime.fromtimestamp(now, zone).date()
        minutes = {0, *(minute for pair in self.hours for minute in pair)}
        found = [
            datetime.combine(day + timedelta(days=ahead), time(minute // 60 % 24, minute % 60), zone).timestamp()
            for ahead in (0, 1)
            for minute in minutes
        ]
        return min(at for at in found if at > now)


def _within(minute: int, start: int, end: int) -> bool:
    return start <= minute < end if start < end else minute >= start or minute < end


@dataclass(frozen=True, slots=True)
class Hold:
    """What a relay may do while nobody looks.

    ``max_on`` is the longest that it may be on, ``session`` how long a session is (seconds; 0: none). ``leaks`` are the
    points that turn it off, ``power`` is the one that proves that it is off, by at most ``idle`` watts.
    """

    relay: str
    device: str
    station: str = ""
    max_on: float = 0.0
    session: float = 0.0
    leaks: tuple[str, ...] = ()
    power: str = ""
    idle: float = IDLE_WATTS


@dataclass(frozen=True, slots=True)
class Filter:
    """A water filter's life (0: not counted), and how many litres a minute of dispensing is."""

    device: str
    days: int = 0
    litres: float = 0.0
    flow: float = 0.0


@dataclass(frozen=True, slots=True)
class Stations:
    """All of them: stations and filters by id and by device, holds by their relay."""

    stations: dict[str, Station]
    holds: dict[str, Hold]
    filters: dict[str, Filter]

    def held(self, station: str) -> tuple[Hold, ...]:
        """The relays of a station."""
        return tuple(hold for hold in self.holds.values() if hold.station == station)

    def dried_by(self, leak: str) -> tuple[Hold, ...]:
        """The relays that a leak turns off."""
        return tuple(hold for hold in self.holds.values() if leak in hold.leaks)

    def also_dried_by(self, leak: str, station: str) -> Stations:
        """The same with a further leak detector of a station."""
        holds = {
            relay: replace(hold, leaks=(*hold.leaks, leak)) if hold.station == station else hold
            for relay, hold in self.holds.items()
        }
        return replace(self, holds=holds)

    def hold_of(self, device: str) -> Hold | None:
        """The hold of a device's relay."""
        return next((hold for hold in self.holds.values() if hold.device == device), None)


NO_STATIONS = Stations({}, {}, {})
"""A site without any."""
