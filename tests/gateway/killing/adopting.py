"""Entities of Home Assistant that are adopted, speak, are silent and are given up, while the gateway is killed."""

from community_help_gateway.contract.commands import AdoptedDevice, AdoptedState, SetAdopted
from community_help_gateway.contract.values import DeviceKind, PointKind
from tests.gateway.killing.beginnings import again
from tests.gateway.killing.outside import Outside

WHERE = {"compound": "c0", "building": "9号楼"}
BALCONY = AdoptedDevice("balcony", "阳台烟感", DeviceKind.SMOKE_ALARM, PointKind.SMOKE, **WHERE)
KITCHEN = AdoptedDevice("kitchen", "厨房水浸", DeviceKind.LEAK, PointKind.LEAK, **WHERE)


async def adopting(outside: Outside) -> None:
    """Two are adopted; one alarms, repeats it, is silent, is well, and alarms anew."""
    await again(outside)
    await outside.command(SetAdopted((BALCONY,)))
    await outside.report(says(outside, alarm=False))
    await outside.command(SetAdopted((BALCONY, KITCHEN)))
    await outside.report(says(outside, alarm=True), episode=True)
    await outside.report(says(outside, alarm=True))
    await outside.report(AdoptedState("balcony", silent=True))
    await outside.control("pass 1")
    await outside.report(says(outside, alarm=False))
    await outside.control("pass 1")
    await outside.report(says(outside, alarm=True), episode=True)


async def removing(outside: Outside) -> None:
    """One is given up while it alarms: the incident stays. It comes back, still in alarm."""
    await again(outside)
    await outside.command(SetAdopted((BALCONY, KITCHEN)))
    await outside.report(says(outside, alarm=True), episode=True)
    await outside.command(SetAdopted((KITCHEN,)))
    await outside.report(AdoptedState("kitchen", outside.clock.wall(), on=False, alarm=False))
    await outside.command(SetAdopted(()))


def says(outside: Outside, *, alarm: bool) -> AdoptedState:
    """What the smoke alarm on the balcony says now."""
    return AdoptedState("balcony", outside.clock.wall(), alarm=alarm)
