"""What the outside knows: what devices and clients said, and what the gateway told them before it was killed."""

from collections import Counter
from dataclasses import dataclass, field

from community_help_gateway.codecs.gb26875 import Frame
from community_help_gateway.contract.commands import CommandBody
from community_help_gateway.contract.values import Page
from community_help_gateway.contract.wire import Json


@dataclass(slots=True)
class Ledger:
    """``said`` counts the alarm episodes of each point, ``confirmed`` those whose frame was confirmed.

    ``waiting`` are frames without a confirmation, by device: they are sent again. ``commands`` are those sent,
    ``answered`` the outcomes. ``events`` and ``pages`` are what was shown, ``shown_to`` the highest cursor.
    ``notices`` are (page, tag) as the gateway's own channel got them.
    """

    said: Counter[str] = field(default_factory=Counter)
    confirmed: Counter[str] = field(default_factory=Counter)
    waiting: dict[int, list[Frame]] = field(default_factory=dict)
    commands: dict[str, CommandBody] = field(default_factory=dict)
    answered: dict[str, dict[str, Json]] = field(default_factory=dict)
    events: dict[int, str] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    shown_to: int = 0
    notices: list[tuple[str, str]] = field(default_factory=list)
