"""Shared by the model's tests: a compound with buildings, floors, a septic tank and a fire lane."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from community_help_gateway.site import parse
from tests.gateway.model.world import World

settings.register_profile("patient", deadline=None)  # a machine that is busy is no failure
settings.load_profile("patient")

COMPOUND = (Path(__file__).parents[2] / "captures/sites/compound.yaml").read_text("utf-8")


@pytest.fixture
def built() -> Callable[[str], World]:
    """A world on the compound's site file, with more text at its end."""
    return lambda more: World(parse(COMPOUND + more, "compound.yaml").site)


@pytest.fixture
def world(built: Callable[[str], World]) -> World:
    """The compound with the default policies; an empty journal, epoch "e"."""
    return built("")
