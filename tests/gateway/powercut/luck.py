"""What a power cut spares of that which was not synced."""

from dataclasses import dataclass
from itertools import pairwise
from random import Random

SECTOR = 512
"""The smallest thing that a disk writes as a whole."""


@dataclass(frozen=True, slots=True)
class Luck:
    """What survives of the unsure: ``share`` of it (0 nothing, 1 everything), as ``random`` has it."""

    share: float
    random: Random

    @classmethod
    def of(cls, seed: int) -> Luck:
        """One of many ways in which it may end; mostly a mixture, at times all or nothing."""
        random = Random(seed)
        return cls(random.choice((0.0, 1.0, 0.1, 0.5, 0.5, 0.9)), random)

    def kept(self) -> bool:
        """Whether the next unsure thing is there."""
        return self.random.random() < self.share

    def sectors(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of a write that are there."""
        if self.random.random() < 0.5:
            return [(start, end)] if self.kept() else []
        edges = [start, *range(start - start % SECTOR + SECTOR, end, SECTOR), end]
        return [edge for edge in pairwise(edges) if self.kept()]


NOTHING = Luck(0.0, Random(0))
"""Only what is sure is there."""

EVERYTHING = Luck(1.0, Random(0))
"""The page cache: what a process sees that starts again without a power cut."""
