"""What the field told about each point, kept by rules that are simpler than the model's (promises 5, 6 and 8)."""

from collections import defaultdict
from dataclasses import dataclass, field

from community_help_gateway.model.kinds import PointKind
from community_help_gateway.model.observation import Observation, Reset
from community_help_gateway.model.site import Point
from community_help_gateway.model.state import PointRecord


@dataclass
class Voice:
    """One point's words: whether its last believed one is "alarm", when the newest alarm was, who said it first."""

    live: bool = False
    at: float | None = None
    source: str = ""
    label: bool = False
    on: bool = False

    def older(self, at: float | None) -> bool:
        """Whether something said at ``at`` (the device's clock) is older than the newest alarm."""
        return at is not None and self.at is not None and at < self.at


@dataclass
class Told:
    """Every voice by point; of ``rivals`` nobody ends what another one raised, while several claim one identity."""

    voices: dict[str, Voice] = field(default_factory=lambda: defaultdict(Voice))
    rivals: set[str] = field(default_factory=set)

    def hear(self, point: str, seen: Observation) -> None:
        """An observation of a point, or of an unknown address that stands for one."""
        voice = self.voices[point]
        if seen.alarm:
            self._alarm(voice, seen)
        elif seen.alarm is False and not (seen.test and not voice.label) and self.may_end(point, seen):
            voice.live = False
        voice.label = voice.label if seen.test is None else seen.test
        said_on = seen.on if seen.alarm is None else seen.alarm
        voice.on = voice.on if said_on is None else said_on

    def may_end(self, point: str, said: Observation | Reset) -> bool:
        """Whether somebody who is not older than the alarm, and no rival of its source, says it."""
        voice = self.voices[point]
        return not voice.older(said.device_at) and not (point in self.rivals and said.source != voice.source)

    def recall(self, records: dict[str, PointRecord]) -> None:
        """After a restart: when an alarm was last repeated is no part of the journal, only what it held counts."""
        for point, record in records.items():
            self.voices[point].at = record.alarm_device_at

    def reset(self, points: tuple[Point, ...], said: Reset) -> None:
        """A system reset: every point of it that may end, ends; a lane counts as free, and its clock ends its alarm."""
        for point in points:
            if point.address.part.startswith(said.address.part) and self.may_end(point.id, said):
                self.voices[point.id].on = False
                self.voices[point.id].live &= point.kind is PointKind.LANE

    @staticmethod
    def _alarm(voice: Voice, seen: Observation) -> None:
        if not voice.live:
            voice.live, voice.at, voice.source = True, seen.device_at, seen.source
        elif seen.device_at is not None:
            voice.at = max(voice.at or seen.device_at, seen.device_at)
