"""The golden corpus, read and written by whichever copy of the contract this environment has."""

import copy
import importlib
import json
import re
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))
EARLIER = [
    pytest.param(message, id=f"{version}-{message['type']}-{message.get('name', '')}")
    for version in (1, 2)
    for message in json.loads((Path(__file__).parent / f"golden-{version}.json").read_text("utf-8"))
]
"""What earlier versions wrote: they are in the field and must be understood."""


def copies() -> list[str]:
    """The packages that can be imported here: the gateway's original, or the integration's copy."""
    try:
        import community_help_gateway  # noqa: F401
    except ModuleNotFoundError:
        return ["custom_components.community_help.contract"]
    return ["community_help_gateway.contract"]


@pytest.fixture(params=copies())
def contract(request: pytest.FixtureRequest) -> ModuleType:
    """The messages of one copy."""
    return importlib.import_module(f"{request.param}.messages")


@pytest.mark.parametrize("message", GOLDEN, ids=lambda item: f"{item['type']}-{item.get('name', '')}")
def test_every_golden_message_reads_and_writes_to_itself(contract: ModuleType, message: dict[str, Any]) -> None:
    """Nothing is lost, renamed or reordered into another meaning."""
    assert contract.encode(contract.decode(message)) == message


@pytest.mark.parametrize("message", EARLIER)
def test_what_earlier_versions_wrote_is_understood(contract: ModuleType, message: dict[str, Any]) -> None:
    """Nothing that it said is lost; what it could not say has its default."""
    assert covers(contract.encode(contract.decode(message)), message)


def covers(new: Any, old: Any) -> bool:
    """Whether everything in ``old`` stands in ``new`` as it was."""
    if isinstance(old, dict):
        return all(key in new and covers(new[key], value) for key, value in old.items())
    if isinstance(old, list):
        return len(new) == len(old) and all(map(covers, new, old, strict=True))
    return bool(new == old)


def test_every_kind_of_message_is_in_the_corpus(contract: ModuleType) -> None:
    """A new message needs a golden one."""
    assert {item["type"] for item in GOLDEN} == {*contract.MESSAGES, "command"}
    assert {item["name"] for item in GOLDEN if item["type"] == "command"} == set(contract.COMMANDS)


@pytest.mark.parametrize("message", GOLDEN, ids=lambda item: f"{item['type']}-{item.get('name', '')}")
def test_unknown_keys_are_ignored(contract: ModuleType, message: dict[str, Any]) -> None:
    """A newer side may add fields anywhere."""
    assert contract.decode(sprinkle(message)) == contract.decode(message)


def test_unknown_words_become_unknown(contract: ModuleType) -> None:
    """A hazard, state or kind that is not known yet stops nothing."""
    message = copy.deepcopy(GOLDEN[3])
    message["events"][0]["kind"] = "teleported"
    message["events"][0]["incident"]["hazard"] = "flood"
    event = contract.decode(message).events[0]
    assert (event.kind.value, event.incident.hazard.value) == ("unknown", "unknown")


@pytest.mark.parametrize(
    ("index", "change", "place"),
    [
        (0, {"cursor": 5}, "hello.cursor"),
        (1, {"instance": None}, "resume.instance"),
        (2, {"part": "1"}, "snapshot.part"),
        (3, {"events": [{}]}, r"changes.events\[0\].number"),
        (3, {"events": {}}, "changes.events: expected list"),
        (2, {"part": True}, "snapshot.part"),
    ],
)
def test_a_wrong_message_names_its_place(contract: ModuleType, index: int, change: dict[str, Any], place: str) -> None:
    """The error says where."""
    with pytest.raises(ValueError, match=place):
        contract.decode({**GOLDEN[index], **change})


@pytest.mark.parametrize(
    ("message", "place"),
    [
        (["hello"], "message: expected an object"),
        ({"type": "teleport"}, "message.type: 'teleport'"),
        ({"type": 1}, "message.type: 1"),
        ({"type": "command", "key": "k", "name": "teleport", "body": {}}, "command.name: 'teleport'"),
        ({"type": "command", "key": "k", "body": {}}, "command.name: None"),
        ({"type": "command", "key": "", "name": "any"}, "command.key"),
        ({"type": "command", "key": "k" * 65, "name": "any"}, "command.key"),
        ({"type": "command", "key": "k", "name": "any", "fence": "1"}, "command.fence"),
    ],
)
def test_what_is_no_message_is_refused_by_name(contract: ModuleType, message: Any, place: str) -> None:
    """Whatever comes over the wire ends in one error that says what is wrong, never in a crash."""
    if isinstance(message, dict) and message.get("name") == "any":
        message = {**message, "name": next(iter(contract.COMMANDS))}
    with pytest.raises(ValueError, match=re.escape(place)):
        contract.decode(message)


class Colour(StrEnum):
    """Something that the contract does not know."""

    RED = "red"


def test_only_what_the_contract_knows_is_written(contract: ModuleType) -> None:
    """A value that the other side could not read stops where it is written."""
    wire = importlib.import_module(contract.__name__.replace("messages", "wire"))
    assert wire.to_wire(Colour.RED) == "red"
    with pytest.raises(ValueError, match="object cannot cross the wire"):
        wire.to_wire({"what": object()})


def test_a_union_takes_what_one_of_its_kinds_can_read(contract: ModuleType) -> None:
    """In their order; what none can read is refused with its place, and a word without an unknown is an error."""
    wire = importlib.import_module(contract.__name__.replace("messages", "wire"))

    class Lamp(wire.WireEnum):  # type: ignore[misc, name-defined]
        """Has no unknown member, so that a new word must not be guessed."""

        ON = "on"

    assert wire.from_wire(int | str | None, 3) == 3
    assert wire.from_wire(int | str | None, "three") == "three"
    assert wire.from_wire(int | str | None, None) is None
    with pytest.raises(ValueError, match="lamp: expected str"):
        wire.from_wire(int | str, [], "lamp")
    assert wire.from_wire(Lamp, "on") is Lamp.ON
    with pytest.raises(ValueError, match="'blue' is no Lamp"):
        wire.from_wire(Lamp, "blue")


@pytest.mark.parametrize(("theirs", "answer"), [((1, 1), ""), ((0, 0), "theirs"), ((9, 1), ""), ((9, 9), "ours")])
def test_versions_say_which_side_is_too_old(contract: ModuleType, theirs: tuple[int, int], answer: str) -> None:
    """A newer side that still understands us is fine."""
    assert contract.compatible(*theirs) == answer


def sprinkle(value: Any) -> Any:
    """The same message with an unknown key in every object but free-form ones."""
    if isinstance(value, dict):
        fresh = {key: item if key in ("placeholders", "result") else sprinkle(item) for key, item in value.items()}
        return {**fresh, "from_the_future": [1]}
    return [sprinkle(item) for item in value] if isinstance(value, list) else value
