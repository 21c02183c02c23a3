"""The kill matrix: every phase, every crash point that it passes, every time that it passes it.

``python -m tests.gateway.killing.matrix [PHASE…]`` runs it in full and prints its figures; the exit code is 1 when
anything was lost or doubled.
"""

import asyncio
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from community_help_gateway import crash
from tests.gateway.killing.phases import ASIDE, MIGRATION, PHASES, SWITCHING
from tests.gateway.killing.yard import Case, Verdict, Yard

WORKERS = 2
"""Cases at a time: as many as the machines that this was made for have cores (project's choice)."""


async def every_case(yard: Yard, names: Iterable[str]) -> list[Case]:
    """The full matrix; how often a phase passes a point is counted beforehand."""
    cases = []
    for name in names:
        counts = await yard.census(name)
        assert set(counts) == PHASES[name].points, f"{name} passes {sorted(counts)}"
        cases += [Case(name, point, count) for point, most in counts.items() for count in range(1, most + 1)]
    return cases


def sample(seed: int) -> list[Case]:
    """Every point in some phase, and every phase at some point; so early that each is reached for sure."""
    dice = random.Random(seed)
    pairs = {(dice.choice([name for name in PHASES if point in PHASES[name].points]), point) for point in crash.POINTS}
    missing = PHASES.keys() - {name for name, _ in pairs}
    pairs |= {(name, dice.choice(sorted(PHASES[name].points))) for name in sorted(missing)}
    once = ASIDE | MIGRATION | SWITCHING
    return [Case(name, point, 1 if point in once else dice.choice((1, 2))) for name, point in sorted(pairs)]


async def run(yard: Yard, cases: Iterable[Case]) -> AsyncIterator[Verdict]:
    """The verdicts, as they come."""
    todo = iter(list(cases))
    done: asyncio.Queue[Verdict | BaseException] = asyncio.Queue()

    async def work() -> None:
        for case in todo:
            try:
                done.put_nowait(await yard.run(case))
            except BaseException as error:
                error.add_note(str(case))
                done.put_nowait(error)
                raise

    async with asyncio.TaskGroup() as group:
        for _ in range(WORKERS):
            group.create_task(work())
        for _ in range(len(list(cases))):
            verdict = await done.get()
            if isinstance(verdict, BaseException):
                raise verdict
            yield verdict


async def main(names: list[str]) -> int:
    """All of it."""
    logging.disable()
    begun, figures, wrong = time.monotonic(), Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        async with Yard.open(Path(folder)) as yard:
            cases = await every_case(yard, names)
            async for verdict in run(yard, cases):
                figures.update(cases=1, killed=verdict.reached, confirmed=verdict.confirmed, answered=verdict.answered)
                figures.update(missed=not verdict.reached, wrong=bool(verdict.problems))
                wrong += [f"{verdict.case}: {problem}" for problem in verdict.problems]
                for problem in verdict.problems:
                    print(f"{verdict.case}: {problem}", flush=True)
                if figures["cases"] % 50 == 0 or figures["cases"] == len(cases):
                    took = time.monotonic() - begun
                    print(f"{figures['cases']}/{len(cases)} cases, {len(wrong)} problems, {took:.0f} s", flush=True)
    points = {case.point for case in cases}
    print(
        f"{len(names)} phases, {len(points)} of {len(crash.POINTS)} crash points, {figures['cases']} cases: "
        f"{figures['killed']} killed at the point, {figures['missed']} ended before it (commits that went together); "
        f"{figures['confirmed']} confirmed alarms and {figures['answered']} answered commands held against the "
        f"journal, {figures['wrong']} cases with something lost, doubled or late"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:] or list(PHASES))))
