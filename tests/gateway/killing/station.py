"""A love station's relays while the gateway is killed: sessions, leaks, and a contact that does not open."""

from community_help_gateway.contract.commands import StartSession
from community_help_gateway.contract.values import Person
from tests.gateway.killing.beginnings import again, begin
from tests.gateway.killing.outside import Outside
from tests.gateway.killing.room import LEAK, MICROWAVE, RUNNING

WANG = Person("wang", "wang")
SESSION, LONGEST, PROOF = 300.0, 1800.0, 10.0
"""Seconds: as the room's site file has them, and until an order must be proven (``model.guard``)."""


async def tended(outside: Outside) -> None:
    """Everything in the room was heard."""
    await begin(outside)
    await outside.heard(MICROWAVE, on=False)


async def running(outside: Outside) -> None:
    """A session runs."""
    await tended(outside)
    await outside.command(StartSession(MICROWAVE, WANG))
    await outside.heard(MICROWAVE, on=True)


async def serving(outside: Outside) -> None:
    """A session begins and ends; then somebody switches it on at the box, and it ends after its longest time."""
    await again(outside)
    await outside.command(StartSession(MICROWAVE, WANG))
    await outside.heard(MICROWAVE, on=True)
    await goes_off(outside, SESSION)
    await outside.room.switched_by_hand(on=True)
    await outside.heard(MICROWAVE, on=True)
    await goes_off(outside, LONGEST)


async def goes_off(outside: Outside, seconds: float) -> None:
    """It is ordered off when its time has come, and proven to be off."""
    await outside.control(f"pass {seconds}")
    await outside.heard(MICROWAVE, on=False)
    await outside.control(f"pass {PROOF}")


async def sleeping_in(outside: Outside) -> None:
    """A session ended while no gateway ran."""
    await again(outside)
    await goes_off(outside, 0.0)


async def not_followed(outside: Outside) -> None:
    """The contact is welded: the meter says so, people are paged, and it is ordered off until it is."""
    await again(outside)
    await outside.command(StartSession(MICROWAVE, WANG))
    await outside.room.take(800.0)
    await outside.heard(RUNNING, on=True)
    await outside.control(f"pass {SESSION}")
    await outside.heard(MICROWAVE, on=False)
    await outside.control(f"pass {PROOF}")
    await outside.shown("raised")
    await outside.room.take(0.0)
    await outside.heard(RUNNING, on=False)
    await outside.control(f"pass {2 * PROOF}")
    await outside.shown("restored")


async def leaking(outside: Outside) -> None:
    """Water runs out while a session runs; somebody switches it on at the box all the same."""
    await again(outside)
    await outside.heard(MICROWAVE, on=True)
    outside.ledger.said[LEAK] += 1
    await outside.room.leak(wet=True)
    await outside.heard(MICROWAVE, on=False)
    await outside.room.switched_by_hand(on=True)
    await outside.opened()
    await outside.heard(MICROWAVE, on=False)
    await outside.control(f"pass {PROOF}")
