"""What docs/record.md says is there, in both languages."""

import re
from pathlib import Path

import pytest

from community_help_gateway.api.routes import Api
from community_help_gateway.contract.messages import GatewayInfo
from community_help_gateway.hub import Hub
from community_help_gateway.record.devices import TOO_MANY_A_DAY, TOO_MANY_FALSE
from community_help_gateway.record.sheet import MAX_LINES
from community_help_gateway.replay import _options

DOCS = Path(__file__).parents[3] / "docs"


def text(name: str) -> str:
    """A document."""
    return (DOCS / name).read_text("utf-8")


@pytest.mark.parametrize("name", ["record.md", "record.zh-Hans.md"])
async def test_every_documented_request_has_a_route(hub: Hub, name: str) -> None:
    """Nobody types an address in vain; and every route of the record is documented."""
    router = Api(hub, GatewayInfo("gw", "Gateway", "0"), "secret", None).application().router
    asked = re.findall(r"^\| `(GET|DELETE) (/api/v1/[^`?]+)", text(name), re.MULTILINE)
    shapes = {(method, re.sub(r"/(ID|2026-11|PERSON)(\.html)?$", "/*", path)) for method, path in asked}
    routes = {
        (route.method, re.sub(r"{[^}]*}", "*", route.resource.canonical)) for route in router.routes() if route.resource
    }
    others = {"/health", "/api/v1/info", "/api/v1/pair", "/api/v1/stream"}
    assert shapes == {(method, path) for method, path in routes if method != "HEAD" and path not in others}


@pytest.mark.parametrize("name", ["record.md", "record.zh-Hans.md"])
def test_the_documented_numbers_and_command_are_right(name: str) -> None:
    """The limits of the code, and a command that is understood."""
    words = text(name)
    assert f"{MAX_LINES:,}" in words or f" {MAX_LINES} " in words
    for number in (TOO_MANY_FALSE, TOO_MANY_A_DAY):
        assert f" {number} " in words
    (command,) = re.findall(r"community_help_gateway\.replay (.*)", words)
    assert _options(command.split()).with_decisions


def test_both_languages_have_the_same_outline() -> None:
    """Whoever reads one misses nothing of the other."""
    for pattern in (r"^(#+) ", r"^\| `([A-Z]+ [^`]*)`", r"^(- )", r"^```(\w*)$"):
        found = [re.findall(pattern, text(name), re.MULTILINE) for name in ("record.md", "record.zh-Hans.md")]
        assert found[0] == found[1]
