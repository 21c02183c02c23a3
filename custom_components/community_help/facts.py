"""What concerns a gateway as a whole rather than one point, and who wants to hear of which part of it."""

from collections.abc import Iterable
from enum import StrEnum

from homeassistant.core import CALLBACK_TYPE, callback

from .contract.values import Bypass, Drill, Health


class Fact(StrEnum):
    """What a listener may wait for."""

    DRILLS = "drills"
    BYPASSES = "bypasses"
    HEALTH = "health"
    INCIDENTS = "incidents"
    """Incidents, pages, compounds, or who pages."""


class Facts:
    """The running drills by compound, the bypasses by point, and the auditor's last word."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.drills: dict[str, Drill] = {}
        self.bypasses: dict[str, Bypass] = {}
        self.health: Health | None = None
        self._listeners: dict[Fact, dict[CALLBACK_TYPE, None]] = {fact: {} for fact in Fact}

    @callback
    def async_listen(self, facts: Iterable[Fact], listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` when one of ``facts`` changed."""
        wanted = tuple(facts)
        for fact in wanted:
            self._listeners[fact][listener] = None

        def remove() -> None:
            for fact in wanted:
                self._listeners[fact].pop(listener, None)

        return remove

    @callback
    def async_take(
        self, drills: tuple[Drill, ...] | None, bypasses: tuple[Bypass, ...] | None, health: Health | None
    ) -> None:
        """Keep what is said; ``None`` leaves what is known. Wake only those whose part changed."""
        changed: list[Fact] = []
        if drills is not None and drills != tuple(self.drills.values()):
            self.drills = {drill.compound: drill for drill in drills}
            changed.append(Fact.DRILLS)
        if bypasses is not None and bypasses != tuple(self.bypasses.values()):
            self.bypasses = {bypass.point: bypass for bypass in bypasses}
            changed.append(Fact.BYPASSES)
        if health is not None and health != self.health:
            self.health = health
            changed.append(Fact.HEALTH)
        self.async_wake(*changed)

    @callback
    def async_wake(self, *facts: Fact) -> None:
        """Call everybody who listens to one of ``facts``, once."""
        for listener in dict.fromkeys(listener for fact in facts for listener in self._listeners[fact]):
            listener()
