"""How a gateway's life begins that is killed later."""

from community_help_gateway.contract.commands import ClaimLease
from tests.gateway.killing.outside import Outside


async def begin(outside: Outside) -> None:
    """Links are up, Home Assistant follows and holds the lease."""
    await outside.watch()
    await outside.connect(*range(outside.town.devices))
    outside.fence = int((await outside.command(ClaimLease("one", "Home")))["fence"])


async def again(outside: Outside) -> None:
    """After a start: Home Assistant and the devices come back."""
    await outside.watch()
    await outside.connect(*range(outside.town.devices))


async def ringing(outside: Outside) -> None:
    """Two buildings of the first compound and one of the second burn."""
    await begin(outside)
    await outside.fire(0, 24, 48)
    await outside.fire(1)
    await outside.paged(3)
