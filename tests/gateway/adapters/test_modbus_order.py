"""Which block of an endpoint is asked next."""

from collections import Counter

from community_help_gateway.adapters.modbus_order import Poll, following
from community_help_gateway.codecs.modbus.profile import load
from community_help_gateway.site import ModbusUnit

BOX = load("waveshare_io_8ch")
INPUTS, RELAYS = 0, 1


def polls(count: int, *indexes: int, failures: int = 0) -> list[Poll]:
    """Those blocks of so many boxes, all due."""
    return [
        Poll(ModbusUnit(f"b{unit}", "box", 502, unit, BOX.id), BOX, index, BOX.blocks[index], failures=failures)
        for index in indexes
        for unit in range(1, count + 1)
    ]


def asked(found: list[Poll], request: float, until: float) -> Counter[int]:
    """How often each kind of block is asked on a line whose requests take so long."""
    now, last, times = 0.0, None, Counter[int]()
    while now < until:
        poll = following(found, now, last)
        if poll.due > now:
            now = poll.due
            continue
        now += request
        poll.again(now)
        last, times[poll.index] = poll, times[poll.index] + 1
    return times


def test_inputs_are_asked_first() -> None:
    """Whatever else is due."""
    found = polls(3, RELAYS, INPUTS)
    assert following(found, 0.0, None).index == INPUTS


def test_without_hurry_everything_keeps_its_interval() -> None:
    """A local network is fast enough for all."""
    found = polls(2, INPUTS, RELAYS)
    times = asked(found, 0.001, 10.0)
    assert times[INPUTS] == 2 * round(10 / BOX.blocks[INPUTS].interval)
    assert times[RELAYS] == 2 * round(10 / BOX.blocks[RELAYS].interval)


def test_a_slow_line_reads_every_input_in_each_round_and_forgets_no_relay() -> None:
    """30 boxes at 34 ms: relays are read, each within two of its intervals, and cost inputs less than a third."""
    found = polls(30, INPUTS, RELAYS)
    times = asked(found, 0.034, 60.0)
    assert times[INPUTS] > 2 * times[RELAYS]
    assert times[RELAYS] >= 30 * 60 / (2.2 * BOX.blocks[RELAYS].interval)


def test_a_line_that_is_far_too_slow_halves_both() -> None:
    """Neither starves, though relays alone would fill it."""
    times = asked(polls(30, INPUTS, RELAYS), 1.0, 600.0)
    assert abs(times[INPUTS] - times[RELAYS]) <= 2


def test_relays_that_no_device_has_are_not_asked() -> None:
    """But one block always is: somebody must notice when the box is gone; registers are never left out."""
    assert BOX.asked({"input_3"}) == (INPUTS,)
    assert BOX.asked({"input_3", "relay_1"}) == (INPUTS, RELAYS)
    assert BOX.asked({"relay_8"}) == (RELAYS,)
    assert BOX.asked(()) == (0,)
    assert load("gas_4mz_hh4").asked(()) == (0, 1, 2, 3)
