"""Kill -9 at every persistence point: nothing that anybody was told is lost, nothing is there twice or half.

Here a sample, chosen by ``KILL_SEED``; ``scripts/kill-matrix`` runs all phases at all points, each time.
"""

import os
from pathlib import Path

import pytest

from community_help_gateway import crash
from tests.gateway.killing.matrix import run, sample
from tests.gateway.killing.phases import PHASES
from tests.gateway.killing.yard import Yard

SEED = int(os.environ.get("KILL_SEED", "3276"))


def test_every_crash_point_is_passed_in_some_phase() -> None:
    """A new point needs a phase in which the matrix kills there."""
    assert set().union(*(phase.points for phase in PHASES.values())) == set(crash.POINTS)


@pytest.mark.timeout(300)
async def test_a_kill_loses_doubles_and_delays_nothing(tmp_path: Path) -> None:
    """Each case is killed at its point; what was confirmed is there once, the rest comes back whole, waits are kept."""
    wrong: list[str] = []
    async with Yard.open(tmp_path) as yard:
        async for verdict in run(yard, sample(SEED)):
            assert verdict.reached, f"{verdict.case} was not reached"
            wrong += [f"{verdict.case}: {problem}" for problem in verdict.problems]
    assert wrong == []
