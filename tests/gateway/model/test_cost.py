"""What one alarm costs does not depend on how many others there are."""

import sys
from types import FrameType

import pytest

from community_help_gateway.site import parse
from tests.gateway.killing.town import Town
from tests.gateway.model.world import World

TOWN = Town(alarms=400, compounds=1)


def calls(world: World, device: str) -> int:
    """How many Python functions are called while one alarm is judged."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        world.say(device)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("building", ["building: 1号楼, ", ""])
def test_an_alarm_costs_the_same_among_many(building: str) -> None:
    """The 400th alarm of a building, or of a compound without buildings, takes no more steps than the 20th."""
    text = TOWN.site()
    for number in range(1, 18):
        text = text.replace(f"building: {number}号楼, ", building)
    world = World(parse(text, "site.yaml").site)
    costs = [calls(world, f"a{home.number}") for home in TOWN.homes()]
    assert len(world.state.incidents) == 1
    assert max(costs[100:]) <= max(costs[:20])
