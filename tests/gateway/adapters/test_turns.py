"""A storm on a thousand links does not keep the first page from going out."""

import asyncio

import pytest

from community_help_gateway.adapters.turns import TURN_SECONDS, Turns

LINKS = 40


async def test_the_rest_of_the_process_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links that all have something to say go on in their order, and at most a turn's worth of them in a row."""
    loop, turns, log, now = asyncio.get_running_loop(), Turns(), [], loop_time()
    monkeypatch.setattr(loop, "time", lambda: now[0])

    async def link(number: int) -> None:
        await turns.take()
        log.append(str(number))
        now[0] += TURN_SECONDS / 4

    def others() -> None:
        log.append("others")
        if len(log) < 10 * LINKS:
            loop.call_soon(others)

    loop.call_soon(others)
    await asyncio.gather(*map(link, range(LINKS)))
    assert [word for word in log if word != "others"] == [str(number) for number in range(LINKS)]
    rows = [len(words.split()) for words in " ".join(log).split("others")]
    first, *later = [row for row in rows if row]
    assert first == 1  # the first turn after a rest is short
    assert max(later) in (4, 5)  # sums of fractions are not exact
    assert "others others others" in " ".join(log[log.index("0") : log.index("1")])  # they have three rounds


async def test_at_rest_a_frame_is_taken_in_at_once() -> None:
    """One alarm at night waits for no round of the loop."""
    turns = Turns()
    for _ in range(3):
        with pytest.raises(StopIteration):
            turns.take().send(None)
        await asyncio.sleep(0)  # three rounds: they belong to the rest of the process
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_whoever_gives_up_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that is cut while it waits for its turn leaves the others theirs."""
    loop, turns, now = asyncio.get_running_loop(), Turns(), loop_time()
    monkeypatch.setattr(loop, "time", lambda: now[0])
    await turns.take()
    now[0] += 2 * TURN_SECONDS
    cut, other = asyncio.create_task(turns.take()), asyncio.create_task(turns.take())
    loop.call_soon(cut.cancel)
    await other
    assert cut.cancelled()


def loop_time() -> list[float]:
    """A time that the test moves."""
    return [asyncio.get_running_loop().time()]
